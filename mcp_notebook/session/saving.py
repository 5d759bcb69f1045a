"""Save a session as a file, open one, and have a server answer from one."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from mcp_notebook.client import Connection
from mcp_notebook.client.notices import say
from mcp_notebook.errors import McpNotebookError, UsageError
from mcp_notebook.export.settings.in_json import without_secrets
from mcp_notebook.recording.saved import LISTS, SavedSession, Server, read, write
from mcp_notebook.server import LiveServer
from mcp_notebook.server.listing import listed
from mcp_notebook.server.mock import MockServer
from mcp_notebook.session.session import Session

__all__ = ["mock_session", "open_session", "save_session", "session_named"]


def save_session(session: Session, path: Path, name: str | None) -> SavedSession:
    """Write the lists, calls and frames of a server into a file, without secrets, and return them.

    Args:
        session: The session.
        path: The file.
        name: The connection, or the live server; None for the current server.

    Raises:
        McpNotebookError: There is no such connection, or the file cannot be written.
    """
    saved = session_of(session.on(name), whole=False)
    write(saved, path, partial(without_secrets, environment=os.environ))
    return saved


def session_of(connection: Connection, *, whole: bool) -> SavedSession:
    """Return the lists of a server, its calls, and the frames that are kept.

    Raises:
        McpNotebookError: The server does not answer, and the lists have to be `whole`.
    """
    info = connection.server_info
    server = Server(
        name=info.name if info is not None else connection.name,
        version=info.version if info is not None else "",
        protocol_version=connection.protocol_version,
        capabilities=listed(connection.capabilities),
        instructions=connection.instructions,
    )
    # The notebook's own servers share one recorder, and each call tells its server.
    calls = [call for call in connection.recorder.calls if call.server in (server.name, connection.name)]
    return SavedSession(server, _lists(connection, whole=whole), calls, connection.wire.frames)


def _lists(connection: Connection, *, whole: bool) -> dict[str, list[dict[str, Any]]]:
    """Return the server's lists. A list that it refuses is empty; if the server is gone, all are.

    Raises:
        McpNotebookError: The lists have to be `whole`.
    """
    asking: dict[str, tuple[str, Callable[[], Any]]] = {
        "tool": ("tools", connection.tools),
        "resource": ("resources", connection.resources),
        "resourceTemplate": ("resource templates", connection.templates),
        "prompt": ("prompts", connection.prompts),
    }
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in LISTS}
    for kind, (words, ask) in asking.items():
        try:
            found[kind] = [listed(item) for item in ask()]
        except McpNotebookError as error:
            if whole:
                raise
            is_gone = getattr(error, "code", None) is None  # the error is not the server's
            say(f"saved without {'what the server lists' if is_gone else f'the {words}'}. {error}")
            if is_gone:
                break
    return found


def session_named(session: Session, name: str | None) -> SavedSession:
    """Return the session in a file, or that of a connection or live server; None is for the current server.

    Raises:
        McpNotebookError: There is nothing of that name, the file is not a session, or the server does not answer.
    """
    path = Path(name) if name is not None else None
    return read(path) if path is not None and path.is_file() else session_of(session.on(name), whole=True)


def open_session(session: Session, path: Path, name: str | None) -> Connection:
    """Open a connection to a server that answers from a file, with the file's calls and frames in its log.

    Raises:
        UsageError: The file is not a session, or the name is taken.
    """
    saved, name = read(path), name or path.stem
    earlier = session.connected.get(name)
    if earlier is not None and not isinstance(earlier.target, MockServer):
        raise _taken(name)
    connection = session.connect(MockServer(saved), name, "auto")
    recorder = connection.recorder
    for call in saved.calls:
        recorder.opened(call)
        recorder.closed(call)
    connection.wire.restore(saved.frames)
    return connection


def mock_session(session: Session, path: Path, name: str | None) -> LiveServer:
    """Make a server that answers from a file the current one, so that `%mcp serve` serves it.

    An earlier one of the same name is replaced.

    Raises:
        UsageError: The file is not a session, or another server or a connection has the name.
    """
    saved, name = read(path), name or path.stem
    earlier = session.registry.servers.get(name)
    if name in session.connected or (earlier is not None and not isinstance(earlier.server, MockServer)):
        raise _taken(name)
    return session.registry.add(name, MockServer(saved))


def _taken(name: str) -> UsageError:
    return UsageError(f"Another server here is named {name!r}. Choose a name with --as NAME.")
