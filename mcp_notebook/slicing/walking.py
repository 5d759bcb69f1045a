"""Walks over code and notes what it does with names, one kind of node after the other."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable

from mcp_notebook.slicing import known
from mcp_notebook.slicing.names import Names
from mcp_notebook.slicing.nodes import is_type, name_of, parameters_of
from mcp_notebook.slicing.uses import Call, Uses

__all__ = ["uses_of"]

Definition = ast.FunctionDef | ast.AsyncFunctionDef


def uses_of(parts: Iterable[ast.AST], names: Names, *, inside: bool, dropped: bool = True) -> Uses:
    """Return what code does; of a function that is an expression, the parts are what it gives back.

    Args:
        parts: The statements, or the expression.
        names: Of the statement that they are in.
        inside: Whether they are in a function, so that other functions in it may be called too.
        dropped: Whether the value of an expression is not shown.
    """
    walk = _Walk(names, inside=inside, dropped=dropped)
    for part in parts:
        walk.visit(part)
        walk.uses.returns |= walk.roots(part) if isinstance(part, ast.expr) else set()
    return walk.uses


class _Walk(ast.NodeVisitor):
    def __init__(self, names: Names, *, inside: bool, dropped: bool = True) -> None:
        self.uses = Uses()
        self._names = names
        self._inside = inside
        self._dropped = dropped
        self._depth = 0
        self._calling = 0
        self._called: set[ast.AST] = set()

    # Where values come from.

    def roots(self, node: ast.AST | None) -> set[str]:  # noqa: PLR0911 - a table would hide the recursion
        """Return the roots of what an expression may be, be part of, or hold."""
        match node:
            case None | ast.Constant() | ast.JoinedStr() | ast.Compare() | ast.Lambda():
                return set()
            case ast.Name():
                return {self._root(node, node.id)}
            case ast.Attribute() | ast.Starred() | ast.Await() | ast.YieldFrom():
                return self.roots(node.value)
            case ast.Subscript():
                return self.roots(node.value) | (self.roots(node.slice) if is_type(node.value) else set())
            case ast.IfExp():
                return self.roots(node.body) | self.roots(node.orelse)
            case ast.Call():
                return self._given_back(node)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                return self.roots(node.elt)
        return self._all(ast.iter_child_nodes(node))

    def _all(self, nodes: Iterable[ast.AST | None]) -> set[str]:
        return set().union(*map(self.roots, nodes))

    def _given_back(self, node: ast.Call) -> set[str]:
        name = name_of(node)
        if name in (known.FRESH_METHODS if isinstance(node.func, ast.Attribute) else known.FRESH):
            return set()
        on = self.roots(node.func)
        back = {root if root.startswith("()") else f"(){root}" for root in on}
        return self._arguments(node) | back | (on if isinstance(node.func, ast.Attribute) else set())

    def _arguments(self, node: ast.Call) -> set[str]:
        return self._all([*node.args, *(word.value for word in node.keywords)])

    def _root(self, node: ast.AST, name: str) -> str:
        of_notebook = node in self._names.nodes or (self._inside and name in self._names.globals)
        return name if of_notebook else f".{name}"

    # What is assigned and changed.

    def _tie(self, holders: Collection[str], held: Collection[str]) -> None:
        if holders and held:
            self.uses.ties.append((frozenset(holders), frozenset(held)))

    def _change(self, roots: set[str], put_in: Collection[str] = ()) -> None:
        self.uses.changes |= roots
        self.uses.inner |= roots if self._depth else set()
        self._tie(roots, put_in)

    def _assign(self, target: ast.AST, sources: set[str]) -> None:
        if isinstance(target, ast.Name):
            self._tie({f"={self._root(target, target.id)}"}, sources)
        elif isinstance(target, ast.Attribute | ast.Subscript):
            self._change(self.roots(target.value), sources)
        elif isinstance(target, ast.Starred):
            self._assign(target.value, sources)
        else:
            elements = getattr(target, "elts", ())
            bound = {self._root(one, one.id) for one in elements if isinstance(one, ast.Name)}
            self.uses.iterates |= sources
            for element in elements:  # two functions that were made together may share what they keep
                self._assign(element, sources | bound)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            pairs = [*zip(getattr(target, "elts", ()), getattr(node.value, "elts", ()), strict=False)]
            starred = any(isinstance(part, ast.Starred) for pair in pairs for part in pair)
            if pairs and not starred and len(pairs) == len(node.value.elts):  # type: ignore[attr-defined]
                for one, value in pairs:
                    self._assign(one, self.roots(value))
            else:
                self._assign(target, self.roots(node.value))
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign | ast.NamedExpr) -> None:
        if node.value is not None:
            self._assign(node.target, self.roots(node.value))
        self.generic_visit(node)

    visit_NamedExpr = visit_AnnAssign

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        held = self.roots(node.value)
        target = node.target if isinstance(node.target, ast.Name) else node.target.value
        self._change(self.roots(target), held)
        if isinstance(target, ast.Name):  # what is changed in place stays the same value under its name
            self._assign(target, held | self.roots(target))
        self.generic_visit(node)

    def visit_For(self, node: ast.For | ast.AsyncFor | ast.comprehension) -> None:
        self.uses.iterates |= self.roots(node.iter)
        self._assign(node.target, self.roots(node.iter))
        self.generic_visit(node)

    visit_AsyncFor = visit_comprehension = visit_For

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if isinstance(node.ctx, ast.Load):
            self.uses.items |= self.roots(node.value)
        self.generic_visit(node)

    def visit_Starred(self, node: ast.Starred) -> None:
        self.uses.iterates |= self.roots(node.value)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        if any(isinstance(operator, ast.In | ast.NotIn) for operator in node.ops):
            self.uses.iterates |= self._all(node.comparators)
        self.generic_visit(node)

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            roots = self.roots(item.context_expr)
            if not isinstance(item.context_expr, ast.Call):
                self._change(roots)
            if item.optional_vars is not None:
                self._assign(item.optional_vars, roots)
        self.generic_visit(node)

    visit_AsyncWith = visit_With

    def visit_Match(self, node: ast.Match) -> None:
        for part in ast.walk(node):
            name = getattr(part, "name", None) or getattr(part, "rest", None)
            if name and isinstance(part, ast.MatchAs | ast.MatchStar | ast.MatchMapping):
                self._tie({f"={self._root(part, name)}"}, self.roots(node.subject))
        self.generic_visit(node)

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Attribute | ast.Subscript):
                self._change(self.roots(target.value))
        self.generic_visit(node)

    def visit_Return(self, node: ast.Return | ast.Yield | ast.YieldFrom) -> None:
        self.uses.yields |= not isinstance(node, ast.Return) and not self._depth
        self.uses.returns |= self.roots(node.value)
        self.generic_visit(node)

    visit_Yield = visit_YieldFrom = visit_Return

    def visit_Global(self, node: ast.Global) -> None:
        self.uses.writes |= set(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.uses.inner |= {f".{name}" for name in node.names}

    # What is called.

    def visit_Expr(self, node: ast.Expr) -> None:
        value = node.value.value if isinstance(node.value, ast.Await) else node.value
        if isinstance(value, ast.BinOp) and isinstance(value.op, ast.LShift | ast.RShift):
            self._change(self.roots(value))  # ``first >> second`` is written for what it does
        if isinstance(value, ast.Call):
            self._call(value, dropped=self._dropped)
        else:
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        self._call(node, dropped=False)

    def _call(self, node: ast.Call, *, dropped: bool) -> None:
        name, is_method = name_of(node.func), isinstance(node.func, ast.Attribute)
        on = self.roots(node.func.value if isinstance(node.func, ast.Attribute) else node.func)
        given = self._arguments(node)
        told = {
            word.arg for word in node.keywords if not (isinstance(word.value, ast.Constant) and not word.value.value)
        }
        call = Call(
            name, frozenset(on), is_method, frozenset(given), dropped,
            in_place=bool(told & known.IN_PLACE), is_empty=not node.args,
        )  # fmt: skip
        self.uses.calls.append(call)
        for word in node.keywords:
            if word.arg in known.WRITTEN_TO and name_of(word.value) not in {"stderr", "stdout"}:
                self._change(self.roots(word.value))
        if name == "dump" and len(node.args) > 1:
            self._change(self.roots(node.args[1]))
        owner = name_of(node.func.value) if isinstance(node.func, ast.Attribute) else ""
        if owner in known.BUILT_IN_TYPES and name in known.CHANGING_METHODS and node.args:
            self._change(self.roots(node.args[0]), self._all(node.args[1:]))
        if name in known.CONSUMING and not is_method:
            self.uses.iterates |= given
        if is_method and name in {"extend", "update", "join", "writelines", "fromkeys"}:
            self.uses.iterates |= given
        if self._depth and (name in known.CHANGING_METHODS or name in known.CHANGING_FUNCTIONS):
            self.uses.inner |= on | given
        self._called.add(node.func)
        self._calling += 1
        self.generic_visit(node)
        self._calling -= 1

    def visit_Attribute(self, node: ast.Attribute) -> None:
        # ``map(rows.append, more)``: what is given the method may call it.
        if isinstance(node.ctx, ast.Load) and node.attr in known.CHANGING_METHODS and node not in self._called:
            self._change(self.roots(node.value))
        self.generic_visit(node)

    # Functions and classes.

    def visit_FunctionDef(self, node: Definition) -> None:
        own = self._root(node, node.name)
        defaults = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        # An annotation may hold a function, as ``Resolve(ask)`` does.
        held = self._all([*defaults, *(argument.annotation for argument in parameters_of(node))])
        self._tie({f"={own}"}, held)
        for default in defaults:
            self.visit(default)
        self._decorated(own, node.decorator_list)
        if self._inside:
            self._into(node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(default)
        if self._inside or self._calling:  # a call may call what it is given
            self._into([node.body])

    def _into(self, body: Iterable[ast.AST]) -> None:
        before, self.uses.returns = self.uses.returns, set()
        self.uses.has_code = True
        self._depth += 1
        for part in body:
            self.visit(part)
        self._depth -= 1
        self.uses.returns |= before

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        own = self._root(node, node.name)
        self._decorated(own, node.decorator_list)
        for part in [*node.bases, *(word.value for word in node.keywords)]:
            roots = self.roots(part)
            self._tie({f"={own}"}, roots | {f"(){root}" for root in roots if root[0] != "("})
            self.visit(part)
            self.uses.calls.append(Call("__init_subclass__", frozenset(roots), True, frozenset({own})))
        for statement in node.body:
            if isinstance(statement, ast.Assign | ast.AnnAssign):
                self._tie({f"={own}"}, self._all([statement.value, getattr(statement, "annotation", None)]))
            self.visit(statement)

    def _decorated(self, own: str, decorators: Iterable[ast.expr]) -> None:
        for decorator in decorators:
            self.visit(decorator)
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            is_method = isinstance(called, ast.Attribute)
            on = self.roots(called.value if isinstance(called, ast.Attribute) else called)
            given = self._arguments(decorator) if isinstance(decorator, ast.Call) else set()
            self.uses.calls.append(
                Call(name_of(called), frozenset(on), is_method, frozenset({*given, own}), is_method, decorates=True)
            )
            self._tie({f"={own}"}, {f"(){root}" for root in self.roots(decorator) if root[0] != "("})
