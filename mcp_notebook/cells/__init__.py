"""Run cells, and describe what they define and raise, as plain data.

Apart from `session`, `magics` and `headless`, this is the only room that knows IPython.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import re
import textwrap
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from IPython import get_ipython
from IPython.core.interactiveshell import InteractiveShell

__all__ = [
    "Cell",
    "awaits",
    "cell_of",
    "execution_count",
    "explain",
    "hint_for",
    "place_of",
    "public_functions",
    "run_cell",
]


@dataclass(frozen=True)
class Cell:
    """A cell as it ran: the number in its ``In [n]``, and its source."""

    execution_count: int
    source: str


def cell_of(function: Callable[..., Any] | None) -> Cell | None:
    """Return the cell whose code defined `function`; None for no function, and for one from a module."""
    code = getattr(inspect.unwrap(function), "__code__", None) if function is not None else None
    count = execution_count(code.co_filename) if code is not None else None
    return Cell(count, "".join(linecache.getlines(code.co_filename))) if code is not None and count else None


def place_of(function: Callable[..., Any] | None) -> str:
    """Name the cell that defined `function`; nothing where none did."""
    cell = cell_of(function)
    return f"cell {cell.execution_count}" if cell else ""


def execution_count(filename: str) -> int | None:
    """Return n for the file name that the shell gave to cell ``In [n]``; None for any other."""
    shell = get_ipython()
    # Before IPython 8, the method is there while the extension is loaded, see `older`.
    find = getattr(getattr(shell, "compile", None), "format_code_name", None)
    # ("Cell", "In[3]"), or None.
    label = find(filename) if find is not None else None
    found = re.search(r"\d+", label[1]) if label else None
    return int(found.group()) if found else None


def explain(error: BaseException) -> str:
    """Return a report of an error: what was raised and where, with its causes and the members of a group.

    Unlike Python's own traceback it names cells instead of temporary files, and leaves out the server's frames.
    """
    lines = [line.rstrip() for line in traceback.format_exception_only(type(error), error)]
    for frame in _own_frames(traceback.extract_tb(error.__traceback__)):
        count = execution_count(frame.filename)
        place = f"cell {count}" if count else PurePath(frame.filename).name
        lines += [f"  {place}, line {frame.lineno}, in {frame.name}", f"    {frame.line}"]
    for member in getattr(error, "exceptions", ()):
        lines.append(textwrap.indent(explain(member), "  | "))
    if (hint := hint_for(error)) is not None:
        lines.append(hint)
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        lines.append(f"because of {explain(cause)}")
    return "\n".join(lines)


def hint_for(error: BaseException) -> str | None:
    """Return a hint for an error of an object that belongs to the thread, or the event loop, of the cells."""
    words = str(error)
    return next((hint for signs, hint in _BOUND.items() if any(sign in words for sign in signs)), None)


_BOUND = {
    (
        "objects created in a thread can only be used in that same thread",  # sqlite3, and SQLAlchemy with it
        "main thread is not in main loop",  # tkinter
        "Calling Tcl from different",
        "only works in main thread",  # signal
        "should only be instantiated on the main thread",  # windows on macOS
        "outside of the main thread",
        "cannot switch to a different thread",  # greenlet, and Playwright with it
        "'_thread._local' object has no attribute",
        "CoInitialize has not been called",
    ): "It works only in the thread of the cells. Define the tool with %%mcp_tool --run-on main, or create the object "
    "within the function.",
    (
        "attached to a different loop",
        "is bound to a different event loop",
        "on an event loop other than the current one",
        "There is no current event loop",
    ): "It belongs to the event loop of the cells, and calls run in another. Create it within the function, or in the "
    "lifespan of the server.",
}
"""Hints by a part of an error's message, because Python has no class for these errors."""


def _own_frames(frames: list[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    """Return the frames from the first cell on; if no cell is involved, those after the server's frames."""
    for i, frame in enumerate(frames):
        if execution_count(frame.filename):
            return frames[i:]
    servers = [i for i, frame in enumerate(frames) if _SERVER_PACKAGES & set(PurePath(frame.filename).parts)]
    return frames[servers[-1] + 1 :] if servers else frames


_SERVER_PACKAGES = {"mcp", "mcp_notebook", "anyio", "asyncio"}


def public_functions(source: str) -> list[str]:
    """Return the names of the public functions that running `source` binds at its top level, in order.

    Functions in the branches of a top-level ``if``, ``try``, ``with`` or loop count; methods and
    functions inside functions do not. Source that does not parse as Python defines none.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    names = (node.name for node in _definitions(tree) if not node.name.startswith("_"))
    return list(dict.fromkeys(names))


def _definitions(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
        elif not isinstance(child, ast.ClassDef | ast.Lambda):
            yield from _definitions(child)


def awaits(shell: InteractiveShell, source: str) -> bool:
    """Return whether the source awaits at its top level, which only an ordinary cell may do."""
    return bool(shell.should_run_async(source, transformed_cell=shell.transform_cell(source)))


def run_cell(shell: InteractiveShell, magic: str, body: str) -> tuple[dict[str, Any], BaseException | None]:
    """Run the body of a cell magic in the live namespace, as an ordinary cell runs.

    The magic's line stays as a comment, so that line numbers in a traceback match the cell. The shell shows an error,
    with its traceback.

    Returns:
        The public functions that the cell defined, by name, and the error that ended it, if any.
    """
    source = f"# {magic.strip()}\n{body}"
    following = shell.execution_count
    # The number of the running cell: IPython 9 has already incremented the count at this point, 7 and 8 have not.
    shell.execution_count = max(len(shell.history_manager.input_hist_raw) - 1, 1)
    try:
        result = shell.run_cell(source, store_history=False)
    finally:
        shell.execution_count = following
    error = result.error_before_exec or result.error_in_exec
    if error is not None:
        return {}, error
    names = public_functions(shell.transform_cell(source))
    return {name: shell.user_ns[name] for name in names if callable(shell.user_ns.get(name))}, None
