"""Render structured content, with the output schema's description of each field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp_types import CallToolResult, TextContent

from mcp_notebook.rendering import look
from mcp_notebook.rendering.content.values import Part, draw, parsed, rows_in, shortened
from mcp_notebook.schema import Parameter, Schema, one_look, parameters, resolve
from mcp_notebook.schema.wrapped import unwrapped

__all__ = ["draw_structured", "is_among_texts", "says_the_same"]

MOST_BLOCKS = 10
"""Most blocks that are parsed; each of them is drawn."""


@one_look()
def draw_structured(value: Any, schema: Schema | None) -> Part:
    """Draw structured content; with an output schema, describe each field."""
    usable = schema if isinstance(schema, Mapping) else {}
    inner, inner_schema = unwrapped(value, usable)
    return _fields(inner, inner_schema, usable) or draw(inner)


def says_the_same(result: CallToolResult) -> bool:
    """Return whether the text only repeats the structured content, as the SDK sends it for older clients."""
    texts = [block.text for block in result.content if isinstance(block, TextContent)]
    value = result.structured_content
    if not texts or len(texts) != len(result.content) or value is None:
        return False
    wrapped, _ = unwrapped(value)
    items = wrapped if isinstance(wrapped, list) else [wrapped]
    return any(_say(texts, values) for values in ([wrapped], items, [value]))


def is_among_texts(result: CallToolResult) -> bool:
    """Return whether a text is the structured content, beside blocks of other kinds."""
    value = result.structured_content
    first = [block.text for block in result.content[:MOST_BLOCKS] if isinstance(block, TextContent)]
    mixed = any(not isinstance(block, TextContent) for block in result.content)
    return mixed and any(parsed(text) == value for text in first)


def _say(texts: list[str], values: list[Any]) -> bool:
    return len(texts) == len(values) and all(
        text == value or parsed(text) == value for text, value in zip(texts, values, strict=True)
    )


def _fields(value: Any, schema: Schema, root: Schema) -> Part | None:
    """Draw an object field by field, or rows with a legend; return None if the schema describes nothing."""
    rows = rows_in(value)
    described = resolve(schema.get("items", {}), root) if isinstance(value, list) else schema
    known = {p.name: words for p in parameters({**described, "$defs": root.get("$defs", {})}) if (words := _words(p))}
    if not known:
        return None
    if rows is not None:
        text, html = draw(value)
        legend = [f"{name}: {words}" for name, words in known.items()]
        return "\n".join([text, *(f"  {line}" for line in legend)]), html + look.bullets(legend)
    if not isinstance(value, dict):
        return None
    drawn = {name: _value(item) for name, item in value.items()}
    text = "\n".join(look.columns([(name, known.get(name, ""), drawn[name][0]) for name in value], indent=""))
    cells = [(look.code(name), drawn[name][1], look.muted(known.get(name, ""))) for name in value]
    return text, look.table(("", "", ""), cells)


def _value(value: Any) -> Part:
    text, html = draw(value)
    short = "\n" not in text and len(text) < look.WIDTH
    return shortened(text), look.json_code(text) if short else html


def _words(parameter: Parameter) -> str:
    """Return the schema's title and description of a field, without the titles that pydantic makes from names."""
    title = str(parameter.schema.get("title", ""))
    telling = title if title.lower().replace(" ", "_") != parameter.name.lower() else ""
    return ": ".join(filter(None, [telling, parameter.description]))
