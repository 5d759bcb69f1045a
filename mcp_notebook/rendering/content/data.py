"""Render tables and arrays, as tools that return data send them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

from mcp_types import CallToolResult, TextContent

from mcp_notebook.rendering.content.values import Part, draw

__all__ = ["draw_data", "without_ids"]

TABLE = {"rows", "row_count", "row_schema", "whole"}
ARRAY = {"values", "shape", "dtype", "whole"}
"""The fields of the structured content by which results are known as data."""

_ID = re.compile(r"result://[A-Za-z0-9_-]{22}/")


def draw_data(result: CallToolResult) -> Part | None:
    """Draw a table or an array, with its size, its links and its notes; None if the result is neither."""
    structured = result.structured_content
    texts = [block.text for block in result.content if isinstance(block, TextContent)]
    lines = [line for line in "\n".join(texts).splitlines() if line]
    if not isinstance(structured, Mapping) or not (structured.keys() >= TABLE or structured.keys() >= ARRAY):
        return None
    text = html = ""
    if "rows" in structured:
        if not _are_rows(structured["rows"]):
            return None
        lines = [line for line in lines if not line.startswith("| ")]
        text, html = draw(structured["rows"]) if structured["rows"] else ("", "")
    return "\n".join([*filter(None, [text]), *lines]), html + "".join(f"<p>{escape(line)}</p>" for line in lines)


def _are_rows(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(row, Mapping) for row in value)


def without_ids(part: Part) -> Part:
    """Leave out the random parts of links, which differ on each run: outputs of a notebook are saved and compared."""
    text, html = (_ID.sub("result://.../", each) for each in part)
    return text, html
