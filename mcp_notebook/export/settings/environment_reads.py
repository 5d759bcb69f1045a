"""Find where code reads and sets the variables of its environment."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Read", "mentions", "only_sets", "read", "variables", "written"]

MAPPING = {"os.environ", "environ"}
GETTERS = {"os.environ.get", "environ.get", "os.getenv", "getenv"}
WRITERS = {"setdefault", "pop", "update", "clear"}
SETTERS = {"os.putenv", "putenv", "os.unsetenv", "unsetenv"}
LOADERS = {"load_dotenv", "dotenv.load_dotenv"}

ANY = "os.environ"
"""Variables that the code does not name."""


class Read(NamedTuple):
    """An expression whose value is that of an environment variable.

    Attributes:
        variable: The variable.
        required: Whether it must be set.
        default: The value if it is not set; None for none.
    """

    variable: str
    required: bool = False
    default: ast.expr | None = None


def read(node: ast.AST) -> Read | None:
    """Return what an expression reads, if it is one of the usual ways and names the variable."""
    match node:
        case ast.Subscript(value=mapping, slice=ast.Constant(value=str(name)), ctx=ast.Load()):
            return Read(name, required=True) if ast.unparse(mapping) in MAPPING else None
        case ast.Call(func=getter, args=[ast.Constant(value=str(name)), *rest], keywords=keywords):
            if ast.unparse(getter) not in GETTERS or len(rest) + len(keywords) > 1:
                return None
            default = next(iter([*rest, *(keyword.value for keyword in keywords)]), None)
            return Read(name, default=None if getattr(default, "value", "") is None else default)
    return None


def variables(tree: ast.AST) -> Iterator[str]:
    """Yield the variables that code reads; ``*`` where it does not name them, as in a settings class."""
    named: set[ast.AST] = set()
    for node in ast.walk(tree):  # from the outside in: a read comes before its parts
        if (found := read(node)) is not None:
            named |= set(ast.walk(node))
            yield found.variable
        elif node not in named and (_is_environment(node) or getattr(node, "id", "") == "BaseSettings"):
            yield "*"


def mentions(node: ast.AST) -> bool:
    """Return whether code reads the environment in any way."""
    return any(map(_is_environment, ast.walk(node)))


def written(tree: ast.AST) -> Iterator[str]:
    """Yield the variables that code sets or removes; `ANY` where it does not name them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load) and _is_variable(node):
            yield _named(node.slice)
        elif isinstance(node, ast.AugAssign) and ast.unparse(node.target) in MAPPING:
            yield ANY
        elif isinstance(node, ast.Call):
            yield from _by_call(node)


def only_sets(node: ast.stmt) -> tuple[str, ...]:
    """Return the variables that a statement sets or removes, if it does nothing else; `ANY` for unnamed ones."""
    match node:
        case ast.If() | ast.For() | ast.With() | ast.Try():
            body = [part for field in ("body", "orelse", "finalbody") for part in getattr(node, field, ())]
            found = [only_sets(part) for part in body if not isinstance(part, ast.Pass)]
            return tuple(name for names in found for name in names) if all(found) else ()
        case ast.Assign(targets=targets) | ast.Delete(targets=targets):
            sets = all(map(_is_variable, targets))
        case ast.AugAssign(target=target):
            sets = _is_variable(target) or ast.unparse(target) in MAPPING
        case ast.Expr(value=ast.Call() as call):
            sets = bool(_by_call(call))
        case _:
            sets = False
    return tuple(written(node)) if sets else ()


def _by_call(node: ast.Call) -> tuple[str, ...]:
    """Return the variables that a call sets or removes."""
    called = ast.unparse(node.func)
    owner, _, method = called.rpartition(".")
    if called in LOADERS:
        return (ANY,)
    if owner in MAPPING and method == "update":
        keys = [key for arg in node.args if isinstance(arg, ast.Dict) for key in arg.keys]
        return (*map(_named, keys), *(word.arg or ANY for word in node.keywords)) or (ANY,)
    sets = called in SETTERS or method in ("setenv", "delenv") or (owner in MAPPING and method in WRITERS)
    return (_named(node.args[0] if node.args else None),) if sets else ()


def _is_environment(node: ast.AST) -> bool:
    """Return whether a node is the environment, or the function that reads it."""
    return isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) in MAPPING | {"os.getenv", "getenv"}


def _is_variable(node: ast.expr) -> bool:
    return isinstance(node, ast.Subscript) and ast.unparse(node.value) in MAPPING


def _named(node: ast.expr | None) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ANY
