"""The server that is checked, as plain data: what it lists, what was recorded of it, and how one reaches it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mcp_types import Prompt, Resource, ResourceTemplate, Tool
from pydantic import BaseModel, ValidationError

from mcp_notebook.client import Connection
from mcp_notebook.client.targets import Target, Url
from mcp_notebook.errors import RequestError
from mcp_notebook.recording import Call
from mcp_notebook.recording.saved import LISTS, SavedSession
from mcp_notebook.schema import brief
from mcp_notebook.schema.problem import shortened
from mcp_notebook.server.listing import Entry, listed
from mcp_notebook.server.mock import MockServer

__all__ = ["Access", "CheckedServer", "of_connection", "of_session"]

Access = Literal["none", "token", "oauth"]

_TYPES: Mapping[str, type[BaseModel]] = {
    "tool": Tool,
    "resource": Resource,
    "resourceTemplate": ResourceTemplate,
    "prompt": Prompt,
}


@dataclass(frozen=True)
class CheckedServer:
    """A server.

    Attributes:
        name: Its name.
        lists: Its entries by the kinds in `recording.saved.LISTS`, as JSON.
        instructions: Its instructions for a model.
        capabilities: Its capabilities, as JSON.
        calls: The recorded calls.
        transport: ``memory``, ``http``, ``sse`` or ``stdio``; "" for the server in a file.
        access: The credentials that reaching it takes.
        unreadable: The reasons why parts of the lists cannot be read, a line each.
    """

    name: str
    lists: Mapping[str, list[Entry]]
    instructions: str = ""
    capabilities: Mapping[str, Any] | None = None
    calls: tuple[Call, ...] = ()
    transport: str = ""
    access: Access = "none"
    unreadable: tuple[str, ...] = ()

    @property
    def tools(self) -> list[Entry]:
        """The tools."""
        return self.lists["tool"]


def of_connection(connection: Connection) -> CheckedServer:
    """Ask a server for its lists, and return it with the calls in the connection's log.

    Raises:
        McpNotebookError: The connection broke, or the server does not list its tools.
    """
    if isinstance(connection.target, MockServer):
        return of_session(connection.target.saved)
    able = connection.capabilities
    asking: dict[str, tuple[str, object, Callable[[], Any]]] = {
        "tool": ("tools", able.tools, connection.tools),
        "resource": ("resources", able.resources, connection.resources),
        "resourceTemplate": ("resource templates", able.resources, connection.templates),
        "prompt": ("prompts", able.prompts, connection.prompts),
    }
    lists: dict[str, list[Entry]] = {kind: [] for kind in LISTS}
    unreadable: list[str] = []
    for kind, (words, declared, ask) in asking.items():
        if declared is None:  # hosts do not ask then
            continue
        try:
            found = ask()
        except RequestError as error:
            if error.code is None or kind == "tool":  # the connection is the reason, or nothing is left to check
                raise
            unreadable.append(f"the list of {words}: {error}")
            continue
        lists[kind] = [listed(item) for item in found]
        unreadable += [f"the list of {words}: {problem}" for problem in found.problems]
    info = connection.server_info
    name = info.name if info is not None else connection.name
    calls = [call for call in connection.recorder.calls if call.server in (name, connection.name)]
    return CheckedServer(
        name=name,
        lists=lists,
        instructions=connection.instructions or "",
        capabilities=listed(able),
        calls=tuple(calls),
        transport=connection.transport,
        access=_access(connection.target),
        unreadable=tuple(unreadable),
    )


def of_session(saved: SavedSession) -> CheckedServer:
    """Return the server of a saved session."""
    lists: dict[str, list[Entry]] = {kind: [] for kind in LISTS}
    unreadable = []
    for kind, model in _TYPES.items():
        for entry in saved.lists[kind]:
            try:
                lists[kind].append(listed(model.model_validate(entry)))
            except ValidationError as error:
                first = error.errors()[0]
                place = ".".join(map(str, first["loc"]))
                unreadable.append(f"a {kind} {brief(entry.get('name'))}: {shortened(place)}: {first['msg']}")
    return CheckedServer(
        name=saved.server.name,
        lists=lists,
        instructions=saved.server.instructions or "",
        capabilities=saved.server.capabilities,
        calls=tuple(saved.calls),
        unreadable=tuple(unreadable),
    )


def _access(target: Target) -> Access:
    if not isinstance(target, Url):
        return "none"
    if target.oauth:
        return "oauth"
    sent = {name.lower() for name in target.headers}
    return "token" if target.token is not None or "authorization" in sent else "none"
