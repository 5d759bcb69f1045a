"""A walk over code that notes what it does: what the syntax says, one kind of node after the other."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from mcp_notebook.export.closure import known
from mcp_notebook.export.closure.effects.body import Body
from mcp_notebook.export.closure.effects.notes import Notes
from mcp_notebook.export.closure.effects.origins import Origins, given_back
from mcp_notebook.export.closure.names import Names

__all__ = ["eager", "late", "lazily"]

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def eager(node: ast.stmt, names: Names, *, dropped: bool) -> Body:
    """Return what a top-level statement does when it runs; `dropped` says whether nobody sees its value."""
    walk = _Walk(names, into_functions=False, dropped=dropped)
    walk.visit(node)
    return walk.notes.body(())


def late(function: Function, names: Names) -> Body:
    """Return what a function does when it is called; functions inside it are taken to be called too."""
    walk = _Walk(names, into_functions=True)
    arguments = function.args
    ordered = [*arguments.posonlyargs, *arguments.args]
    parameters = [*ordered, *arguments.kwonlyargs, *filter(None, (arguments.vararg, arguments.kwarg))]
    with_default = [*(ordered[len(ordered) - len(arguments.defaults) :]), *arguments.kwonlyargs]
    if isinstance(function, ast.Lambda):
        walk.notes.returns |= walk.origins.of(function.body)
        walk.visit(function.body)
    else:
        for statement in function.body:
            walk.visit(statement)
    body = walk.notes.body(tuple(parameter.arg for parameter in parameters))
    body.defaults = frozenset(parameter.arg for parameter in with_default)
    return body


def lazily(node: ast.GeneratorExp, names: Names) -> Body:
    """Return what a generator expression does while it is read."""
    walk = _Walk(names, into_functions=True)
    walk.visit(node)
    body = walk.notes.body(())
    body.is_generator = True
    return body


class _Walk(ast.NodeVisitor):
    def __init__(self, names: Names, *, into_functions: bool, dropped: bool = True) -> None:
        self.origins = Origins(names, into_functions=into_functions)
        self.notes = Notes(self.origins)
        self._into_functions = into_functions
        self._dropped = dropped
        self._calling = 0
        self._called: set[ast.expr] = set()

    def visit_Assign(self, node: ast.Assign) -> None:
        sources = self.origins.of(node.value)
        for target in node.targets:
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple) and _same_shape(target, node.value):
                for one, value in zip(target.elts, node.value.elts, strict=True):
                    self.notes.assign(one, self.origins.of(value))
            else:
                self.notes.assign(target, sources)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.notes.assign(node.target, self.origins.of(node.value))
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        sources = self.origins.of(node.value)
        target = node.target if isinstance(node.target, ast.Name) else node.target.value
        self.notes.change(self.origins.of(target), sources)
        # What is changed in place stays the same object under its name.
        self.notes.assign(node.target, sources | self.origins.of(node.target))
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.notes.assign(node.target, self.origins.of(node.value))
        self.generic_visit(node)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.notes.assign(node.target, self.origins.of(node.iter))
        self.generic_visit(node)

    visit_AsyncFor = visit_For

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self.notes.assign(node.target, self.origins.of(node.iter))
        self.generic_visit(node)

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            roots = self.origins.of(item.context_expr)
            if not isinstance(item.context_expr, ast.Call):
                self.notes.change(roots)
            if item.optional_vars is not None:
                self.notes.assign(item.optional_vars, roots)
        self.generic_visit(node)

    visit_AsyncWith = visit_With

    def visit_Match(self, node: ast.Match) -> None:
        sources = self.origins.of(node.subject)
        for pattern in ast.walk(node):
            if isinstance(pattern, ast.MatchAs | ast.MatchStar) and pattern.name:
                self.notes.bind(self.origins.of_binding(pattern, pattern.name), sources)
            elif isinstance(pattern, ast.MatchMapping) and pattern.rest:
                self.notes.bind(self.origins.of_binding(pattern, pattern.rest), sources)
        self.generic_visit(node)

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Attribute | ast.Subscript):
                self.notes.change(self.origins.of(target.value))
        self.generic_visit(node)

    def visit_Return(self, node: ast.Return | ast.Yield | ast.YieldFrom) -> None:
        self.notes.returns |= self.origins.of(node.value)
        self.generic_visit(node)

    def visit_Yield(self, node: ast.Yield | ast.YieldFrom) -> None:
        self.notes.yields = self.notes.yields or not self.notes.depth
        self.visit_Return(node)

    visit_YieldFrom = visit_Yield

    def visit_Global(self, node: ast.Global) -> None:
        self.notes.writes |= set(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.notes.nonlocals(node.names)

    # What is called.

    def visit_Expr(self, node: ast.Expr) -> None:
        value = node.value.value if isinstance(node.value, ast.Await) else node.value
        if isinstance(value, ast.Call):
            self.notes.call(value, dropped=self._dropped)
            self._into_call(value)
        else:
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        self.notes.call(node, dropped=False)
        self._into_call(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, ast.Load) and node.attr in known.CHANGING_METHODS and node not in self._called:
            self.notes.change(self.origins.of(node.value))  # ``map(rows.append, more)``: who has the method may call it
        self.generic_visit(node)

    def _into_call(self, node: ast.Call) -> None:
        self._called.add(node.func)
        self._calling += 1
        self.generic_visit(node)
        self._calling -= 1

    # Functions and classes inside.

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._decorated_by(node.decorator_list)
        own = self.origins.of_binding(node, node.name)
        for default in _defaults(node):
            self.notes.bind(own, self.origins.of(default))
            self.visit(default)
        for decorator in node.decorator_list:
            self.notes.bind(own, given_back(self.origins.of(decorator)))
        self.notes.bind(own, self.origins.of_all(_annotations(node.args)))  # where ``Resolve(ask)`` may stand
        if self._into_functions:
            self._inside(node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for default in _defaults(node):
            self.visit(default)
        if self._into_functions or self._calling:  # what is given to a call may be called there
            self._inside([node.body])

    def _inside(self, body: Iterable[ast.AST]) -> None:
        before, self.notes.returns = self.notes.returns, set()
        self.notes.depth += 1
        for child in body:
            self.visit(child)
        self.notes.depth -= 1
        self.notes.returns |= before

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._decorated_by(node.decorator_list)
        own = self.origins.of_binding(node, node.name)
        for part in [*node.bases, *(word.value for word in node.keywords)]:
            roots = self.origins.of(part)
            self.notes.bind(own, given_back(roots))
            self.visit(part)
            self.notes.inherit(roots)
        for statement in node.body:
            if isinstance(statement, ast.Assign | ast.AnnAssign):
                self.notes.bind(own, self.origins.of(statement.value))
            if isinstance(statement, ast.AnnAssign):  # a model makes objects of the classes of its fields
                self.notes.bind(own, self.origins.of(statement.annotation))
            self.visit(statement)

    def _decorated_by(self, decorators: Iterable[ast.expr]) -> None:
        for decorator in decorators:
            self.visit(decorator)
            self.notes.decorate(decorator)


def _defaults(function: Function) -> list[ast.expr]:
    return [*function.args.defaults, *filter(None, function.args.kw_defaults)]


def _annotations(arguments: ast.arguments) -> list[ast.expr | None]:
    return [parameter.annotation for parameter in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]]


def _same_shape(target: ast.Tuple, value: ast.Tuple) -> bool:
    starred = any(isinstance(element, ast.Starred) for element in [*target.elts, *value.elts])
    return len(target.elts) == len(value.elts) and not starred
