"""Have nbval run cells as every front end does: counted, and kept in the history, which `%mcp export` reads."""

from __future__ import annotations

from typing import Any

from nbval.kernel import RunningKernel

__all__: list[str] = []

_started = RunningKernel.__init__


def _start(self: Any, *args: Any, **options: Any) -> None:
    _started(self, *args, **options)
    execute = self.kc.execute
    self.kc.execute = lambda code, **how: execute(code, **{**how, "store_history": True})


RunningKernel.__init__ = _start
