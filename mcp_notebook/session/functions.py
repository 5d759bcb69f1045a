"""Give the tools of the notebook's servers as functions: to cells, to a module, and to a model's code."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from IPython.core.getipython import get_ipython
from mcp.server.mcpserver import MCPServer

from mcp_notebook.client import Connection, Url
from mcp_notebook.client.notices import say
from mcp_notebook.client.opening import opened
from mcp_notebook.errors import McpNotebookError, RequestError, UnknownNameError, UsageError, did_you_mean
from mcp_notebook.formatting import formatted
from mcp_notebook.functions import Namespace, namespace_of
from mcp_notebook.functions.serving import code_server
from mcp_notebook.functions.stub import MARK, stub_source
from mcp_notebook.session.attaching import attached_session
from mcp_notebook.session.session import Session

__all__ = ["code_server_of", "namespace", "write_stub"]


async def namespace(*names: str) -> Namespace:
    """Return the tools of servers as typed async functions: ``await servers.github.search_issues("crash")``.

    They are those that the servers list now. Of a server that does not answer, a line says so, unless it is named.

    Args:
        names: The connections or live servers; without any, all connections and all of the notebook's own servers.

    Raises:
        UnknownNameError: There is nothing of that name.
        RequestError: A named server did not list its tools.
    """
    return await namespace_of(_connections(names), whole=bool(names))


def _connections(names: Sequence[str]) -> dict[str, Connection]:
    session = attached_session(get_ipython())
    if session is not None:
        session.sync()
        return {name: session.on(name) for name in names} if names else _all_of(session)
    found = {connection.name: connection for connection in opened()}
    for name in names:
        if name not in found:
            known = ", ".join(found) or "nothing"
            raise UnknownNameError(f"Nothing is connected as {name!r}.{did_you_mean(name, found)} Known: {known}.")
    return {name: found[name] for name in names} if names else found


def _all_of(session: Session) -> dict[str, Connection]:
    """Return the connections to the live servers and the open connections; usable from any thread."""
    live = list(session.registry.servers.values())
    # Code that finds itself here would run itself.
    code = [one.listener.url for one in live if one.listener is not None and one.listener.endpoint.code]
    others = {
        name: connection
        for name, connection in session.distinct.items()
        if not (isinstance(connection.target, Url) and connection.target.url in code)
    }
    return {**{one.name: session.connection(one) for one in live}, **others}


def code_server_of(session: Session, name: str) -> MCPServer[Any]:
    """Return the server of ``%mcp serve --code``, which a live server's name serves in its place."""
    return code_server(f"{name} code", partial(_all_of, session), session.registry.recorder)


def write_stub(session: Session, name: str, path: Path) -> int:
    """Write the functions of a server as a module, and return their number.

    Raises:
        UnknownNameError: There is nothing of that name.
        UsageError: The file is not one that this wrote.
        RequestError: The server does not list its tools, or the file cannot be written.
    """
    if path.exists() and not _is_ours(path):
        raise UsageError(f"{path} already exists, and is not a module that %mcp stub wrote. Choose another file.")
    connection = session.on(name)
    tools = connection.tools()
    source = stub_source(connection.name, tools)
    try:
        source = formatted(source)
    except McpNotebookError as error:
        say(f"{path.name} is not formatted. {error}")
    try:
        path.write_text(source, encoding="utf-8")
    except OSError as error:
        raise RequestError(f"Cannot write {path} ({error.strerror}). Choose another file.") from error
    return len(tools)


def _is_ours(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8") as file:
            return file.readline().strip() == MARK
    except (OSError, UnicodeDecodeError):
        return False
