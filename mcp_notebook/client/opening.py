"""Connect to anything without the magics: `connect`."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import get_args
from weakref import WeakValueDictionary

from mcp_notebook.client.connection import DEADLINE, Connection
from mcp_notebook.client.extensions import Chosen
from mcp_notebook.client.notices import say
from mcp_notebook.client.questions import Answerer
from mcp_notebook.client.sessions import EraChoice
from mcp_notebook.client.targets import Browser, Target, Url, target_of
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
    """Set who answers for connections that `connect` opens without an answerer, from now on."""
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
    extensions: Chosen = "all",
) -> Connection:
    """Connect to an MCP server; close the connection when done, or use it as a context manager.

    Args:
        target: A server object, a URL, a command as a list of words, or the name of a live notebook; or a `Url`,
            `Command` or `Live`, which have more options.
        name: The name of the connection; defaults to what the server calls itself.
        era: ``modern``, ``legacy``, or ``auto`` for what the server speaks.
        headers: Headers to send with each request to a URL.
        token: A token to send to a URL as ``Authorization: Bearer``.
        oauth: Whether to sign in to a URL in the browser, or a function that opens the link instead.
        client_id: The registered client to sign in with; by default, a client is registered automatically.
        client_secret: The secret of that client, if it has one.
        scope: The scopes to request, separated by spaces; defaults to what the server asks for.
        answerer: Answers what the server asks; see `Answerer`. Defaults to the person at the notebook, if the
            extension is loaded.
        notice: Called with a line when it has connected again, and with the link to sign in; prints by default.
        deadline: Seconds that connecting may take; None waits forever.
        timeout: Seconds that a request waits for its answer, or for the next progress report; None waits forever.
        extensions: The extensions of the protocol to declare: ``all``, ``none``, or their names.

    Raises:
        McpNotebookError: The connection cannot be opened; one line says why, and what to do next.
    """
    if era not in get_args(EraChoice):
        raise RequestError(f"There is no era {era!r}: give one of {', '.join(get_args(EraChoice))}.")
    found = _with_access(target_of(target), headers, token, oauth, client_id, client_secret, scope)
    _quiet_the_sdk()
    opening = partial(Connection, _portal, found, era, name=name, answerer=answerer or _answerer, notice=notice)
    connection = opening(deadline=deadline, timeout=timeout, extensions=extensions)
    _opened[next(_numbers)] = connection
    return connection


def _quiet_the_sdk() -> None:
    # It also logs tracebacks for errors that are reported here in one line; Python would print them into the cell.
    for logger in LOUD:
        logging.getLogger(logger).addHandler(_SILENCE)


def _with_access(
    target: Target,
    headers: Mapping[str, str] | None,
    token: str | None,
    oauth: bool | Browser,
    client_id: str | None,
    client_secret: str | None,
    scope: str | None,
) -> Target:
    """Return a target with the given access to it added; only a URL can have any.

    Raises:
        RequestError: The target is not a URL, or the access does not fit together.
    """
    if not (headers or token is not None or oauth or client_id or client_secret or scope):
        return target
    if not isinstance(target, Url):
        raise RequestError("headers, token and oauth need a URL. A command takes env: Command(..., env={...}).")
    return replace(
        target,
        headers={**target.headers, **(headers or {})},
        token=target.token if token is None else token,
        oauth=oauth or target.oauth,
        client_id=client_id or target.client_id,
        client_secret=client_secret or target.client_secret,
        scope=scope or target.scope,
    )


def opened() -> list[Connection]:
    """Return the open connections made by `connect`, oldest first."""
    return [connection for connection in list(_opened.values()) if not connection.closed]
