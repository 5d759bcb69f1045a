"""What code does with names: which it changes, which may share their value from then on, and what it calls.

A root says where a value comes from: a variable of the notebook (``books``), a local variable (``.row``), or what a
call of a function gives back (``()load``). A value has no root where it shares nothing that can change, as a length.
What an assignment binds is marked (``=books``): the value that the name had before is another.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from mcp_notebook.slicing import known
from mcp_notebook.slicing.names import Names

__all__ = ["Call", "Function", "Roots", "Uses", "eager", "late", "name_of"]

Roots = frozenset[str]
Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Call:
    """A call: what it does depends on what its names stand for.

    Attributes:
        name: The method or function that is called.
        on: The roots of the object whose method it is, or of the function.
        is_method: Whether a method is called.
        given: The roots of all arguments.
        dropped: Whether nothing is done with its value.
        decorates: Whether it decorates a function or class.
        in_place: Whether it is told to change its object, or where to write.
        is_empty: Whether it has no positional arguments.
    """

    name: str
    on: Roots
    is_method: bool
    given: Roots
    dropped: bool = False
    decorates: bool = False
    in_place: bool = False
    is_empty: bool = False


@dataclass
class Uses:
    """What a piece of code does.

    Attributes:
        changes: The roots of what it changes whatever that is, by an assignment or ``del``.
        ties: Roots whose value may hold, from then on, that of other roots.
        iterates: The roots of what it iterates over, which uses up an iterator.
        calls: Its calls.
        returns: The roots of what it gives back.
        writes: The variables that it declares ``global``.
        inner: The roots of what functions inside it change.
        yields: Whether it is a generator.
        has_code: Whether there is a function in it, which may be part of what it gives back.
    """

    changes: set[str] = field(default_factory=set)
    ties: list[tuple[Roots, Roots]] = field(default_factory=list)
    iterates: set[str] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)
    returns: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    inner: set[str] = field(default_factory=set)
    yields: bool = False
    has_code: bool = False


@dataclass(eq=False)
class Function:
    """A function, and what it does when it is called.

    Attributes:
        name: Its name; "" for a lambda or generator expression.
        uses: What it does, functions inside it taken to be called too.
        parameters: The names of its parameters, those of functions inside included.
        itself: The first parameter of a method, which is the object; "" where there is none.
        of_class: Whether that is the class.
        is_implicit: Whether it runs without being called by name, as an operator or a property.
        keeps_state: Whether it changes what it keeps to itself, such as a default or a variable of the function around.
        is_once: Whether iterating over what it gives back may use that up.
    """

    name: str
    uses: Uses
    parameters: frozenset[str] = frozenset()
    itself: str = ""
    of_class: bool = False
    is_implicit: bool = False
    keeps_state: bool = False
    is_once: bool = False


def eager(node: ast.stmt, names: Names, *, dropped: bool = True) -> Uses:
    """Return what a statement does when it runs; `dropped` says whether its value is not shown."""
    walk = _Walk(names, inside=False, dropped=dropped)
    walk.visit(node)
    return _outside(walk.uses, frozenset())


def late(node: Definition | ast.Lambda | ast.GeneratorExp, names: Names, *, in_class: bool = False) -> Function:
    """Return what a function does when it is called, or a generator expression when it is read."""
    walk = _Walk(names, inside=True)
    if isinstance(node, ast.GeneratorExp):
        walk.visit(node)
        return Function("", _outside(walk.uses, frozenset()), is_implicit=True)
    for part in [node.body] if isinstance(node, ast.Lambda) else node.body:
        walk.visit(part)
    if isinstance(node, ast.Lambda):
        walk.uses.returns |= walk.roots(node.body)
    inside = {argument.arg for part in ast.walk(node) for argument in _parameters(part)}
    own = [argument.arg for argument in _parameters(node)]
    name = getattr(node, "name", "")
    marks = {name_of(part).split(".")[-1] for part in getattr(node, "decorator_list", [])}
    is_implicit = in_class and (bool(marks & known.PROPERTIES) or (name[:2] == "__" and name not in known.CONSTRUCTING))
    is_method = in_class and own and "staticmethod" not in marks
    with_default = [*own[len(own) - len(node.args.defaults) :], *(one.arg for one in node.args.kwonlyargs)]
    kept = {root for root in walk.uses.inner if root[0] == "."}
    uses = _outside(walk.uses, frozenset(inside))
    if node.args.defaults or node.args.kw_defaults:
        touched = uses.changes.union(*(call.on for call in uses.calls))
        kept |= {f".{one}" for one in with_default} & touched
    is_once = any(isinstance(part, ast.Return) and _may_be_iterator(part.value) for part in ast.walk(node))
    of_class = bool(marks & {"classmethod"}) or name in {"__new__", "__init_subclass__"}
    return Function(
        name, uses, frozenset(inside), own[0] if is_method else "", of_class, is_implicit, bool(kept), is_once
    )


def _outside(uses: Uses, parameters: frozenset[str]) -> Uses:
    """Replace each local variable but the parameters by what it may share its value with."""
    flows: dict[str, set[str]] = {}
    for holders, held in uses.ties:
        for holder in holders:
            flows.setdefault(holder.lstrip("="), set()).update(held)
    found: dict[str, set[str]] = {}

    def of(root: str) -> set[str]:
        mark = "()" if root[0] == "(" else "=" if root[0] == "=" else ""
        name = root[len(mark) :]
        if name[0] != ".":
            return {root}
        if name not in found:
            seen, work = {name}, [name]
            while work:
                new = flows.get(work.pop(), set()) - seen
                seen |= new
                work += [each for each in new if each[0] == "."]
            found[name] = {each for each in seen if each[0] != "." or each[1:] in parameters}
        return {f"()" + each if mark == "()" and each[0] != "(" else each for each in found[name]}

    def all_of(roots: Iterable[str]) -> frozenset[str]:
        return frozenset(each for root in roots for each in of(root))

    ties = [(all_of(holders), all_of(held)) for holders, held in uses.ties]
    return replace(
        uses,
        changes=set(all_of(uses.changes)),
        ties=[(holders, held) for holders, held in ties if holders and held],
        iterates=set(all_of(uses.iterates)),
        calls=[replace(call, on=all_of(call.on), given=all_of(call.given)) for call in uses.calls],
        returns=set(all_of(uses.returns)),
    )


def _may_be_iterator(node: ast.AST | None) -> bool:
    if isinstance(node, ast.Call):
        return name_of(node) not in known.CONTAINERS | known.FRESH | known.FRESH_METHODS
    return isinstance(node, ast.GeneratorExp)


def name_of(node: ast.AST) -> str:
    """Return what is called, or decorates: ``cache`` of ``functools.cache(size=1)``."""
    while isinstance(node, ast.Call):
        node = node.func
    return str(getattr(node, "attr", getattr(node, "id", "")))


def _parameters(node: ast.AST) -> list[ast.arg]:
    arguments = getattr(node, "args", None)
    if not isinstance(arguments, ast.arguments):
        return []
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [*every, *filter(None, (arguments.vararg, arguments.kwarg))]


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

    def roots(self, node: ast.AST | None) -> set[str]:
        """Return the roots of what an expression may be, be part of, or hold."""
        match node:
            case None | ast.Constant() | ast.JoinedStr() | ast.Compare() | ast.Lambda():
                return set()
            case ast.Name():
                return {self._root(node, node.id)}
            case ast.Attribute() | ast.Starred() | ast.Await() | ast.YieldFrom():
                return self.roots(node.value)
            case ast.Subscript():
                return self.roots(node.value) | (self.roots(node.slice) if _is_type(node.value) else set())
            case ast.IfExp():
                return self.roots(node.body) | self.roots(node.orelse)
            case ast.Call():
                return self._given_back(node)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                return self.roots(node.elt)
            case ast.UnaryOp():
                return self.roots(node.operand)
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
        self.generic_visit(node)

    def visit_For(self, node: ast.For | ast.AsyncFor | ast.comprehension) -> None:
        self.uses.iterates |= self.roots(node.iter)
        self._assign(node.target, self.roots(node.iter))
        self.generic_visit(node)

    visit_AsyncFor = visit_comprehension = visit_For

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
        told = {word.arg for word in node.keywords if not (isinstance(word.value, ast.Constant) and not word.value.value)}
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
        held = self._all([*defaults, *(argument.annotation for argument in _parameters(node))])
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


def _is_type(node: ast.expr) -> bool:
    name = name_of(node)
    return (name[:1].isupper() and not name.isupper()) or name in known.BUILT_IN_TYPES
