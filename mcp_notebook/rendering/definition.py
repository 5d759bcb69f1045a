"""Render the card of a tool, resource or prompt: the definition as an agent sees it, with hints on it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from mcp_notebook.rendering import look
from mcp_notebook.rendering.badges import traits
from mcp_notebook.schema import Parameter, one_look, parameters
from mcp_notebook.server.lint import lint
from mcp_notebook.server.listing import (
    CHARACTERS_PER_TOKEN,
    Entry,
    argument_in_words,
    behavior,
    changes,
    field_in_words,
    tokens,
)
from mcp_notebook.server.sign_in import SCOPES, required_by
from mcp_notebook.visible import visible

__all__ = ["Sections", "definition_card", "tool_sections"]


@one_look()
def definition_card(
    kind: str,
    entry: Entry,
    *,
    server: str,
    function: Callable[..., Any] | None = None,
    before: Entry | None = None,
    try_it: str = "",
    task_ttl: float | None = None,
) -> look.Rendering:
    """Draw one entry of a list as an agent sees it.

    Args:
        kind: ``tool``, ``resource``, ``resource template``, ``prompt`` or ``event``.
        entry: The entry as listed, JSON.
        server: The name of the server that lists it.
        function: The function behind it, for the lint.
        before: The entry that this one replaces, or None for a new one.
        try_it: A line that uses it.
        task_ttl: Seconds that the task of a call is kept after its end; None if calls do not run as tasks.
    """
    seen = _seen(kind, entry, server=server, function=function)
    if task_ttl is not None:
        seen.facts.append(("task", f"clients that can follow a task get a handle at once; kept for {task_ttl:g} s"))
    if before is not None:
        seen.changed.extend(changes(before, entry))
    return look.Rendering(_text(kind, seen, try_it), _html(kind, seen, entry, try_it))


@dataclass(frozen=True)
class Sections:
    """The schemas of a tool, as its card shows them.

    Attributes:
        html: The arguments, the result and the behavior.
        advice: The lint, a line each.
    """

    html: str
    advice: list[str]


@one_look()
def tool_sections(entry: Entry, function: Callable[..., Any] | None = None) -> Sections:
    """Draw what an agent sees of a tool's schemas, without the tool's name and description."""
    seen = _seen("tool", entry, server="", function=function)
    return Sections(visible("".join(_html_sections(seen))), seen.advice)


@dataclass(frozen=True)
class _Seen:
    """The parts of a card, as words."""

    name: str
    place: str
    size: str
    description: str
    arguments: list[tuple[str, str, str]]
    result: list[tuple[str, str, str]]
    facts: list[tuple[str, str]]
    advice: list[str]
    changed: list[str] = field(default_factory=list)


def _seen(kind: str, entry: Entry, *, server: str, function: Callable[..., Any] | None) -> _Seen:
    root = entry.get("inputSchema", {})
    # A prompt's arguments are listed without a schema.
    arguments = parameters(root) or [_prompt_argument(argument) for argument in entry.get("arguments", [])]
    output = entry.get("outputSchema") or entry.get("payloadSchema", {})
    seen = _Seen(
        name=entry.get("uri") or entry.get("uriTemplate") or entry["name"],
        place=f"on {server}",
        size=f"about {tokens(entry)} tokens",
        description=entry.get("description", "").strip(),
        arguments=[(a.name, argument_in_words(a, root), a.description) for a in arguments],
        result=[(p.name, field_in_words(p, output), p.description) for p in parameters(output)],
        facts=[("MIME type", entry["mimeType"])] if "mimeType" in entry else [],
        advice=lint(entry, function) if kind == "tool" else [],
    )
    if kind == "tool":
        seen.facts.append(("behavior", behavior(entry)))
        seen.facts.extend(_scopes(entry))
    if kind == "event":
        seen.facts.append(("delivery", ", ".join(entry["delivery"])))
    return seen


def _scopes(entry: Entry) -> list[tuple[str, str]]:
    scopes = required_by(entry.get("_meta"))
    if scopes is None:
        return [("scopes", f"{SCOPES} is not a list of texts, so nobody may call it where callers sign in")]
    return [("scopes", f"where callers sign in, they need {' and '.join(scopes)}")] if scopes else []


def _text(kind: str, seen: _Seen, try_it: str) -> str:
    text = [f"{kind} {seen.name} {seen.place}, {seen.size}"]
    text += [f"  {line}".rstrip() for line in (seen.description or "(no description)").splitlines()]
    text += _text_section("arguments", seen.arguments)
    text += _text_section("data" if kind == "event" else "result", seen.result)
    for what, fact in seen.facts:
        text += textwrap.wrap(f"{what}: {fact}", look.WIDTH, initial_indent="  ", subsequent_indent="    ")
    text += _text_section("lint", [("!", advice) for advice in seen.advice])
    text += _text_section("changed for clients", [("*", line) for line in seen.changed])
    text += [f"  try it: {try_it}"] if try_it else []
    return "\n".join(text)


def _html(kind: str, seen: _Seen, entry: Entry, try_it: str) -> str:
    return look.card(
        f"{escape(kind)} {look.code(seen.name)} {traits(entry)} {look.muted(f'{seen.place} · {seen.size}')}",
        f"<p>{escape(seen.description) or look.muted('(no description)')}</p>".replace("\n", "<br>"),
        *_html_sections(seen, "data" if kind == "event" else "result"),
        look.section("lint", look.bullets(seen.advice)),
        look.section("changed for clients", look.bullets(seen.changed)),
        look.json_block(f"as JSON (tokens: characters ÷ {CHARACTERS_PER_TOKEN})", entry),
        f"<p>{look.muted('try it')} {look.code(try_it)}</p>" if try_it else "",
    )


def _html_sections(seen: _Seen, result: str = "result") -> list[str]:
    return [
        look.section("arguments", _html_rows(seen.arguments)),
        look.section(result, _html_rows(seen.result)),
        "".join(f"<p>{look.muted(what)} {escape(fact)}</p>" for what, fact in seen.facts),
    ]


def _prompt_argument(argument: Entry) -> Parameter:
    return Parameter(
        name=argument["name"],
        schema={"type": "string"},
        required=argument.get("required", False),
        description=argument.get("description", ""),
    )


def _text_section(title: str, rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"  {title}", *look.columns(rows, indent="    ")] if rows else []


def _html_rows(rows: Sequence[tuple[str, str, str]]) -> str:
    if not rows:
        return ""
    return look.table((), [(look.code(n), escape(words), escape(description)) for n, words, description in rows])
