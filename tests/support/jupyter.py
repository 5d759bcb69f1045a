"""A Jupyter Server without a hub, as on a machine of one's own or of a colleague's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mcp_notebook.addresses import runtime_dir
from tests.support.waiting import until

TOKEN = "the token of Jupyter"


@contextmanager
def running_jupyter(home: Path, *options: str) -> Iterator[dict[str, Any]]:
    """Start a Jupyter Server, and yield its own description: url, port, token and so on."""
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(home / "config"), "JUPYTER_TOKEN": TOKEN}
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--port=0", *options]
    with (home / "jupyter.log").open("w") as log:
        process = subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=subprocess.STDOUT)
        told = runtime_dir() / f"jpserver-{process.pid}.json"
        try:
            until(
                lambda: told.exists() and told.read_text(),
                deadline=60,
                step=0.05,
                why=(home / "jupyter.log").read_text,
            )
            yield json.loads(told.read_text())
        finally:
            process.terminate()
            process.wait(timeout=30)
