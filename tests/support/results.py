"""What a client reads in a result."""

from __future__ import annotations

from collections.abc import Iterable

from mcp_types import CallToolResult, ContentBlock, TextContent

__all__ = ["text_of"]


def text_of(result: CallToolResult | Iterable[ContentBlock]) -> str:
    """Return all text of a result, or of its blocks."""
    blocks = result.content if isinstance(result, CallToolResult) else result
    return "".join(block.text for block in blocks if isinstance(block, TextContent))
