"""Render the card of a tool, resource or prompt: the definition as an agent sees it, with hints on it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from mcp_notebook.rendering import look
from mcp_notebook.schema import Parameter, one_look, parameters
from mcp_notebook.server.lint import lint
from mcp_notebook.server.listing import (
    CHARACTERS_PER_TOKEN,
    Entry,
    argument_in_words,
    behavior,
    diff,
    field_in_words,
    tokens,
)

__all__ = ["definition_card"]


@one_look()
def definition_card(
    kind: str,
    entry: Entry,
    *,
    server: str,
    function: Callable[..., Any] | None = None,
    before: Entry | None = None,
    try_it: str = "",
) -> look.Rendering:
    """Draw one entry of a list as an agent sees it.

    Args:
        kind: ``tool``, ``resource``, ``resource template`` or ``prompt``.
        entry: The entry as listed, JSON.
        server: The name of the server that lists it.
        function: The function behind it, for the lint.
        before: The entry that this one replaces, or None for a new one.
        try_it: A line that uses it.
    """
    name = entry.get("uri") or entry.get("uriTemplate") or entry["name"]
    size = f"about {tokens(entry)} tokens"
    root = entry.get("inputSchema", {})
    # A prompt's arguments are listed without a schema.
    arguments = parameters(root) or [_prompt_argument(argument) for argument in entry.get("arguments", [])]
    rows = [(a.name, argument_in_words(a, root), a.description) for a in arguments]
    result = [
        (p.name, field_in_words(p, entry["outputSchema"]), p.description)
        for p in parameters(entry.get("outputSchema", {}))
    ]
    facts = [("MIME type", entry["mimeType"])] if "mimeType" in entry else []
    if kind == "tool":
        facts.append(("behavior", behavior(entry)))
    advice = lint(entry, function) if kind == "tool" else []
    changed = None if before is None else diff(before, entry) or ["nothing: clients see the same as before"]
    description = entry.get("description", "").strip()

    text = [f"{kind} {name} on {server}, {size}"]
    text += [f"  {line}".rstrip() for line in (description or "(no description)").splitlines()]
    text += _text_section("arguments", rows)
    text += _text_section("result", result)
    for what, fact in facts:
        text += textwrap.wrap(f"{what}: {fact}", look.WIDTH, initial_indent="  ", subsequent_indent="    ")
    text += _text_section("lint", [("!", advice_line) for advice_line in advice])
    text += _text_section("changed for clients", [("*", line) for line in changed or []])
    text += [f"  try it: {try_it}"] if try_it else []

    html = look.card(
        f"{escape(kind)} {look.code(name)} {look.muted(f'on {server} · {size}')}",
        f"<p>{escape(description) or look.muted('(no description)')}</p>".replace("\n", "<br>"),
        look.section("arguments", _html_rows(rows)),
        look.section("result", _html_rows(result)),
        "".join(f"<p>{look.muted(what)} {escape(fact)}</p>" for what, fact in facts),
        look.section("lint", look.bullets(advice)),
        look.section("changed for clients", look.bullets(changed or [])),
        look.json_block(f"as JSON (tokens: characters ÷ {CHARACTERS_PER_TOKEN})", entry),
        f"<p>{look.muted('try it')} {look.code(try_it)}</p>" if try_it else "",
    )
    return look.Rendering("\n".join(text), html)


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
