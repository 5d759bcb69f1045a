"""Record errors that a definition raises, and keep them from ending the event loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio
from mcp.server.mcpserver.exceptions import ResourceError, ToolError, UnexpectedResourceError, UnexpectedToolError
from mcp.shared.exceptions import MCPError

from mcp_notebook.recording import current

__all__ = ["guarded"]

T = TypeVar("T")


async def guarded(method: Callable[..., Awaitable[T]], refusal: Callable[[str], Exception], *args: Any) -> T:
    """Call a server's ``call_tool``, ``read_resource`` or ``get_prompt``; record errors that clients are not told.

    ``sys.exit()`` in a definition becomes a `refusal`. It would otherwise end the loop, and with it every server.
    """
    try:
        return await method(*args)
    except anyio.get_cancelled_exc_class():
        raise
    except BaseException as error:
        call = current.get()
        if call is not None and not _foreseen(error):
            call.raised = _root(error)
        if isinstance(error, Exception):
            raise
        raise refusal(str(args[0])) from error


def _foreseen(error: BaseException) -> bool:
    """Return whether the author raised the error for clients to read."""
    if isinstance(error, UnexpectedToolError | UnexpectedResourceError):
        return False
    return isinstance(error, ToolError | ResourceError | MCPError)


def _root(error: BaseException) -> BaseException:
    """Return the error that the author's code raised, without the SDK's wrappers."""
    while error.__cause__ is not None and (
        isinstance(error, UnexpectedToolError | UnexpectedResourceError) or _of_rendering(error)
    ):
        error = error.__cause__
    return error


def _of_rendering(error: BaseException) -> bool:
    """Return whether the SDK put this around the error of a prompt, as it does twice."""
    return type(error) is ValueError and str(error).startswith("Error rendering prompt ")
