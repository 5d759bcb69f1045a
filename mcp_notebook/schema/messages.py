"""Messages of a schema itself, for values that it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mcp_notebook.schema.problem import shortened

__all__ = ["message_of", "with_messages"]

MOST_OF_MESSAGE: Final = 200
"""The most characters of a schema's own message."""

_KEYWORDS: Final = ("errorMessage", "patternErrorMessage")


def message_of(schema: Any, keyword: str) -> str:
    """Return the schema's own message for a value that a keyword refuses; "" if it has none.

    JSON Schema has no such keyword. ``errorMessage`` comes from ajv-errors, a text or an object by keyword, and
    ``patternErrorMessage`` from VS Code.
    """
    if not isinstance(schema, Mapping):
        return ""
    message = schema.get("errorMessage")
    if isinstance(message, Mapping):
        message = message.get(keyword)
    if keyword == "pattern":
        message = message or schema.get("patternErrorMessage")
    return shortened(message, MOST_OF_MESSAGE) if isinstance(message, str) else ""


def with_messages(merged: dict[str, Any], first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keywords of two schemas, with the message of each keyword from the schema that has the keyword."""
    if not any(keyword in merged for keyword in _KEYWORDS):
        return merged
    by_keyword = {keyword: message_of(part, keyword) for part in (first, second) for keyword in part}
    if "required" in first and "required" in second:  # both keep their names
        del by_keyword["required"]
    said = {keyword: message for keyword, message in by_keyword.items() if message and keyword not in _KEYWORDS}
    rest = {keyword: value for keyword, value in merged.items() if keyword not in _KEYWORDS}
    return {**rest, "errorMessage": said} if said else rest
