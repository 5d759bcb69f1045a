"""Make rows of lists: of what a server offers, of the definitions behind it, and of notifications."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mcp_types import Prompt, Resource, ResourceTemplate, Tool

from mcp_notebook.rendering import look
from mcp_notebook.rendering.badges import stated_traits
from mcp_notebook.rendering.overview import Lists
from mcp_notebook.server.definitions import Definition
from mcp_notebook.server.listing import listed, tokens

__all__ = ["SERVER", "DefinitionRow", "NotificationRow", "Offer", "OfferRow", "rows_of", "uri_of"]

Offer = Tool | Resource | ResourceTemplate | Prompt

SERVER = "server"
"""The key of the row that stands for the server itself, first among the definitions."""


@dataclass(frozen=True)
class OfferRow:
    """A tool, resource, template or prompt as a row.

    Attributes:
        item: The item as listed.
        key: Its name or URI, and a number, because a server may list a name twice.
    """

    item: Offer
    key: str
    method = ""

    @cached_property
    def words(self) -> str:
        """The text to search in."""
        item = self.item
        return f"{uri_of(item)} {item.name} {item.title or ''} {item.description or ''}".lower()

    @property
    def marks(self) -> tuple[str, ...]:
        """The words that a filter can ask for: the stated traits, or whether it is a template."""
        return tuple(words for words, _ in self._badges())

    def drawn(self) -> dict[str, Any]:
        """Return what the row shows."""
        item, name = self.item, uri_of(self.item)
        title = item.title or (item.name if item.name != name else "")
        return {
            "title": title,
            "name": name,
            "text": item.description or _arguments(item),
            "badges": self._badges(),
            "note": f"{tokens(listed(item)):,} tokens"
            if isinstance(item, Tool)
            else getattr(item, "mime_type", "") or "",
        }

    def _note(self) -> str:
        if isinstance(self.item, Tool):
            return f"{tokens(listed(self.item)):,} tokens"
        return "" if isinstance(self.item, Prompt) else self.item.mime_type or ""

    def _badges(self) -> list[tuple[str, str]]:
        if isinstance(self.item, Tool):
            return list(stated_traits(listed(self.item)))
        if isinstance(self.item, Prompt):
            return []
        return [("template", "info") if isinstance(self.item, ResourceTemplate) else ("resource", "")]


@dataclass(frozen=True)
class DefinitionRow:
    """A definition of a server in this kernel as a row; without one, the server itself.

    Attributes:
        item: The definition; None for the server.
        name: Its name.
    """

    item: Definition | None
    name: str
    method = ""

    @property
    def key(self) -> str:
        """The row's key."""
        return SERVER if self.item is None else f"{self.item.kind} {self.name}"

    @property
    def words(self) -> str:
        """The text to search in."""
        return f"{self.name} {self._about()}".lower()

    @property
    def marks(self) -> tuple[str, ...]:
        """The words that a filter can ask for: the kind."""
        return () if self.item is None else (self.item.kind,)

    def drawn(self) -> dict[str, Any]:
        """Return what the row shows."""
        return {"title": "", "name": self.name, "text": self._about(), "badges": [], "note": ""}

    def _about(self) -> str:
        if self.item is None:
            return "the server itself"
        cell = self.item.cell
        return self.item.kind if cell is None else f"{self.item.kind}, defined in cell {cell.execution_count}"


@dataclass(frozen=True)
class NotificationRow:
    """A notification that has arrived."""

    number: int
    at: float
    method: str
    params: Any

    @property
    def key(self) -> str:
        """The row's key."""
        return f"notification {self.number}"

    @property
    def words(self) -> str:
        """The text to search in."""
        return f"{self.method} {self.params}".lower()

    @property
    def marks(self) -> tuple[str, ...]:
        """The words that a filter can ask for: none."""
        return ()

    def drawn(self) -> dict[str, Any]:
        """Return what the row shows."""
        clock = time.strftime("%H:%M:%S", time.localtime(self.at))
        name = self.method.removeprefix("notifications/")
        return {"title": "", "name": name, "text": self._about(), "badges": [], "note": clock}

    def html(self) -> str:
        """Draw the whole notification."""
        return look.card(look.code(self.method), look.pre(look.json_text(self.params)))

    def _about(self) -> str:
        """Describe it in a few words: its URI, or its log message."""
        if not isinstance(self.params, dict):
            return ""
        said = self.params.get("uri") or self.params.get("data") or self.params.get("message") or ""
        return f"{self.params.get('level', '')} {said}".strip()


def rows_of(lists: Lists, server: str) -> dict[str, Sequence[OfferRow] | Sequence[DefinitionRow]]:
    """Return the rows of each list of a server, by the list's name."""
    definitions = [DefinitionRow(found, found.name) for found in lists.definitions.values()]
    return {
        "definitions": [DefinitionRow(None, server), *definitions],
        "tools": _told_apart(lists.tools, lambda tool: tool.name),
        "resources": _told_apart([*lists.resources, *lists.templates], uri_of),
        "prompts": _told_apart(lists.prompts, lambda prompt: prompt.name),
    }


def uri_of(item: Offer) -> str:
    """Return the URI of a resource or template, and the name of a tool or prompt."""
    if isinstance(item, ResourceTemplate):
        return item.uri_template
    return str(item.uri) if isinstance(item, Resource) else item.name


def _told_apart(items: Sequence[Any], name: Callable[[Any], str]) -> list[OfferRow]:
    count: Counter[str] = Counter()
    rows = []
    for item in items:
        rows.append(OfferRow(item, f"{name(item)} {count[name(item)]}"))
        count[name(item)] += 1
    return rows


def _arguments(item: Offer) -> str:
    names = [argument.name for argument in item.arguments or []] if isinstance(item, Prompt) else []
    return f"takes {', '.join(names)}" if names else ""
