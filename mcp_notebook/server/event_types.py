"""The types of events of a server: build one from what a cell defines, put it on the server, take it off."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import is_dataclass
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver import MCPServer
from mcp.server.request_state import authenticated_principal
from pydantic import BaseModel

from mcp_notebook.errors import DefinitionError
from mcp_notebook.recording import current
from mcp_notebook.server.extended import extended, extension_of
from mcp_notebook.server.extensions.events import Events, Webhooks
from mcp_notebook.server.extensions.events.checked import Checked
from mcp_notebook.server.extensions.events.emitted import Emitted
from mcp_notebook.server.extensions.events.sources import EventType
from mcp_notebook.server.unusable import UNKNOWN, reason_of

__all__ = [
    "EVENT",
    "HOLDER",
    "build_event_type",
    "emit",
    "event_entries",
    "event_types",
    "let_webhooks",
    "put_event_type",
    "replace_event_types",
]

EVENT = "event"
"""The kind of these definitions, beside the protocol's own."""

HOLDER = "mcp-notebook/holder"
"""The key in a request's ASGI scope for whether the client has shown the notebook's token."""


def build_event_type(source: Callable[..., Any] | type, name: str, description: str | None) -> EventType:
    """Build a type of events.

    Args:
        source: A function that says what happened since a cursor, or a class: what an emitted event's data looks like.
        name: The name for clients.
        description: A text about what happens; defaults to the docstring.

    Raises:
        DefinitionError: The function has no cursor, or a type that pydantic does not know.
    """
    try:
        if isinstance(source, type):
            # Its own docstring: one that it inherits, such as pydantic's, is about something else.
            return Emitted(name, description or inspect.cleandoc(vars(source).get("__doc__") or ""), source)
        return Checked(source, name, description)
    except UNKNOWN as error:
        if isinstance(source, type) and not issubclass(source, BaseModel) and not is_dataclass(source):
            raise DefinitionError(
                f"{source.__name__} is a plain class, so the data of its events is not known. Write "
                f"class {source.__name__}(BaseModel), or put @dataclass above it."
            ) from error
        raise DefinitionError(f"{source.__name__}: {reason_of(error)}") from error
    except Exception as error:  # pydantic evaluates annotations, which are the author's code and may raise anything
        raise DefinitionError(f"{source.__name__}: {reason_of(error)}") from error


def event_types(server: MCPServer[Any]) -> Mapping[str, EventType]:
    """Return the types of a server, by name."""
    events = extension_of(server, Events)
    return {} if events is None else events.board.types


def event_entries(server: MCPServer[Any]) -> dict[str, dict[str, Any]]:
    """Return the types of a server as clients see them, by name."""
    events = extension_of(server, Events)
    return {} if events is None else {entry["name"]: entry for entry in events.entries()}


def put_event_type(server: MCPServer[Any], new: EventType, withdrawn: Collection[str] = ()) -> None:
    """Put a type on a server, in place of the one of its name, and take others off in the same step."""
    extended(server, Events).board.put(new, tuple(withdrawn))
    # Only what the main thread defines outside a call belongs to the running cell.
    if current.get() is None and threading.current_thread() is threading.main_thread():
        server.runtime.defined[EVENT, new.name] = None  # type: ignore[attr-defined]


def replace_event_types(server: MCPServer[Any], types: Mapping[str, EventType]) -> None:
    """Make these the types of a server."""
    if types != event_types(server):
        extended(server, Events).board.replace(types)


def emit(server: MCPServer[Any], name: str, data: Any, *, id: str | None = None) -> None:
    """Tell the subscribed clients of a server that something happened, see `Events.emit`.

    Raises:
        ValueError: A function answers for this type, or the data or the id is unusable.
    """
    extended(server, Events).emit(name, data, id=id)


def let_webhooks(server: MCPServer[Any], on: bool) -> None:
    """Let clients have events posted to their URLs, or end that."""
    events = extended(server, Events)
    if events.webhooks is not None:
        events.webhooks.close()
    events.webhooks = Webhooks(_principal, loopback=True) if on else None


def _principal(ctx: ServerRequestContext[Any, Any]) -> str | None:
    """Return who makes a request: a user of the server's own authorization, or the holder of the notebook's token.

    The token is one for all, so its holders can end each other's subscriptions.
    """
    holds = ctx.request is not None and ctx.request.scope.get(HOLDER)
    return authenticated_principal(ctx) or ("the holder of the token" if holds else None)
