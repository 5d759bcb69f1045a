"""The protocol's extensions of a server, as a package has them: their modules, and the statements that make them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from itertools import chain, count
from typing import Any

from mcp.server.extension import Extension
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.tools import Tool

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.module import events
from mcp_notebook.export.module.entries import FOLDER
from mcp_notebook.server import Definition, definitions, sdk_gaps
from mcp_notebook.server.apps import HtmlApp, NotebookApps, apps_of, linked, with_uri
from mcp_notebook.server.changes import Kind
from mcp_notebook.server.extended import extension_of
from mcp_notebook.server.extensions.events import Events
from mcp_notebook.server.extensions.skills import Skill, Skills
from mcp_notebook.server.extensions.tasks import Tasks
from mcp_notebook.server.stable_tools import VARIABLES
from mcp_notebook.slicing.statements import Statement

__all__ = [
    "BUS",
    "BUS_IMPORT",
    "BUS_VALUE",
    "FOLDER",
    "ExtensionCode",
    "all_files",
    "carried",
    "imported",
    "left_behind",
    "live_definitions",
    "modules_of",
    "owned",
    "page_of",
    "page_paths",
]

BUS = "redis_bus"
"""The module that passes notices on to other replicas; no extension, and carried as one."""

BUS_IMPORT, BUS_VALUE = f"from .{FOLDER}.{BUS} import chosen_bus", "chosen_bus()"


@dataclass(frozen=True)
class ExtensionCode:
    """One extension, as a package has it.

    Attributes:
        module: The name of its module, such as ``skills``.
        names: The names that are imported from that.
        value: The expression that makes it.
        imports: Other imports that the expression needs.
        files: Files that it serves, by their paths in the package.
        in_sdk: Whether it is the SDK's own, so that there is no module to copy.
        listens: Whether its method ``listen`` is middleware of the server.
        variable: The variable that holds it.
        extras: The distributions that it can use, by the names of the package's extras for them.
    """

    module: str
    names: tuple[str, ...]
    value: str
    imports: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    in_sdk: bool = False
    listens: bool = False
    variable: str = ""
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def statement(self) -> str:
        """The statement that makes it."""
        return f"{self.variable} = {self.value}"

    @property
    def all_imports(self) -> list[str]:
        """The imports that the statement needs."""
        if self.in_sdk:
            return list(self.imports)
        return [f"from .{FOLDER}.{self.module} import {', '.join(self.names)}", *self.imports]

    @property
    def all_files(self) -> dict[str, str | bytes]:
        """The module or the folder of modules, and the files that it serves, by their paths in the package."""
        return {**({} if self.in_sdk else modules_of(self.module)), **self.files}


def imported(statements: Iterable[Statement]) -> dict[str, str]:
    """Return the texts of the extensions' modules that statements import, which the server may not need."""
    nodes = [node for statement in statements for node in ast.walk(statement.node)]
    found = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and node.level]
    named = {module.split(".")[1] for module in found if module.startswith(f"{FOLDER}.")}
    return {path: text for name in sorted(named) for path, text in modules_of(name).items()}


def left_behind(server: MCPServer[Any]) -> Iterator[Finding]:
    """Stop at a server that the package needs beside its own, and that has extensions: they are not carried."""
    names = ", ".join(code.module for code in carried(server))
    if names:
        what = f"the package needs this server too, and carries only the extensions of its own, not these: {names}."
        yield Finding("stops", None, server.name, what, "Put them on the server that you export.")


def modules_of(extension: str) -> dict[str, str]:
    """Return the texts of an extension's modules, by their paths in the package."""
    source = files("mcp_notebook.server.extensions")
    folder = source / extension
    names = ["__init__.py", *_BESIDE.get(extension, ()), *([] if folder.is_dir() else [f"{extension}.py"])]
    if folder.is_dir():
        names += sorted(f"{extension}/{one.name}" for one in folder.iterdir() if one.name.endswith(".py"))
    return {f"{FOLDER}/{name}": (source / name).read_text(encoding="utf-8") for name in names}


_BESIDE = {"tasks": ("redis_client.py",), BUS: ("redis_client.py",)}
"""Modules that others need."""


def carried(server: MCPServer[Any], taken: Collection[str] = ()) -> list[ExtensionCode]:
    """Return the extensions that the notebook has put on a server; those of its author are in the cells.

    Args:
        server: The live server.
        taken: Names that the package uses for something else.
    """
    found = [
        write(extension, server)
        for extension in sdk_gaps.extensions(server)
        for kind, write in _WRITERS.items()
        if isinstance(extension, kind)
    ]
    return [replace(code, variable=_free(code.module, taken)) for code in found]


def _free(module: str, taken: Collection[str]) -> str:
    names = chain((module, f"{module}_extension"), (f"{module}_extension_{number}" for number in count(2)))
    return next(name for name in names if name not in taken)


def owned(server: MCPServer[Any]) -> set[tuple[str, str]]:
    """Return the kinds and names of definitions that no cell registers: of extensions, and what only a notebook has."""
    skills = extension_of(server, Skills)
    files = {("resource", r.uri) for skill in (skills.skills if skills else ()) for r in skill.resources}
    return files | {("tool", VARIABLES)}


def live_definitions(server: MCPServer[Any]) -> dict[tuple[Kind, str], Definition]:
    """Return what cells have registered, by kind and name: the definitions, and the types of events.

    Each tool has the URI of its app.
    """
    made = {(one.kind, one.name): one for one in (*definitions(server), *events.definitions_of(server))}
    found = {key: one for key, one in made.items() if key not in owned(server)}
    for tool, uri in linked(server).items():
        definition = found.get(("tool", tool))
        if definition is not None and isinstance(definition.entry, Tool):
            found["tool", tool] = replace(definition, entry=with_uri(definition.entry, uri))
    return found


# --- one function for each extension


def _skills(extension: Skills, _server: MCPServer[Any]) -> ExtensionCode:
    served: dict[str, bytes] = {}
    values: list[str] = []
    for skill in extension.skills:
        folder = "/".join(filter(None, ["skills", skill.prefix.strip("/"), skill.name]))
        values.append(f"Skill.from_folder(Path(__file__).parent / {folder!r}{_prefix(skill)})")
        served |= {f"{folder}/{path}": content for path, content in skill.files.items()}
    return ExtensionCode(
        "skills",
        ("Skill", "Skills") if values else ("Skills",),
        f"Skills({', '.join(values)})",
        imports=("from pathlib import Path",) if values else (),
        files=served,
    )


def _prefix(skill: Skill) -> str:
    return f", {skill.prefix!r}" if skill.prefix else ""


def page_paths(server: MCPServer[Any]) -> dict[str, str]:
    """Return the paths in the package of the apps' pages that are texts, by their URIs."""
    pages = [uri for uri, app in apps_of(server).items() if isinstance(app, HtmlApp)]
    paths: dict[str, str] = {}
    for uri in pages:
        name = re.sub(r"[^A-Za-z0-9]+", "-", uri.removeprefix("ui://")).strip("-")
        another = f"-{len(paths) + 1}" if f"apps/{name}.html" in paths.values() else ""
        paths[uri] = f"apps/{name}{another}.html"
    return paths


def page_of(on: str, app: HtmlApp, path: str, imports: list[str]) -> str:
    """Write the resource of an app whose page is a text."""
    imports += ["from pathlib import Path", "from mcp.server.mcpserver.resources import TextResource"]
    given = {name: getattr(app, name) for name in ("uri", "name", "title", "description", "mime_type", "meta")}
    words = [f"{name}={value!r}" for name, value in given.items() if value is not None]
    text = f"text=(Path(__file__).parent / {path!r}).read_text(encoding='utf-8')"
    return f"{on}.add_resource(TextResource({', '.join([*words, text])}))"


def _apps(_extension: NotebookApps, server: MCPServer[Any]) -> ExtensionCode:
    texts = {path: apps_of(server)[uri] for uri, path in page_paths(server).items()}
    pages = {path: app.text.encode() for path, app in texts.items() if isinstance(app, HtmlApp)}
    return ExtensionCode("apps", (), "Apps()", ("from mcp.server.apps import Apps",), pages, in_sdk=True)


def _events(_extension: Events, _server: MCPServer[Any]) -> ExtensionCode:
    return ExtensionCode("events", ("Events",), "Events()")


def _tasks(extension: Tasks, _server: MCPServer[Any]) -> ExtensionCode:
    given = [repr(extension.names)] if extension.names else []
    given += [f"required={sorted(extension.required)!r}"] if extension.required else []
    given += ["store=chosen_store()"]
    imports = (f"from .{FOLDER}.tasks.redis_store import chosen_store",)
    made = f"Tasks({', '.join(given)})"
    return ExtensionCode("tasks", ("Tasks",), made, imports, listens=True, extras={"redis": ("redis",)})


_WRITERS: dict[type[Extension], Callable[[Any, MCPServer[Any]], ExtensionCode]] = {
    Skills: _skills,
    NotebookApps: _apps,
    Tasks: _tasks,
    Events: _events,
}
"""The functions that write the extensions, by their classes."""


def all_files(extensions: Iterable[ExtensionCode]) -> dict[str, str | bytes]:
    """Return the files of several extensions, by their paths in the package."""
    return {path: content for extension in extensions for path, content in extension.all_files.items()}
