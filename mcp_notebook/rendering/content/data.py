"""Render tables and arrays, as tools that return data send them."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from mcp_types import CallToolResult, ResourceLink, TextContent

from mcp_notebook.rendering import look
from mcp_notebook.rendering.content.blocks import draw_blocks
from mcp_notebook.rendering.content.values import LONGEST_IN_TREE, Part, draw, shortened
from mcp_notebook.server.extensions.data import TableResult, envelope_of

__all__ = ["draw_data", "without_ids"]

_ID = re.compile(r"result://(?:<wbr>)?(?:[A-Za-z0-9_-](?:<wbr>)?){22}/")
"""The random part of a link, in which a long word of HTML may break."""

_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,40}")


def draw_data(result: CallToolResult) -> Part | None:
    """Draw a table or an array once, though a result has it as structured content and as text.

    Any server can send anything. So nothing is left out unless it is drawn in another form: the text must be the one
    that follows from the structured content. None for a result that is not like that.
    """
    structured = result.structured_content
    found = None if structured is None else envelope_of(structured)
    place, text = next(((i, b.text) for i, b in enumerate(result.content) if isinstance(b, TextContent)), (-1, ""))
    if found is None or not text:
        return None
    try:
        values, end = found.text()
    except (RecursionError, TypeError):  # the schema or a value is not what tools send
        return None
    if text != f"{values}{end}":
        return None
    parts = [_values(found.rows)] if isinstance(found, TableResult) else [draw(found.values)]
    shown = shortened(end)
    parts.append((shown, "".join(f"<p>{escape(line)}</p>" for line in shown.splitlines())))
    if isinstance(found, TableResult):
        parts.append(_schema(found.row_schema))
    links = set(found.whole.values())
    rest = [block for i, block in enumerate(result.content) if i != place and not _is_said(block, links)]
    parts.append(draw_blocks(rest))
    return "\n".join(text for text, _ in parts if text), "".join(html for _, html in parts)


def _values(rows: list[dict[str, Any]]) -> Part:
    return draw(rows) if rows else ("", "")


def _schema(schema: dict[str, Any]) -> Part:
    """Draw the schema of a row, whose names and descriptions a model reads, too."""
    words = f"row_schema: {shortened(look.json_line(schema), LONGEST_IN_TREE)}"
    return words, look.fold("row_schema", draw(schema)[1])


def _is_said(block: Any, links: set[str]) -> bool:
    """Return whether a block is a link that the text has, and nothing more."""
    if (
        not isinstance(block, ResourceLink)
        or block.uri not in links
        or not _MEDIA_TYPE.fullmatch(block.mime_type or "")
    ):
        return False
    return block == ResourceLink(name=block.uri.rpartition("/")[2], uri=block.uri, mime_type=block.mime_type)


def without_ids(part: Part) -> Part:
    """Leave out the random parts of links, which differ on each run: outputs of a notebook are saved and compared."""
    text, html = (_ID.sub("result://.../", each) for each in part)
    return text, html
