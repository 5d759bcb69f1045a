"""Describe what a client can connect to, as plain data. Secrets in a target are never shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit, urlunsplit

from mcp.server import Server
from mcp.server.mcpserver import MCPServer
from starlette.types import ASGIApp

from mcp_notebook.errors import RequestError

__all__ = ["Browser", "Command", "Live", "Target", "Url", "in_words", "same_place", "target_of", "transport_name"]

Browser: TypeAlias = Callable[[str], object]
"""Opens a link for a person."""


@dataclass(frozen=True)
class Url:
    """A server over HTTP.

    Attributes:
        url: The URL of the server.
        headers: Headers to send with each request.
        token: A token to send as ``Authorization: Bearer``.
        oauth: Whether to sign in if the server asks for it: True opens the browser, a function is given the link.
        client_id: The registered client to sign in with; by default, a client is registered automatically.
        client_secret: The secret of that client, if it has one.
        scope: The scopes to request, separated by spaces; defaults to what the server asks for.
        transport: Streamable HTTP, or the earlier SSE.
        app: The ASGI app that answers, in this process; by default, the network does.

    Raises:
        RequestError: It is not an HTTP URL, HTTP cannot carry a header or the token, or options for signing in are
            given without `oauth`.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    token: str | None = field(default=None, repr=False)
    oauth: bool | Browser = False
    transport: Literal["http", "sse"] = "http"
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    scope: str | None = None
    app: ASGIApp | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not _is_http(self.url):
            raise RequestError(f"{in_words(self)!r} is not the URL of an MCP server: use http:// or https://.")
        for name, value in self.headers.items():
            if not (_HEADER.fullmatch(name) and _sendable(value)):
                raise RequestError(
                    f"The header {name!r} cannot be sent: a name has only letters, digits and -, and a value is one "
                    "line of ASCII."
                )
        if self.token is not None and not _sendable(self.token):
            raise RequestError("The token cannot be sent: it is not one line of ASCII. Does it end in a line break?")
        if not self.oauth and (self.client_id or self.client_secret or self.scope):
            raise RequestError("client_id, client_secret and scope are for signing in: add oauth=True (--oauth).")
        if self.client_secret and not self.client_id:
            raise RequestError("A client secret goes with the client's id: add client_id=... (--client-id).")
        if self.scope is not None and not _SCOPES.fullmatch(self.scope):
            raise RequestError(f"{self.scope!r} is not a scope: names without quotes, separated by single spaces.")

    def __repr__(self) -> str:
        return f"Url({in_words(self)!r})"


@dataclass(frozen=True)
class Command:
    """A server that is started as a process and speaks on stdin and stdout.

    Attributes:
        command: The program.
        args: Its arguments.
        env: Environment variables, in addition to the few that the SDK passes on (``PATH``, ``HOME`` and such).
        cwd: Its working directory; defaults to the notebook's.
    """

    command: str
    args: Sequence[str] = field(default=(), repr=False)
    env: Mapping[str, str] | None = field(default=None, repr=False)
    cwd: str | Path | None = None


@dataclass(frozen=True)
class Live:
    """A server of another notebook on this machine, by the name that ``%mcp serve`` published."""

    name: str


Target: TypeAlias = MCPServer[Any] | Server[Any] | Url | Command | Live


def target_of(given: object) -> Target:
    """Return the target for a value: a URL, the name of a live notebook, or a command as a list of words.

    Raises:
        RequestError: The value describes no target.
    """
    if isinstance(given, MCPServer | Server | Url | Command | Live):
        return given
    if isinstance(given, str):
        return Url(given) if "://" in given else Live(given)
    if isinstance(given, list | tuple) and given and all(isinstance(word, str | Path) for word in given):
        command, *args = map(str, given)
        return Command(command, args)
    raise RequestError(
        f"Cannot connect to a {type(given).__name__}. Give a server object, a URL, the name of a live notebook, or "
        "a command as a list of words."
    )


def in_words(target: Target) -> str:
    """Return the name of a target without its secrets: the readable part of a URL, or a command's program."""
    if isinstance(target, Url):
        try:
            parts = urlsplit(target.url)
            return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
        except ValueError:
            return target.url.partition("@")[2] or target.url
    if isinstance(target, Command):
        return Path(target.command).name
    return target.name


def transport_name(target: Target) -> Literal["memory", "http", "sse", "stdio"]:
    """Return the name of the transport to a target."""
    if isinstance(target, Command):
        return "stdio"
    if isinstance(target, Url):
        return target.transport
    return "http" if isinstance(target, Live) else "memory"


_SCOPES = re.compile(r"[!#-\[\]-~]+( [!#-\[\]-~]+)*")
"""RFC 6749, section 3.3."""

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The name of a header, RFC 9110, section 5.6.2."""


def _sendable(value: str) -> bool:
    return value.isascii() and value.isprintable()


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for an invalid port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def same_place(one: Target, other: Target) -> bool:
    """Return whether two targets are one place. Their headers and tokens may differ."""
    return one == other or (isinstance(one, Url) and isinstance(other, Url) and one.url == other.url)
