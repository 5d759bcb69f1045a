"""Results whose numbers JSON has: what returns NaN is told so, and clients do not get null for it."""

from __future__ import annotations

from typing import Any

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata
from mcp_types import CallToolResult, InputRequiredResult

from mcp_notebook.plain_json import Path, not_numbers, place_in_words

__all__ = ["finite"]


def finite(tool: Tool) -> Tool:
    """Return the tool, its structured results refused where pydantic would put null for a number."""
    known = tool.fn_metadata
    if isinstance(known, _Finite):
        return tool
    fields = {name: getattr(known, name) for name in type(known).model_fields}
    return tool.model_copy(update={"fn_metadata": _Finite(**fields)})


class _Finite(FuncMetadata):
    def convert_result(self, result: Any) -> CallToolResult | InputRequiredResult:
        """Convert what the function returned, as the SDK does.

        Raises:
            ToolError: JSON has no word for a number in it; the message names the place.
        """
        converted = super().convert_result(result)
        if not isinstance(converted, CallToolResult) or converted.structured_content is None:
            return converted
        returned = result.structured_content if isinstance(result, CallToolResult) else result
        for path, word in not_numbers(returned):
            sent = _at(converted.structured_content, path, wrapped=self.wrap_output)
            # A model may write such a number as something else.
            if sent is None or any(not_numbers(sent)):
                where = f" at {place_in_words(path)}" if path else ""
                raise ToolError(f"it returned {word}{where}, which JSON cannot carry. Return None, or a text, instead.")
        return converted


def _at(value: Any, path: Path, *, wrapped: bool) -> Any:
    """Return what is at a place of the structured content; None where there is nothing."""
    for part in ("result", *path) if wrapped else path:
        try:
            value = value[part]
        except (LookupError, TypeError):
            return None
    return value
