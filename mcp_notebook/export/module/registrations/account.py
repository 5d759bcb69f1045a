"""The account of what the cells have to do with one server: who made what, what is superseded, what nobody made."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mcp.server.mcpserver import MCPServer

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.module.exposed import is_exposed
from mcp_notebook.export.module.registrations import removals
from mcp_notebook.export.module.registrations.makers import home_of, maker_of
from mcp_notebook.export.module.registrations.registration import Key, Registration, Registrations, cell_of
from mcp_notebook.export.module.registrations.sites import by_magics, in_statement
from mcp_notebook.export.module.registrations.uses import changes, changes_one_of, holders, is_main
from mcp_notebook.server import Definition, definitions
from mcp_notebook.slicing import names
from mcp_notebook.slicing.statements import Notebook, Statement

__all__ = ["of"]


def of(
    notebook: Notebook,
    server: MCPServer[Any],
    aliases: Iterable[str],
    namespace: Mapping[str, Any],
    gone: Iterable[Key] = (),
) -> Registrations:
    """Find what the cells have to do with a server that these variables hold, and that offered once what is gone."""
    held = frozenset(aliases)
    found = Registrations(held, _begun(notebook, held), {(d.kind, d.name): d for d in definitions(server)})
    since = [statement for statement in notebook.statements if statement.index > found.begun]
    sites = [site for statement in since for site in in_statement(statement, held, namespace)]
    sites += by_magics(notebook, {server.name, *held})
    sites.sort(key=lambda site: site.order)
    for key, definition in found.definitions.items():
        maker = maker_of(key, definition, sites, notebook)
        if maker is not None:
            found.makers[key] = maker
    _supersede(found, sites)
    _supersede_before(found, notebook, namespace)
    ours = {id(site.statement) for site in sites}
    holding = holders(server, namespace)
    others = (s for s in since if id(s) not in ours)
    tried = {getattr(d.function, "__name__", d.name) for d in found.definitions.values()}
    changing = [s for s in others if changes(s, held, notebook, namespace, tried) or changes_one_of(s, holding)]
    found.others = _latest([*changing, *_decorated_homes(found, notebook)])
    found.left_out += [s for s in notebook.statements if is_main(s.node)]
    registering = [*found.others, *([notebook.statements[found.begun]] if _makes_more(found, notebook) else [])]
    found.coming_back = removals.coming_back(gone, notebook, held, found.definitions, sites, registering)
    found.findings += removals.findings(found.coming_back, registering)
    found.findings += _unaccounted(found, notebook)
    return found


def _begun(notebook: Notebook, aliases: frozenset[str]) -> int:
    """Return the index of the statement that made the server; -1 where a magic did."""
    naming = [s for s in notebook.statements if any(alias in s.text for alias in aliases)]
    bound = {name: s.index for s in naming for name in names.of(s.node).binds & aliases}
    return min(bound.values(), default=-1)


def _supersede(found: Registrations, sites: Sequence[Registration]) -> None:
    """Take out the registrations that made nothing of what is live; the magics' leave nothing in a statement."""
    making = {id(maker) for maker in found.makers.values()}
    for site in sites:
        if id(site) in making or site.line is not None:
            continue
        if site.decorator is None:
            found.left_out.append(site.statement)
        else:
            found.superseded[site.statement.index].add(site.decorator)
    for maker in found.makers.values():
        # The magic registered the function anew, in the place of what its decorators did.
        if maker.line is not None:
            same = [site.decorator for site in sites if site.statement is maker.statement]
            found.superseded[maker.statement.index].update(place for place in same if place is not None)


def _supersede_before(found: Registrations, notebook: Notebook, namespace: Mapping[str, Any]) -> None:
    """Take out the decorators of the server that the variable held before."""
    for statement in notebook.statements[: max(found.begun, 0)]:
        for site in in_statement(statement, found.aliases, namespace):
            if site.decorator is not None:
                found.superseded[statement.index].add(site.decorator)


def _decorated_homes(found: Registrations, notebook: Notebook) -> Iterator[Statement]:
    """Yield functions that a decorator registered which is not seen to be the server's, being in a variable."""
    for key, definition in found.definitions.items():
        home = home_of(definition, notebook) if key not in found.makers else None
        if home is not None and getattr(home.node, "decorator_list", []) and _is_function(home, definition):
            yield home


def _is_function(home: Statement, definition: Definition) -> bool:
    return getattr(home.node, "name", "") == getattr(definition.function, "__name__", "")


def _latest(statements: list[Statement]) -> list[Statement]:
    """Return them without those that ran again later, or that a later one takes the place of."""
    return sorted({_place(s): s for s in statements}.values(), key=lambda statement: statement.index)


def _place(statement: Statement) -> str:
    """Return what two statements have in common where the later takes the place of the earlier."""
    node = statement.node
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        # A server has one handler of completions.
        one = any(".completion" in ast.unparse(decorator) for decorator in node.decorator_list)
        return "completion" if one else f"def {node.name}"
    return ast.dump(node)


def _unaccounted(found: Registrations, notebook: Notebook) -> Iterator[Finding]:
    """Say of which definitions no cell can be seen to register them."""
    if found.others or _makes_more(found, notebook):
        return
    for (kind, name), definition in found.definitions.items():
        if (kind, name) not in found.makers and not is_exposed(definition):
            yield Finding(
                "stops",
                cell_of(definition),
                name,
                f"this {kind} is on the server, and no cell registers it; a call did, or code outside of the cells.",
                f"Register it in a cell, or take it off: %mcp remove {name}.",
            )


def _makes_more(found: Registrations, notebook: Notebook) -> bool:
    """Whether making the server may have registered on it."""
    if found.begun < 0:
        return False
    value = getattr(notebook.statements[found.begun].node, "value", None)
    if not isinstance(value, ast.Call) or not ast.unparse(value.func).endswith("MCPServer"):
        return True
    return any(keyword.arg in (None, "tools", "resources", "extensions") for keyword in value.keywords)
