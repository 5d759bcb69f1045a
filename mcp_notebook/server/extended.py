"""Put an extension of the protocol on a live server. Clients see it declared from its first use on."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar, runtime_checkable

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.extension import Extension
from mcp.server.mcpserver import MCPServer

from mcp_notebook.server import sdk_gaps

__all__ = ["carry_over", "extended", "extension_of"]

Kind = TypeVar("Kind", bound=Extension)


@runtime_checkable
class Replaceable(Protocol):
    """An extension that knows what a server's definitions are in it."""

    def take_over(self, other: Any) -> None:
        """Offer what `other`, of the same class, offers; None offers nothing."""


@runtime_checkable
class Listens(Protocol):
    """An extension with notifications of its own on the listen streams of clients."""

    def listen(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> Coroutine[Any, Any, HandlerResult]:
        """Serve them, as middleware."""


def extension_of(server: MCPServer[Any], kind: type[Kind]) -> Kind | None:
    """Return the server's extension of this class; None if it has none."""
    return next((found for found in sdk_gaps.extensions(server) if isinstance(found, kind)), None)


def extended(server: MCPServer[Any], kind: type[Kind]) -> Kind:
    """Return the server's extension of this class, and put a new one on the server if it has none.

    Raises:
        ValueError: The server has another implementation of the same extension.
    """
    found = extension_of(server, kind)
    if found is None:
        found = kind()
        _put(server, found)
    return found


def carry_over(new: MCPServer[Any], served: MCPServer[Any]) -> None:
    """Make the extensions of `served` offer what those of `new` do, as its definitions become those of `new`."""
    for theirs in sdk_gaps.extensions(served):
        if isinstance(theirs, Replaceable):
            theirs.take_over(extension_of(new, type(theirs)))
    there = {extension.identifier for extension in sdk_gaps.extensions(served)}
    for ours in sdk_gaps.extensions(new):
        if ours.identifier not in there:
            _put(served, ours)


def _put(server: MCPServer[Any], extension: Extension) -> None:
    sdk_gaps.add_extension(server, extension)
    if isinstance(extension, Listens):
        server.middleware.append(extension.listen)
