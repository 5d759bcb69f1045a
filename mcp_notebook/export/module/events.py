"""The events of a package: the statements that declare their types, and the cells that emit them."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, cast

from mcp.server.mcpserver import MCPServer

from mcp_notebook.cells import cell_of
from mcp_notebook.export.findings import Finding
from mcp_notebook.export.module.edits import Node, replaced, rewritten
from mcp_notebook.server import Definition
from mcp_notebook.server.event_types import EVENT, event_types
from mcp_notebook.server.extensions.events.checked import Checked
from mcp_notebook.server.extensions.events.emitted import Emitted
from mcp_notebook.slicing.statements import Statement

__all__ = ["changed_payload", "declared", "decorator", "definitions_of", "emitting", "payloads"]

DECLARE = "To declare it: %%mcp_event NAME, with a class for the data. Then export again."


def definitions_of(server: MCPServer[Any]) -> Iterator[Definition]:
    """Yield the types of events of a server as definitions; only those that a function answers for have a function."""
    kind: Any = EVENT  # not one of the protocol's own kinds, with entries of the SDK
    for one in event_types(server).values():
        function = one.function if isinstance(one, Checked) else None
        yield Definition(kind, one.name, cast(Any, one), function, cell_of(function))


def payloads(definitions: Iterable[Definition]) -> list[str]:
    """Return the names of the classes that say what the data of emitted events looks like."""
    emitted = [one.entry for one in definitions if isinstance(one.entry, Emitted)]
    return [one.payload.__name__ for one in emitted if one.payload is not None]


def decorator(variable: str, entry: Checked) -> str:
    """Write the decorator that makes a function the type of events that it is in the notebook."""
    plain = Checked(entry.function, entry.name).description
    described = "" if entry.description == plain else f", description={entry.description!r}"
    return f"{variable}.event({entry.name!r}{described})"


def declared(variable: str, entry: Emitted) -> str:
    """Write the statement that declares a type of emitted events."""
    payload = "" if entry.payload is None else f", payload={entry.payload.__name__}"
    described = f", description={entry.description!r}" if entry.description else ""
    return f"{variable}.declare({entry.name!r}{payload}{described})"


def changed_payload(entry: Emitted, namespace: Mapping[str, Any]) -> Iterator[Finding]:
    """Stop if the class of the data is no longer the one that the type was made with."""
    if entry.payload is not None and namespace.get(entry.payload.__name__) is not entry.payload:
        what = f"{entry.payload.__name__}, the class of the data of these events, is gone or another one by now."
        yield Finding("stops", None, entry.name, what, "Run the cell of the event again.")


# --- the cells that emit


def emitting(
    statement: Statement,
    variable: str,
    aliases: Collection[str],
    types: Collection[str],
    namespace: Mapping[str, Any],
) -> tuple[Statement, list[Finding]]:
    """Have a statement emit events by the package's extension: a server of the SDK has no method for it.

    Args:
        statement: The statement.
        variable: The extension's variable; "" if the server has no types of events.
        aliases: The variables that hold the server.
        types: The names of the types of events.
        namespace: The notebook's variables.

    Returns:
        The statement, and findings that stop the export where it emits in a way that cannot be rewritten.
    """
    tree = ast.parse(statement.text)
    changes: list[tuple[Node, str]] = []
    findings: list[Finding] = []
    for node in ast.walk(tree):
        server = _emitter(node)
        if isinstance(server, ast.Name) and server.id in aliases:
            changes.append((server, variable))
        elif isinstance(node, ast.Call) and _emits_otherwise(node, types, namespace):
            what = "this emits an event, but not by a variable of the notebook that holds the server."
            way_out = f"The package needs to see the server: write {min(aliases, default='server')}.emit(...) here."
            findings.append(Finding("stops", statement.cell, ast.unparse(node.func), what, way_out))
    if changes and not variable:
        what = "this emits an event, and the server has no type of events so far, so clients do not know of any."
        findings.append(Finding("stops", statement.cell, statement.text.split("\n")[0], what, DECLARE))
    elif changes:
        statement = rewritten(statement, replaced(statement.text, changes))
    return statement, findings


def _emitter(node: ast.AST) -> ast.expr | None:
    """Return what ``emit`` is looked up on."""
    if isinstance(node, ast.Attribute) and node.attr == "emit":
        return node.value
    named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr"
    if named and [ast.unparse(value) for value in node.args[1:2]] == ["'emit'"]:  # type: ignore[attr-defined]
        found: ast.expr = node.args[0]  # type: ignore[attr-defined]
        return found
    return None


def _emits_otherwise(call: ast.Call, types: Collection[str], namespace: Mapping[str, Any]) -> bool:
    """Return whether a call emits an event of the server, which something else than one of its variables holds."""
    if not (isinstance(call.func, ast.Attribute) and call.func.attr == "emit"):
        return False
    on = call.func.value
    if isinstance(on, ast.Name) and on.id in namespace:
        return False  # something else, or another server
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(isinstance(value, ast.Constant) and value.value in types for value in given[:1])
