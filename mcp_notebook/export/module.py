"""The Python modules of a package: what the cells defined, as a person would write it on `MCPServer`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mcp.server.mcpserver import MCPServer

from mcp_notebook.export import closure, decorators, names, registrations, statements
from mcp_notebook.export.arrangement import Part, arranged
from mcp_notebook.export.edits import decorated, undecorated
from mcp_notebook.export.findings import Finding
from mcp_notebook.export.layout import laid_out
from mcp_notebook.export.plain import SDK_SERVER, plain
from mcp_notebook.export.ran import Subject
from mcp_notebook.export.registrations import Key, Registration, Registrations
from mcp_notebook.export.statements import Notebook, Statement

__all__ = ["Module", "Setting", "write"]


@dataclass(frozen=True)
class Setting:
    """A value that the package takes from its environment.

    Attributes:
        name: The field of the settings class, such as ``api_key``.
        annotation: The source of its type, such as ``str``; a secret's is ``SecretStr``.
        default: The source of its default; None where it must be given.
        secret: Whether it must never be written.
        variable: The environment variable that it is read from.
        description: What it is, as its author says; "" where nothing is said.
        live: Its value in the notebook, as an environment has it; None where that is the default. Never written.
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
    """What goes into the package's own folder.

    Attributes:
        files: The source of each module by its file name; ``server.py`` has the server.
        variable: What the server is called in ``server.py``.
        cells: For each kind and name of a definition, the number of its cell; for the report of a difference.
        settings: What the modules read from the environment, through ``settings.py``.
        pip: Requirements that ``%pip install`` lines of the notebook name.
        findings: What could not be carried, what was changed, what was left out.
    """

    files: Mapping[str, str]
    variable: str
    cells: Mapping[tuple[str, str], int | None] = field(default_factory=dict)
    settings: tuple[Setting, ...] = ()
    pip: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def write(subject: Subject) -> Module:
    """Write the module of a live server: what the cells define for it, in order, as a person would write it.

    The findings say what could not be carried; with one that stops, the files are not what ran.
    """
    notebook = plain(statements.read(subject.cells))
    plans = [registrations.of(notebook, subject.server, _aliases(subject, subject.server), subject.namespace)]
    while True:
        prepared = _prepared(notebook, plans, _variables(subject))
        carried = _carried(prepared, plans, subject.variable)
        missing = _further_servers(carried, plans, subject)
        if not missing:
            break
        plans += [
            registrations.of(notebook, server, _aliases(subject, server), subject.namespace) for server in missing
        ]
    variable = subject.variable or _free_name(carried.statements)
    parts, imports = _parts(carried.statements, plans, variable)
    if subject.variable is None:
        imports.append(SDK_SERVER)
        parts.insert(0, _made(f"{variable} = MCPServer({subject.server.name!r})"))
    live = [key for plan in plans for key in plan.definitions]
    parts, _ = arranged(parts, live, frozenset().union(*(plan.aliases for plan in plans), {variable}))
    source = laid_out(_docstring(subject.server), carried.future, imports, [part.statement for part in parts])
    return Module(
        {"server.py": source},
        variable,
        plans[0].cells,
        pip=notebook.pip,
        findings=(*notebook.findings, *carried.findings, *(f for plan in plans for f in plan.findings)),
    )


def _variables(subject: Subject) -> dict[str, MCPServer[Any]]:
    return {name: value for name, value in subject.namespace.items() if isinstance(value, MCPServer) and name[0] != "_"}


def _aliases(subject: Subject, server: MCPServer[Any]) -> set[str]:
    return {name for name, value in _variables(subject).items() if value is server}


def _prepared(notebook: Notebook, plans: list[Registrations], servers: Mapping[str, Any]) -> Notebook:
    """Take off the decorators that register nothing, or on servers that the package has not."""
    elsewhere = set(servers).difference(*(plan.aliases for plan in plans))
    return replace(notebook, statements=tuple(_without(s, plans, elsewhere) for s in notebook.statements))


def _without(statement: Statement, plans: list[Registrations], elsewhere: set[str]) -> Statement:
    gone = {place for plan in plans for place in plan.superseded.get(statement.index, ())}
    placed = enumerate(getattr(statement.node, "decorator_list", []))
    dropped = {ast.dump(d) for i, d in placed if i in gone or _root(d) in elsewhere}
    return undecorated(statement, lambda decorator: ast.dump(decorator) in dropped) if dropped else statement


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Call | ast.Attribute):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _carried(notebook: Notebook, plans: list[Registrations], variable: str | None) -> closure.Slice:
    wanted = {s.index for plan in plans for s in (*plan.others, *(m.statement for m in plan.makers.values()))}
    left_out = {s.index for plan in plans for s in plan.left_out}
    return closure.close(
        notebook,
        [s for s in notebook.statements if s.index in wanted],
        [] if variable is None else [variable],
        server=variable,
        leave_out=[s for s in notebook.statements if s.index in left_out],
    )


def _further_servers(carried: closure.Slice, plans: list[Registrations], subject: Subject) -> list[MCPServer[Any]]:
    known = frozenset[str]().union(*(plan.aliases for plan in plans))
    bound = frozenset[str]().union(*(names.of(s.node).binds for s in carried.statements))
    found = {name: server for name, server in _variables(subject).items() if name in bound - known}
    return list({id(server): server for server in found.values()}.values())


def _free_name(carried: Sequence[Statement]) -> str:
    taken = frozenset[str]().union(*(names.of(s.node).binds for s in carried))
    return next(name for name in ("mcp", "server", "mcp_server") if name not in taken)


def _parts(carried: Sequence[Statement], plans: list[Registrations], variable: str) -> tuple[list[Part], list[str]]:
    """Write what magics registered as decorators, and say which statement registers what."""
    parts: list[Part] = []
    last: list[Part] = []
    imports: list[str] = []
    for statement in carried:
        part = Part(statement)
        for plan in plans:
            on = variable if plan is plans[0] else min(plan.aliases)
            by_author, by_magic = _made_in(statement, plan)
            part = _as_written(part, by_author)
            calls = {key: decorators.call(plan.definitions[key]) for key in by_magic}
            imports += [line for call in calls.values() for line in call.imports]
            written = {key: f"{on}{call.text}" for key, call in calls.items()}
            if isinstance(statement.node, ast.FunctionDef | ast.AsyncFunctionDef) and plan.begun < statement.index:
                part = _with_decorators(part, written)
            else:
                last += [
                    _made(f"{text}({plan.definitions[key].function.__name__})", key) for key, text in written.items()
                ]
        parts.append(part)
    return parts + last, imports


def _made_in(statement: Statement, plan: Registrations) -> tuple[dict[Key, Registration], list[Key]]:
    here = {key: maker for key, maker in plan.makers.items() if maker.statement.index == statement.index}
    by_author = {key: maker for key, maker in here.items() if maker.line is None}
    return by_author, [key for key in here if key not in by_author]


def _as_written(part: Part, by_author: Mapping[Key, Registration]) -> Part:
    # Of several decorators the lowest is applied first.
    keys = sorted(by_author, key=lambda key: -(by_author[key].decorator or 0))
    placed = [(by_author[key], by_author[key].decorator) for key in reversed(keys)]
    texts = [ast.unparse(m.statement.node.decorator_list[i]) for m, i in placed if i is not None]  # type: ignore[attr-defined]
    return replace(part, makes=(*part.makes, *keys), registering=(*texts, *part.registering))


def _with_decorators(part: Part, written: Mapping[Key, str]) -> Part:
    if not written:
        return part
    above = tuple(reversed(written.values()))
    statement = decorated(part.statement, above)
    registering = tuple(ast.unparse(ast.parse(text, mode="eval")) for text in above)
    return Part(statement, (*part.makes, *written), (*registering, *part.registering))


def _made(text: str, *makes: Key) -> Part:
    """Return a part that is in no cell."""
    return Part(Statement(cell=0, first=1, last=1, text=text, node=ast.parse(text).body[0], index=-1), makes)


def _docstring(server: MCPServer[Any]) -> str:
    return server.description or server.title or f"The MCP server {server.name}."
