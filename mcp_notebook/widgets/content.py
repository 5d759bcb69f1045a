"""Results as content: text, JSON, images, audio, embedded resources and links; errors as errors."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from mcp_types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    EmbeddedResource,
    GetPromptResult,
    ImageContent,
    ReadResourceResult,
    ResourceLink,
    TextContent,
    TextResourceContents,
)
from pydantic import BaseModel

from mcp_notebook.widgets import look

__all__ = ["RENDERERS", "render"]


def render(result: BaseModel) -> look.Rendering:
    """Draw a result of the protocol; what is of no known kind is shown as JSON."""
    return RENDERERS.get(type(result).__name__, _render_other)(result)


def _render_call(result: CallToolResult) -> look.Rendering:
    text, html = _blocks(result.content)
    structured = result.structured_content
    if structured is not None and not _says_the_same(result):
        shown = _shortened(look.json_text(structured))
        text += f"\nstructured: {shown}"
        html += look.section("structured content", look.pre(shown))
    if result.is_error:
        return look.Rendering(f"error from the tool\n{text}", look.card("error from the tool", html, bad=True))
    return look.Rendering(text.strip("\n") or "(no content)", look.card("result", html or look.muted("(no content)")))


def _says_the_same(result: CallToolResult) -> bool:
    """Whether the text is only the structured content again, as the SDK sends it for older clients."""
    texts = [block.text for block in result.content if isinstance(block, TextContent)]
    value = result.structured_content
    if not texts or len(texts) != len(result.content) or value is None:
        return False
    wrapped = value["result"] if set(value) == {"result"} else value
    items = wrapped if isinstance(wrapped, list) else [wrapped]
    return any(_say(texts, values) for values in ([wrapped], items, [value]))


def _say(texts: list[str], values: list[Any]) -> bool:
    return len(texts) == len(values) and all(
        text == value or _parsed(text) == value for text, value in zip(texts, values, strict=True)
    )


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _render_read(result: ReadResourceResult) -> look.Rendering:
    text, html = _blocks(result.contents)
    return look.Rendering(text or "(no content)", look.card("resource", html or look.muted("(no content)")))


def _render_prompt(result: GetPromptResult) -> look.Rendering:
    lines, parts = [], []
    for message in result.messages:
        text, html = _blocks([message.content])
        lines.append(f"{message.role}:\n{_indented(text)}")
        parts.append(look.section(message.role, html))
    return look.Rendering("\n".join(lines), look.card("prompt", *parts))


def _render_other(result: BaseModel) -> look.Rendering:
    value = result.model_dump(by_alias=True, mode="json", exclude_none=True)
    return look.Rendering(look.json_text(value), look.card(type(result).__name__, look.pre(look.json_text(value))))


RENDERERS: Mapping[str, Callable[[Any], look.Rendering]] = {
    "CallToolResult": _render_call,
    "ReadResourceResult": _render_read,
    "GetPromptResult": _render_prompt,
}
"""How each result is drawn, by the name of its type in `mcp_types`."""


MOST_BLOCKS = 50
MOST_CHARACTERS = 20_000
"""What is drawn of a result; the whole would go to the browser, and stay in the saved notebook."""


def _blocks(blocks: Sequence[Any]) -> tuple[str, str]:
    drawn = [_BLOCKS.get(type(block), _other)(block) for block in blocks[:MOST_BLOCKS]]
    if len(blocks) > MOST_BLOCKS:
        words = f"... and {len(blocks) - MOST_BLOCKS} more, not shown here."
        drawn.append((words, f"<p>{escape(words)}</p>"))
    return "\n".join(text for text, _ in drawn), "".join(html for _, html in drawn)


def _text(block: TextContent | TextResourceContents) -> tuple[str, str]:
    value = _parsed(block.text)
    # A model or dict comes as JSON text: show it with its structure.
    shown = _shortened(look.json_text(value) if isinstance(value, dict | list) else block.text)
    return shown, look.pre(shown)


def _shortened(text: str) -> str:
    if len(text) <= MOST_CHARACTERS:
        return text
    more = len(text) - MOST_CHARACTERS
    return f"{text[:MOST_CHARACTERS]}\n... and {more} more characters, not shown here."


def _image(block: ImageContent) -> tuple[str, str]:
    source = f"data:{escape(block.mime_type)};base64,{escape(block.data)}"
    words = f"image, {block.mime_type}, {_bytes(block.data)}"
    return f"[{words}]", f'<img alt="{escape(words)}" src="{source}">'


def _audio(block: AudioContent) -> tuple[str, str]:
    source = f"data:{escape(block.mime_type)};base64,{escape(block.data)}"
    words = f"audio, {block.mime_type}, {_bytes(block.data)}"
    return f"[{words}]", f'<audio controls aria-label="{escape(words)}" src="{source}"></audio>'


def _link(block: ResourceLink) -> tuple[str, str]:
    words = f"resource link {block.name}: {block.uri}"
    return f"[{words}]", f"<p>resource link {escape(block.name)}: {look.code(block.uri)}</p>"


def _embedded(block: EmbeddedResource) -> tuple[str, str]:
    text, html = _blocks([block.resource])
    return f"embedded resource {block.resource.uri}\n{_indented(text)}", look.section(
        f"embedded resource {block.resource.uri}", html
    )


def _blob_resource(block: BlobResourceContents) -> tuple[str, str]:
    kind = block.mime_type or "application/octet-stream"
    if kind.startswith("image/"):
        return _image(ImageContent(type="image", data=block.blob, mime_type=kind))
    if kind.startswith("audio/"):
        return _audio(AudioContent(type="audio", data=block.blob, mime_type=kind))
    words = f"binary, {kind}, {_bytes(block.blob)}"
    return f"[{words}]", f"<p>{escape(words)}</p>"


def _other(block: Any) -> tuple[str, str]:
    shown = look.json_text(block.model_dump(by_alias=True, mode="json", exclude_none=True))
    return shown, look.pre(shown)


_BLOCKS: Mapping[type, Callable[[Any], tuple[str, str]]] = {
    TextContent: _text,
    ImageContent: _image,
    AudioContent: _audio,
    ResourceLink: _link,
    EmbeddedResource: _embedded,
    TextResourceContents: _text,
    BlobResourceContents: _blob_resource,
}


def _bytes(data: str) -> str:
    try:
        return f"{len(base64.b64decode(data))} bytes"
    except ValueError:
        return "not base64"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
