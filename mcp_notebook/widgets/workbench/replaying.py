"""Use recorded calls again: make one again, compare two, and save one as a test."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

from mcp_notebook.client import Outcome
from mcp_notebook.errors import McpNotebookError, UnknownNameError, UsageError
from mcp_notebook.recording import Call
from mcp_notebook.recording.as_tests import as_tests
from mcp_notebook.rendering import look
from mcp_notebook.rendering.calls.compare import compare
from mcp_notebook.widgets.workbench.inspected import Inspected

__all__ = ["can_replay", "compared", "recorded", "replay", "save"]


def can_replay(call: Call) -> bool:
    """Return whether a call can be made again."""
    return not (call.running or call.cut or call.malformed) and call.method in _REPLAYS


def recorded(subject: Inspected, number: int) -> Call:
    """Return a call by its number.

    Raises:
        UnknownNameError: It is no longer kept.
    """
    call = subject.connection.recorder.find(number)
    if call is None:
        raise UnknownNameError(f"Call {number} is no longer kept: the recorder keeps the latest calls.")
    return call


def replay(subject: Inspected, earlier: Call, show: Callable[[str], None]) -> None:
    """Make a call again, and show (HTML) how the result differs, when it is there."""
    if not can_replay(earlier):
        raise UsageError(f"Call {earlier.number} cannot be made again: it still runs, or it was not kept in full.")
    future = _REPLAYS[earlier.method](subject, earlier)
    show(look.muted("calling …"))
    future.add_done_callback(lambda done: show(_replayed(earlier, done)))


def compared(subject: Inspected, one: int, other: int) -> str:
    """Draw (HTML) two calls side by side, the earlier one first."""
    first, second = sorted((one, other))
    return compare(recorded(subject, first), recorded(subject, second)).html


def save(call: Call, file: str) -> str:
    """Write a call as a test into a new file, and say so (HTML)."""
    path = Path(file.strip())
    try:
        source = as_tests([call], "server:mcp")
        with path.open("x", encoding="utf-8") as opened:
            opened.write(source)
    except FileExistsError:
        return look.error("not saved", f"{path} already exists. Choose another name.")
    except OSError as error:
        return look.error("not saved", f"{path} cannot be written: {error.strerror}.")
    return look.card(
        f"saved {look.code(path)}",
        "<p>The test imports the server from <code>server:mcp</code>. Change that line to your module.</p>",
    )


def _replayed(earlier: Call, done: Future[Outcome[Any]]) -> str:
    try:
        now = done.result().call
    except CancelledError:
        return look.muted("cancelled")
    except McpNotebookError as error:
        return look.error("refused", str(error))
    return look.muted("done") if now is None else compare(earlier, now).html


_REPLAYS: dict[str, Callable[[Inspected, Call], Future[Outcome[Any]]]] = {
    "tools/call": lambda subject, call: subject.connection.start_call(call.name, call.arguments),
    "resources/read": lambda subject, call: subject.connection.start_read(call.name),
    "prompts/get": lambda subject, call: subject.connection.start_prompt(
        call.name, {key: str(value) for key, value in call.arguments.items()}
    ),
}
"""A function for each kind of call that makes it again."""
