"""The Python modules of a package: what the cells defined, as a person would write it on `MCPServer`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mcp.server.mcpserver import MCPServer

from mcp_notebook.errors import ExportError, did_you_mean
from mcp_notebook.export.findings import Finding
from mcp_notebook.export.installs import requirements
from mcp_notebook.export.likeness import carrying
from mcp_notebook.export.module import dask, data, registrations
from mcp_notebook.export.module.body import Body, body
from mcp_notebook.export.module.edits import undecorated
from mcp_notebook.export.module.entries import is_exposed, variable_of
from mcp_notebook.export.module.events import payloads
from mcp_notebook.export.module.extensions import BUS, all_files, imported, left_behind, modules_of
from mcp_notebook.export.module.layout import laid_out
from mcp_notebook.export.module.plain import only_here, ours, plain
from mcp_notebook.export.module.registrations import Registrations
from mcp_notebook.export.module.server_uses import is_main, makes_app, root, runs
from mcp_notebook.export.naming import printable
from mcp_notebook.export.pitfalls.subject import line_of
from mcp_notebook.export.ran import Subject
from mcp_notebook.export.selection import Selection, select
from mcp_notebook.server.variables import variables_with
from mcp_notebook.slicing import names, statements
from mcp_notebook.slicing.statements import Notebook, Statement

__all__ = ["LONG", "Module", "Setting", "write"]

LONG = 300
"""Lines that a module may well have."""


@dataclass(frozen=True)
class Setting:
    """A value that the package takes from its environment.

    Attributes:
        name: The field of the settings class, such as ``api_key``.
        annotation: The source of its type, such as ``str``; a secret's is ``SecretStr``.
        default: The source of its default; None if it must be given.
        secret: Whether it must never be written.
        variable: The environment variable that it is read from.
        description: The author's description; "" if there is none.
        live: Its value in the notebook, as an environment has it; None if that is the default. Never written.
    """

    name: str
    annotation: str
    default: str | None
    secret: bool
    variable: str = ""
    description: str = ""
    live: str | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Module:
    """The content of the package's own folder.

    Attributes:
        files: The source of each module by its file name; ``server.py`` has the server.
        variable: The name of the server in ``server.py``.
        cells: For each kind and name of a definition, the number of its cell; for the report of a difference.
        settings: The values that the modules read from the environment, through ``settings.py``.
        pip: Requirements that ``%pip install`` lines of the notebook name.
        extensions: The modules of the protocol's extensions, as texts, and the files that they serve, as bytes, by
            their paths.
        extras: The distributions that those can use, by the names of the package's extras for them.
        findings: Code that could not be carried, was changed, or was left out.
        carried: The cell of each statement of the notebook that is in it, with its first and last line there.
    """

    files: Mapping[str, str]
    variable: str
    cells: Mapping[tuple[str, str], int | None] = field(default_factory=dict)
    settings: tuple[Setting, ...] = ()
    pip: tuple[str, ...] = ()
    extensions: Mapping[str, str | bytes] = field(default_factory=dict)
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    carried: tuple[tuple[int, int, int], ...] = ()


def write(subject: Subject, *, also: Sequence[str] = (), longest: int = LONG, replicas: bool = False) -> Module:
    """Write the module of a live server: what the cells define for it, in order, as a person would write it.

    The findings say what could not be carried; with one that stops, the files are not what ran.

    Args:
        subject: The server, and the cells that it came from.
        also: Functions that the module has although nothing on the server uses them, such as a health check.
        longest: The lines of ``server.py`` from which on its helpers get a module of their own.
        replicas: Whether the server passes its notices on to others like it.

    Raises:
        ExportError: No cell defines one of `also`.
    """
    notebook = plain(statements.read(subject.cells))
    _refuse_unknown(also, notebook)
    plans, carried = _planned(notebook, subject, also)
    written = body(carried.statements, plans, subject, notebook.magics, replicas=replicas)
    files = laid_out(
        _docstring(subject.server),
        carried.future,
        written.imports,
        written.statements,
        server=written.variable,
        longest=longest,
    )
    findings = [*carried.findings, *(f for plan in plans for f in plan.findings), *written.findings]
    findings += carrying.findings(subject, notebook, carried.statements, plans[0])
    return Module(
        files,
        written.variable,
        {(kind, name): cell for (kind, name), cell in plans[0].cells.items()},
        pip=(*requirements(notebook.magics), *(data.needed(carried.statements) if written.has_data else ())),
        extensions={
            **imported(written.statements),
            **all_files(written.extensions),
            **(modules_of(data.MODULE) if written.has_data else {}),
            **(modules_of(dask.MODULE) if written.on_dask else {}),
            **(modules_of(BUS) if written.has_bus else {}),
        },
        extras=_extras(written),
        findings=(*findings, *ours(carried.statements), *_left_out(notebook, carried, plans[0].aliases)),
        carried=tuple((s.cell, s.first, s.last) for s in carried.statements),
    )


def _extras(written: Body) -> dict[str, tuple[str, ...]]:
    """Return the distributions that the package can use, by the names of its extras."""
    found = {name: needed for extension in written.extensions for name, needed in extension.extras.items()}
    if written.has_bus:
        found["redis"] = ("redis",)
    return {**found, **(dask.EXTRAS if written.on_dask else {})}


def _planned(notebook: Notebook, subject: Subject, also: Sequence[str]) -> tuple[list[Registrations], Selection]:
    """Return what the cells register, on the server and on others that it needs, and the statements for that."""
    plans: list[Registrations] = []
    missing = [subject.server]
    while missing:
        for server in missing:
            plan = registrations.of(
                notebook, server, _aliases(subject, server), subject.namespace, subject.gone(server)
            )
            if plans:  # beside the server of the package
                plan.findings += left_behind(server)
            plans.append(plan)
        prepared = _prepared(notebook, plans, _variables(subject))
        carried = _carried(prepared, plans, subject, also)
        missing = _further_servers(carried, plans, subject)
    return plans, carried


def _refuse_unknown(also: Sequence[str], notebook: Notebook) -> None:
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    defined = {n.name for s in notebook.statements for n in ast.walk(s.node) if isinstance(n, functions)}
    for name in also:
        if name not in defined:
            raise ExportError(f"There is no function {name!r} in the cells that ran.{did_you_mean(name, defined)}")


def _variables(subject: Subject) -> dict[str, MCPServer[Any]]:
    return {k: v for k, v in variables_with(MCPServer, subject.namespace).items() if not k.startswith("_")}


def _aliases(subject: Subject, server: MCPServer[Any]) -> set[str]:
    return {name for name, value in _variables(subject).items() if value is server}


def _prepared(notebook: Notebook, plans: list[Registrations], servers: Mapping[str, Any]) -> Notebook:
    """Take off the decorators that register nothing, or on servers that the package has not."""
    elsewhere = set(servers).difference(*(plan.aliases for plan in plans))
    return replace(notebook, statements=tuple(_without(s, plans, elsewhere) for s in notebook.statements))


def _without(statement: Statement, plans: list[Registrations], elsewhere: set[str]) -> Statement:
    gone = {place for plan in plans for place in plan.superseded.get(statement.index, ())}
    placed = enumerate(getattr(statement.node, "decorator_list", []))
    dropped = {ast.dump(d) for i, d in placed if i in gone or root(d) in elsewhere}
    return undecorated(statement, lambda decorator: ast.dump(decorator) in dropped) if dropped else statement


def _carried(notebook: Notebook, plans: list[Registrations], subject: Subject, also: Sequence[str]) -> Selection:
    variable = subject.variable
    exposed = [variable_of(d) for plan in plans for d in plan.definitions.values() if is_exposed(d)]
    wanted = {s.index for plan in plans for s in (*plan.others, *(m.statement for m in plan.makers.values()))}
    wanted |= {plan.begun for plan in plans}
    left_out = {s.index for plan in plans for s in plan.left_out} | {s.index for s in only_here(notebook)}
    return select(
        notebook,
        [s for s in notebook.statements if s.index in wanted],
        [*([] if variable is None else [variable]), *exposed, *payloads(plans[0].definitions.values()), *also],
        server=variable,
        leave_out=[s for s in notebook.statements if s.index in left_out],
        functions={getattr(d.function, "__name__", d.name) for plan in plans for d in plan.definitions.values()},
    )


def _further_servers(carried: Selection, plans: list[Registrations], subject: Subject) -> list[MCPServer[Any]]:
    known = frozenset[str]().union(*(plan.aliases for plan in plans))
    others = {name: server for name, server in _variables(subject).items() if name not in known}
    naming = [s for s in carried.statements if any(name in s.text for name in others)]
    bound = frozenset[str]().union(*(names.of(s.node).binds for s in naming))
    return list({id(server): server for name, server in others.items() if name in bound}.values())


def _left_out(notebook: Notebook, carried: Selection, aliases: frozenset[str]) -> Iterator[Finding]:
    """Say where the notebook starts the server, or makes an app of it: the package does that by itself."""
    here = {statement.index for statement in carried.statements}
    for statement in notebook.statements:
        if statement.index not in here and makes_app(statement.node, aliases):
            what = (
                "left out: the package makes its own app of the server, so options and routes given here are not in it."
            )
            yield Finding(
                "notes", statement.cell, line_of(statement), what, "Routes go on the server: @mcp.custom_route."
            )
        elif is_main(statement.node) or runs(statement.node, aliases):
            what = "left out: the package is started by its own __main__."
            yield Finding("notes", statement.cell, statement.text.split("\n")[-1].strip(), what)


def _docstring(server: MCPServer[Any]) -> str:
    return printable(server.description or server.title or f"The MCP server {server.name}.")
