"""What definitions return, in whole characters: clients could not read the rest, and would wait for ever."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from mcp_notebook.recording import current
from mcp_notebook.recording.characters import whole

__all__ = ["in_whole", "returning_whole"]

T = TypeVar("T")

NOTICE = "WARNING mcp_notebook: half a character, as in a file name that is not UTF-8, was sent as U+FFFD."


def in_whole(value: T) -> T:
    """Return what a call gives with U+FFFD for each half character, and note that with the call."""
    sent = whole(value)
    call = current.get()
    if sent is not value and call is not None:
        call.add("log", NOTICE)
    return sent


def returning_whole(function: Callable[..., Any], *, is_async: bool) -> Callable[..., Any]:
    """Return a function that returns as this one does, in whole characters."""
    if is_async:

        @functools.wraps(function)
        async def run(*args: Any, **arguments: Any) -> Any:
            return in_whole(await function(*args, **arguments))

    else:

        @functools.wraps(function)
        def run(*args: Any, **arguments: Any) -> Any:
            return in_whole(function(*args, **arguments))

    return run
