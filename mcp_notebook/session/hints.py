"""Print a hint after a cell with code meant for a script: how to do the same in a notebook."""

from __future__ import annotations

import asyncio
import re
import sys
import traceback
from pathlib import PurePath
from typing import Any

from IPython import get_ipython

__all__ = ["Hints"]

_AWAIT = "A kernel runs cells in an event loop. Use await (await main()), or allow nested loops: %mcp asyncio on."
_SERVE = "The server is already live in this kernel, so it need not be run. To listen for clients: %mcp serve."

_NESTED = (
    "asyncio.run() cannot be called from a running event loop",
    "cannot be called from a running event loop",
    "This event loop is already running",
    "Cannot run the event loop while another loop is running",
    "Already running asyncio in this thread",
)
"""Messages of asyncio and anyio when a loop is already running."""

_SERVING = ("uvicorn", "hypercorn", "fastmcp")
"""Packages that run a server until it is stopped."""

_WRITES_FILE = re.compile(
    r"""\s*%%(?:writefile|file)\s+(?:-a\s+|--append\s+)?("[^"\n]+\.py"|'[^'\n]+\.py'|\S+\.py)\s*\n(.*)""", re.DOTALL
)
_MAKES_SERVER = re.compile(r"\b(?:MCPServer|FastMCP)(?:\[[^\]]*\])?\(")


class Hints:
    """Prints hints, each at most once."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def say_after(self, result: Any) -> None:
        """Print a hint on a cell that has ended, if there is one; `result` is IPython's `ExecutionResult`."""
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            hint = _of_error(error)
        else:
            hint = self._once(_of_file(result.info.raw_cell or "")) or self._once(_of_nesting())
        if hint is not None:
            print(f"mcp: {hint}", file=sys.stderr)

    def _once(self, words: str | None) -> str | None:
        if words is None or words in self._said:
            return None
        self._said.add(words)
        return words


def _of_error(error: BaseException) -> str | None:
    words = str(error)
    packages = {part for frame in traceback.extract_tb(error.__traceback__) for part in PurePath(frame.filename).parts}
    if _runs_stdio(error):
        return _SERVE
    if isinstance(error, RuntimeError) and any(sign in words for sign in _NESTED):
        return _SERVE if packages.intersection(_SERVING) else _AWAIT
    if isinstance(error, ModuleNotFoundError) and error.name == "nest_asyncio":
        return "asyncio.run() works in cells without this package: %mcp asyncio on."
    return None


def _runs_stdio(error: BaseException) -> bool:
    """Return whether the error was raised where the SDK opens stdin and stdout, which belong to the kernel."""
    frames = traceback.extract_tb(error.__traceback__)
    return any(PurePath(frame.filename).parts[-3:] == ("mcp", "server", "stdio.py") for frame in frames)


def _of_file(source: str) -> str | None:
    """Suggest importing a server that the cell wrote to a file."""
    found = _WRITES_FILE.match(source)
    if found is None or not _MAKES_SERVER.search(found[2]):
        return None
    option = "" if re.search(r"\bMCPServer\b", found[2]) else " --rename-fastmcp"
    file = _with_variables(found[1].strip("\"'"))
    shown = f'"{file}"' if " " in file else file
    return f"{file} makes an MCP server. To turn it into cells of this notebook: %mcp import {shown}{option}."


def _with_variables(path: str) -> str:
    """Replace variables in braces, as IPython does; an expression there is not evaluated a second time."""
    shell = get_ipython()
    variables = shell.user_ns if shell is not None else {}
    return re.sub(r"\{(\w+)\}", lambda name: str(variables.get(name[1], name[0])), path)


def _of_nesting() -> str | None:
    marks: Any = vars(asyncio)
    if "_nest_patched" not in marks or "_nest_asyncio2" in marks:
        return None
    return "nest_asyncio is applied; it can make ipykernel lose the next queued cell. Use %mcp asyncio on instead."
