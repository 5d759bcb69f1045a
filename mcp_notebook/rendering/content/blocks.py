"""Render blocks of content: text, JSON, Markdown, images, audio, embedded resources and links."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from mcp_types import (
    AudioContent,
    BlobResourceContents,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

from mcp_notebook.client.reading import Unknown
from mcp_notebook.rendering import look
from mcp_notebook.rendering.content import markdown
from mcp_notebook.rendering.content.values import LONGEST_IN_TREE, Part, draw, parsed, shortened

__all__ = ["draw_blocks"]

MOST_BLOCKS = 50
MOST_BYTES_OF_MEDIA = 5_000_000
"""The limits of a drawn result, because it is saved with the notebook; media count in base64."""


def draw_blocks(blocks: Sequence[Any]) -> Part:
    """Draw blocks one below the other, at most `MOST_BLOCKS`."""
    drawn = [_BLOCKS.get(type(block), _other)(block) for block in blocks[:MOST_BLOCKS]]
    if len(blocks) > MOST_BLOCKS:
        words = f"... and {len(blocks) - MOST_BLOCKS} more, not shown."
        drawn.append((words, f"<p>{escape(words)}</p>"))
    return "\n".join(text for text, _ in drawn), "".join(html for _, html in drawn)


def _text(block: TextContent) -> Part:
    value = parsed(block.text)
    if isinstance(value, dict | list):  # a model or dict is sent as JSON text: show its structure
        return draw(value)
    shown = shortened(block.text)
    # A text has no type, so show it as a model gets it, and as Markdown only on request.
    drawn = markdown.to_html(shown) if markdown.seems(shown) else None
    return shown, look.pre(shown) + (look.fold("as Markdown", drawn) if drawn else "")


def _text_resource(block: TextResourceContents) -> Part:
    if (block.mime_type or "").partition(";")[0].strip() != "text/markdown":
        return _text(TextContent(type="text", text=block.text))
    shown = shortened(block.text)
    drawn = markdown.to_html(shown)
    return shown, look.pre(shown) if drawn is None else drawn + look.fold("as text", look.pre(shown))


def _image(block: ImageContent) -> Part:
    return _media("image", '<img alt="{words}" src="{source}">', block.mime_type, block.data)


def _audio(block: AudioContent) -> Part:
    return _media("audio", '<audio controls aria-label="{words}" src="{source}"></audio>', block.mime_type, block.data)


def _media(kind: str, element: str, mime_type: str, data: str) -> Part:
    mime_type = shortened(mime_type, LONGEST_IN_TREE)
    words = f"{kind}, {mime_type}, {_bytes(data)}"
    if len(data) > MOST_BYTES_OF_MEDIA:
        words += ", too large to show"
        return f"[{words}]", f"<p>{escape(words)}</p>"
    source = f"data:{escape(mime_type)};base64,{escape(data)}"
    return f"[{words}]", element.format(words=escape(words), source=source)


def _link(block: ResourceLink) -> Part:
    about = ", ".join(filter(None, [block.title, block.description, block.mime_type]))
    name, uri, more = (shortened(words, LONGEST_IN_TREE) for words in (block.name, block.uri, about))
    more = f" ({more})" if more else ""
    return (
        f"[resource link {name}: {uri}{more}]",
        f"<p>resource link {escape(name)}: {look.code(uri)}{escape(more)}</p>",
    )


def _embedded(block: EmbeddedResource) -> Part:
    title = f"embedded resource {shortened(block.resource.uri, LONGEST_IN_TREE)}"
    text, html = draw_blocks([block.resource])
    return "\n".join([title, *(f"  {line}" for line in text.splitlines())]), look.section(title, html)


def _blob_resource(block: BlobResourceContents) -> Part:
    kind = block.mime_type or "application/octet-stream"
    if kind.startswith("image/"):
        return _image(ImageContent(type="image", data=block.blob, mime_type=kind))
    if kind.startswith("audio/"):
        return _audio(AudioContent(type="audio", data=block.blob, mime_type=kind))
    words = f"binary, {shortened(kind, LONGEST_IN_TREE)}, {_bytes(block.blob)}"
    return f"[{words}]", f"<p>{escape(words)}</p>"


def _other(block: Any) -> Part:
    return draw(block.model_dump(by_alias=True, mode="json", exclude_none=not isinstance(block, Unknown)))


_BLOCKS: Mapping[type, Callable[[Any], Part]] = {
    TextContent: _text,
    ImageContent: _image,
    AudioContent: _audio,
    ResourceLink: _link,
    EmbeddedResource: _embedded,
    TextResourceContents: _text_resource,
    BlobResourceContents: _blob_resource,
}


def _bytes(data: str) -> str:
    try:
        return f"{len(base64.b64decode(data))} bytes"
    except ValueError:
        return "not base64"
