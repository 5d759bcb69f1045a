"""The configuration that connects a host to one server of a notebook, by bridge or by HTTP."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mcp_notebook.errors import HostError
from mcp_notebook.hosts.table import Host

__all__ = [
    "BridgeLink",
    "HttpLink",
    "Link",
    "add_command",
    "document",
    "entry",
    "own_key",
    "prompts",
    "secret_name",
    "server_key",
    "token_hint",
]

_CONNECT = ("-m", "mcp_notebook", "connect")


@dataclass(frozen=True)
class BridgeLink:
    """The host starts ``mcp-notebook connect NAME``, which reads port and token from the kernel's file.

    Attributes:
        name: The name.
        runtime_dir: The directory of that file, if not Jupyter's usual runtime directory.
    """

    name: str
    runtime_dir: Path | None = None


@dataclass(frozen=True)
class HttpLink:
    """The host calls the kernel directly, or through the door in Jupyter Server.

    Attributes:
        name: The same name as for `BridgeLink`, so that both share one entry.
        url: The URL of the server.
        transport: Streamable HTTP, or the legacy SSE.
        asks_token: True if the server requires a token.
        token: The token to write out; None to refer to it.
        token_from: The place where a person gets the token, if that is not the notebook, such as ``your hub: URL``.
        note: The part of the URL that a person has to fill in; "" if there is none.
    """

    name: str
    url: str
    transport: Literal["http", "sse"] = "http"
    asks_token: bool = True
    token: str | None = None
    token_from: str = ""
    note: str = ""


Link = BridgeLink | HttpLink


def server_key(name: str) -> str:
    """Return a name that every host accepts: letters, digits, hyphens, underscores (Claude Code refuses others)."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or f"notebook-{_told_apart(name)}"


def own_key(name: str) -> str:
    """Return a unique key, for names with the same `server_key`, such as ``sales data`` and ``sales-data``."""
    return f"{server_key(name)}-{_told_apart(name)}"


def _told_apart(name: str) -> str:
    return f"{zlib.crc32(name.encode(errors='surrogatepass')):08x}"


def entry(host: Host, link: Link) -> dict[str, Any]:
    """Return the value for the server's key in the host's file.

    Raises:
        HostError: The host does not support that kind of link.
    """
    if isinstance(link, BridgeLink):
        # The desktop starts hosts with another PATH than a shell has: only the whole path is reliable.
        kind = {"type": "stdio"} if host.starts else {}
        where = ["--runtime-dir", str(link.runtime_dir)] if link.runtime_dir else []
        return {**kind, "command": sys.executable, "args": [*_CONNECT, link.name, *where]}
    if host.calls is None:
        raise HostError(f"{host.title} can only start processes, so it connects by bridge: leave out --http.")
    headers = {"headers": {"Authorization": f"Bearer {_token(host, link)}"}} if link.asks_token else {}
    kind = {"type": str(link.transport)} if host.calls else {}
    return {**kind, "url": link.url, **headers}


def prompts(host: Host, link: Link) -> list[dict[str, Any]]:
    """Return the ``inputs`` that the entry refers to, for a host that prompts for secrets."""
    if not (host.asks and _refers(link)):
        return []
    return [
        {
            "type": "promptString",
            "id": secret_name(host, link.name),
            "description": _source(link) or f"Token of {link.name}",
            "password": True,
        }
    ]


def document(host: Host, link: Link) -> dict[str, Any]:
    """Return the whole file of a host with only this server.

    Raises:
        HostError: The host does not support that kind of link.
    """
    inputs = prompts(host, link)
    return {**({"inputs": inputs} if inputs else {}), host.servers: {server_key(link.name): entry(host, link)}}


def add_command(host: Host, link: Link) -> str:
    """Return a shell command that does the same; "" if the host has none, or it would contain a secret."""
    if not host.adds or (isinstance(link, HttpLink) and link.token is not None):
        return ""
    found = entry(host, link)
    words = ["claude", "mcp", "add"]
    if isinstance(link, BridgeLink):
        words += [server_key(link.name), "--", found["command"], *found["args"]]
    else:
        words += ["--transport", link.transport, server_key(link.name), link.url]
        words += [part for name, value in found.get("headers", {}).items() for part in ("--header", f"{name}: {value}")]
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)


def token_hint(host: Host, link: Link) -> str:
    """Tell the user how to give the host the token that its configuration refers to; "" if nothing is to be done."""
    if not _refers(link):
        return ""
    source = f"{_source(link)}." if _source(link) else "%mcp token --show prints it."
    if host.asks:
        return f"{host.title} asks for the token when it first starts the server. {source}"
    if host.secret.startswith("$"):
        variable = secret_name(host, link.name)
        return f"Start {host.title} with the token in the environment variable {variable}. {source}"
    return f"Replace {host.secret} with the token. {source}"


def _source(link: Link) -> str:
    return f"The token is from {link.token_from}" if isinstance(link, HttpLink) and link.token_from else ""


def _refers(link: Link) -> bool:
    return isinstance(link, HttpLink) and link.asks_token and link.token is None


def _token(host: Host, link: HttpLink) -> str:
    return link.token if link.token is not None else host.secret.replace("NAME", secret_name(host, link.name))


def secret_name(host: Host, name: str) -> str:
    """Return the host's name for the token of a server; names that differ only in case or signs get different ones."""
    key = server_key(name) if re.fullmatch(r"[a-z0-9_]+", name) else own_key(name)
    return f"{key}-token" if host.asks else f"MCP_NOTEBOOK_TOKEN_{key.upper().replace('-', '_')}"
