"""The verbs that show what an agent sees."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from mcp_notebook.magics.options import PROMPT, RESOURCE, TOOL
from mcp_notebook.magics.verb import ON, known_or_fail, verb
from mcp_notebook.rendering import look
from mcp_notebook.rendering.definition import definition_card
from mcp_notebook.rendering.listing import listing
from mcp_notebook.server.definitions import Definition
from mcp_notebook.server.interface import Entry, lint, listed, tokens
from mcp_notebook.session.offers import Offer, offer_of, problems_of
from mcp_notebook.session.session import Session

__all__: list[str] = []

MOST = 240
"""Characters of a description in a table."""


@verb("tools", click.argument("name", type=TOOL, required=False), ON)
def _tools(session: Session, name: str | None, server: str | None) -> look.Rendering:
    """Show what an agent sees of the tools, or of one. Example: %mcp tools add."""
    offer = offer_of(session, server)
    found = offer.defined("tool")
    tools = offer.tools()
    entries = [(tool.name, listed(tool)) for tool in tools]
    if name is not None:
        return _cards("tool", name, entries, offer, _function(found.get(name)))
    rows = [
        (
            tool,
            _first_line(entry),
            f"{tokens(entry)}",
            f"{len(lint(entry, _function(found.get(tool)))) or 'none'}",
            _cell(found.get(tool)),
        )
        for tool, entry in entries
    ]
    return listing(
        f"tools of {offer.name}",
        ("name", "description", "tokens", "lint", "defined in"),
        rows,
        empty=offer.none("%%mcp_tool"),
        numbers=(2, 3),
        problems=problems_of(tools),
    )


@verb("resources", click.argument("name", type=RESOURCE, required=False), ON)
def _resources(session: Session, name: str | None, server: str | None) -> look.Rendering:
    """Show what an agent sees of the resources and templates, or of one. Example: %mcp resources."""
    offer = offer_of(session, server)
    found = offer.defined("resource", "resource template")
    resources, templates = offer.resources(), offer.templates()
    entries = [(str(resource.uri), listed(resource)) for resource in resources]
    entries += [(template.uri_template, listed(template)) for template in templates]
    if name is not None:
        return _cards("resource", name, entries, offer)
    rows = [
        (uri, _kind(entry), entry.get("mimeType", ""), _first_line(entry), _cell(found.get(uri)))
        for uri, entry in entries
    ]
    return listing(
        f"resources of {offer.name}",
        ("uri", "kind", "MIME type", "description", "defined in"),
        rows,
        empty=offer.none("%%mcp_resource URI"),
        problems=[*problems_of(resources), *problems_of(templates)],
    )


@verb("prompts", click.argument("name", type=PROMPT, required=False), ON)
def _prompts(session: Session, name: str | None, server: str | None) -> look.Rendering:
    """Show what an agent sees of the prompts, or of one. Example: %mcp prompts."""
    offer = offer_of(session, server)
    found = offer.defined("prompt")
    prompts = offer.prompts()
    entries = [(prompt.name, listed(prompt)) for prompt in prompts]
    if name is not None:
        return _cards("prompt", name, entries, offer)
    rows = [
        (
            prompt,
            _first_line(entry),
            ", ".join(a["name"] for a in entry.get("arguments", [])),
            _cell(found.get(prompt)),
        )
        for prompt, entry in entries
    ]
    return listing(
        f"prompts of {offer.name}",
        ("name", "description", "arguments", "defined in"),
        rows,
        empty=offer.none("%%mcp_prompt"),
        problems=problems_of(prompts),
    )


def _cards(
    kind: str,
    name: str,
    entries: Sequence[tuple[str, Entry]],
    offer: Offer,
    function: Callable[..., Any] | None = None,
) -> look.Rendering:
    """Draw all entries of a name: a server may list two."""
    known_or_fail(name, dict(entries), kind, offer.name)
    cards = [
        definition_card(_kind(entry) if kind == "resource" else kind, entry, server=offer.name, function=function)
        for found, entry in entries
        if found == name
    ]
    return look.Rendering("\n".join(card.text for card in cards), "".join(card.html for card in cards))


def _first_line(entry: Mapping[str, Any]) -> str:
    """Return what a table shows of a description; the card of one definition shows all of it."""
    lines = entry.get("description", "").strip().splitlines()
    return textwrap.shorten(lines[0], MOST, placeholder=" ...") if lines else "(no description)"


def _kind(entry: Mapping[str, Any]) -> str:
    return "resource template" if "uriTemplate" in entry else "resource"


def _function(definition: Definition | None) -> Callable[..., Any] | None:
    return None if definition is None else definition.function


def _cell(definition: Definition | None) -> str:
    return f"cell {definition.cell.execution_count}" if definition is not None and definition.cell else ""
