"""Render an overview of a server: its own description, capabilities and number of definitions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, TypeVar

from mcp_types import Prompt, Resource, ResourceTemplate, ServerCapabilities, Tool
from pydantic import BaseModel

from mcp_notebook.client import Connection
from mcp_notebook.rendering import look
from mcp_notebook.rendering.content import draw_problems
from mcp_notebook.rendering.extensions import extensions_part
from mcp_notebook.rendering.listing import listing
from mcp_notebook.server.listing import behavior, listed, tokens

if TYPE_CHECKING:
    from mcp_notebook.server.definitions import Definition

__all__ = ["Lists", "counts", "overview", "summary"]

T = TypeVar("T")

MOST_ROWS = 10
"""The most rows of each table."""


@dataclass(frozen=True)
class Lists:
    """The lists of a server, the definitions in cells behind them, and the problems with the lists."""

    tools: list[Tool] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)
    templates: list[ResourceTemplate] = field(default_factory=list)
    prompts: list[Prompt] = field(default_factory=list)
    definitions: dict[tuple[str, str], Definition] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @cached_property
    def tokens(self) -> int:
        """The approximate number of tokens of all lists together."""
        items: list[BaseModel] = [*self.tools, *self.resources, *self.templates, *self.prompts]
        return sum(tokens(listed(item)) for item in items)


def overview(connection: Connection, lists: Lists, where: str = "") -> look.Rendering:
    """Draw the server's own description, its capabilities and the number of its definitions.

    Args:
        connection: The connection to the server.
        lists: The server's lists.
        where: The address, to be shown only live and not saved.
    """
    facts = [
        ("server", _name(connection)),
        ("speaks", f"{connection.protocol_version} ({connection.era})"),
        *([("reached over", where)] if where else []),
        *_capabilities(connection.capabilities),
        ("offers", counts(lists)),
        ("size of the lists", f"about {lists.tokens:,} tokens"),
    ]
    instructions = (connection.instructions or "").strip()
    extensions, extensions_html = extensions_part(connection)
    text = [f"workbench on {connection.name}", *look.columns(facts), *extensions]
    if instructions:
        text += ["  instructions", *(f"    {line}".rstrip() for line in instructions.splitlines())]
    wrong, wrong_html = draw_problems(lists.problems)
    text += [f"  {line}" for line in wrong.splitlines()]
    html = look.card(
        f"workbench on {look.code(connection.name)}",
        look.table((), [[look.muted(name), escape(value)] for name, value in facts]),
        extensions_html,
        wrong_html,
        look.section("instructions", look.pre(instructions)) if instructions else "",
    )
    return look.Rendering("\n".join(text), html)


def summary(connection: Connection, lists: Lists) -> look.Rendering:
    """Draw the server for places without widgets: the overview, and the beginning of each list."""
    parts = [
        overview(connection, lists),
        _table("tools", ("name", "behavior", "tokens"), lists.tools, _tool),
        _table("resources", ("uri", "MIME type"), lists.resources, lambda r: (str(r.uri), r.mime_type or "")),
        _table(
            "resource templates",
            ("uri", "MIME type"),
            lists.templates,
            lambda template: (template.uri_template, template.mime_type or ""),
        ),
        _table("prompts", ("name", "arguments"), lists.prompts, _prompt),
    ]
    drawn = [part for part in parts if part is not None]
    return look.Rendering("\n".join(part.text for part in drawn), "".join(part.html for part in drawn))


def counts(lists: Lists) -> str:
    """Count the definitions of each kind, in words."""
    found = (
        ("tool", lists.tools),
        ("resource", lists.resources),
        ("resource template", lists.templates),
        ("prompt", lists.prompts),
    )
    words = [f"{len(items):,} {kind}{'s' if len(items) > 1 else ''}" for kind, items in found if items]
    return ", ".join(words) or "nothing yet"


def _table(
    title: str, headers: Sequence[str], items: Sequence[T], row: Callable[[T], tuple[str, ...]]
) -> look.Rendering | None:
    if not items:
        return None
    rows = [row(item) for item in items[:MOST_ROWS]]
    if len(items) > MOST_ROWS:
        rows.append((f"... and {len(items) - MOST_ROWS:,} more", *[""] * (len(headers) - 1)))
    return listing(title, headers, rows, empty="")


def _tool(tool: Tool) -> tuple[str, ...]:
    entry = listed(tool)
    said = behavior(entry) if entry.get("annotations") else "not stated"
    return tool.name, said, str(tokens(entry))


def _prompt(prompt: Prompt) -> tuple[str, ...]:
    return prompt.name, ", ".join(argument.name for argument in prompt.arguments or [])


def _name(connection: Connection) -> str:
    info = connection.server_info
    if info is None:
        return connection.name
    title = f", {info.title}" if info.title and info.title != info.name else ""
    return f"{info.name} {info.version}".strip() + title


def _capabilities(can: ServerCapabilities) -> list[tuple[str, str]]:
    found = can.model_dump(by_alias=True, mode="json", exclude_none=True, exclude={"extensions"})
    words = [
        f"{name} ({', '.join(_WORDS.get(key, str(key)) for key, value in of.items() if value)})"
        if isinstance(of, dict) and any(of.values())
        else name
        for name, of in found.items()
    ]
    return [("capabilities", "; ".join(words) or "none stated")]


_WORDS = {"listChanged": "announces changes", "subscribe": "can be subscribed to"}
