"""Render the definitions of a server: a table for each kind, or the card of one."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mcp_notebook.client.reading import ItemList
from mcp_notebook.rendering import look
from mcp_notebook.rendering.definition import definition_card
from mcp_notebook.rendering.listing import listing
from mcp_notebook.server.lint import lint
from mcp_notebook.server.listing import Entry, listed, tokens
from mcp_notebook.server.stable_tools import searching_pair

if TYPE_CHECKING:
    from mcp_types import Prompt, Resource, ResourceTemplate, Tool

    from mcp_notebook.schema import Problem
    from mcp_notebook.server.definitions import Definition

__all__ = ["definition_cards", "prompts_table", "resources_table", "tools_table"]

MOST = 240
"""The most characters of a description in a table."""

MANY = 20
"""Tools from which on the cost of their list is shown."""

Definitions = Mapping[str, "Definition"]
"""The definitions of cells, by name."""


def tools_table(server: str, tools: list[Tool], defined: Definitions, *, empty: str) -> look.Rendering:
    """Draw the tools of a server; `empty` is the text for an empty list."""
    rows = []
    for tool in tools:
        entry, definition = listed(tool), defined.get(tool.name)
        found = lint(entry, None if definition is None else definition.function)
        rows.append((tool.name, _first_line(entry), f"{tokens(entry)}", f"{len(found) or 'none'}", _cell(definition)))
    return listing(
        f"tools of {server}",
        ("name", "description", "tokens", "lint", "defined in"),
        rows,
        empty=empty,
        numbers=(2, 3),
        problems=_problems(tools),
        notes=[] if len(tools) < MANY else [_cost(tools, own=bool(defined))],
    )


def _cost(tools: list[Tool], *, own: bool) -> str:
    """Return the size of the whole list; for a server of this kernel, also that of what a search lists instead."""
    pair = {entry.name: tokens(listed(entry)) for entry in searching_pair()}
    whole = sum(tokens(listed(tool)) for tool in tools if tool.name not in pair)
    if own and pair.keys() <= {tool.name for tool in tools}:
        names = " and ".join(pair)
        return f"Clients list only {names}: about {sum(pair.values()):,} tokens in place of {whole:,}."
    line = f"A model that reads the whole list reads about {whole:,} tokens."
    return (
        f"{line} %mcp serve --search lists two tools in its place, about {sum(pair.values()):,} tokens."
        if own
        else line
    )


def resources_table(
    server: str, resources: list[Resource], templates: list[ResourceTemplate], defined: Definitions, *, empty: str
) -> look.Rendering:
    """Draw the resources and the resource templates of a server."""
    entries = [(str(resource.uri), "resource", listed(resource)) for resource in resources]
    entries += [(template.uri_template, "resource template", listed(template)) for template in templates]
    rows = [
        (uri, kind, entry.get("mimeType", ""), _first_line(entry), _cell(defined.get(uri)))
        for uri, kind, entry in entries
    ]
    return listing(
        f"resources of {server}",
        ("uri", "kind", "MIME type", "description", "defined in"),
        rows,
        empty=empty,
        problems=[*_problems(resources), *_problems(templates)],
    )


def prompts_table(server: str, prompts: list[Prompt], defined: Definitions, *, empty: str) -> look.Rendering:
    """Draw the prompts of a server."""
    entries = [(prompt.name, listed(prompt)) for prompt in prompts]
    rows = [
        (name, _first_line(entry), ", ".join(a["name"] for a in entry.get("arguments", [])), _cell(defined.get(name)))
        for name, entry in entries
    ]
    return listing(
        f"prompts of {server}",
        ("name", "description", "arguments", "defined in"),
        rows,
        empty=empty,
        problems=_problems(prompts),
    )


def definition_cards(
    kind: str, entries: Iterable[Entry], *, server: str, function: Callable[..., Any] | None = None
) -> look.Rendering:
    """Draw the cards of entries with the same name; a server may list two."""
    cards = [
        definition_card(
            "resource template" if "uriTemplate" in entry else kind, entry, server=server, function=function
        )
        for entry in entries
    ]
    return look.Rendering("\n".join(card.text for card in cards), "".join(card.html for card in cards))


def _problems(found: list[Any]) -> list[Problem]:
    """Return the problems with a list; the lists of this kernel's servers have none."""
    return found.problems if isinstance(found, ItemList) else []


def _first_line(entry: Mapping[str, Any]) -> str:
    """Return the first line of a description, for a table; the definition's card shows all of it."""
    lines = entry.get("description", "").strip().splitlines()
    return textwrap.shorten(lines[0], MOST, placeholder=" ...") if lines else "(no description)"


def _cell(definition: Definition | None) -> str:
    return f"cell {definition.cell.execution_count}" if definition is not None and definition.cell else ""
