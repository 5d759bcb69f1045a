"""Showing the author of a notebook what a call put out."""

from __future__ import annotations

import sys

from IPython.display import display

from mcp_notebook import cells
from mcp_notebook.recording import Call

__all__ = ["say_call"]


def say_call(call: Call | None) -> None:
    """Show the author what a call put out: prints, displays, warnings, logs, and what it raised."""
    if call is None:
        return
    for event in call.events:
        if event.kind == "stdout":
            print(event.value, end="")
        elif event.kind in ("stderr", "log"):
            print(event.value, end="", file=sys.stderr)
        elif event.kind == "display":
            display(event.value, raw=True)
    if call.raised is not None:
        print(f"It raised, and clients do not see this:\n{cells.explain(call.raised)}", file=sys.stderr)
