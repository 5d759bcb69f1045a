"""`connect`: a connection to anything, outside the magics."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import get_args
from weakref import WeakValueDictionary

from mcp_notebook.client.connection import DEADLINE, Connection, say
from mcp_notebook.client.questions import Answerer
from mcp_notebook.client.sessions import EraChoice
from mcp_notebook.client.targets import Browser, Url, target_of
from mcp_notebook.errors import RequestError
from mcp_notebook.portal import Portal
from mcp_notebook.server.in_kernel import LOUD

__all__ = ["answer_by", "connect", "opened"]

_portal = Portal()
_answerer: Answerer | None = None
_SILENCE = logging.NullHandler()
_opened: WeakValueDictionary[int, Connection] = WeakValueDictionary()
_numbers = itertools.count()


def answer_by(answerer: Answerer | None) -> None:
    """Have this one answer what is asked of connections that `connect` opens without an answerer, from now on."""
    global _answerer  # noqa: PLW0603 - a kernel has one person in front of it
    _answerer = answerer


def connect(
    target: object,
    *,
    name: str | None = None,
    era: EraChoice = "auto",
    headers: Mapping[str, str] | None = None,
    token: str | None = None,
    oauth: bool | Browser = False,
    client_id: str | None = None,
    client_secret: str | None = None,
    scope: str | None = None,
    answerer: Answerer | None = None,
    notice: Callable[[str], None] = say,
    deadline: float | None = DEADLINE,
    timeout: float | None = None,
) -> Connection:
    """Connect to an MCP server; close the connection when done, or use it as a context manager.

    Args:
        target: A server object, a URL, a command as a list of words, the name of a live notebook; or `Url`,
            `Command`, `Live`, which can say more.
        name: What to call it; if not given, what the server calls itself.
        era: ``modern``, ``legacy``, or what the server speaks.
        headers: Sent with each request to a URL.
        token: Sent to a URL as ``Authorization: Bearer``.
        oauth: Sign in to a URL in the browser; a function is given the link instead.
        client_id: For signing in, the client as it is registered there; one is registered by itself if not given.
        client_secret: What that client proves itself with, where it has a secret.
        scope: What to ask for when signing in, separated by spaces; what the server wants if not given.
        answerer: Answers what the server asks; see `Answerer`. If not given, the person at the notebook, where the
            extension is loaded.
        notice: Told in one line that it has connected again, and where to sign in; it is printed if not given.
        deadline: Seconds that connecting may take; None waits for ever.
        timeout: Seconds that each request waits for its answer, or for the next report of progress, where it brings
            no timeout of its own; None waits for ever.

    Raises:
        McpNotebookError: It cannot be opened; one line says why, and what to do next.
    """
    found = target_of(target)
    if era not in get_args(EraChoice):
        raise RequestError(f"There is no era {era!r}: give one of {', '.join(get_args(EraChoice))}.")
    if headers or token is not None or oauth or client_id or client_secret or scope:
        if not isinstance(found, Url):
            raise RequestError("headers, token and oauth go with a URL. A command takes env: Command(..., env={...}).")
        found = replace(
            found,
            headers={**found.headers, **(headers or {})},
            token=found.token if token is None else token,
            oauth=oauth or found.oauth,
            client_id=client_id or found.client_id,
            client_secret=client_secret or found.client_secret,
            scope=scope or found.scope,
        )
    # The SDK logs tracebacks of what is told here in one line, and Python prints them where nobody set up logging.
    for logger in LOUD:
        logging.getLogger(logger).addHandler(_SILENCE)
    connection = Connection(
        _portal,
        found,
        era,
        name=name,
        answerer=answerer or _answerer,
        notice=notice,
        deadline=deadline,
        timeout=timeout,
    )
    _opened[next(_numbers)] = connection
    return connection


def opened() -> list[Connection]:
    """Return the connections that `connect` opened and nobody has closed, the oldest first."""
    return [connection for connection in list(_opened.values()) if not connection.closed]
