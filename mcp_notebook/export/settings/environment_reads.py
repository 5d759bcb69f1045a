"""Where a module reads and writes the variables of its environment."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Read", "mentions", "only_sets", "read", "variables", "written"]

MAPPING = {"os.environ", "environ"}
GETTERS = {"os.environ.get", "environ.get", "os.getenv", "getenv"}
WRITERS = {"setdefault", "pop", "update", "clear", "putenv", "unsetenv"}
LOADERS = {"load_dotenv", "dotenv.load_dotenv"}


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


def variables(tree: ast.AST) -> Iterator[str]:
    """Yield the variables that code reads; ``*`` where it does not say which, as a settings class does not."""
    named: set[ast.AST] = set()
    for node in ast.walk(tree):  # from the outside in, so that what a read names is known before its parts are seen
        if (found := read(node)) is not None:
            named |= set(ast.walk(node))
            yield found.variable
        elif node not in named and (_is_environment(node) or getattr(node, "id", "") == "BaseSettings"):
            yield "*"


def _is_environment(node: ast.AST) -> bool:
    """Whether a node is the environment, or the function that reads it."""
    return isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) in MAPPING | {"os.getenv", "getenv"}


def mentions(node: ast.AST) -> bool:
    """Whether code reads the environment, whatever way."""
    return any(map(_is_environment, ast.walk(node)))


def only_sets(node: ast.stmt) -> tuple[str, ...]:
    """Return the variables of the environment that a statement sets or removes, if it does nothing else.

    ``os.environ`` stands for those that the statement does not name.
    """
    if isinstance(node, ast.If | ast.For | ast.With | ast.Try):
        body = [part for field in ("body", "orelse", "finalbody") for part in getattr(node, field, ())]
        found = [only_sets(part) for part in body if not isinstance(part, ast.Pass)]
        return tuple(name for names in found for name in names) if all(found) else ()
    match node:
        case ast.Assign(targets=targets) if all(map(_is_variable, targets)):
            return tuple(_text(target.slice) for target in targets if isinstance(target, ast.Subscript))
        case ast.Delete(targets=targets) if all(map(_is_variable, targets)):
            return tuple(_text(target.slice) for target in targets if isinstance(target, ast.Subscript))
        case ast.AugAssign(target=target) if _is_variable(target) or ast.unparse(target) in MAPPING:
            return (_text(getattr(target, "slice", None)),)
        case ast.Expr(value=ast.Call(func=function, args=args, keywords=keywords)):
            return _set_by_call(function, args, keywords)
    return ()


def _set_by_call(function: ast.expr, args: list[ast.expr], keywords: list[ast.keyword]) -> tuple[str, ...]:
    owner, _, method = ast.unparse(function).rpartition(".")
    if ast.unparse(function) in LOADERS:
        return ("os.environ",)
    if method in {"setenv", "delenv"} or (method in {"putenv", "unsetenv"} and owner in {"os", ""}):
        return (_text(args[0] if args else None),)
    if owner not in MAPPING or method not in WRITERS:
        return ()
    if method == "update":
        keys = [key for arg in args if isinstance(arg, ast.Dict) for key in arg.keys]
        return (*map(_text, keys), *(word.arg or "os.environ" for word in keywords)) or ("os.environ",)
    return (_text(args[0] if args else None),)


def _is_variable(node: ast.expr) -> bool:
    return isinstance(node, ast.Subscript) and ast.unparse(node.value) in MAPPING


def _text(node: ast.expr | None) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else "os.environ"


def _is_none(node: ast.expr | None) -> bool:
    return node is None or (isinstance(node, ast.Constant) and node.value is None)
