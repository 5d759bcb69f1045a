"""Find recorded calls, replay or debug one, and write calls as tests."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from mcp_notebook import cells
from mcp_notebook.client import Outcome
from mcp_notebook.errors import RequestError, UnknownNameError, UsageError
from mcp_notebook.export.proof.replaying import replays
from mcp_notebook.export.settings.secrets import withheld
from mcp_notebook.recording import Call, Recorder
from mcp_notebook.recording.as_tests import as_tests, why_not
from mcp_notebook.server import LiveServer
from mcp_notebook.session.session import Session
from mcp_notebook.visible import visible

__all__ = ["debug", "last_failure", "numbered", "output_schema", "recorder_of", "replay", "write_tests"]

MOST_NUMBERS = 20
"""The most calls that are listed for one reason."""


def recorder_of(session: Session, name: str | None) -> Recorder:
    """Return the recorder of the notebook's servers, or of the connection or live server `name`.

    Raises:
        UnknownNameError: There is nothing of that name.
    """
    return session.registry.recorder if name is None else session.on(name).recorder


def numbered(recorder: Recorder, number: int) -> Call:
    """Return the call with this number.

    Raises:
        UnknownNameError: There is no such call, or it is no longer kept.
    """
    call = recorder.find(number)
    if call is None:
        raise UnknownNameError(f"There is no call {number}, or it is no longer kept. To list the calls: %mcp log.")
    return call


def last_failure(session: Session) -> Call:
    """Return the latest call that raised an exception.

    Raises:
        UnknownNameError: No call raised an exception.
    """
    failed = [call for call in session.registry.recorder.calls if call.raised is not None]
    if not failed:
        raise UnknownNameError("No call has raised an exception. To list the calls: %mcp log.")
    return failed[-1]


def replay(session: Session, earlier: Call, server: str | None) -> Outcome[Any]:
    """Make a recorded call again, on the connection `server`, or on its own server if None.

    Raises:
        UsageError: It cannot be made again.
        RequestError: The request failed.
    """
    number = earlier.number
    if earlier.cut:
        raise UsageError(f"Call {number} was too long to be kept in full, so it cannot be made again.")
    if earlier.malformed:
        raise UsageError(
            f"Call {number} was refused as malformed, so it cannot be made again. To see it: %mcp log {number}."
        )
    on = session.full_name(server)
    connection = session.on(on) if on in session.connected else session.connection(_live(session, earlier))
    if earlier.method == "tools/call":
        return connection.call(earlier.name, earlier.arguments)
    if earlier.method == "resources/read":
        return connection.read(earlier.name)
    if earlier.method == "prompts/get":
        return connection.prompt(earlier.name, {key: str(value) for key, value in earlier.arguments.items()})
    raise UsageError(
        f"Call {number} is a {earlier.method}. Only calls of tools, resources and prompts can be made again."
    )


def debug(session: Session, call: Call) -> None:
    """Open the debugger in the frame where the function of a call raised its exception.

    Raises:
        UsageError: The call has no exception.
    """
    if call.raised is None:
        raise UsageError(
            f"Call {call.number} has no exception: it ended as {call.state!r}, or too many calls failed after it. "
            f"To run it again: %mcp replay {call.number}."
        )
    where = _first_own_frame(call.raised.__traceback__)
    debugger = session.shell.debugger_cls()
    name = visible(call.name, one_line=True)
    print(f"call {call.number}: {name} raised {call.raised!r}. 'p NAME' prints, 'u' and 'd' move, 'q' quits.")
    with session.shell.builtin_trap, session.shell.display_trap:
        debugger.reset()
        debugger.interaction(None, where)


def output_schema(session: Session, call: Call) -> dict[str, Any] | None:
    """Return the current output schema of the called tool; None if it has none."""
    servers = {live.server.name for live in session.registry.servers.values()}
    if call.method != "tools/call" or call.server not in servers:
        return None
    tools = session.portal.run(_live(session, call).server.list_tools)
    return next((tool.output_schema for tool in tools if tool.name == call.name), None)


def write_tests(
    session: Session, path: Path, calls: Sequence[Call], importing: str, volatile: Sequence[str]
) -> list[str]:
    """Write calls as tests into a file; return lines on the number of tests, and on the calls that are left out.

    Args:
        session: The session.
        path: The file.
        calls: The calls.
        importing: The server to import in the tests, as ``module:name``.
        volatile: The values of results that differ on each run.

    Raises:
        UsageError: No call can be a test, or `importing` names no module.
        RequestError: The file cannot be written.
        McpNotebookError: `ruff` is not installed.
    """
    reasons = {call: _why_no_test(session, call, calls) for call in calls}
    chosen = [call for call, reason in reasons.items() if reason is None]
    if not chosen:
        raise UsageError(f"No call can become a test. {'; '.join(_left_out(reasons))}")
    if not importing.partition(":")[0]:
        raise UsageError(f"--import {importing!r} names no module. Write module:name, such as package.server:mcp.")
    source = as_tests(chosen, importing, volatile=volatile)
    try:
        path.write_text(source, encoding="utf-8")
    except OSError as error:
        raise RequestError(f"Cannot write {path} ({error.strerror}). Choose another file.") from error
    count = source.count("\nasync def test_")
    return [f"{path}: {count} test{'s' if count != 1 else ''}", *_left_out(reasons)]


def _live(session: Session, call: Call) -> LiveServer:
    for live in session.registry.servers.values():
        if live.server.name == call.server:
            return live
    raise UnknownNameError(f"The server {call.server!r} of call {call.number} is no longer live.")


def _first_own_frame(trace: TracebackType | None) -> TracebackType | None:
    """Return the traceback from the first frame of a cell on, without those of the server."""
    found = trace
    while found is not None and cells.execution_count(found.tb_frame.f_code.co_filename) is None:
        found = found.tb_next
    return found or trace


def _why_no_test(session: Session, call: Call, calls: Sequence[Call]) -> str | None:
    servers = {live.server.name: live for live in session.registry.servers.values()}
    several = len({call.server for call in calls}) > 1
    if several and call.server != (current := session.registry.current).server.name:
        return f"not on the current server, {current.name!r}"
    reason = why_not(call) or withheld(call, os.environ)
    if reason is None and call.server in servers:
        found = replays([call], servers[call.server].server)
        reason = found.left_out[0][1] if found.left_out else None
        if reason is None and not found.testable:
            reason = "its tool only runs as a task, which the SDK's client does not follow"
    return reason


def _left_out(reasons: Mapping[Call, str | None]) -> list[str]:
    """Return a line for each reason why calls are left out."""
    numbers: dict[str, list[str]] = {}
    for call, reason in reasons.items():
        if reason is not None:
            numbers.setdefault(reason, []).append(str(call.number))
    return [
        f"left out: call{'s' if len(of) > 1 else ''} {', '.join(of[:MOST_NUMBERS])}"
        f"{' ...' if len(of) > MOST_NUMBERS else ''}: {reason}"
        for reason, of in numbers.items()
    ]
