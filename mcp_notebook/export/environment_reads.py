"""Where a module reads and writes the variables of its environment."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Read", "read", "written"]

MAPPING = {"os.environ", "environ"}
GETTERS = {"os.environ.get", "environ.get", "os.getenv", "getenv"}
WRITERS = {"setdefault", "pop", "update", "clear", "putenv", "unsetenv"}


class Read(NamedTuple):
    """An expression whose value is that of an environment variable.

    Attributes:
        variable: The variable.
        required: Whether it must be there.
        default: What it is where the variable is not there; None for none.
    """

    variable: str
    required: bool = False
    default: ast.expr | None = None


def read(node: ast.AST) -> Read | None:
    """Return what an expression reads, where it is one of the usual ways with the name of the variable in it."""
    match node:
        case ast.Subscript(value=mapping, slice=ast.Constant(value=str(name)), ctx=ast.Load()):
            return Read(name, required=True) if ast.unparse(mapping) in MAPPING else None
        case ast.Call(func=getter, args=[ast.Constant(value=str(name)), *rest], keywords=keywords):
            if ast.unparse(getter) not in GETTERS or len(rest) + len(keywords) > 1:
                return None
            default = next(iter([*rest, *(keyword.value for keyword in keywords)]), None)
            return Read(name, default=None if _is_none(default) else default)
    return None


def written(tree: ast.AST) -> Iterator[str]:
    """Yield the variables that a module sets or removes; ``*`` where it does not say which."""
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(value=mapping, slice=key, ctx=ast.Store() | ast.Del()) if (
                ast.unparse(mapping) in MAPPING
            ):
                yield str(key.value) if isinstance(key, ast.Constant) else "*"
            case ast.Call(func=ast.Attribute(value=owner, attr=attr), args=args) if attr in WRITERS and ast.unparse(
                owner
            ) in MAPPING | {"os"}:
                yield str(args[0].value) if args and isinstance(args[0], ast.Constant) else "*"


def _is_none(node: ast.expr | None) -> bool:
    return node is None or (isinstance(node, ast.Constant) and node.value is None)
