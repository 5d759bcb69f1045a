"""The protocol's extensions of a server, as a package has them: their modules, and the statements that make them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Any, cast

from mcp.server.extension import Extension
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.tools import Tool

from mcp_notebook.cells import cell_of
from mcp_notebook.export.findings import Finding
from mcp_notebook.export.module.edits import Node, replaced, rewritten
from mcp_notebook.server import Definition, definitions, sdk_gaps
from mcp_notebook.server.apps import HtmlApp, NotebookApps, apps_of, linked, with_uri
from mcp_notebook.server.changes import Kind
from mcp_notebook.server.event_types import EVENT, event_types
from mcp_notebook.server.extended import extension_of
from mcp_notebook.server.extensions.events import Events
from mcp_notebook.server.extensions.events.checked import Checked
from mcp_notebook.server.extensions.events.emitted import Emitted
from mcp_notebook.server.extensions.events.sources import OBJECT
from mcp_notebook.server.extensions.skills import Skill, Skills
from mcp_notebook.server.extensions.tasks import Tasks
from mcp_notebook.slicing.statements import Statement

__all__ = [
    "FOLDER",
    "ExtensionCode",
    "all_files",
    "carried",
    "emitting",
    "given",
    "live_definitions",
    "owned",
    "page_of",
    "page_paths",
]

FOLDER = "extensions"
"""The folder of the package with their modules."""


@dataclass(frozen=True)
class ExtensionCode:
    """One extension, as a package has it.

    Attributes:
        module: The name of its module, such as ``skills``.
        names: The names that are imported from that.
        value: The expression that makes it.
        imports: Other imports that the expression needs.
        files: Files that it serves, by their paths in the package.
        findings: Parts that cannot be carried.
        more: Statements below the one that makes it.
        in_sdk: Whether it is the SDK's own, so that there is no module to copy.
        listens: Whether its method ``listen`` is middleware of the server.
        extras: Distributions that it can use; it does without them.
    """

    module: str
    names: tuple[str, ...]
    value: str
    imports: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    more: tuple[str, ...] = ()
    in_sdk: bool = False
    listens: bool = False
    extras: tuple[str, ...] = ()

    @property
    def statement(self) -> str:
        """The statement that makes it; the variable has the name of the module."""
        return f"{self.module} = {self.value}"

    @property
    def all_imports(self) -> list[str]:
        """The imports that the statement needs."""
        if self.in_sdk:
            return list(self.imports)
        return [f"from .{FOLDER}.{self.module} import {', '.join(self.names)}", *self.imports]

    @property
    def all_files(self) -> dict[str, str]:
        """The module or the folder of modules, and the files that it serves, by their paths in the package."""
        if self.in_sdk:
            return dict(self.files)
        source = files("mcp_notebook.server.extensions")
        folder = source / self.module
        names = ["__init__.py", *([] if folder.is_dir() else [f"{self.module}.py"])]
        if folder.is_dir():
            names += sorted(f"{self.module}/{one.name}" for one in folder.iterdir() if one.name.endswith(".py"))
        return {f"{FOLDER}/{name}": (source / name).read_text(encoding="utf-8") for name in names} | dict(self.files)


def carried(server: MCPServer[Any]) -> list[ExtensionCode]:
    """Return the extensions that the notebook has put on a server; those of its author are in the cells."""
    found = sdk_gaps.extensions(server)
    return [
        write(extension, server)
        for kind, write in _WRITERS.items()
        for extension in found
        if isinstance(extension, kind)
    ]


def owned(server: MCPServer[Any]) -> set[tuple[str, str]]:
    """Return the kinds and names of definitions that the extensions put on the server, which no cell registers."""
    skills = extension_of(server, Skills)
    return {("resource", r.uri) for skill in (skills.skills if skills else ()) for r in skill.resources}


def live_definitions(server: MCPServer[Any]) -> dict[tuple[Kind, str], Definition]:
    """Return what cells have registered, by kind and name: the definitions, and types of events with a function.

    Each tool has the URI of its app.
    """
    checked = [one for one in event_types(server).values() if isinstance(one, Checked)]
    kind: Any = EVENT  # not one of the protocol's own kinds, with entries of the SDK
    events = [Definition(kind, one.name, cast(Any, one), one.function, cell_of(one.function)) for one in checked]
    made = {(one.kind, one.name): one for one in (*definitions(server), *events)}
    found = {key: one for key, one in made.items() if key not in owned(server)}
    for tool, uri in linked(server).items():
        definition = found.get(("tool", tool))
        if definition is not None and isinstance(definition.entry, Tool):
            found["tool", tool] = replace(definition, entry=with_uri(definition.entry, uri))
    return found


def emitting(statement: Statement, aliases: Iterable[str]) -> Statement:
    """Have a statement emit events by the package's extension: a server of the SDK has no method for it."""
    tree = ast.parse(statement.text)
    emits = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "emit" and isinstance(node.value, ast.Name)
    ]
    changes: list[tuple[Node, str]] = [(node, "events") for node in emits if node.id in set(aliases)]
    return rewritten(statement, replaced(statement.text, changes)) if changes else statement


def given(
    statement: Statement, extensions: Sequence[ExtensionCode], namespace: Mapping[str, Any]
) -> tuple[Statement, list[Finding]]:
    """Give the extensions to the server that a statement makes; a finding tells if that cannot be seen."""
    tree = ast.parse(statement.text)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _makes_server(node.func, namespace)]
    added = ", ".join(extension.module for extension in extensions)
    if len(calls) == 1:
        (call,) = calls
        there = next((keyword.value for keyword in call.keywords if keyword.arg == "extensions"), None)
        if isinstance(there, ast.List):
            inner = [ast.get_source_segment(statement.text, element) or "" for element in there.elts]
            return rewritten(statement, replaced(statement.text, [(there, f"[{', '.join([*inner, added])}]")])), []
        if there is None and not any(keyword.arg is None for keyword in call.keywords):
            return rewritten(statement, replaced(statement.text, [_with_keyword(call, added, statement.text)])), []
    what = f"the package has to give the server its extensions ({added}), and no call of MCPServer is seen here."
    way_out = "Make the server in one statement: mcp = MCPServer(NAME)."
    return statement, [Finding("stops", statement.cell, statement.text.split("\n")[0], what, way_out)]


def _makes_server(function: ast.expr, namespace: Mapping[str, Any]) -> bool:
    name = ast.unparse(function).rpartition(".")[2]
    named = namespace.get(name)
    return name == "MCPServer" or (isinstance(named, type) and issubclass(named, MCPServer))


def _with_keyword(call: ast.Call, added: str, text: str) -> tuple[Node, str]:
    arguments: list[Node] = [*call.args, *call.keywords]
    if arguments:
        last = max(arguments, key=lambda node: (node.end_lineno or 0, node.end_col_offset or 0))
        return last, f"{ast.get_source_segment(text, last)}, extensions=[{added}]"
    return call, f"{ast.unparse(call.func)}(extensions=[{added}])"


# --- one function for each extension


def _skills(extension: Skills, _server: MCPServer[Any]) -> ExtensionCode:
    texts: dict[str, str] = {}
    findings: list[Finding] = []
    values: list[str] = []
    for skill in extension.skills:
        folder = "/".join(filter(None, ["skills", skill.prefix.strip("/"), skill.name]))
        values.append(f"Skill.from_folder(Path(__file__).parent / {folder!r}{_prefix(skill)})")
        for path, content in skill.files.items():
            try:
                texts[f"{folder}/{path}"] = content.decode("utf-8")
            except UnicodeDecodeError:
                findings.append(_not_text(skill, path))
    return ExtensionCode(
        "skills",
        ("Skill", "Skills") if values else ("Skills",),
        f"Skills({', '.join(values)})",
        imports=("from pathlib import Path",) if values else (),
        files=texts,
        findings=tuple(findings),
    )


def _prefix(skill: Skill) -> str:
    return f", {skill.prefix!r}" if skill.prefix else ""


def _not_text(skill: Skill, path: str) -> Finding:
    what = f"{path} of this skill is not text, and an export writes texts only."
    return Finding("stops", None, skill.name, what, "Leave the file out of the skill, or copy it by hand and serve it.")


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
    pages = {path: app.text for path, app in texts.items() if isinstance(app, HtmlApp)}
    return ExtensionCode("apps", (), "Apps()", ("from mcp.server.apps import Apps",), pages, in_sdk=True)


def _events(extension: Events, _server: MCPServer[Any]) -> ExtensionCode:
    emitted = [one for one in extension.board.types.values() if isinstance(one, Emitted)]
    findings = [
        Finding(
            "warns",
            None,
            one.name,
            "the package does not know what the data of these events looks like.",
            f"Give it the class: events.declare({one.name!r}, payload=...).",
        )
        for one in emitted
        if one.payload_schema != OBJECT
    ]
    declared = [
        f"events.declare({one.name!r}{f', description={one.description!r}' if one.description else ''})"
        for one in emitted
    ]
    return ExtensionCode("events", ("Events",), "Events()", findings=tuple(findings), more=tuple(declared))


def _tasks(extension: Tasks, _server: MCPServer[Any]) -> ExtensionCode:
    given = [repr(extension.names)] if extension.names else []
    given += [f"required={sorted(extension.required)!r}"] if extension.required else []
    given += ["store=chosen_store()"]
    imports = (f"from .{FOLDER}.tasks.redis_store import chosen_store",)
    made = f"Tasks({', '.join(given)})"
    return ExtensionCode("tasks", ("Tasks",), made, imports, listens=True, extras=("redis",))


_WRITERS: dict[type[Extension], Callable[[Any, MCPServer[Any]], ExtensionCode]] = {
    Skills: _skills,
    NotebookApps: _apps,
    Tasks: _tasks,
    Events: _events,
}
"""The functions that write the extensions, in the order of the package."""


def all_files(extensions: Iterable[ExtensionCode]) -> dict[str, str]:
    """Return the files of several extensions, by their paths in the package."""
    return {path: text for extension in extensions for path, text in extension.all_files.items()}
