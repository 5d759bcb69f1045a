"""The statements of the module: those carried, and the registrations, in the order of the live lists."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.module import dask, data, entries, events, extensions
from mcp_notebook.export.module.edits import decorated
from mcp_notebook.export.module.extensions import ExtensionCode
from mcp_notebook.export.module.giving import given, shared
from mcp_notebook.export.module.order import Made, ModulePart, arranged
from mcp_notebook.export.module.plain import SDK_SERVER, of_extensions
from mcp_notebook.export.module.registrations import Registrations
from mcp_notebook.export.ran import Subject
from mcp_notebook.server.apps import HtmlApp
from mcp_notebook.server.event_types import event_types
from mcp_notebook.server.extensions.events.checked import Checked
from mcp_notebook.server.extensions.events.emitted import Emitted
from mcp_notebook.slicing import names
from mcp_notebook.slicing.statements import Magic, Statement

__all__ = ["Body", "body"]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass
class Body:
    """The content of a module.

    Attributes:
        variable: The name of the server in it.
        statements: Its statements, in their order.
        imports: Imports that no cell has.
        extensions: The extensions of the server.
        findings: Definitions that behave otherwise than in the notebook.
    """

    variable: str
    statements: list[Statement] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    extensions: list[ExtensionCode] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def has_data(self) -> bool:
        """True if it needs the module for data."""
        return any(f".{extensions.FOLDER}.{data.MODULE} " in line for line in self.imports)

    @property
    def on_dask(self) -> bool:
        """True if it needs the module for Dask."""
        return dask.IMPORT in self.imports

    @property
    def has_bus(self) -> bool:
        """True if it passes notices on to other replicas."""
        return extensions.BUS_IMPORT in self.imports

    @property
    def events(self) -> str:
        """The variable of the extension for events; "" if the server has none."""
        return next((one.variable for one in self.extensions if one.module == "events"), "")


def body(
    carried: Sequence[Statement],
    plans: list[Registrations],
    subject: Subject,
    magics: Sequence[Magic],
    *,
    replicas: bool = False,
) -> Body:
    """Put the statements together.

    Args:
        carried: The statements that the registrations need, and those that register.
        plans: The registrations of each server; those of the subject's come first.
        subject: The server, and the cells that it came from.
        magics: The magics of the notebook.
        replicas: Whether the server passes its notices on to others like it.
    """
    taken = {name for statement in carried for name in _words(statement.node)}
    written = Body(subject.variable or _free_name(carried))
    written.extensions = extensions.carried(subject.server, {*taken, written.variable})
    servers = {written.variable: plans[0], **{min(plan.aliases): plan for plan in plans[1:]}}
    parts = {statement.index: ModulePart(statement, _made_as_written(statement, servers)) for statement in carried}
    last: list[ModulePart] = []
    for on, plan in servers.items():
        last += _by_magics(on, plan, parts, written)
    last += _exposed(plans[0], subject, magics, written)
    first: list[ModulePart] = []
    if subject.variable is None:
        written.imports.append(SDK_SERVER)
        first.append(_written(f"{written.variable} = MCPServer({subject.server.name!r})"))
    _extend(written, first, parts, plans[0], subject, replicas=replicas)
    if any("time_limit(" in part.statement.text for part in (*parts.values(), *last)):
        written.imports += entries.TIME_LIMIT_IMPORTS
        first.append(_written(entries.TIME_LIMIT))
    last += [
        _written(f"{written.variable}.middleware.append({one.variable}.listen)")
        for one in written.extensions
        if one.listens
    ]
    for on, plan in servers.items():
        last += _taken_off(on, plan, written)
    live = [(on, *key) for on, plan in servers.items() for key in plan.definitions]
    here = list(_serving_data(parts, servers, first, written))
    ordered, lost = arranged([*first, *here, *last], live)
    written.statements = [part.statement for part in ordered]
    what = "this {} has another place in the list of the package."
    written.findings += [Finding("warns", None, name, what.format(kind)) for _, kind, name in lost]
    return written


def _extend(
    written: Body,
    first: list[ModulePart],
    parts: dict[int, ModulePart],
    plan: Registrations,
    subject: Subject,
    *,
    replicas: bool,
) -> None:
    """Make the server's extensions above it, and give them to it."""
    for index, part in parts.items():
        statement, findings = events.emitting(
            part.statement, written.events, plan.aliases, event_types(subject.server), subject.namespace
        )
        parts[index] = replace(part, statement=of_extensions(statement))
        written.findings += findings
    if not written.extensions and not replicas:
        return
    part = first.pop() if subject.variable is None else parts[plan.begun]
    statement = part.statement
    if written.extensions:
        written.imports += [line for one in written.extensions for line in one.all_imports]
        names_of_extensions = [one.variable for one in written.extensions]
        statement, findings = given(statement, names_of_extensions, subject.namespace)
        written.findings += findings
        first += [_written(one.statement) for one in written.extensions]
    if replicas:
        as_made = statement
        statement, findings = shared(statement, extensions.BUS_VALUE, subject.namespace)
        written.imports += [extensions.BUS_IMPORT] if statement is not as_made else []
        written.findings += findings
    if subject.variable is None:
        first.append(replace(part, statement=statement))
    else:
        parts[plan.begun] = replace(part, statement=statement)


def _serving_data(
    parts: Mapping[int, ModulePart], servers: Mapping[str, Registrations], first: list[ModulePart], written: Body
) -> Iterator[ModulePart]:
    """Yield the parts, with a statement for data after each that makes a server whose tools return some."""
    begun = {plan.begun: _written(data.statement(on)) for on, plan in servers.items() if data.returns_data(plan)}
    written.imports += [data.IMPORT] if begun else []
    if -1 in begun:
        first.append(begun[-1])
    for index, part in parts.items():
        yield part
        if index in begun:
            yield begun[index]


def _words(node: ast.AST) -> Iterator[str]:
    """Yield all names that a statement has for something, wherever it has them."""
    for part in ast.walk(node):
        yield from (getattr(part, field) for field in ("id", "arg", "name", "asname") if getattr(part, field, None))


def _free_name(carried: Sequence[Statement]) -> str:
    taken = frozenset[str]().union(*(found.binds for found in names.of_all([s.node for s in carried])))
    return next(name for name in ("mcp", "server", "mcp_server", "the_server") if name not in taken)


def _written(text: str, *makes: tuple[Made, str]) -> ModulePart:
    """Return a part that is in no cell."""
    return ModulePart(Statement(cell=0, first=1, last=1, text=text, node=ast.parse(text).body[0], index=-1), makes)


def _made_as_written(statement: Statement, servers: Mapping[str, Registrations]) -> tuple[tuple[Made, str], ...]:
    """Return what a statement registers as its author wrote it; the lowest decorator is applied first."""
    made = [
        (-(maker.decorator or 0), ((on, *key), maker.source))
        for on, plan in servers.items()
        for key, maker in plan.makers.items()
        if maker.statement.index == statement.index and maker.method
    ]
    return tuple(each for _, each in sorted(made, key=lambda item: item[0]))


def _by_magics(on: str, plan: Registrations, parts: dict[int, ModulePart], written: Body) -> list[ModulePart]:
    """Write decorators for what magics registered; return calls for functions that take no decorator there."""
    calls = []
    binds = {part.statement.index: names.of(part.statement.node).binds for part in parts.values()}
    for key, maker in plan.makers.items():
        part = parts.get(maker.statement.index)
        if maker.method or part is None:
            continue
        definition = plan.definitions[key]
        if isinstance(definition.entry, Checked):
            above = [events.decorator(written.events, definition.entry)]
        else:
            above = entries.decorators(on, definition, written.imports)
        written.findings += entries.elsewhere(definition, maker.cell)
        function = getattr(definition.function, "__name__", definition.name)
        if entries.is_on_dask(definition):
            written.imports.append(dask.IMPORT)
            made = dask.wrapped(function, definition)
            for limit in above[1:]:
                made = f"{limit}({made})"
            calls.append(_written(f"{above[0]}({made})", ((on, *key), "")))
            continue
        decorates = isinstance(part.statement.node, _FUNCTIONS) and plan.begun < maker.statement.index
        if decorates and not _reads_ahead(part.statement, binds):
            makes = (*part.makes, ((on, *key), ast.unparse(ast.parse(above[0]))))
            parts[maker.statement.index] = ModulePart(decorated(part.statement, above), makes)
        else:
            calls.append(_written(f"{above[0]}({function})", ((on, *key), "")))
    return calls


def _reads_ahead(function: Statement, binds: Mapping[int, frozenset[str]]) -> bool:
    """Return whether annotations name what only later statements bind, such as a class below the function.

    A magic registers when its whole cell has run, but a decorator would evaluate them too early.

    Args:
        function: The statement of the function.
        binds: The names that each statement of the module binds, by its index.
    """
    own, ahead, before = names.of(function.node), set[str](), set[str]()
    for index, bound in binds.items():
        (ahead if index > function.index else before).update(bound)
    return bool((own.reads | own.hints) & (ahead - before))


def _exposed(plan: Registrations, subject: Subject, magics: Sequence[Magic], written: Body) -> list[ModulePart]:
    parts = []
    paths = extensions.page_paths(subject.server)
    for key, definition in plan.definitions.items():
        if isinstance(definition.entry, Emitted):
            declared = events.declared(written.events, definition.entry)
            parts.append(_written(declared, ((written.variable, *key), "")))
            written.findings += events.changed_payload(definition.entry, subject.namespace)
        elif isinstance(definition.entry, HtmlApp):
            page = extensions.page_of(written.variable, definition.entry, paths[definition.name], written.imports)
            parts.append(_written(page, ((written.variable, *key), "")))
        elif entries.is_exposed(definition):
            text = entries.exposed(written.variable, definition, subject.namespace, written.imports)
            if text is None:
                written.findings.append(entries.not_exposed(definition, magics, subject.namespace))
            else:
                parts.append(_written(text, ((written.variable, *key), "")))
    return parts


def _taken_off(on: str, plan: Registrations, written: Body) -> list[ModulePart]:
    """Write statements that take tools off, whether they are there or not."""
    taken = [name for kind, name in plan.taken_off if kind == "tool"]
    if taken:
        written.imports += ["import contextlib", "from mcp.server.mcpserver.exceptions import ToolError"]
    return [_written(f"with contextlib.suppress(ToolError):\n    {on}.remove_tool({name!r})") for name in taken]
