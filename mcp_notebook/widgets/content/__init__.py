"""Results as content: text, JSON, images, audio, embedded resources and links; errors as errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mcp_types import CallToolResult, GetPromptResult, ReadResourceResult
from pydantic import BaseModel

from mcp_notebook.schema import Schema
from mcp_notebook.widgets import look
from mcp_notebook.widgets.content.blocks import draw_blocks
from mcp_notebook.widgets.content.structured import draw_structured, says_the_same, unwrapped
from mcp_notebook.widgets.content.values import Part, draw, parsed, rows_in, shortened

__all__ = ["RENDERERS", "draw", "draw_blocks", "parsed", "render", "says_the_same", "shortened"]

NOTHING: Part = ("(no content)", look.muted("(no content)"))


def render(result: BaseModel, output_schema: Schema | None = None) -> look.Rendering:
    """Draw a result of the protocol; what is of no known kind is shown as JSON.

    Args:
        result: The result.
        output_schema: Of the tool that was called, where it is known: it says what the fields are.
    """
    if isinstance(result, CallToolResult):
        return _render_call(result, output_schema)
    return RENDERERS.get(type(result).__name__, _render_other)(result)


def _render_call(result: CallToolResult, schema: Schema | None = None) -> look.Rendering:
    text, html = _content(result, schema) if result.content or result.structured_content is not None else NOTHING
    if result.is_error:
        return look.Rendering(f"error from the tool\n{text}", look.card("error from the tool", html, bad=True))
    return look.Rendering(text.strip("\n") or NOTHING[0], look.card("result", html))


def _content(result: CallToolResult, schema: Schema | None) -> Part:
    """Draw the blocks and the structured content; only one of them where the other has nothing to add."""
    structured = result.structured_content
    if structured is None:
        return draw_blocks(result.content)
    again = says_the_same(result)
    if again and (schema is not None or rows_in(unwrapped(structured)[0]) is not None):
        return draw_structured(structured, schema)
    text, html = draw_blocks(result.content)
    if again:
        return text, html
    more, more_html = draw_structured(structured, schema) if schema is not None else draw(structured)
    apart = "\n" if "\n" in more else " "
    return f"{text}\nstructured:{apart}{more}", html + look.section("structured content", more_html)


def _render_read(result: ReadResourceResult) -> look.Rendering:
    text, html = draw_blocks(result.contents) if result.contents else NOTHING
    return look.Rendering(text or NOTHING[0], look.card("resource", html))


def _render_prompt(result: GetPromptResult) -> look.Rendering:
    lines, parts = [], []
    for message in result.messages:
        text, html = draw_blocks([message.content])
        lines += [f"{message.role}:", *(f"  {line}" for line in text.splitlines())]
        parts.append(look.section(message.role, html))
    return look.Rendering("\n".join(lines), look.card("prompt", *parts))


def _render_other(result: BaseModel) -> look.Rendering:
    text, html = draw(result.model_dump(by_alias=True, mode="json", exclude_none=True))
    return look.Rendering(text, look.card(type(result).__name__, html))


RENDERERS: Mapping[str, Callable[[Any], look.Rendering]] = {
    "CallToolResult": _render_call,
    "ReadResourceResult": _render_read,
    "GetPromptResult": _render_prompt,
}
"""How each result is drawn, by the name of its type in `mcp_types`."""
