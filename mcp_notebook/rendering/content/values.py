"""Render JSON values: rows as a table, long values as a tree, others as text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, NamedTuple, TypeAlias

from mcp_notebook.rendering import look
from mcp_notebook.rendering.highlight import kind_of
from mcp_notebook.visible import visible

__all__ = ["Part", "Rows", "as_object", "draw", "parsed", "rows_in", "shortened", "table_of"]

Part: TypeAlias = tuple[str, str]
"""A part of a rendering: its text and its HTML."""

MOST_CHARACTERS = 20_000
MOST_ROWS = 50
MOST_ROWS_IN_HTML = 500
MOST_CHARACTERS_OF_TABLE = 40_000
MOST_COLUMNS = 20
MOST_NODES = 1_000
"""The limits of a drawn value, because it is sent to the browser and saved with the notebook."""

LINES_AT_A_GLANCE = 30
"""A JSON value with more lines becomes a tree; a shorter one is shown as text, easy to read and copy."""

MOST_DEPTH = 30
OPENED = 20
"""A value at the top of a tree is unfolded from the start if it has at most so many parts."""

LONGEST_IN_TREE = 1_000
LONGEST_CELL = 200
LONGEST_CELL_IN_TEXT = 40


class Rows(NamedTuple):
    """A value that is a table.

    Attributes:
        headers: The names of the columns.
        cells: The values, a list for each row.
        rest: The other fields next to the rows, such as a total.
    """

    headers: list[str]
    cells: list[list[Any]]
    rest: dict[str, Any]


_MISSING = object()


def draw(value: Any) -> Part:
    """Draw a JSON value."""
    rows = rows_in(value)
    if rows is not None:
        return table_of(rows)
    text = look.json_text(value)
    short = len(text) <= MOST_CHARACTERS and text.count("\n") < LINES_AT_A_GLANCE
    return shortened(text), look.json_pre(text) if short or not isinstance(value, dict | list) else _tree(value)


def parsed(text: str) -> Any:
    """Return the value of a JSON text, or the text itself if it is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def as_object(value: Any) -> dict[str, Any]:
    """Return the value if it is an object, else an empty object; the other side may send anything."""
    return value if isinstance(value, dict) else {}


def shortened(text: str, most: int = MOST_CHARACTERS) -> str:
    """Return a text of about `most` characters at most, with a note on the number that is left out."""
    if len(text) <= most:
        return text
    return f"{text[:most]}\n... and {len(text) - most} more characters, not shown."


def rows_in(value: Any) -> Rows | None:
    """Return the rows of a list of similar objects, or of ``{"columns": [...], "rows": [...]}``, else None.

    pandas writes the latter with ``data`` for ``rows``.
    """
    if isinstance(value, list):
        return _rows_of_objects(value)
    if not isinstance(value, dict) or not isinstance(value.get("columns"), list):
        return None
    key = "rows" if "rows" in value else "data"
    headers, cells = [str(header) for header in value["columns"]], value.get(key)
    if not isinstance(cells, list) or not 0 < len(headers) <= MOST_COLUMNS:
        return None
    if not all(isinstance(row, list) and len(row) == len(headers) and all(map(_fits_a_cell, row)) for row in cells):
        return None
    return Rows(headers, cells, {name: item for name, item in value.items() if name not in ("columns", key, "index")})


def _rows_of_objects(value: list[Any]) -> Rows | None:
    if len(value) < 2 or not all(isinstance(item, dict) and item for item in value):
        return None
    headers = list(dict.fromkeys(name for item in value for name in item))
    filled = sum(map(len, value))
    if len(headers) > MOST_COLUMNS or 2 * filled < len(headers) * len(value):
        return None
    if not all(_fits_a_cell(item) for row in value for item in row.values()):
        return None
    return Rows(headers, [[row.get(name, _MISSING) for name in headers] for row in value], {})


def _fits_a_cell(value: Any) -> bool:
    """Return whether a value is readable in a cell: a single value, or a few."""
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return len(value) <= 5 and not any(isinstance(item, dict | list) for item in inner)


def table_of(rows: Rows) -> Part:
    """Draw rows, at most `MOST_ROWS` as text; as HTML, which can scroll, more of them if they are short."""
    shown = [[_cell(value) for value in row] for row in rows.cells[:MOST_ROWS_IN_HTML]]
    lines = [
        [_cut(" ".join(cell.split()), LONGEST_CELL_IN_TEXT) for cell in row]
        for row in [rows.headers, *shown[:MOST_ROWS]]
    ]
    numbers = [i for i in range(len(rows.headers)) if _is_of_numbers([row[i] for row in rows.cells])]
    cells = list(_fitting([[escape(_cut(cell, LONGEST_CELL)) for cell in row] for row in shown]))
    headers = [_cut(header, LONGEST_CELL) for header in rows.headers]
    drawn = look.table(headers, cells, numbers=numbers)
    # In the order of Tab, so that it can be scrolled without a mouse.
    table = f'<div class="scrolled" role="group" aria-label="rows" tabindex="0">{drawn}</div>'
    text = "\n".join([*look.columns(lines, indent=""), *_after(rows, len(lines) - 1)])
    return text, table + "".join(f"<p>{escape(line)}</p>" for line in _after(rows, len(cells)))


def _fitting(rows: list[list[str]]) -> Iterator[list[str]]:
    """Yield the first `MOST_ROWS`, and more as long as all have few characters."""
    left = MOST_CHARACTERS_OF_TABLE
    for number, row in enumerate(rows):
        left -= sum(map(len, row))
        if number >= MOST_ROWS and left < 0:
            return
        yield row


def _after(rows: Rows, shown: int) -> list[str]:
    more = len(rows.cells) - shown
    after = [f"... and {more} more rows, not shown."] if more else []
    return after + [f"{name}: {shortened(look.json_text(value), LONGEST_IN_TREE)}" for name, value in rows.rest.items()]


def _cell(value: Any) -> str:
    if value is _MISSING:
        return ""
    return value if isinstance(value, str) and value else look.json_line(value)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _is_of_numbers(column: Sequence[Any]) -> bool:
    kinds = {type(value) for value in column if value is not None and value is not _MISSING}
    return bool(kinds) and kinds <= {int, float}


def _tree(value: Any) -> str:
    return f'<div class="tree">{_node("", value, [MOST_NODES], 0)}</div>'


def _node(label: str, value: Any, left: list[int], depth: int) -> str:
    """Draw a value under its label (HTML); `left` counts down the values that may still be drawn."""
    if not isinstance(value, dict | list) or not value or depth == MOST_DEPTH:
        text = look.json_line(value)
        return f"{label}<code class={kind_of(text) or 'lit'}>{escape(shortened(text, LONGEST_IN_TREE))}</code>"
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    items: list[str] = []
    for key, item in pairs:
        if left[0] <= 0:
            items.append(f"<li>... and {len(value) - len(items)} more, not shown.</li>")
            break
        left[0] -= 1
        items.append(f"<li>{_node(_key(key), item, left, depth + 1)}</li>")
    many = f"{len(value)} {'key' if isinstance(value, dict) else 'item'}{'s' if len(value) > 1 else ''}"
    return look.fold(
        f"{label}{look.muted(many)}", f"<ul>{''.join(items)}</ul>", opened=depth < 2 and len(value) <= OPENED
    )


def _key(key: object) -> str:
    """Draw a key; one with signs that are escaped in JSON as JSON, so that it can be told apart."""
    text = shortened(str(key), LONGEST_IN_TREE)
    plain = text == visible(text, one_line=True) and not {'"', "\\"}.intersection(text)
    return f"<code class=key>{escape(text if plain else look.json_line(text))}</code>: "
