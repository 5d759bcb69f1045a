"""Find the statements of a module that make an `MCPServer`, and an expression for it in a notebook."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

__all__ = ["MadeServer", "made_servers", "why_none"]

CLASSES = ("MCPServer", "NotebookServer")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class MadeServer:
    """A server that the statements make.

    Attributes:
        variable: Its variable in the notebook.
        index: The index of the statement that makes it; None if no statement does.
        cell: The code that binds it to that variable, such as ``mcp = create()``; "" if none is needed.
    """

    variable: str
    index: int | None
    cell: str = ""


@dataclass
class _Known:
    """The facts learned from the statements, by name."""

    classes: set[str] = field(default_factory=lambda: set(CLASSES))
    makers: dict[str, Function | None] = field(default_factory=dict)
    setters: dict[str, set[str]] = field(default_factory=dict)
    """Functions that bind servers to global variables."""
    attributes: dict[str, set[str]] = field(default_factory=dict)
    """Classes whose instances have servers in attributes."""
    calls: dict[str, ast.expr] = field(default_factory=dict)
    """The calls whose values were assigned to variables."""

    def is_class(self, node: ast.expr) -> bool:
        node = node.value if isinstance(node, ast.Subscript) else node
        name = ast.unparse(node)
        return name in self.classes or name.rpartition(".")[2] in CLASSES

    def makes(self, node: ast.expr | None) -> bool:
        """Return whether the value of an expression is a new server."""
        match node:
            case ast.Await() | ast.NamedExpr():
                return self.makes(node.value)
            case ast.IfExp():
                return self.makes(node.body) or self.makes(node.orelse)
            case ast.BoolOp():
                return any(map(self.makes, node.values))
            case ast.Call():
                return self.is_class(node.func) or ast.unparse(node.func).rpartition(".")[2] in self.makers
        return False

    def contains(self, node: ast.AST) -> bool:
        return any(isinstance(each, ast.Call) and self.makes(each) for each in ast.walk(node))


def made_servers(nodes: Sequence[ast.stmt], guards: Iterable[ast.If] = ()) -> list[MadeServer]:
    """Return the servers that statements make, in order, those bound to variables first.

    Args:
        nodes: The top-level statements.
        guards: The ``if __name__ == "__main__"`` statements, which may call a function that makes the server.
    """
    known = _learned(nodes)
    # If several statements bind a variable, the last counts.
    bound = {expression: index for index, node in enumerate(nodes) for expression in _bound(node, known)}
    found = [_reached(expression, index) for expression, index in bound.items()]
    return sorted(found, key=lambda made: bool(made.cell)) or list(_uncalled(known, guards))


def _reached(expression: str, index: int) -> MadeServer:
    if expression.isidentifier():
        return MadeServer(expression, index)
    variable = expression.lower().replace(".", "_")
    return MadeServer(variable, index, f"{variable} = {expression}")


def why_none(nodes: Sequence[ast.stmt], guards: Iterable[ast.If] = ()) -> str | None:
    """Explain where a server is made that a notebook cannot reach, with a fix; return None if none is made."""
    known = _learned(nodes)
    for maker, function in known.makers.items():
        if function is not None and (needed := _required(function)):
            return (
                f"line {function.lineno}: {maker}() makes the server and requires {', '.join(needed)}. Call it at the "
                f"top level: mcp = {maker}({needed[0]}=...)."
            )
    for guard in guards:
        if known.contains(guard):
            return (
                f"line {guard.lineno}: the server is made under if __name__ == '__main__', which is left out. Make it "
                "before that line."
            )
    for node in nodes:
        if known.contains(node):
            if isinstance(node, Function):
                return (
                    f"line {node.lineno}: {node.name}() makes a server but does not return it. Return the server, and "
                    f"call the function at the top level: mcp = {node.name}()."
                )
            return f"line {node.lineno}: the server is not assigned to a variable. Write mcp = MCPServer(...)."
    return None


def _learned(nodes: Sequence[ast.stmt]) -> _Known:
    known = _Known()
    for node in nodes:
        for each in ast.walk(node):
            if isinstance(each, ast.ImportFrom):
                known.classes |= {a.asname for a in each.names if a.asname and a.name in CLASSES}
    size = -1
    while size != (size := len(known.classes) + len(known.makers)):  # a function may use one that is defined later
        for node in nodes:
            _learn(node, known)
    for node in nodes:
        if isinstance(node, Function):
            known.setters[node.name] = {
                name
                for name in _declared_global(node)
                if any(name in names for names, value in _assignments(node) if known.makes(value))
            }
    return known


def _learn(node: ast.stmt, known: _Known) -> None:
    if isinstance(node, ast.ClassDef):
        if any(map(known.is_class, node.bases)):
            known.classes.add(node.name)
        attributes = known.attributes.setdefault(node.name, set())
        for method in node.body:
            if isinstance(method, Function):
                if _returns_a_server(method, known):
                    known.makers.setdefault(method.name, None)
                attributes |= {
                    name.removeprefix("self.")
                    for names, value in _assignments(method)
                    if known.makes(value)
                    for name in names
                    if name.startswith("self.")
                }
    elif isinstance(node, Function):
        if _returns_a_server(node, known):
            known.makers[node.name] = node
    else:
        for names, value in _assignments(node):
            made = value.body if isinstance(value, ast.Lambda) else None
            partial = isinstance(value, ast.Call) and ast.unparse(value.func).endswith("partial") and value.args
            if known.makes(made) or (partial and known.is_class(partial[0])):
                known.makers.update(dict.fromkeys(names))


def _returns_a_server(function: Function, known: _Known) -> bool:
    """Return whether a function makes a server and returns it."""
    if not known.contains(function):
        return False
    hint = function.returns
    if hint is not None and known.is_class(hint):
        return True
    made = {name for names, value in _assignments(function) if known.makes(value) for name in names}
    returned = [each.value for each in _own(function) if isinstance(each, ast.Return | ast.Yield)]
    return any(known.makes(value) or (value is not None and ast.unparse(value) in made) for value in returned)


def _bound(node: ast.stmt, known: _Known) -> Iterator[str]:
    """Yield the expressions for servers that a statement makes when it runs."""
    if isinstance(node, Function):
        return
    if isinstance(node, ast.ClassDef):
        for part in node.body:
            yield from (f"{node.name}.{name}" for name in _bound(part, known))
        return
    for names, value in _assignments(node):
        if known.makes(value):
            yield from (name for name in names if name.isidentifier())
        elif isinstance(value, ast.Call):
            attributes = known.attributes.get(ast.unparse(value.func), set())
            yield from (f"{name}.{attribute}" for name in names for attribute in sorted(attributes))
    for each in _own(node):
        if isinstance(each, ast.Call):
            yield from sorted(known.setters.get(ast.unparse(each.func), ()))


def _uncalled(known: _Known, guards: Iterable[ast.If]) -> Iterator[MadeServer]:
    """Yield servers made by functions that are called only under ``__main__``, or not at all."""
    functions = {name: function for name, function in known.makers.items() if function is not None}
    for guard in guards:
        for names, value in _assignments(guard):
            if isinstance(value, ast.Call) and known.makes(value) and not known.is_class(value.func):
                yield MadeServer(names[0], None, f"{names[0]} = {ast.unparse(value)}")
                return
    for name, function in reversed(functions.items()):
        if not _required(function):
            call = f"{'await ' if isinstance(function, ast.AsyncFunctionDef) else ''}{name}()"
            yield MadeServer("mcp", None, f"mcp = {call}")
            return
    for guard in guards:
        for setter in (ast.unparse(each.func) for each in ast.walk(guard) if isinstance(each, ast.Call)):
            for name in sorted(known.setters.get(setter, ())):
                yield MadeServer(name, None, f"{setter}()")
                return


def _required(function: Function) -> list[str]:
    """Return the parameters without defaults."""
    of = function.args
    positional = [*of.posonlyargs, *of.args]
    named = [arg for arg, default in zip(of.kwonlyargs, of.kw_defaults, strict=True) if default is None]
    return [arg.arg for arg in (*positional[: len(positional) - len(of.defaults)], *named)]


def _declared_global(function: Function) -> set[str]:
    return {name for each in _own(function) if isinstance(each, ast.Global) for name in each.names}


def _assignments(node: ast.AST) -> Iterator[tuple[list[str], ast.expr]]:
    """Yield the targets that a statement binds when it runs, with their values."""
    for each in (node, *_own(node)):
        match each:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                        yield from (([ast.unparse(t)], v) for t, v in zip(target.elts, value.elts, strict=False))
                    else:
                        yield [ast.unparse(target)], value
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield [ast.unparse(target)], value
            case ast.NamedExpr(target=target, value=value):
                yield [target.id], value
            case ast.withitem(context_expr=value, optional_vars=ast.Name(id=name)):
                yield [name], value


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a statement, but not those inside functions and classes in it."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, Function | ast.ClassDef | ast.Lambda):
            yield from _own(child)
