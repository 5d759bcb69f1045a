"""The order of the statements: as they ran, and registrations in the order in which the live server lists them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mcp_notebook.export.module.edits import undecorated
from mcp_notebook.slicing import names
from mcp_notebook.slicing.statements import Statement

__all__ = ["Made", "Part", "arranged"]

Made = tuple[str, str, str]
"""A definition: the variable of its server, its kind, and its name."""


@dataclass(frozen=True)
class Part:
    """A statement of the module.

    Attributes:
        statement: The statement.
        makes: The definitions that it registers.
        registering: The source of each decorator that registers, such as ``mcp.tool()``, the one that is applied
            first at the end; empty where it registers in another way.
    """

    statement: Statement
    makes: tuple[Made, ...] = ()
    registering: tuple[str, ...] = ()


def arranged(parts: Sequence[Part], live: Iterable[Made]) -> tuple[list[Part], list[Made]]:
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


def _place(parts: list[Part], key: Made) -> int | None:
    return next((i for i, part in enumerate(parts) if key in part.makes), None)


def _moved(parts: list[Part], key: Made, earlier: Made) -> bool:
    """Have `key` registered after `earlier`; return whether it is now."""
    here, there = _place(parts, key), _place(parts, earlier)
    if here is None or there is None:
        return False
    if here > there or parts[here] is parts[there]:
        return True
    part, between = parts[here], parts[here + 1 : there + 1]
    if _is_free(part.statement, between):
        parts.insert(there, parts.pop(here))
        return True
    name = getattr(part.statement.node, "name", "")
    if len(part.registering) != len(part.makes) or any(
        name in names.of(other.statement.node).binds for other in between
    ):
        return False
    # The function stays where it is needed, and is registered where the list has it.
    parts[here : there + 1] = [_bare(part), *between, *_calls(part, name)]
    return True


def _is_free(statement: Statement, between: list[Part]) -> bool:
    """Whether a statement may run after these instead of before them."""
    own = names.of(statement.node)
    for node in (part.statement.node for part in between):
        other = names.of(node)
        if own.binds & (other.reads | other.binds | other.deletes) or own.reads & (other.binds | other.deletes):
            return False
        if own.binds and not isinstance(node, _DEFINING) and any(isinstance(part, ast.Call) for part in ast.walk(node)):
            return False  # what it calls may read the name late
    return True


_DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def _bare(part: Part) -> Part:
    wanted = set(part.registering)
    return Part(undecorated(part.statement, lambda decorator: ast.unparse(decorator) in wanted))


def _calls(part: Part, name: str) -> list[Part]:
    calls = [(key, f"{call}({name})") for key, call in zip(part.makes, reversed(part.registering), strict=True)]
    return [Part(_at(part.statement, text), (key,)) for key, text in calls]


def _at(near: Statement, text: str) -> Statement:
    return replace(near, text=text, node=ast.parse(text).body[0])
