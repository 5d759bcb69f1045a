"""The statements of the module: those carried, and those that no cell has, in the order of the live lists."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.module import decorators, exposed, limits
from mcp_notebook.export.module.arrangement import Made, Part, arranged
from mcp_notebook.export.module.edits import decorated
from mcp_notebook.export.module.plain import SDK_SERVER
from mcp_notebook.export.module.registrations import Key, Registration, Registrations, removals
from mcp_notebook.export.ran import Subject
from mcp_notebook.slicing import names
from mcp_notebook.slicing.statements import Magic, Statement

__all__ = ["Body", "body"]


@dataclass
class Body:
    """What a module does.

    Attributes:
        variable: What the server is called in it.
        statements: In their order.
        imports: Those that no cell has.
        findings: What behaves otherwise than in the notebook.
    """

    variable: str
    statements: list[Statement] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def body(carried: Sequence[Statement], plans: list[Registrations], subject: Subject, magics: Sequence[Magic]) -> Body:
    """Put the statements together.

    Args:
        carried: What the registrations need, and they themselves.
        plans: What the cells have to do with each server; that of the subject is the first.
        subject: What is exported.
        magics: Of the notebook.
    """
    written = Body(subject.variable or _free_name(carried))
    first: list[Part] = []
    if subject.variable is None:
        written.imports.append(SDK_SERVER)
        first.append(_made(f"{written.variable} = MCPServer({subject.server.name!r})"))
    servers = {written.variable: plans[0], **{min(plan.aliases): plan for plan in plans[1:]}}
    parts = [part for statement in carried for part in _parts(statement, servers, written)]
    last = [part for on, plan in servers.items() for part in _apart(on, plan, carried, written)]
    last += _exposed(plans[0], subject.namespace, magics, written)
    if any("@time_limit(" in part.statement.text for part in parts):
        written.imports += limits.IMPORTS
        first.append(_made(limits.DECORATOR))
    last += [part for on, plan in servers.items() for part in _removals(on, plan, written)]
    live = [(on, *key) for on, plan in servers.items() for key in plan.definitions]
    ordered, lost = arranged([*first, *parts, *last], live)
    written.statements = [part.statement for part in ordered]
    written.findings += [_out_of_order(made) for made in lost]
    return written


def _free_name(carried: Sequence[Statement]) -> str:
    taken = frozenset[str]().union(*(found.binds for found in names.of_all([s.node for s in carried])))
    return next(name for name in ("mcp", "server", "mcp_server", "the_server") if name not in taken)


def _made(text: str, *makes: Made) -> Part:
    """Return a part that is in no cell."""
    return Part(Statement(cell=0, first=1, last=1, text=text, node=ast.parse(text).body[0], index=-1), makes)


def _parts(statement: Statement, servers: Mapping[str, Registrations], written: Body) -> list[Part]:
    """Say what a statement registers, and write what a magic did with it as decorators."""
    part = Part(statement)
    for on, plan in servers.items():
        part = _as_written(part, on, _made_in(statement, plan, by_magic=False))
        if _takes_decorators(statement, plan):
            part = _with_decorators(part, on, _made_in(statement, plan, by_magic=True), plan, written)
    return [part]


def _made_in(statement: Statement, plan: Registrations, *, by_magic: bool) -> dict[Key, Registration]:
    made = plan.made_in(statement.index)
    return {key: maker for key, maker in made.items() if (maker.line is not None) == by_magic}


def _takes_decorators(statement: Statement, plan: Registrations) -> bool:
    return isinstance(statement.node, ast.FunctionDef | ast.AsyncFunctionDef) and plan.begun < statement.index


def _as_written(part: Part, on: str, makers: Mapping[Key, Registration]) -> Part:
    # Of several decorators the lowest is applied first.
    placed = sorted(makers.items(), key=lambda item: -(item[1].decorator or 0))
    sources = [maker.source for _, maker in reversed(placed) if maker.decorator is not None]
    return replace(
        part,
        makes=(*part.makes, *((on, *key) for key, _ in placed)),
        registering=(*sources, *part.registering),
    )


def _with_decorators(
    part: Part, on: str, makers: Mapping[Key, Registration], plan: Registrations, written: Body
) -> Part:
    for key, maker in makers.items():
        assert maker.line is not None
        definition = plan.definitions[key]
        call = decorators.call(definition)
        written.imports += call.imports
        written.findings += limits.findings(definition, maker.line.cell, maker.line.options)
        above = [f"{on}{call.text}", *limits.decorators(definition, maker.line.options)]
        registering = ast.unparse(ast.parse(above[0], mode="eval"))
        statement = decorated(part.statement, above)
        part = Part(statement, (*part.makes, (on, *key)), (registering, *part.registering))
    return part


def _apart(on: str, plan: Registrations, carried: Sequence[Statement], written: Body) -> list[Part]:
    """Write what magics registered of functions that take no decorator, as calls."""
    parts = []
    for statement in carried:
        if _takes_decorators(statement, plan):
            continue
        for key, maker in _made_in(statement, plan, by_magic=True).items():
            assert maker.line is not None
            definition = plan.definitions[key]
            call = decorators.call(definition)
            written.imports += call.imports
            written.findings += limits.findings(definition, maker.line.cell, maker.line.options)
            function = getattr(definition.function, "__name__", definition.name)
            parts.append(_made(f"{on}{call.text}({function})", (on, *key)))
    return parts


def _exposed(plan: Registrations, namespace: Mapping[str, Any], magics: Sequence[Magic], written: Body) -> list[Part]:
    parts = []
    for key, definition in plan.definitions.items():
        if not exposed.is_exposed(definition):
            continue
        function = exposed.function(definition, namespace)
        if function is None:
            written.findings.append(exposed.finding(definition, magics, namespace))
            continue
        written.imports += exposed.IMPORTS
        decorator = f"{written.variable}{exposed.call(definition)}"
        parts.append(_made(f"@{decorator}\n{function}", (written.variable, *key)))
    return parts


def _removals(on: str, plan: Registrations, written: Body) -> list[Part]:
    """Write what takes tools off again that were taken off in the notebook."""
    names = [name for kind, name in plan.coming_back if kind == "tool"]
    written.imports += removals.IMPORTS if names else ()
    return [_made(removals.statement(on, name)) for name in names]


def _out_of_order(made: Made) -> Finding:
    _, kind, name = made
    return Finding("warns", None, name, f"in the list of the package this {kind} stands in another place.")
