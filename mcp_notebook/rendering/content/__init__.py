"""Render results: text, JSON, images, audio, embedded resources, links, and errors."""

from __future__ import annotations

from collections.abc import Sequence

from mcp_types import CallToolResult, GetPromptResult, PromptMessage, ReadResourceResult
from pydantic import BaseModel

from mcp_notebook.client.reading import Flawed, in_words
from mcp_notebook.rendering import look
from mcp_notebook.rendering.content.blocks import draw_blocks
from mcp_notebook.rendering.content.data import draw_data, without_ids
from mcp_notebook.rendering.content.structured import draw_structured, is_among_texts, says_the_same
from mcp_notebook.rendering.content.values import Part, as_object, draw, parsed, rows_in, shortened
from mcp_notebook.schema import Schema
from mcp_notebook.schema.wrapped import unwrapped

__all__ = [
    "DRAWN",
    "ERROR",
    "PROBLEMS",
    "Part",
    "as_object",
    "draw",
    "draw_blocks",
    "draw_problems",
    "draw_result",
    "parsed",
    "render",
    "says_the_same",
    "shortened",
]

DRAWN = {"CallToolResult": "result", "ReadResourceResult": "resource", "GetPromptResult": "prompt"}
"""The titles of the cards for known results, by the name of their type in `mcp_types`."""

ERROR = "error from the tool"
PROBLEMS = "problems"
NOTHING: Part = ("(no content)", look.muted("(no content)"))


def render(result: BaseModel, output_schema: Schema | None = None) -> look.Rendering:
    """Draw a result of the protocol as a card; an unknown kind is shown as JSON.

    Args:
        result: The result.
        output_schema: The tool's output schema, if it is known; it describes the fields.
    """
    text, html = draw_result(result, output_schema)
    wrong, wrong_html = draw_problems(in_words(result))
    text, html = "\n".join(filter(None, [text.strip("\n"), wrong])), html + wrong_html
    if isinstance(result, CallToolResult) and result.is_error:
        return look.Rendering(f"{ERROR}\n{text}", look.card(ERROR, html, bad=True))
    kind = next((cls.__name__ for cls in type(result).__mro__ if cls.__name__ in DRAWN), type(result).__name__)
    return look.Rendering(text or NOTHING[0], look.card(DRAWN.get(kind, kind), html))


def draw_problems(lines: Sequence[str]) -> Part:
    """Draw the problems with a result or a list; nothing if there are none."""
    if not lines:
        return "", ""
    return "\n".join([PROBLEMS, *(f"  {line}" for line in lines)]), look.section(PROBLEMS, look.bullets(lines))


def draw_result(result: BaseModel, output_schema: Schema | None = None) -> Part:
    """Draw the content of a result, as a part of something else."""
    text, html = without_ids(_drawn(result, output_schema))
    rest = result.rest if isinstance(result, Flawed) else None
    if rest:
        more, more_html = draw(rest)
        text, html = f"{text}\nbesides: {more}", html + look.section("besides", more_html)
    return text, html


def _drawn(result: BaseModel, output_schema: Schema | None) -> Part:
    if isinstance(result, CallToolResult):
        return _of_call(result, output_schema)
    if isinstance(result, ReadResourceResult):
        return draw_blocks(result.contents) if result.contents else NOTHING
    if isinstance(result, GetPromptResult):
        return _of_prompt(result)
    return draw(result.model_dump(by_alias=True, mode="json", exclude_none=True))


def _of_call(result: CallToolResult, schema: Schema | None) -> Part:
    """Draw the blocks and the structured content, or one of them if the other adds nothing."""
    structured = result.structured_content
    if (data := draw_data(result)) is not None:
        return data
    if structured is None:
        return draw_blocks(result.content) if result.content else NOTHING
    if says_the_same(result):
        inner, _ = unwrapped(structured)
        shaped = rows_in(inner) is not None or (schema is not None and isinstance(inner, dict))
        text, html = draw_structured(structured, schema) if shaped else draw_blocks(result.content)
    elif is_among_texts(result):
        text, html = draw_blocks(result.content)
    else:
        text, html = draw_blocks(result.content)
        more, more_html = draw_structured(structured, schema) if schema is not None else draw(structured)
        apart = "\n" if "\n" in more else " "
        text = f"{text}\nstructured:{apart}{more}".lstrip("\n")
        html += look.section("structured content", more_html)
    return text, html


def _of_prompt(result: GetPromptResult) -> Part:
    lines, html = [], ""
    for message in result.messages:
        if not isinstance(message, PromptMessage):  # not a message of the protocol
            text, drawn = draw_blocks([message])
            lines.append(text)
            html += drawn
            continue
        text, drawn = draw_blocks([message.content])
        lines += [f"{message.role}:", *(f"  {line}" for line in text.splitlines())]
        html += look.section(message.role, drawn)
    return "\n".join(lines), html
