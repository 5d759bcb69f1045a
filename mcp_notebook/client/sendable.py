"""Refuse text with lone surrogates: JSON cannot represent them, and such a message would end a connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp_notebook.errors import RequestError
from mcp_notebook.plain_json import as_json, place_in_words
from mcp_notebook.recording.characters import half_in, whole

__all__ = ["as_sendable", "sendable", "texts"]


def sendable(value: Any, what: str) -> None:
    """Check that a value can be sent.

    Raises:
        RequestError: A text in it has a lone surrogate; the message says where.
    """
    place = half_in(value)
    if place is not None:
        raise RequestError(
            f"{whole(what + place)} has half a character, which JSON cannot carry: a byte of a file name that is not "
            "UTF-8, or a text that was cut inside a character. text.encode('utf-8', 'replace').decode() puts ? there."
        )


def as_sendable(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments as JSON values.

    Raises:
        RequestError: They are not all JSON.
    """
    try:
        values: dict[str, Any] = as_json(arguments)
    except ValueError as error:
        raise RequestError(f"The arguments cannot be sent, because they are not all JSON: {error}.") from None
    return values


def texts(arguments: Mapping[str, Any]) -> dict[str, str]:
    """Return the arguments of a prompt.

    Raises:
        RequestError: One is not a string.
    """
    for name, value in as_sendable(arguments).items():
        if not isinstance(value, str):
            raise RequestError(
                f"The arguments of a prompt are strings, but {place_in_words((name,))} is a {type(value).__name__}. "
                "Nothing was sent. Use str(...)."
            )
    return dict(arguments)
