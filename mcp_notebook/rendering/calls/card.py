"""Render one call with its output, questions and result."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from mcp_types import CallToolResult, GetPromptResult, ReadResourceResult
from pydantic import BaseModel, ValidationError

from mcp_notebook.client.reading import flawed
from mcp_notebook.recording import Call
from mcp_notebook.rendering import content, look
from mcp_notebook.rendering.badges import state_chip
from mcp_notebook.rendering.calls.events import draw_events
from mcp_notebook.schema import Schema

__all__ = ["call_body", "call_card"]

RAISED = "raised (clients do not see this)"

_RESULTS: dict[str, type[BaseModel]] = {
    "tools/call": CallToolResult,
    "resources/read": ReadResourceResult,
    "prompts/get": GetPromptResult,
}


def call_card(
    call: Call,
    place: str,
    explain: Callable[[BaseException], str],
    *,
    times: bool = True,
    output_schema: Schema | None = None,
) -> look.Rendering:
    """Draw one call with its output, questions and result, in order.

    Args:
        call: The call.
        place: The cell that defined the function; empty if it is not known.
        explain: Describes an exception of the function, for its author.
        times: Whether to show the durations.
        output_schema: The tool's output schema, if it is known.
    """
    title = f"call {call.number}: {call.title}"
    lines, parts = call_body(call, place, explain, times=times, output_schema=output_schema)
    headline = f"{escape(title)} {state_chip(call.state)}{_took_html(call, times)}"
    bad = call.state in ("error", "refused")
    return look.Rendering("\n".join([title, *lines]), look.card(headline, *parts, bad=bad))


def call_body(
    call: Call,
    place: str,
    explain: Callable[[BaseException], str],
    *,
    times: bool = True,
    output_schema: Schema | None = None,
) -> tuple[list[str], list[str]]:
    """Draw what is below the title of `call_card`: the lines of the text, and the parts of the HTML."""
    arguments = content.draw(call.arguments)
    short = "\n" not in arguments[0]
    facts = [(name, value, escape(value)) for name, value in _facts(call, place, times)]
    if short:
        facts.append(("arguments", arguments[0], look.json_code(arguments[0])))
    sections = [] if short else [("arguments", arguments)]
    sections += draw_events(call.events, times=times)
    if call.data is not None:
        sections.append(("data of the error", content.draw(call.data)))
    if call.result is not None:
        sections.append(("result" if call.state != "error" else content.ERROR, _result(call, output_schema)))
    if call.problems:
        sections.append((content.PROBLEMS, ("\n".join(call.problems), look.bullets(call.problems))))
    if call.raised is not None:
        raised = explain(call.raised)
        sections.append((RAISED, (raised, look.pre(raised))))
    lines = look.columns([(name, value) for name, value, _ in facts])
    # The headline has the end of the call already, except for its rounds.
    rows = [[look.muted(name), html] for name, _, html in facts if name != "ended" or call.rounds > 1]
    parts = [look.table(("", ""), rows)]
    for name, (text, html) in sections:
        lines += [f"  {name}", *(f"    {line}".rstrip() for line in text.rstrip("\n").splitlines())]
        parts.append(look.section(name, html) or f"<p>{look.muted(name)}</p>")
    return lines, parts


def _took_html(call: Call, times: bool) -> str:
    return f" {look.muted(look.duration(call.duration))}" if times and call.duration is not None else ""


def _facts(call: Call, place: str, times: bool) -> list[tuple[str, str]]:
    took = f", {look.duration(call.duration)}" if times and call.duration is not None else ""
    rounds = f", {call.rounds} rounds" if call.rounds > 1 else ""
    facts = [
        ("method", call.method),
        ("server", f"{call.server}{', defined in ' + place if place else ''}"),
        ("client", f"{call.client or 'unnamed'}, over {call.transport}, {call.protocol_version} ({call.era})"),
        ("ended", f"{call.state}{rounds}{took}"),
    ]
    if call.within is not None:
        facts.append(("made by", f"the code of call {call.within}"))
    if call.approval is not None:
        waited = f", after {look.duration(call.approval.waited)}" if times else ""
        facts.append(("approval", f"{call.approval}{waited}"))
    if call.error is not None:
        facts.append(("error", call.error))
    if call.code is not None:
        facts.append(("code", str(call.code)))
    return facts


def _result(call: Call, schema: Schema | None) -> content.Part:
    if not call.cut and call.result is not None and call.method in _RESULTS:
        try:
            return content.draw_result(_RESULTS[call.method].model_validate(call.result), schema)
        except ValidationError as refusal:
            if call.problems:  # show the parts that the client could read
                return content.draw_result(flawed(call.method, call.result, refusal), schema)
    return content.draw(call.content)
