"""The configuration by which a host reaches one server of a notebook: by bridge, or by HTTP."""

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
    "Bridge", "Http", "Link", "add_command", "document", "entry", "own_key", "prompts", "secret_name", "server_key",
    "token_hint",
]  # fmt: skip

_CONNECT = ("-m", "mcp_notebook", "connect")


@dataclass(frozen=True)
class Bridge:
    """The host starts ``mcp-notebook connect NAME``, which reads port and token where the kernel left them.

    Attributes:
        name: The name.
        runtime_dir: Where that is, if not in Jupyter's usual runtime directory.
    """

    name: str
    runtime_dir: Path | None = None


@dataclass(frozen=True)
class Http:
    """The host calls the kernel itself.

    Attributes:
        name: What `Bridge` would be given, so that both are one entry.
        url: Where it listens.
        transport: How: streamable HTTP, or the legacy SSE.
        asks_token: Whether it wants one.
        token: The token to put in as it is; None to refer to it.
    """

    name: str
    url: str
    transport: Literal["http", "sse"] = "http"
    asks_token: bool = True
    token: str | None = None


Link = Bridge | Http


def server_key(name: str) -> str:
    """Return a name as every host takes it: letters, digits, hyphens and underscores (Claude Code refuses others)."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or f"notebook-{_told_apart(name)}"


def own_key(name: str) -> str:
    """Return a key that no other name has, for where `server_key` is another one's: ``sales data``, ``sales-data``."""
    return f"{server_key(name)}-{_told_apart(name)}"


def _told_apart(name: str) -> str:
    return f"{zlib.crc32(name.encode(errors='surrogatepass')):08x}"


def entry(host: Host, link: Link) -> dict[str, Any]:
    """Return what stands under the server's key in the host's file.

    Raises:
        HostError: The host cannot be configured that way.
    """
    if isinstance(link, Bridge):
        # Hosts are started by the desktop, with another PATH than a shell's: nothing but the whole path is sure.
        kind = {"type": "stdio"} if host.starts else {}
        where = ["--runtime-dir", str(link.runtime_dir)] if link.runtime_dir else []
        return {**kind, "command": sys.executable, "args": [*_CONNECT, link.name, *where]}
    if host.calls is None:
        raise HostError(f"{host.title} only starts processes, so it connects by bridge: leave out --http.")
    headers = {"headers": {"Authorization": f"Bearer {_token(host, link)}"}} if link.asks_token else {}
    kind = {"type": str(link.transport)} if host.calls else {}
    return {**kind, "url": link.url, **headers}


def prompts(host: Host, link: Link) -> list[dict[str, Any]]:
    """Return the ``inputs`` that the entry refers to, for a host that asks for secrets itself."""
    if not (host.asks and _refers(link)):
        return []
    return [
        {
            "type": "promptString",
            "id": secret_name(host, link.name),
            "description": f"Token of {link.name}",
            "password": True,
        }
    ]


def document(host: Host, link: Link) -> dict[str, Any]:
    """Return the host's whole file, if nothing else were in it.

    Raises:
        HostError: The host cannot be configured that way.
    """
    inputs = prompts(host, link)
    return {**({"inputs": inputs} if inputs else {}), host.servers: {server_key(link.name): entry(host, link)}}


def add_command(host: Host, link: Link) -> str:
    """Return a shell's line that does the same; "" where the host has none, or it would hold a secret."""
    if not host.adds or (isinstance(link, Http) and link.token is not None):
        return ""
    found = entry(host, link)
    words = ["claude", "mcp", "add"]
    if isinstance(link, Bridge):
        words += [server_key(link.name), "--", found["command"], *found["args"]]
    else:
        words += ["--transport", link.transport, server_key(link.name), link.url]
        words += [part for name, value in found.get("headers", {}).items() for part in ("--header", f"{name}: {value}")]
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)


def token_hint(host: Host, link: Link) -> str:
    """Return how the host comes by the token that its configuration refers to; "" where there is nothing to do."""
    if not _refers(link):
        return ""
    if host.asks:
        return f"{host.title} asks for the token when it first starts the server: %mcp token --show prints it."
    if host.secret.startswith("$"):
        return (
            f"Start {host.title} with the token in the environment variable {secret_name(host, link.name)}: "
            "%mcp token --show prints it."
        )
    return f"Put the token in the place of {host.secret}: %mcp token --show prints it."


def _refers(link: Link) -> bool:
    return isinstance(link, Http) and link.asks_token and link.token is None


def _token(host: Host, link: Http) -> str:
    return link.token if link.token is not None else host.secret.replace("NAME", secret_name(host, link.name))


def secret_name(host: Host, name: str) -> str:
    """Return what the host knows the token of a name by; variables differ where names differ in case or signs only."""
    key = server_key(name) if re.fullmatch(r"[a-z0-9_]+", name) else own_key(name)
    return f"{key}-token" if host.asks else f"MCP_NOTEBOOK_TOKEN_{key.upper().replace('-', '_')}"
