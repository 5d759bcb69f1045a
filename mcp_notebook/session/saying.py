"""Show a call's output to the author of the notebook."""

from __future__ import annotations

import sys

from IPython.display import display

from mcp_notebook import cells
from mcp_notebook.recording import Call

__all__ = ["say_call"]


def say_call(call: Call | None) -> None:
    """Show what a call printed, displayed, warned, logged and raised."""
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
        print(
            f"The function raised an exception, which clients do not see:\n{cells.explain(call.raised)}",
            file=sys.stderr,
        )
