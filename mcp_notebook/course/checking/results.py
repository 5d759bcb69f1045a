"""Take the value out of a result, as the cases of an exercise compare it."""

from __future__ import annotations

import json
from typing import Any

from mcp_types import CallToolResult, TextContent

__all__ = ["parsed", "text_of", "value_of"]


def value_of(result: CallToolResult, part: str = "") -> Any:
    """Return the tool's value, or a part; the SDK wraps values other than objects as ``{"result": ...}``."""
    structured = result.structured_content
    if part:
        return (structured or {}).get(part, f"no {part} in {structured!r:.200}")
    if structured is None:
        return text_of(result)
    return structured["result"] if set(structured) == {"result"} else structured


def text_of(result: CallToolResult) -> str:
    """Return the text of a result for the model."""
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


def parsed(text: str) -> Any:
    """Return the value of a text that is JSON, and another text as it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text
