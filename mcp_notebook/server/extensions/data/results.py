"""Make the result of a tool from data: structured content, a text, a picture, and links to the whole."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from mcp_types import CallToolResult, ContentBlock, ImageContent, ResourceLink, TextContent
from pydantic import BaseModel

from .arrays import Array, snapshot
from .dicts import dict_result
from .envelopes import ArrayResult, TableResult, ended
from .kept import KEPT
from .kinds import Kind
from .pictures import picture_of
from .preview import Preview
from .rows import RowTable
from .tables import Table, table_of

__all__ = ["HINTS", "array_result", "picture_result", "result_of", "table_result"]

HINTS: Mapping[Kind | None, Any] = {
    "table": Annotated[CallToolResult, TableResult],
    "rows": Annotated[CallToolResult, TableResult],
    "array": Annotated[CallToolResult, ArrayResult],
    "picture": CallToolResult,
}
"""The annotation by which the SDK lists the output schema of each kind."""


def result_of(value: Any, kind: Kind, name: str, *, structured: bool = True) -> CallToolResult:
    """Make the result for a value.

    Args:
        value: A table, an array, a picture, a table of rows, or a dict with pictures or arrays.
        kind: Which of these.
        name: The name for the files of the whole.
        structured: Whether to send structured content.

    Raises:
        ImportError: It is a table, and narwhals is not installed.
        TypeError: It has a picture that cannot be drawn, or a value that JSON does not have.
    """
    made = _MADE[kind](value, name)
    return made if structured else made.model_copy(update={"structured_content": None})


def table_result(table: Table, name: str) -> CallToolResult:
    """Make the result for a table."""
    preview = Preview(table)
    links = KEPT.keep(name, table.files(), table.size)
    found = TableResult(
        rows=preview.rows,
        row_count=table.count,
        column_count=len(table.names),
        truncated=preview.truncated,
        row_schema=preview.schema,
        whole=_uris(links),
        notes=preview.notes,
    )
    return _result([TextContent(text="".join(found.text()))], links, found)


def array_result(value: Any, name: str) -> CallToolResult:
    """Make the result for an array; one with named fields is a table."""
    fields = getattr(value.dtype, "names", None)
    if fields and len(value.shape) == 1:
        rows = [{field: each[field] for field in fields} for each in snapshot(value)]
        return table_result(RowTable(rows), name)
    array = Array(value)
    links = KEPT.keep(name, array.files(), array.size)
    truncated = array.shown != array.shape
    found = ArrayResult(
        values=array.values,
        shape=array.shape,
        dtype=array.dtype,
        truncated=truncated,
        whole=_uris(links),
        notes=array.notes,
    )
    return _result([TextContent(text="".join(found.text()))], links, found)


def picture_result(value: Any, name: str) -> CallToolResult:
    """Make the result for a figure or an image."""
    picture = picture_of(value)
    links = KEPT.keep(name, picture.whole, picture.size)
    content: list[ContentBlock] = []
    if picture.shown is not None:
        kind, drawn = picture.shown
        content.append(ImageContent(data=base64.b64encode(drawn).decode(), mime_type=kind))
    return _result(
        [*content, TextContent(text=ended(picture.words, _uris(links).values(), picture.notes))], links, None
    )


_MADE: Mapping[Kind, Callable[[Any, str], CallToolResult]] = {
    "table": lambda value, name: table_result(table_of(value), name),
    "rows": table_result,
    "array": array_result,
    "picture": picture_result,
    "dict": dict_result,
}


def _uris(links: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    return {suffix: uri for suffix, (uri, _) in links.items()}


def _result(
    content: list[ContentBlock], links: Mapping[str, tuple[str, str]], structured: BaseModel | None
) -> CallToolResult:
    linked = [ResourceLink(name=uri.rpartition("/")[2], uri=uri, mime_type=kind) for uri, kind in links.values()]
    return CallToolResult(
        content=[*content, *linked],
        structured_content=None if structured is None else structured.model_dump(mode="json"),
    )
