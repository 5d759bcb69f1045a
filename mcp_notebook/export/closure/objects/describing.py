"""What kind of object a statement binds to a name, as far as its text shows."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mcp_notebook.export.closure import effects, known
from mcp_notebook.export.closure.effects import Body
from mcp_notebook.export.closure.names import Names
from mcp_notebook.export.closure.objects.objects import Object, Objects

__all__ = ["describe"]


def describe(made: Object, node: ast.stmt, names: Names, objects: Objects) -> None:
    """Note what kind of object `made` is, from the statement that binds it."""
    _describe(made, node, names, objects)
    objects.sort(made)


def _describe(made: Object, node: ast.stmt, names: Names, objects: Objects) -> None:
    if isinstance(node, ast.Import | ast.ImportFrom):
        _imported(made, node, objects)
        return
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == made.name:
        made.is_function = True
        made.functions = {node.name: effects.late(node, names)}
        made.has_state = any(_last_name(mark) in known.REMEMBERING for mark in node.decorator_list)
        return
    if isinstance(node, ast.ClassDef) and node.name == made.name:
        made.is_class = True
        made.makes_classes = any(ast.unparse(base).endswith(("type", "Meta")) for base in node.bases)
        made.has_state = _has_state(node)
        made.functions = dict(_methods(node, names))
        return
    for number, part in enumerate(ast.walk(node)):
        if isinstance(part, ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef):
            made.functions[f"{number}"] = effects.late(part, names)
        elif isinstance(part, ast.GeneratorExp):
            made.functions[f"{number}"] = effects.lazily(part, names)
        elif isinstance(part, ast.ClassDef):
            made.functions |= dict(_methods(part, names))
        elif isinstance(part, ast.Import | ast.ImportFrom):
            _imported(made, part, objects)
    called = {part.func for part in ast.walk(node) if isinstance(part, ast.Call)}
    loaded = (part for part in ast.walk(node) if isinstance(part, ast.Attribute) and part not in called)
    made.methods = {part.attr for part in loaded if isinstance(part.ctx, ast.Load)}
    value = getattr(node, "value", None)
    made.is_function = isinstance(value, ast.Lambda)
    if isinstance(node, ast.AugAssign):
        made.is_constant = _constant(node.target, made.index, objects) and _constant(value, made.index, objects)
    else:
        made.is_constant = isinstance(node, ast.Assign | ast.AnnAssign) and _constant(value, made.index, objects)
        starred = (part.value for part in ast.walk(node) if isinstance(part, ast.Starred))
        made.is_constant &= all(getattr(part, "id", "") != made.name for part in starred)  # which makes a list
    made.is_used_up = isinstance(value, ast.GeneratorExp) or (
        isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in known.ONE_SHOT
    )


def _imported(made: Object, node: ast.Import | ast.ImportFrom, objects: Objects) -> None:
    for alias in node.names:
        if alias.name == "*" or made.name in (alias.asname, alias.name, alias.name.split(".")[0]):
            made.is_module = True
            module = node.module if isinstance(node, ast.ImportFrom) else alias.name
            objects.hold(1 << made.number, (1 << objects.module(module or "").number, 0), made.index)


def _constant(value: ast.AST | None, now: int, objects: Objects) -> bool:
    """Whether a value is a number, a string, a path or the like, made of nothing else."""
    if isinstance(value, ast.Name):
        found = objects.reaching(value.id, now)
        return bool(found) and all(one.is_constant for one in found)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return value.func.id in known.CONSTANT
    if isinstance(value, ast.Call):
        return _constant(value.func, now, objects) or ast.unparse(value.func).startswith(("os.environ", "os.getenv"))
    if isinstance(value, ast.Attribute):
        return _constant(value.value, now, objects)
    if isinstance(value, ast.BinOp | ast.UnaryOp | ast.Tuple):
        return all(_constant(part, now, objects) for part in ast.iter_child_nodes(value) if isinstance(part, ast.expr))
    return isinstance(value, ast.Constant | ast.JoinedStr | ast.Compare)


def _methods(node: ast.ClassDef, names: Names) -> Iterator[tuple[str, Body]]:
    for part in node.body:
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
            body = effects.late(part, names)
            marks = set(map(_last_name, part.decorator_list))
            if "staticmethod" in marks:
                body.parameters = ("", *body.parameters)
            body.of_class = "classmethod" in marks or part.name in {"__new__", "__init_subclass__"}
            body.is_implicit = bool(marks & {"property", "cached_property", "setter"}) or (
                part.name.startswith("__") and part.name not in _OF_A_CONSTRUCTOR
            )
            yield part.name, body


def _last_name(decorator: ast.expr) -> str:
    """Return what a decorator is called, without the module that it is of and what it is given."""
    return ast.unparse(decorator).split("(")[0].split(".")[-1]


_OF_A_CONSTRUCTOR = {"__init__", "__new__", "__post_init__", "__init_subclass__", "__call__", "__set_name__"}


def _has_state(node: ast.ClassDef) -> bool:
    """Whether an object may change its class: by an attribute that is no constant, or by naming the class."""
    for part in node.body:
        # The typed attributes of a data class or model are fields: each object has its own.
        is_field = isinstance(part, ast.AnnAssign) and (node.bases or node.decorator_list)
        if isinstance(part, ast.Assign | ast.AnnAssign) and not is_field and not isinstance(part.value, ast.Constant):
            return True
    return any(getattr(part, "attr", getattr(part, "id", "")) in {"__class__", "type"} for part in ast.walk(node))
