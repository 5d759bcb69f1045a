"""The verbs about what happened: the log, a call again, a call under the debugger."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import click

from mcp_notebook import cells
from mcp_notebook.errors import UnknownNameError
from mcp_notebook.magics.options import IMPORTING, TEXT
from mcp_notebook.magics.verb import INTO, ON, verb
from mcp_notebook.recording import Call, Recorder
from mcp_notebook.rendering import look
from mcp_notebook.rendering.calls import sequence
from mcp_notebook.rendering.calls.card import call_card
from mcp_notebook.rendering.calls.compare import compare, replayed
from mcp_notebook.rendering.calls.frames import brief_wire_log, wire_log
from mcp_notebook.rendering.calls.frames_of_call import frames_of
from mcp_notebook.rendering.calls.log import log
from mcp_notebook.rendering.saved import saved_card
from mcp_notebook.session.calls import (
    debug,
    last_failure,
    numbered,
    output_schema,
    recorder_of,
    replay,
    write_tests,
)
from mcp_notebook.session.saving import save_session
from mcp_notebook.session.saying import say_call
from mcp_notebook.session.session import Session
from mcp_notebook.visible import visible

__all__: list[str] = []

NOT_YET_KEPT = "As the recorder has it: frames were not kept. They are from now on: make the call again to see them."
NO_LONGER_KEPT = (
    "As the recorder has it: there are no frames of it. They were dropped, or a client in this kernel sent none; "
    "%mcp call and clients of %mcp serve send them."
)

NUMBER = click.argument("number", type=click.IntRange(min=1), metavar="N")


@verb(
    "log",
    click.argument("number", type=click.IntRange(min=1), required=False, metavar="[N]"),
    click.option(
        "--last", type=click.IntRange(min=1), default=20, show_default=True, help="The number of calls to list."
    ),
    click.option("--failed", is_flag=True, help="Show only calls that failed."),
    click.option("--times/--no-times", default=True, help="Show durations, or leave them out of a saved notebook."),
    click.option(
        "--wire", is_flag=True, help="Show the frames on the wire; they are kept from the first use of this option on."
    ),
    click.option(
        "--brief",
        is_flag=True,
        help="With --wire, show one line for each frame, without details that differ on each run.",
    ),
    click.option(
        "--diagram",
        is_flag=True,
        help="Draw call N or the latest one, or with --wire all frames, as a sequence diagram.",
    ),
    click.option("--clear", is_flag=True, help="With --wire, forget the kept frames."),
    click.option(
        "--to", "to", type=(click.Choice(["test"]), str), metavar="test FILE", help="Write the calls as tests."
    ),
    click.option(
        "--save", type=TEXT, metavar="FILE", help="Write what the server lists, its calls and its frames into a file."
    ),
    IMPORTING,
    click.option(
        "--volatile",
        type=TEXT,
        multiple=True,
        metavar="[NAME:]PATH",
        help="With --to test, a place in results that differs each time, such as /structuredContent/at.",
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
    save: str | None,
    importing: str,
    volatile: tuple[str, ...],
    server: str | None,
) -> Any:
    """Show the latest calls, or all of one. Example: %mcp log 3.

    For the log of a connection: %mcp log --on NAME.
    """
    if save is not None:
        return saved_card(Path(save), save_session(session, Path(save), server))
    recorder = recorder_of(session, server)
    if wire and not (diagram and number is not None):
        return _frames(session, recorder, brief=brief, diagram=diagram, clear=clear, times=times)
    calls = [numbered(recorder, number)] if number is not None else recorder.calls
    if failed:
        calls = [call for call in calls if call.state in ("error", "refused", "cancelled")]
    if to is not None:
        words = write_tests(session, Path(to[1]), calls, importing, volatile)
        html = "".join(f"<p>{escape(line)}</p>" for line in words)
        return look.Rendering("\n".join(words), look.card(look.code(Path(to[1])), html))
    if diagram:
        return _diagram(session, recorder, calls, times=times)
    if number is not None:
        return call_card(
            calls[0],
            cells.place_of(calls[0].function),
            cells.explain,
            times=times,
            output_schema=output_schema(session, calls[0]),
        )
    return log(calls[-last:], cells.place_of, cells.explain, more=max(len(calls) - last, 0), times=times)


def _frames(
    session: Session, recorder: Recorder, *, brief: bool, diagram: bool, clear: bool, times: bool
) -> look.Rendering:
    frames = recorder.wire.frames
    if recorder is session.registry.recorder:
        session.keep_frames()
    if clear:
        recorder.wire.clear()
        frames = []
    if diagram:
        return sequence.diagram(frames, times=times)
    return brief_wire_log(frames) if brief else wire_log(frames)


def _diagram(session: Session, recorder: Recorder, calls: Sequence[Call], *, times: bool) -> look.Rendering:
    """Draw the latest of these calls by its frames; where there are none, as it was recorded, and say why."""
    if not calls:
        raise UnknownNameError("There is no call to draw. Make one, for example by %mcp call TOOL.")
    frames, kept = frames_of(calls[-1], recorder.wire.frames, recorder.calls), recorder.wire.on
    if frames:
        return sequence.diagram(calls[-1], frames, times=times)
    if recorder is session.registry.recorder:
        session.keep_frames()
    return sequence.diagram(calls[-1], times=times, note=NO_LONGER_KEPT if kept else NOT_YET_KEPT)


@verb(
    "compare",
    NUMBER,
    click.argument("other", type=click.IntRange(min=1), metavar="M"),
    click.option("--times/--no-times", default=True, help="Show durations, or leave them out of a saved notebook."),
)
def _compare(session: Session, number: int, other: int, times: bool) -> Any:
    """Show two calls side by side, with their differences. Example: %mcp compare 3 5."""
    return compare(numbered(session.registry.recorder, number), numbered(session.registry.recorder, other), times=times)


@verb("replay", NUMBER, INTO, ON)
def _replay(session: Session, number: int, output: str | None, server: str | None) -> Any:
    """Make a recorded call again, and compare the results. Example: %mcp replay 3."""
    earlier = numbered(recorder_of(session, server), number)
    outcome = replay(session, earlier, server)
    say_call(outcome.call)
    print(visible(replayed(earlier, outcome.call)))
    if output is None:
        return outcome.result
    session.namespace[output] = outcome.result
    return None


@verb("debug", click.argument("number", type=click.IntRange(min=1), required=False, metavar="[N]"))
def _debug(session: Session, number: int | None) -> None:
    """Open the debugger in the frame where a tool failed. Example: %mcp debug."""
    debug(session, numbered(session.registry.recorder, number) if number is not None else last_failure(session))
