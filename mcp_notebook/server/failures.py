"""What goes wrong inside a definition: kept for the author who asked, and kept from ending the loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import uuid4

import anyio
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceError, ToolError, UnexpectedResourceError, UnexpectedToolError
from mcp.shared.exceptions import MCPError

__all__ = ["CALL_ID", "Expected", "Failures", "guarded"]

T = TypeVar("T")

CALL_ID = "mcp-notebook/call"
"""The ``_meta`` key by which a notebook recognises a request of its own."""


@dataclass
class Expected:
    """A request of the notebook's own: its id, and what the function behind it raised unforeseen."""

    id: str
    error: BaseException | None = None


class Failures:
    """What definitions of one server raised, for the requests that are waited for; for no others."""

    def __init__(self) -> None:
        self._expected: dict[str, Expected] = {}

    @contextmanager
    def expecting(self) -> Iterator[Expected]:
        """While this is open, keep what is raised in the request that carries the id."""
        expected = Expected(uuid4().hex)
        self._expected[expected.id] = expected
        try:
            yield expected
        finally:
            del self._expected[expected.id]

    def keep(self, context: Context[Any, Any] | None, error: BaseException) -> None:
        """Keep what was raised in a request, if somebody expects it."""
        try:
            meta = context.request_context.meta if context is not None else None
        except ValueError:  # called outside a request
            return
        expected = self._expected.get(str(dict(meta or {}).get(CALL_ID)))
        if expected is not None:
            expected.error = error


async def guarded(
    method: Callable[..., Awaitable[T]], failures: Failures, refusal: Callable[[str], Exception], *args: Any
) -> T:
    """Call a server's ``call_tool``, ``read_resource`` or ``get_prompt``, and keep what clients are not told.

    ``sys.exit()`` in a definition becomes a `refusal`: on its way through the loop it would end every server.
    """
    try:
        return await method(*args)
    except anyio.get_cancelled_exc_class():
        raise
    except BaseException as error:
        if not _foreseen(error):
            context = next((arg for arg in args if isinstance(arg, Context)), None)
            failures.keep(context, _root(error))
        if isinstance(error, Exception):
            raise
        raise refusal(str(args[0])) from error


def _foreseen(error: BaseException) -> bool:
    """Whether the author raised it for clients to read."""
    if isinstance(error, UnexpectedToolError | UnexpectedResourceError):
        return False
    return isinstance(error, ToolError | ResourceError | MCPError)


def _root(error: BaseException) -> BaseException:
    """Return what the author's code raised, without what the SDK wrapped around it."""
    while isinstance(error, UnexpectedToolError | UnexpectedResourceError) and error.__cause__ is not None:
        error = error.__cause__
    return error
