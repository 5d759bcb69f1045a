"""Bring the statements of a module into the order of the live lists."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mcp_notebook.export.module.edits import undecorated
from mcp_notebook.slicing import names
from mcp_notebook.slicing.statements import Statement

__all__ = ["Made", "ModulePart", "arranged"]

_DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)

Made = tuple[str, str, str]
"""A definition: the variable of its server, its kind, and its name."""


@dataclass(frozen=True)
class ModulePart:
    """A statement of the module.

    Attributes:
        statement: The statement.
        makes: The definitions that it registers, each with the source of the decorator that does, such as
            ``mcp.tool()``; "" if no decorator does. The one that is applied first is the first.
    """

    statement: Statement
    makes: tuple[tuple[Made, str], ...] = ()


def arranged(parts: Sequence[ModulePart], live: Iterable[Made]) -> tuple[list[ModulePart], list[Made]]:
    """Return the parts so that each kind is registered in the order in which it is listed.

    Args:
        parts: In the order in which they ran.
        live: The definitions in their order, kind by kind.

    Returns:
        The parts, and the definitions that could not be brought into their place.
    """
    found, lost = list(parts), []
    last: dict[tuple[str, str], Made] = {}
    for key in live:
        if _place(found, key) is None:
            continue
        earlier = last.get(key[:2])
        if earlier is not None and not _moved(found, key, earlier):
            lost.append(key)
        else:
            last[key[:2]] = key
    return found, lost


def _place(parts: list[ModulePart], key: Made) -> int | None:
    return next((i for i, part in enumerate(parts) if any(key == made for made, _ in part.makes)), None)


def _moved(parts: list[ModulePart], key: Made, earlier: Made) -> bool:
    """Register `key` after `earlier`; return whether it is now."""
    here, there = _place(parts, key), _place(parts, earlier)
    if here is None or there is None:
        return False
    if here >= there:
        return True
    part, between = parts[here], parts[here + 1 : there + 1]
    if _is_free(part.statement, between):
        parts.insert(there, parts.pop(here))
        return True
    name = getattr(part.statement.node, "name", "")
    sources = {source for _, source in part.makes}
    if "" in sources or any(name in names.of(other.statement.node).binds for other in between):
        return False
    # The function stays where it is needed, and is registered where the list has it.
    bare = undecorated(part.statement, lambda decorator: ast.unparse(decorator) in sources)
    calls = [_near(part.statement, f"{source}({name})", made) for made, source in part.makes]
    parts[here : there + 1] = [ModulePart(bare), *between, *calls]
    return True


def _near(statement: Statement, text: str, made: Made) -> ModulePart:
    return ModulePart(replace(statement, text=text, node=ast.parse(text).body[0]), ((made, ""),))


def _is_free(statement: Statement, between: list[ModulePart]) -> bool:
    """Return whether a statement may run after these, and not ahead of them."""
    own = names.of(statement.node)
    for node in (part.statement.node for part in between):
        other = names.of(node)
        if own.binds & (other.reads | other.binds | other.deletes) or own.reads & (other.binds | other.deletes):
            return False
        if own.binds and not isinstance(node, _DEFINING) and any(isinstance(part, ast.Call) for part in ast.walk(node)):
            return False  # the call may read the name late
    return True
