"""Give the front end the rows of a list that it shows, and no others, so that a list of any length is quick."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, Protocol

from mcp_notebook.visible import visible

__all__ = ["ListRow", "asked_rows"]

MOST_ROWS: Final = 200
"""Rows in one answer."""

LONGEST: Final = 300
"""Characters of a text in a row; a longer text is shown whole in the details."""


class ListRow(Protocol):
    """A row of a list."""

    @property
    def key(self) -> str:
        """Finds the row again when the list has changed."""

    @property
    def words(self) -> str:
        """The text to search in, in lower case."""

    @property
    def marks(self) -> Collection[str]:
        """The words that a filter can ask for."""

    @property
    def method(self) -> str:
        """The protocol's method; "" where there is none."""

    def drawn(self) -> dict[str, Any]:
        """Return what the row shows, as JSON."""


def asked_rows(rows: Sequence[ListRow], message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rows that a message asks for.

    Args:
        rows: The whole list.
        message: ``from`` and ``to``, the range; ``text``, ``marks`` and ``method``, the filters; ``anchor``, the key of
            a row, and ``at``, its place in the list that the front end has. If the anchor is in another place now, the
            range moves with it, so that rows stay under the pointer while the list changes.

    Returns:
        The ``rows``; ``from``, the place of the first; ``total``, the number that the filters let through; ``of``, the
        number without filters; ``place``, the anchor's place, or -1.
    """
    found = _filtered(rows, message)
    start, end = int(message.get("from", 0)), int(message.get("to", MOST_ROWS))
    anchor = message.get("anchor")
    place = next((i for i, row in enumerate(found) if row.key == anchor), -1) if anchor else -1
    if place >= 0:
        shift = place - int(message.get("at", 0))
        start, end = start + shift, end + shift
    start = max(min(start, len(found)), 0)
    shown = found[start : max(min(end, start + MOST_ROWS), start)]
    drawn = [{"key": row.key, **{key: _short(value) for key, value in row.drawn().items()}} for row in shown]
    return {"rows": drawn, "from": start, "total": len(found), "of": len(rows), "place": place}


def _filtered(rows: Sequence[ListRow], message: Mapping[str, Any]) -> Sequence[ListRow]:
    marks, method = set(message.get("marks", ())), message.get("method", "")
    words = str(message.get("text", "")).lower().split()
    if method:
        rows = [row for row in rows if row.method == method]
    if marks:
        rows = [row for row in rows if not marks.isdisjoint(row.marks)]
    return [row for row in rows if all(word in row.words for word in words)] if words else rows


def _short(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = " ".join(value.split()) if "\n" in value else value
    return visible(text if len(text) <= LONGEST else f"{text[:LONGEST]}…", one_line=True)
