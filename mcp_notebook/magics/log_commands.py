"""The verbs about what happened: the log, a call again, a call under the debugger."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from html import escape
from pathlib import Path
from types import TracebackType
from typing import Any

import click

from mcp_notebook import cells
from mcp_notebook.errors import RequestError, UnknownNameError
from mcp_notebook.export.proof.replaying import replays
from mcp_notebook.export.settings.secrets import withheld
from mcp_notebook.magics.options import TEXT
from mcp_notebook.magics.verb import INTO, ON, verb
from mcp_notebook.recording import Call, Recorder
from mcp_notebook.recording.as_tests import as_tests, why_not
from mcp_notebook.rendering import look
from mcp_notebook.rendering.calls import sequence
from mcp_notebook.rendering.calls.card import call_card
from mcp_notebook.rendering.calls.compare import compare
from mcp_notebook.rendering.calls.frames import brief_wire_log, wire_log
from mcp_notebook.rendering.calls.log import log
from mcp_notebook.server import LiveServer
from mcp_notebook.session.saying import say_call
from mcp_notebook.session.session import Session
from mcp_notebook.visible import visible

__all__: list[str] = []

MOST_NUMBERS = 20
"""Calls that are named for one reason why they are no tests."""

NUMBER = click.argument("number", type=click.IntRange(min=1), metavar="N")


@verb(
    "log",
    click.argument("number", type=click.IntRange(min=1), required=False, metavar="[N]"),
    click.option("--last", type=click.IntRange(min=1), default=20, show_default=True, help="How many calls to list."),
    click.option("--failed", is_flag=True, help="Only calls that did not end well."),
    click.option("--times/--no-times", default=True, help="How long each took; without, to keep in a notebook."),
    click.option(
        "--wire", is_flag=True, help="The frames on the wire; they are kept from the first time this is asked."
    ),
    click.option("--brief", is_flag=True, help="One line a frame, without what differs from run to run; with --wire."),
    click.option("--diagram", is_flag=True, help="Draw call N, or the frames with --wire, as a sequence diagram."),
    click.option("--clear", is_flag=True, help="Forget the frames that were kept; with --wire."),
    click.option(
        "--to", "to", type=(click.Choice(["test"]), str), metavar="test FILE", help="Write the calls as tests."
    ),
    click.option(
        "--import",
        "importing",
        type=TEXT,
        default="server:mcp",
        show_default=True,
        help="Where the tests import the server from.",
    ),
    click.option(
        "--volatile",
        type=TEXT,
        multiple=True,
        metavar="[NAME:]PATH",
        help="A value of results that differs each time, such as /structuredContent/at; with --to test.",
    ),
    ON,
)
def _log(
    session: Session,
    number: int | None,
    last: int,
    failed: bool,
    times: bool,
    wire: bool,
    brief: bool,
    diagram: bool,
    clear: bool,
    to: tuple[str, str] | None,
    importing: str,
    volatile: tuple[str, ...],
    server: str | None,
) -> Any:
    """Show the latest calls, or all of one. Example: %mcp log 3.

    A connection has a log of its own: %mcp log --on NAME.
    """
    recorder = _recorder(session, server)
    if wire:
        frames = list(recorder.wire.frames)
        if recorder is session.registry.recorder:
            session.keep_frames()
        if clear:
            recorder.wire.frames.clear()
            frames = []
        if diagram:
            return sequence.diagram(frames, times=times)
        return brief_wire_log(frames) if brief else wire_log(frames)
    if diagram and number is None:
        raise UnknownNameError("--diagram draws one call: %mcp log N --diagram. With --wire it draws the frames.")
    calls = [_numbered(recorder, number)] if number is not None else recorder.calls
    if failed:
        calls = [call for call in calls if call.state in ("error", "refused", "cancelled")]
    if to is not None:
        return _write_tests(session, Path(to[1]), calls, importing, volatile)
    if diagram:
        return sequence.diagram(calls[0], times=times)
    if number is not None:
        return call_card(
            calls[0],
            cells.place_of(calls[0].function),
            cells.explain,
            times=times,
            output_schema=_schema(session, calls[0]),
        )
    return log(calls[-last:], cells.place_of, more=max(len(calls) - last, 0), times=times)


@verb(
    "compare",
    NUMBER,
    click.argument("other", type=click.IntRange(min=1), metavar="M"),
    click.option("--times/--no-times", default=True, help="How long each took; without, to keep in a notebook."),
)
def _compare(session: Session, number: int, other: int, times: bool) -> Any:
    """Show two calls side by side, and what differs. Example: %mcp compare 3 5."""
    return compare(
        _numbered(session.registry.recorder, number), _numbered(session.registry.recorder, other), times=times
    )


@verb("replay", NUMBER, INTO, ON)
def _replay(session: Session, number: int, output: str | None, server: str | None) -> Any:
    """Make a recorded call again, and say whether the result is the same. Example: %mcp replay 3."""
    earlier = _numbered(_recorder(session, server), number)
    if earlier.cut:
        raise UnknownNameError(f"Call {number} was too long to be kept whole, so it cannot be made again.")
    if earlier.malformed:
        raise UnknownNameError(
            f"Call {number} was refused as malformed, so it cannot be made again. %mcp log {number} shows what came."
        )
    connection = session.on(server) if server in session.connected else session.connection(_live(session, earlier))
    if earlier.method == "tools/call":
        outcome: Any = connection.call(earlier.name, earlier.arguments)
    elif earlier.method == "resources/read":
        outcome = connection.read(earlier.name)
    elif earlier.method == "prompts/get":
        outcome = connection.prompt(earlier.name, {key: str(value) for key, value in earlier.arguments.items()})
    else:
        raise UnknownNameError(
            f"Call {number} is a {earlier.method}, which is not replayed. Tools, resources and prompts are."
        )
    say_call(outcome.call)
    print(visible(_compared(earlier, outcome.call)))
    if output is None:
        return outcome.result
    session.namespace[output] = outcome.result
    return None


@verb("debug", click.argument("number", type=click.IntRange(min=1), required=False, metavar="[N]"))
def _debug(session: Session, number: int | None) -> None:
    """Look around in the frame where a tool failed, its arguments bound. Example: %mcp debug."""
    call = _numbered(session.registry.recorder, number) if number is not None else _last_failure(session)
    if call.raised is None:
        raise UnknownNameError(
            f"Call {call.number} kept no exception: it ended as {call.state!r}, or too many failed after it. "
            f"To see it fail again: %mcp replay {call.number}"
        )
    where = _first_own_frame(call.raised.__traceback__)
    debugger = session.shell.debugger_cls()
    name = visible(call.name, one_line=True)
    print(f"call {call.number}: {name} raised {call.raised!r}. 'p NAME' prints, 'u' and 'd' move, 'q' leaves.")
    with session.shell.builtin_trap, session.shell.display_trap:
        debugger.reset()
        debugger.interaction(None, where)


def _recorder(session: Session, name: str | None) -> Recorder:
    return session.registry.recorder if name is None else session.on(name).recorder


def _numbered(recorder: Recorder, number: int) -> Call:
    call = recorder.find(number)
    if call is None:
        raise UnknownNameError(f"There is no call {number}, or it is no longer kept. %mcp log lists those that are.")
    return call


def _last_failure(session: Session) -> Call:
    failed = [call for call in session.registry.recorder.calls if call.raised is not None]
    if not failed:
        raise UnknownNameError("No call has raised anything. %mcp log lists the calls.")
    return failed[-1]


def _live(session: Session, call: Call) -> LiveServer:
    for live in session.registry.servers.values():
        if live.server.name == call.server:
            return live
    raise UnknownNameError(f"The server {call.server!r} of call {call.number} is not live any more.")


def _schema(session: Session, call: Call) -> dict[str, Any] | None:
    """Return the output schema of the tool that was called, as it is now; None where there is none."""
    if call.method != "tools/call" or call.server not in {
        live.server.name for live in session.registry.servers.values()
    }:
        return None
    tools = session.portal.run(_live(session, call).server.list_tools)
    return next((tool.output_schema for tool in tools if tool.name == call.name), None)


def _compared(earlier: Call, now: Call | None) -> str:
    if now is None:
        return f"Made again; call {earlier.number} cannot be compared."
    old, new = (look.json_text(call.content).splitlines() for call in (earlier, now))
    if old == new:
        return f"The same result as call {earlier.number}."
    lines = difflib.unified_diff(old, new, f"call {earlier.number}", f"call {now.number}", lineterm="", n=1)
    return "\n".join([f"Not the result of call {earlier.number}:", *list(lines)[:40]])


def _first_own_frame(trace: TracebackType | None) -> TracebackType | None:
    """Return the traceback from the first cell on, without the frames of the server."""
    found = trace
    while found is not None and cells.execution_count(found.tb_frame.f_code.co_filename) is None:
        found = found.tb_next
    return found or trace


def _write_tests(
    session: Session, path: Path, calls: list[Call], importing: str, volatile: tuple[str, ...]
) -> look.Rendering:
    reasons = {call: _why_no_test(session, call, calls) for call in calls}
    chosen = [call for call, reason in reasons.items() if reason is None]
    if not chosen:
        raise UnknownNameError(f"There is no call to make a test of. {'; '.join(_left_out(reasons))}")
    if not importing.partition(":")[0]:
        raise UnknownNameError(f"--import {importing!r}: give module:name, such as package.server:mcp.")
    source = as_tests(chosen, importing, volatile=volatile)
    try:
        path.write_text(source, encoding="utf-8")
    except OSError as error:
        raise RequestError(f"{path} cannot be written ({error.strerror}). Give another file.") from error
    count = source.count("\nasync def test_")
    words = [f"{path}: {count} test{'s' if count != 1 else ''}", *_left_out(reasons)]
    return look.Rendering("\n".join(words), look.card(look.code(path), "".join(f"<p>{escape(w)}</p>" for w in words)))


def _why_no_test(session: Session, call: Call, calls: list[Call]) -> str | None:
    servers = {live.server.name: live for live in session.registry.servers.values()}
    several = len({call.server for call in calls}) > 1
    if several and call.server != (current := session.registry.current).server.name:
        return f"not of the server {current.name!r}, which is the current one"
    reason = why_not(call) or withheld(call, os.environ)
    if reason is None and call.server in servers:
        left_out = replays([call], servers[call.server].server).left_out
        reason = left_out[0][1] if left_out else None
    return reason


def _left_out(reasons: Mapping[Call, str | None]) -> list[str]:
    """Say which calls are no tests, a line for each reason."""
    numbers: dict[str, list[str]] = {}
    for call, reason in reasons.items():
        if reason is not None:
            numbers.setdefault(reason, []).append(str(call.number))
    return [
        f"left out: call{'s' if len(of) > 1 else ''} {', '.join(of[:MOST_NUMBERS])}"
        f"{' ...' if len(of) > MOST_NUMBERS else ''}: {reason}"
        for reason, of in numbers.items()
    ]
