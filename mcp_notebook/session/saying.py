"""Show a call's output to the author of the notebook."""

from __future__ import annotations

import sys
import traceback

from IPython.display import display
from pydantic import ValidationError

from mcp_notebook import cells
from mcp_notebook.recording import Call

__all__ = ["say_call"]

CHECKS_ARGUMENTS = "pydantic._internal._validate_call"
"""The module in which an exception is raised if the arguments of a resource or prompt do not fit its function."""


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
        print(_why(call.raised), file=sys.stderr)


def _why(error: BaseException) -> str:
    """Return what the author learns about an exception, which may come from the check of the arguments."""
    frames = [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__)]
    if isinstance(error, ValidationError) and frames[-1:] == [CHECKS_ARGUMENTS]:
        unfit = "\n".join(f"  {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        return f"The arguments do not fit the function, which did not run; clients do not see why:\n{unfit}"
    return f"The function raised an exception, which clients do not see:\n{cells.explain(error)}"
