"""Write the package's README: its definitions, how to start it, and how clients reach it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, get_args

from mcp.server.apps import Apps
from mcp.server.mcpserver import MCPServer

from mcp_notebook.export.project.deploying import label
from mcp_notebook.export.project.environment import Variable, variables
from mcp_notebook.export.project.package import Auth, Package, render
from mcp_notebook.hosts import HOSTS, CommandLink, Host, add_command, snippet
from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.apps import apps_of
from mcp_notebook.server.changes import KINDS
from mcp_notebook.server.definitions import definitions
from mcp_notebook.server.extensions.events import Events
from mcp_notebook.server.extensions.skills import Skills
from mcp_notebook.server.extensions.tasks import Tasks

__all__ = ["readme"]

LONGEST = 300
"""The longest text in a cell of a table."""

DOCUMENTED = ("claude-code", "claude-desktop", "cursor", "vscode", "codex", "gemini")

CALLING = ("claude-code", "cursor", "vscode")
"""Of these, what calls a server that listens is documented, too."""


def readme(package: Package) -> str:
    """Return the text of ``README.md``."""
    values = {
        "title": package.title,
        "name": package.name,
        "label": label(package.distribution),
        "distribution": package.distribution,
        "prefix": package.prefix,
        "python": package.python,
        "version": package.version,
        "registry": package.registry or "",
        "versions": "".join(
            [", `manifest.json`"] * package.bundle + [", `server.json` (in both places)"] * bool(package.registry)
        ),
        "description": "" if package.description == package.title else f"\n{package.description}\n",
        "served": "\n\n".join(_served(package)) or "Nothing yet.",
        "clients": "\n\n".join(_client(package, HOSTS[key]) for key in DOCUMENTED),
        "required": ", ".join(f"`{variable.name}`" for variable in variables(package) if variable.default is None),
        "extensions": _table(
            ("extension", "what the server has", "a client that declares it"), _extensions(package.server)
        ),
        "variables": _table(("variable", "", "for"), (_variable_row(variable) for variable in variables(package))),
    }
    sections = {
        "gate": package.gated,
        "auth": package.authorizes,
        "scoped": bool(package.scopes) and package.auth is not None,
        "has_issuer": package.auth in ("jwt", "introspection"),
        **{f"auth_{kind}": package.auth == kind for kind in get_args(Auth)},
        "required": bool(values["required"]),
        "extended": bool(sdk_gaps.extensions(package.server)),
        "tasks": package.tasks,
        "dask": package.dask,
        "share_keys": not package.own_state_keys,
        "deploy": package.deploy,
        "deploy_redis": package.deploy and package.uses_redis,
        "bundle": package.bundle,
        "registry": package.registry is not None,
    }
    return render("readme.md", values, sections)


def _served(package: Package) -> Iterator[str]:
    for kind in KINDS:
        rows = [
            (f"`{_one_line(definition.name)}`", _first_line(definition.entry.description))
            for definition in definitions(package.server)
            if definition.kind == kind
        ]
        if rows:
            yield _table((kind, "what it does"), rows)


def _extensions(server: MCPServer[Any]) -> Iterator[tuple[str, str, str]]:
    for extension in sdk_gaps.extensions(server):
        has, does = "", ""
        if isinstance(extension, Tasks):
            has = f"tools that run as tasks: {_names(extension.names)}"
            refusing = f" {_names(sorted(extension.required))} refuses them." if extension.required else ""
            does = f"gets a handle at once, and the result later. Others wait for the result.{refusing}"
        elif isinstance(extension, Skills):
            has = f"skills: {_names(skill.name for skill in extension.skills)}"
            does = "lists the skills, with a digest of each file. Others read the files as resources."
        elif isinstance(extension, Events):
            has = f"types of events: {_names(extension.board.types)}"
            does = "subscribes to a type, and polls or holds a stream. Others see no events."
        elif isinstance(extension, Apps):
            has = f"pages: {_names(apps_of(server))}"
            does = "shows the page of a tool with its result. Others show the result."
        yield f"`{extension.identifier}`", has, does


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{_one_line(name)}`" for name in names) or "none"


def _first_line(text: str | None) -> str:
    return _one_line((text or "").strip().partition("\n")[0])


def _one_line(text: str) -> str:
    """Return a text for a row of a table, cut if it is long."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _variable_row(variable: Variable) -> tuple[str, str, str]:
    notes = ["required"] if variable.default is None else []
    notes += ["secret"] if variable.secret else []
    default = f"; default `{variable.default}`" if variable.default not in (None, '""') and not variable.secret else ""
    return f"`{variable.name}`", ", ".join(notes), f"{variable.meaning}{default}"


# --- clients


def _client(package: Package, host: Host) -> str:
    needed = {v.name: f"<{v.meaning}>" for v in variables(package) if v.default is None}
    link = CommandLink(package.distribution, ("uvx", package.distribution), needed)
    place = f"`{host.project_file}` in a project's folder" if host.project_file else "its configuration file"
    text = f"**{host.title}**, {place}; it starts the server itself:\n\n```{host.form}\n{snippet(host, link)}\n```"
    if command := add_command(host, link):
        text = f"**{host.title}** starts the server itself after this command:\n\n```sh\n{command}\n```"
    if host.key not in CALLING:
        return text
    return f"{text}\n\nor calls one that listens:\n\n{_json(host, package, _called(package, host))}"


def _json(host: Host, package: Package, entry: dict[str, Any]) -> str:
    asks = host.asks and "headers" in entry
    secret = {"type": "promptString", "id": _secret(package, host), "description": "Token", "password": True}
    document = {**({"inputs": [secret]} if asks else {}), host.servers: {package.distribution: entry}}
    return f"```json\n{json.dumps(document, indent=2)}\n```"


def _called(package: Package, host: Host) -> dict[str, Any]:
    token = host.secret.replace("NAME", _secret(package, host))
    # Clients find an authorization server by themselves.
    finds = package.authorizes or package.auth in ("jwt", "introspection")
    headers = {} if finds else {"headers": {"Authorization": f"Bearer {token}"}}
    return {**({"type": "http"} if host.calls else {}), "url": "http://127.0.0.1:8000/mcp", **headers}


def _secret(package: Package, host: Host) -> str:
    return f"{package.distribution}-token" if host.asks else f"{package.prefix}_TOKEN"
