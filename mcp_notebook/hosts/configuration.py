"""The configuration that connects a host to one server: by a command, by the bridge to a notebook, or by HTTP."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from mcp_notebook.errors import HostError
from mcp_notebook.hosts.table import Host

__all__ = [
    "BridgeLink",
    "CommandLink",
    "HttpLink",
    "Link",
    "add_command",
    "document",
    "entry",
    "own_key",
    "prompts",
    "secret_name",
    "server_key",
    "snippet",
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


@dataclass(frozen=True)
class CommandLink:
    """The host starts a server by a command of its own, such as ``uvx NAME``.

    Attributes:
        name: The name of the server.
        command: The program and its arguments.
        environment: The variables that it needs, each with a text that a person replaces by the value.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


Link = BridgeLink | HttpLink | CommandLink


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
    if not host.sse and isinstance(link, HttpLink) and link.transport == "sse":
        raise HostError(f"{host.title} does not have the SSE transport. Listen without --transport sse.")
    if host.key in _FORMS:
        return _FORMS[host.key](host, link)
    if not isinstance(link, HttpLink):
        return {**({"type": "stdio"} if host.starts else {}), **_process(link)}
    if host.calls is None:
        raise HostError(f"{host.title} can only start processes, so it connects by bridge: leave out --http.")
    headers = {"headers": {"Authorization": f"Bearer {_token(host, link)}"}} if link.asks_token else {}
    kind = {"type": str(link.transport)} if host.calls else {}
    return {**kind, "url": link.url, **headers}


def _process(link: BridgeLink | CommandLink) -> dict[str, Any]:
    if isinstance(link, CommandLink):
        variables = {"env": dict(link.environment)} if link.environment else {}
        return {"command": link.command[0], "args": [*link.command[1:]], **variables}
    # The desktop starts hosts with another PATH than a shell has: only the whole path is reliable.
    return {"command": sys.executable, "args": _arguments(link)}


def _arguments(link: BridgeLink) -> list[str]:
    return [*_CONNECT, link.name, *(["--runtime-dir", str(link.runtime_dir)] if link.runtime_dir else [])]


def _codex(host: Host, link: Link) -> dict[str, Any]:
    if not isinstance(link, HttpLink):
        return _process(link)
    if link.token is not None:
        return {"url": link.url, "http_headers": {"Authorization": f"Bearer {link.token}"}}
    return {"url": link.url, **({"bearer_token_env_var": secret_name(host, link.name)} if link.asks_token else {})}


def _gemini(host: Host, link: Link) -> dict[str, Any]:
    if not isinstance(link, HttpLink):
        return _process(link)
    headers = {"headers": {"Authorization": f"Bearer {_token(host, link)}"}} if link.asks_token else {}
    return {"httpUrl" if link.transport == "http" else "url": link.url, **headers}


def _goose(host: Host, link: Link) -> dict[str, Any]:
    about = {"name": server_key(link.name), "enabled": True, "timeout": 300}
    if not isinstance(link, HttpLink):
        words = {"command": "cmd", "args": "args", "env": "envs"}
        return {"type": "stdio", **about, **{words[key]: value for key, value in _process(link).items()}}
    headers = {"headers": {"Authorization": f"Bearer {_token(host, link)}"}} if link.asks_token else {}
    return {"type": "streamable_http", **about, "uri": link.url, **headers}


_FORMS: dict[str, Callable[[Host, Link], dict[str, Any]]] = {"codex": _codex, "gemini": _gemini, "goose": _goose}
"""The entries of hosts that have a form of their own."""


def snippet(host: Host, link: Link) -> str:
    """Return the text of the host's file with only this server.

    Raises:
        HostError: The host does not support that kind of link.
    """
    whole = document(host, link)
    if host.form == "json":
        return json.dumps(whole, ensure_ascii=False, indent=2)
    ((key, values),) = whole[host.servers].items()
    if host.form == "toml":
        lines = [f"[{host.servers}.{key}]", *(f"{name} = {_toml(value)}" for name, value in values.items())]
        return "\n".join(lines)
    lines = [f"{host.servers}:", f"  {key}:"]
    for name, value in values.items():
        nested = isinstance(value, dict)
        lines.append(f"    {name}:" if nested else f"    {name}: {json.dumps(value, ensure_ascii=False)}")
        lines += [f"      {k}: {json.dumps(v, ensure_ascii=False)}" for k, v in value.items()] if nested else []
    return "\n".join(lines)


def _toml(value: Any) -> str:
    """Write a text, a list of texts or a table of texts: those of JSON are those of TOML, apart from the table."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml(one)}" for name, one in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


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
    words = host.adds.split()
    if not isinstance(link, HttpLink):
        # In a shell, whose variables have the values. The name comes first, because --env takes all words after it.
        variables = [f'--env {name}="${name}"' for name in found.get("env", {})]
        return " ".join([*words, server_key(link.name), *variables, "--", _joined([found["command"], *found["args"]])])
    elif host.key == "codex":
        words += [server_key(link.name), "--url", link.url]
        words += ["--bearer-token-env-var", found["bearer_token_env_var"]] if link.asks_token else []
    else:
        words += ["--transport", link.transport, server_key(link.name), link.url]
        words += [part for name, value in found.get("headers", {}).items() for part in ("--header", f"{name}: {value}")]
    return _joined(words)


def _joined(words: Sequence[str]) -> str:
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
