"""Refuse text with lone surrogates: JSON cannot represent them, and such a message would end a connection."""

from __future__ import annotations

from typing import Any

from mcp_notebook.errors import RequestError
from mcp_notebook.recording.characters import half_in, whole

__all__ = ["sendable"]


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
