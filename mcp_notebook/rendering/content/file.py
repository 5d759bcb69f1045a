"""Write a result as a file, whole: what is drawn of it may be a part."""

from __future__ import annotations

import json
import re
from typing import Any

from mcp_types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    ImageContent,
    ReadResourceResult,
    TextContent,
    TextResourceContents,
)
from pydantic import BaseModel

from mcp_notebook.rendering.content.structured import says_the_same
from mcp_notebook.rendering.content.values import parsed

__all__ = ["as_file"]

_ENDINGS = {"jpeg": "jpg", "plain": "txt", "markdown": "md", "svg+xml": "svg", "octet-stream": "bin", "mpeg": "mp3"}


def as_file(result: BaseModel, name: str) -> dict[str, str]:
    """Return a file for the front end: its ``name``, its ``type``, and its ``text``, or its ``data`` in base64.

    A single text, image or sound is a file of its own type; everything else is JSON, as the protocol has it.
    """
    stem = re.sub(r"[^\w.-]+", "-", name).strip("-.")[:80] or "result"
    match _only_block(result):
        case TextContent(text=text) if not isinstance(parsed(text), dict | list):
            return {"name": f"{stem}.txt", "type": "text/plain", "text": text}
        case ImageContent(data=data, mime_type=kind) | AudioContent(data=data, mime_type=kind):
            return {"name": f"{stem}.{_ending(kind)}", "type": kind, "data": data}
        case BlobResourceContents(blob=data, mime_type=kind):
            kind = kind or "application/octet-stream"
            return {"name": f"{stem}.{_ending(kind)}", "type": kind, "data": data}
        case TextResourceContents(text=text, mime_type=kind) if kind:
            return {"name": f"{stem}.{_ending(kind)}", "type": kind, "text": text}
    value = result.model_dump(by_alias=True, mode="json", exclude_none=True)
    whole = json.dumps(value, ensure_ascii=False, indent=2)
    return {"name": f"{stem}.json", "type": "application/json", "text": whole}


def _only_block(result: BaseModel) -> Any:
    """Return the block that is all of the result; None if there are more."""
    if isinstance(result, CallToolResult):
        blocks: Any = result.content if result.structured_content is None or says_the_same(result) else ()
    else:
        blocks = result.contents if isinstance(result, ReadResourceResult) else ()
    return blocks[0] if len(blocks) == 1 else None


def _ending(kind: str) -> str:
    subtype = kind.partition(";")[0].strip().rpartition("/")[2]
    return _ENDINGS.get(subtype) or re.sub(r"[^a-z0-9]", "", subtype.lower()) or "bin"
