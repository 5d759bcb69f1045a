"""The order of the statements: as they ran, and registrations in the order in which the live server lists them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mcp_notebook.export import names
from mcp_notebook.export.edits import undecorated
from mcp_notebook.export.registrations import Key
from mcp_notebook.export.statements import Statement

__all__ = ["Part", "arranged", "before"]


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
    makes: tuple[Key, ...] = ()
    registering: tuple[str, ...] = ()


def arranged(parts: Sequence[Part], live: Iterable[Key], servers: frozenset[str]) -> tuple[list[Part], list[Key]]:
    """Return the parts so that each kind is registered in the order in which it is listed.

    Args:
        parts: In the order in which they ran.
        live: The definitions in their order, kind by kind.
        servers: The variables that hold servers: registering on one changes it, and that is the point.

    Returns:
        The parts, and the definitions that could not be brought into their place.
    """
    found, lost = list(parts), []
    last: dict[str, Key] = {}
    for key in live:
        if _place(found, key) is None:
            continue
        earlier = last.get(key[0])
        if earlier is not None and not _moved(found, key, earlier, servers):
            lost.append(key)
        else:
            last[key[0]] = key
    return found, lost


def _place(parts: list[Part], key: Key) -> int | None:
    return next((i for i, part in enumerate(parts) if key in part.makes), None)


def _moved(parts: list[Part], key: Key, earlier: Key, servers: frozenset[str]) -> bool:
    """Have `key` registered after `earlier`; return whether it is now."""
    here, there = _place(parts, key), _place(parts, earlier)
    assert here is not None and there is not None
    if here > there or parts[here] is parts[there]:
        return True
    part, between = parts[here], parts[here + 1 : there + 1]
    if _is_free(part.statement, between, servers):
        parts.insert(there, parts.pop(here))
        return True
    name = getattr(part.statement.node, "name", "")
    if not part.registering or any(name in names.of(other.statement.node).binds for other in between):
        return False
    # The function stays where it is needed, and is registered where the list has it.
    parts[here : there + 1] = [_bare(part), *between, *_calls(part, name)]
    return True


def _is_free(statement: Statement, between: list[Part], servers: frozenset[str]) -> bool:
    """Whether a statement may run after these instead of before them."""
    own = names.of(statement.node)
    for other in (names.of(part.statement.node) for part in between):
        if own.binds & (other.reads | other.binds | other.deletes) or own.reads & (other.binds | other.deletes):
            return False
        if own.reads & other.changes - servers or own.changes & other.reads - servers:
            return False
    # A call may run a function that reads the name late.
    return not any(own.binds & names.of(part.statement.node).late or _calls_something(part) for part in between) or all(
        isinstance(part.statement.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Import | ast.ImportFrom)
        for part in between
    )


def _calls_something(part: Part) -> bool:
    return any(isinstance(node, ast.Call) for node in ast.walk(part.statement.node))


def _bare(part: Part) -> Part:
    wanted = set(part.registering)
    return Part(undecorated(part.statement, lambda decorator: ast.unparse(decorator) in wanted))


def _calls(part: Part, name: str) -> list[Part]:
    calls = [(key, f"{call}({name})") for key, call in zip(part.makes, reversed(part.registering), strict=True)]
    return [Part(_at(part.statement, text), (key,)) for key, text in calls]


def _at(near: Statement, text: str) -> Statement:
    return replace(near, text=text, node=ast.parse(text).body[0])


def before(parts: Sequence[Part], part: Part) -> list[Part]:
    """Put a part before all others."""
    return [part, *parts]
