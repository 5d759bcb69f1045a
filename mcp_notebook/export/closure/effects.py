"""What code does to objects, as far as its text shows: what it binds to what, what it changes, what it calls.

A root is where an expression takes its object from: a variable of the notebook (``books``), a local one (``.row``), or
what a call of such a one gives back (``()load``).
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from mcp_notebook.export.closure import known
from mcp_notebook.export.closure.names import Names

__all__ = ["Body", "Call", "eager", "late", "lazily"]

Roots = frozenset[str]
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True)
class Call:
    """A call.

    Attributes:
        name: What is called: the method, or the function.
        on: The roots of the object whose method is called; of the function itself where it is no method.
        is_method: Whether a method is called.
        positional: The roots of each positional argument; None where a star hides their order.
        keywords: The roots of each keyword argument.
        others: The roots of starred arguments.
        dropped: Whether nothing becomes of its value.
        decorates: Whether it decorates a function or class; its arguments are then those of the decorator.
    """

    name: str
    on: Roots
    is_method: bool
    positional: tuple[Roots, ...] | None
    keywords: tuple[tuple[str, Roots], ...]
    others: Roots
    dropped: bool
    decorates: bool = False

    @property
    def arguments(self) -> Roots:
        """The roots of all arguments."""
        named = (roots for _, roots in self.keywords)
        return self.others.union(*(self.positional or ()), *named)


@dataclass(eq=False)
class Body:
    """What a piece of code does, in roots that mean something outside: variables of the notebook, and parameters.

    Attributes:
        flows: For each variable of the notebook that it binds, the roots of what.
        changes: The roots of what is changed in place, and of what is put into it.
        calls: The calls.
        returns: The roots of what it gives back.
        parameters: Its parameters, in order.
        defaults: Those that have a default.
        writes: The variables of the notebook that it declares ``global``.
        keeps_state: Whether a function inside it changes a variable of it, as a counter made by a closure does.
        is_generator: Whether it runs when its value is read, bit by bit.
        of_class: Whether its first parameter is the class, not an object of it.
        is_implicit: Whether it runs without being called by name: an operator's method, a property.
    """

    flows: list[tuple[str, Roots]] = field(default_factory=list)
    changes: list[tuple[Roots, Roots]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    returns: Roots = frozenset()
    parameters: tuple[str, ...] = ()
    defaults: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    keeps_state: bool = False
    is_generator: bool = False
    of_class: bool = False
    is_implicit: bool = False

    @property
    def does_nothing(self) -> bool:
        """Whether a call of it can change nothing that was there before."""
        return not (self.writes or self.changes or self.calls or self.keeps_state)


def eager(node: ast.stmt, names: Names, *, dropped: bool) -> Body:
    """Return what a top-level statement does when it runs; `dropped` says whether nobody sees its value."""
    reader = _Reader(names, into_functions=False)
    reader.dropped = dropped
    reader.visit(node)
    return reader.body(())


def late(function: Function, names: Names) -> Body:
    """Return what a function does when it is called; functions inside it are taken to be called too."""
    reader = _Reader(names, into_functions=True)
    arguments = function.args
    ordered = [*arguments.posonlyargs, *arguments.args]
    parameters = [*ordered, *arguments.kwonlyargs, *filter(None, (arguments.vararg, arguments.kwarg))]
    with_default = [*(ordered[len(ordered) - len(arguments.defaults) :]), *arguments.kwonlyargs]
    if isinstance(function, ast.Lambda):
        reader.returns |= reader.roots(function.body)
        reader.visit(function.body)
    else:
        for statement in function.body:
            reader.visit(statement)
    body = reader.body(tuple(parameter.arg for parameter in parameters))
    body.defaults = frozenset(parameter.arg for parameter in with_default)
    return body


def lazily(node: ast.GeneratorExp, names: Names) -> Body:
    """Return what a generator expression does while it is read."""
    reader = _Reader(names, into_functions=True)
    reader.visit(node)
    body = reader.body(())
    body.is_generator = True
    return body


class _Reader(ast.NodeVisitor):
    """Walks over code and notes what it does, in roots as they stand there."""

    def __init__(self, names: Names, *, into_functions: bool) -> None:
        self._names = names
        self._into_functions = into_functions
        self._depth = 0
        self._calling = 0
        self._called: set[ast.expr] = set()
        self._yields = False
        self._writes: set[str] = set()
        self._flows: dict[str, set[str]] = defaultdict(set)
        self._changes: list[tuple[Roots, Roots]] = []
        self._calls: list[Call] = []
        self._inner_changes: set[str] = set()
        self._nonlocals: set[str] = set()
        self.returns: set[str] = set()
        self.dropped = True

    # Where an object comes from.

    def roots(self, node: ast.AST | None) -> set[str]:  # noqa: PLR0911 - a table would hide the recursion
        """Return the roots of what an expression may be, be part of, or hold."""
        if node is None or isinstance(node, ast.Constant | ast.JoinedStr | ast.Compare | ast.Lambda):
            return set()
        if isinstance(node, ast.Name):
            return {self._root(node)}
        if isinstance(node, ast.Attribute | ast.Subscript | ast.Starred | ast.Await | ast.YieldFrom):
            return self.roots(node.value)
        if isinstance(node, ast.NamedExpr):
            return self.roots(node.value) | self.roots(node.target)
        if isinstance(node, ast.IfExp):
            return self.roots(node.body) | self.roots(node.orelse)
        if isinstance(node, ast.Call):
            return self._roots_of_call(node)
        if isinstance(node, ast.DictComp):
            return self.roots(node.key) | self.roots(node.value)
        if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp):
            return self.roots(node.elt)
        if isinstance(node, ast.UnaryOp):
            return self.roots(node.operand)
        return set().union(*(self.roots(child) for child in ast.iter_child_nodes(node)))

    def _roots_of_call(self, node: ast.Call) -> set[str]:
        if isinstance(node.func, ast.Name) and node.func.id in known.FRESH and node.func in self._names.nodes:
            return set()
        if isinstance(node.func, ast.Attribute) and node.func.attr in known.FRESH_METHODS:
            return set()
        held = set().union(*(self.roots(child) for child in [*node.args, *(word.value for word in node.keywords)]))
        on = self.roots(node.func)
        called = {f"(){root}" for root in on if not root.startswith("()")}
        return held | called | (on if isinstance(node.func, ast.Attribute) else set())

    def _root(self, node: ast.Name) -> str:
        of_notebook = node in self._names.nodes or (self._into_functions and node.id in self._names.globals)
        return node.id if of_notebook else f".{node.id}"

    # What is done with it.

    def _flow(self, target: ast.AST, sources: set[str]) -> None:
        if isinstance(target, ast.Name):
            self._flows[self._root(target)] |= sources
        elif isinstance(target, ast.Attribute | ast.Subscript):
            self._change(self.roots(target.value), sources)
        elif isinstance(target, ast.Starred):
            self._flow(target.value, sources)
        else:
            for element in getattr(target, "elts", ()):
                self._flow(element, sources)

    def _change(self, roots: set[str], put_in: Collection[str] = ()) -> None:
        self._changes.append((frozenset(roots), frozenset(put_in)))
        for root in roots:
            self._flows[root] |= set(put_in)
        if self._depth:
            self._inner_changes |= roots

    def visit_Assign(self, node: ast.Assign) -> None:
        sources = self.roots(node.value)
        for target in node.targets:
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple) and _same_shape(target, node.value):
                for one, value in zip(target.elts, node.value.elts, strict=True):
                    self._flow(one, self.roots(value))
            else:
                self._flow(target, sources)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._flow(node.target, self.roots(node.value))
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        sources = self.roots(node.value)
        self._change(self.roots(node.target if isinstance(node.target, ast.Name) else node.target.value), sources)
        # What is changed in place stays the same object under its name.
        self._flow(node.target, sources | self.roots(node.target))
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self._flow(node.target, self.roots(node.value))
        self.generic_visit(node)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self._flow(node.target, self.roots(node.iter))
        self.generic_visit(node)

    visit_AsyncFor = visit_For

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self._flow(node.target, self.roots(node.iter))
        self.generic_visit(node)

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            roots = self.roots(item.context_expr)
            if not isinstance(item.context_expr, ast.Call):
                self._change(roots)
            if item.optional_vars is not None:
                self._flow(item.optional_vars, roots)
        self.generic_visit(node)

    visit_AsyncWith = visit_With

    def visit_Match(self, node: ast.Match) -> None:
        sources = self.roots(node.subject)
        for pattern in ast.walk(node):
            if isinstance(pattern, ast.MatchAs | ast.MatchStar) and pattern.name:
                self._flows[self._captured(pattern, pattern.name)] |= sources
            elif isinstance(pattern, ast.MatchMapping) and pattern.rest:
                self._flows[self._captured(pattern, pattern.rest)] |= sources
        self.generic_visit(node)

    def _captured(self, node: ast.AST, name: str) -> str:
        return name if node in self._names.nodes else f".{name}"

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Attribute | ast.Subscript):
                self._change(self.roots(target.value))
        self.generic_visit(node)

    def visit_Return(self, node: ast.Return | ast.Yield | ast.YieldFrom) -> None:
        self.returns |= self.roots(node.value)
        self.generic_visit(node)

    def visit_Yield(self, node: ast.Yield | ast.YieldFrom) -> None:
        self._yields = self._yields or not self._depth
        self.visit_Return(node)

    visit_YieldFrom = visit_Yield

    def visit_Global(self, node: ast.Global) -> None:
        self._writes |= set(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self._nonlocals |= {f".{name}" for name in node.names}
        self._inner_changes |= {f".{name}" for name in node.names}

    # What is called.

    def visit_Expr(self, node: ast.Expr) -> None:
        value = node.value.value if isinstance(node.value, ast.Await) else node.value
        if isinstance(value, ast.Call):
            self._call(value, dropped=self.dropped)
            self._into_call(value)
        else:
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        self._call(node, dropped=False)
        self._into_call(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, ast.Load) and node.attr in known.CHANGING_METHODS and node not in self._called:
            self._change(self.roots(node.value))  # ``map(rows.append, more)``: who has the method may call it
        self.generic_visit(node)

    def _into_call(self, node: ast.Call) -> None:
        self._called.add(node.func)
        self._calling += 1
        self.generic_visit(node)
        self._calling -= 1

    def _call(self, node: ast.Call, *, dropped: bool) -> None:
        function = node.func
        is_method = isinstance(function, ast.Attribute)
        on = self.roots(function.value if isinstance(function, ast.Attribute) else function)
        starred = any(isinstance(argument, ast.Starred) for argument in node.args)
        positional = None if starred else tuple(frozenset(self.roots(argument)) for argument in node.args)
        others = set().union(*map(self.roots, node.args)) if starred else set()
        others |= set().union(*(self.roots(word.value) for word in node.keywords if word.arg is None))
        keywords = tuple((word.arg, frozenset(self.roots(word.value))) for word in node.keywords if word.arg)
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        call = Call(name, frozenset(on), is_method, positional, keywords, frozenset(others), dropped)
        self._calls.append(call)
        if is_method and name in known.CHANGING_METHODS:
            for root in on:
                self._flows[root] |= call.arguments
        if name in known.CHANGING_FUNCTIONS:
            for root in call.arguments:
                self._flows[root] |= call.arguments - {root}
        if self._depth and (name in known.CHANGING_METHODS or name in known.CHANGING_FUNCTIONS):
            self._inner_changes |= on | call.arguments

    # Functions and classes inside.

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self._decorated_by(decorator)
        own = self._root_of_definition(node)
        for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self._flows[own] |= self.roots(default)
            self.visit(default)
        for decorator in node.decorator_list:
            self._flows[own] |= {f"(){root}" for root in self.roots(decorator) if not root.startswith("()")}
        if self._into_functions:
            self._inside(node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(default)
        if self._into_functions or self._calling:  # what is given to a call may be called there
            self._inside([node.body])

    def _inside(self, body: Iterable[ast.AST]) -> None:
        before, self.returns = self.returns, set()
        self._depth += 1
        for child in body:
            self.visit(child)
        self._depth -= 1
        self.returns |= before

    def _decorated_by(self, decorator: ast.expr) -> None:
        """Take what decorates as called: ``@registry.add`` and ``@registry.add(name)`` change the registry."""
        self.visit(decorator)
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        is_method = isinstance(called, ast.Attribute)
        on = frozenset(self.roots(called.value if isinstance(called, ast.Attribute) else called))
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        given = decorator.args if isinstance(decorator, ast.Call) else []
        words = decorator.keywords if isinstance(decorator, ast.Call) else []
        arguments = frozenset(root for part in [*given, *(word.value for word in words)] for root in self.roots(part))
        self._calls.append(Call(name, on, is_method, (), (), arguments, dropped=is_method, decorates=True))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        own = self._root_of_definition(node)
        for decorator in node.decorator_list:
            self._decorated_by(decorator)
        for part in [*node.bases, *(word.value for word in node.keywords)]:
            roots = self.roots(part)
            self._flows[own] |= {f"(){root}" for root in roots if not root.startswith("()")}
            self.visit(part)
            # The new class is shown to those that it inherits from.
            self._calls.append(Call("__init_subclass__", frozenset(roots), True, (), (), frozenset(), dropped=False))
        for statement in node.body:
            if isinstance(statement, ast.Assign | ast.AnnAssign):
                self._flows[own] |= self.roots(statement.value)
            self.visit(statement)

    def _root_of_definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
        return node.name if node in self._names.nodes else f".{node.name}"

    # In terms of the outside.

    def body(self, parameters: tuple[str, ...]) -> Body:
        """Return all that was noted, each local root replaced by those outside that it may stand for."""
        outside = _Outside(self._flows, parameters)
        own = {root for root in self._inner_changes if root.startswith(".")}
        return Body(
            flows=[
                (name, outside(sources)) for name, sources in self._flows.items() if not name.startswith((".", "()"))
            ],
            changes=[(outside(roots), outside(put_in)) for roots, put_in in self._changes if outside(roots)],
            calls=[
                Call(
                    call.name,
                    outside(call.on),
                    call.is_method,
                    None if call.positional is None else tuple(map(outside, call.positional)),
                    tuple((word, outside(roots)) for word, roots in call.keywords),
                    outside(call.others),
                    call.dropped,
                    call.decorates,
                )
                for call in self._calls
            ],
            returns=outside(self.returns),
            parameters=parameters,
            writes=frozenset(self._writes),
            keeps_state=bool(own | self._nonlocals),
            is_generator=self._yields,
        )


class _Outside:
    """Finds the parameters and variables of the notebook that local roots may stand for."""

    def __init__(self, flows: dict[str, set[str]], parameters: Collection[str]) -> None:
        self._flows = flows
        self._parameters = {f".{name}" for name in parameters}

    def __call__(self, roots: Iterable[str]) -> Roots:
        return frozenset(found for root in roots for found in self._from(root, set()))

    def _from(self, root: str, seen: set[str], result: str = "") -> Iterator[str]:
        if root.startswith("()"):
            root, result = root[2:], "()"
        if result + root in seen:
            return
        seen.add(result + root)
        if not root.startswith(".") or root in self._parameters:
            yield result + root
        if root.startswith("."):
            for source in self._flows.get(root, ()):
                yield from self._from(source, seen, result)


def _same_shape(target: ast.Tuple, value: ast.Tuple) -> bool:
    starred = any(isinstance(element, ast.Starred) for element in [*target.elts, *value.elts])
    return len(target.elts) == len(value.elts) and not starred
