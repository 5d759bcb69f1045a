"""Have nbval run cells as every front end does: counted, and kept in the history, which `%mcp export` reads.

Each process has a directory of its own for where kernels listen, so that no notebook finds the server of another. Each
notebook has a folder of its own for the course's database and the learner's progress.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from nbval.kernel import RunningKernel

__all__: list[str] = []

_started = RunningKernel.__init__


def _start(self: Any, *args: Any, **options: Any) -> None:
    os.environ["MCP_NOTEBOOK_COURSE"] = str(Path(tempfile.mkdtemp(dir=_runtime.name), "my-library"))
    _started(self, *args, **options)
    execute = self.kc.execute
    self.kc.execute = lambda code, **how: execute(code, **{**how, "store_history": True})


RunningKernel.__init__ = _start


_runtime = tempfile.TemporaryDirectory(prefix="nbval-")
os.environ["JUPYTER_RUNTIME_DIR"] = _runtime.name


def pytest_unconfigure() -> None:
    _runtime.cleanup()
