"""Reads what code does with names: it touches some, lets some share something from then on, and calls some.

A root says where a value comes from. ``books`` is a variable of the notebook, ``=books`` the value that is bound to it
here, ``.row`` a local variable. In a function, ``.`` is all that it is given and ``..`` the object of a method.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Set
from typing import NamedTuple

from mcp_notebook.slicing import known
from mcp_notebook.slicing.known import DISPLAYS, gives_iterator, name_of
from mcp_notebook.slicing.names import Names

__all__ = ["CallSite", "Effects", "function_of"]


class CallSite(NamedTuple):
    """A call of the function or method `name`, on the roots `on`, with arguments of the roots `given`.

    Of these, `named` is the function, class or module that it begins with, as ``np`` in ``np.random.seed(1)``.
    """

    name: str
    on: frozenset[str]
    given: frozenset[str]
    is_method: bool = False
    dropped: bool = False
    decorates: bool = False
    in_place: bool = False
    named: frozenset[str] = frozenset()


def function_of(node: ast.AST, names: Names, code: Set[str], *, in_class: bool = False) -> Effects:
    """Return what a function, or a lambda, does when it is called."""
    marks = {name_of(part) for part in getattr(node, "decorator_list", [])}
    own = [argument.arg for argument in _parameters(node)]
    found = Effects(names, code, inside=True, itself=own[0] if in_class and own and "staticmethod" not in marks else "")
    found.same += [{f".{one}", ".." if one == found.itself else "."} for one in own]
    body = node.body  # type: ignore[attr-defined]
    for part in body if isinstance(body, list) else [ast.Return(body)]:
        found.read(part)
    found.name, found.writes = getattr(node, "name", ""), names.globals
    found.has_defaults = any(default and not isinstance(default, ast.Constant) for default in _defaults(node))
    found.of_class = "classmethod" in marks or found.name in {"__new__", "__init_subclass__"}
    special = found.name[:2] == "__" and found.name not in known.CONSTRUCTING
    found.unseen |= in_class and (special or not marks.isdisjoint(known.PROPERTIES))
    return found.settled()


def _parameters(node: ast.AST) -> list[ast.arg]:
    every: ast.arguments = node.args  # type: ignore[attr-defined]
    return [*every.posonlyargs, *every.args, *every.kwonlyargs, *filter(None, (every.vararg, every.kwarg))]


def _defaults(node: ast.AST) -> list[ast.expr | None]:
    return [*node.args.defaults, *node.args.kw_defaults]  # type: ignore[attr-defined]


class Effects:
    """The effects of a statement when it runs, or of a function when it is called; functions inside count as called.

    `read` reads each node once, and returns the roots of what its value may be or have in it.
    """

    def __init__(
        self, names: Names, code: Set[str], *, inside: bool = False, dropped: bool = False, itself: str = ""
    ) -> None:
        self._names, self._code, self._inside, self._dropped = names, code, inside, dropped
        self.name, self.itself = "", itself  # of a function, and its first parameter if it is a method
        self.same: list[Collection[str]] = []  # groups of roots that may be the same from then on
        self.put: list[Collection[str]] = []  # groups of which one may have the others in it
        self.touched, self.deeply = set[str](), set[str]()  # roots that are changed: alone, or with all in them
        self.used, self.items = set[str](), set[str]()  # roots that are iterated over, or that an item is read from
        self.calls: list[CallSite] = []
        self.returns, self.writes, self.loaded = {".return"}, frozenset[str](), set[str]()
        self.of_class = False  # whether its first parameter is a class
        self.keeps = False  # whether a function inside may run later, which then finds all that this one has
        self.has_defaults = False  # whether it keeps values for parameters, which it may change
        self.iterates = self.yields = False  # whether it gives back an iterator, or is one
        self.unseen = False  # whether it runs without a call by name: an operator, a property or a generator expression

    def settled(self) -> Effects:
        """Replace local variables by what they may share something with outside; return the effects."""
        same, linked = self._components(self.same), self._components([*self.same, *self.put])

        def of(roots: Iterable[str], by: dict[str, set[str]] = linked) -> set[str]:
            every = set[str]().union(*(by.get(root, {root}) for root in roots))
            return {root for root in every if root[0] != "." or root in {".", ".."}}

        self.returns = of(linked if self.keeps else self.returns)
        self.put = [group for group in {frozenset(of(group)): 0 for group in (*self.same, *self.put)} if len(group) > 1]
        # A function or module is changed only where it is named itself, and not with what was made of it.
        named = self.touched | self.deeply
        self.touched = {
            one for one in of(self.touched, same) | of(self.deeply) if one in named or one not in self._code
        }
        self.used, self.items = of(self.used), of(self.items)
        for i, call in enumerate(self.calls):
            on = of(call.on, same if call.name in known.CHANGING else linked)
            self.calls[i] = call._replace(on=frozenset(on), given=frozenset(of(call.given)))
        self.calls = [*dict.fromkeys(self.calls)]
        return self

    def _components(self, groups: Iterable[Collection[str]]) -> dict[str, set[str]]:
        """Join groups that have a root in common; functions and modules join none."""
        found: dict[str, set[str]] = {}
        for group in groups:
            joined = set(group).union(*(found.get(root, ()) for root in group))
            found |= dict.fromkeys((root for root in joined if root not in self._code), joined)
        return found

    # The roots of a value: all that it may be, or have in it.

    def read(self, node: ast.AST | None) -> set[str]:
        """Return the roots of a node; one of a kind without a method of its own has those of all its parts."""
        special = getattr(self, f"_{type(node).__name__}", None)
        if special is not None:
            return special(node)  # type: ignore[no-any-return]
        return self._all(ast.iter_child_nodes(node)) if node is not None else set()

    def _all(self, nodes: Iterable[ast.AST | None]) -> set[str]:
        return set[str]().union(*map(self.read, nodes))

    def _root(self, node: ast.AST, name: str, *, bound: bool = True) -> set[str]:
        of_notebook = node in self._names.nodes or (self._inside and name in self._names.globals)
        return {f"={name}" if of_notebook and bound else name if of_notebook else f".{name}"}

    def _Name(self, node: ast.Name) -> set[str]:
        return self._root(node, node.id, bound=not isinstance(node.ctx, ast.Load))

    def _JoinedStr(self, node: ast.JoinedStr) -> set[str]:
        self._all(node.values)
        return set()

    def _Compare(self, node: ast.Compare) -> set[str]:
        self.used |= self._all([node.left, *node.comparators])
        return set()

    def _GeneratorExp(self, node: ast.GeneratorExp) -> set[str]:
        self.unseen = True
        return self._all([node.elt, *node.generators])

    def _Starred(self, node: ast.Starred) -> set[str]:
        self.used |= (roots := self.read(node.value))
        return roots

    def _Attribute(self, node: ast.Attribute | ast.Subscript) -> set[str]:
        roots = self.read(node.value)
        if not isinstance(node.ctx, ast.Load):
            self.touched |= roots
        elif isinstance(node, ast.Subscript):
            self.items |= roots
        else:
            self.loaded.add(node.attr)
            # ``map(rows.append, more)``: something else may call it.
            self.deeply |= roots if node.attr in known.CHANGING else set()
        inside = self.read(getattr(node, "slice", None))  # part of a type, as in ``Annotated[str, Resolve(ask)]``
        return roots | inside if name_of(node.value)[:1].isupper() else roots

    _Subscript = _Attribute

    def _Return(self, node: ast.Return | ast.Yield | ast.YieldFrom) -> set[str]:
        self.same.append({".return", *self.read(node.value)})
        self.yields |= not isinstance(node, ast.Return)
        self.iterates |= self.yields or gives_iterator(node.value)
        return set()

    _Yield = _YieldFrom = _Return

    # Nodes that bind names.

    def _Assign(self, node: ast.Assign | ast.AnnAssign | ast.NamedExpr) -> set[str]:
        roots = self.read(node.value)
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            self._bind(target, node.value, roots)
        self.read(getattr(node, "annotation", None))
        return roots

    _AnnAssign = _NamedExpr = _Assign

    def _bind(self, target: ast.AST | None, value: ast.AST | None, roots: set[str]) -> None:
        fresh = isinstance(value, DISPLAYS) or (isinstance(value, ast.Call) and name_of(value) in known.CONTAINERS)
        groups = self.same if isinstance(target, ast.Name) and not fresh else self.put
        groups.append(self.read(target) | roots)
        self.used |= roots if isinstance(target, ast.Tuple | ast.List) else set()

    def _AugAssign(self, node: ast.AugAssign) -> set[str]:
        bound = self.read(node.target)
        before = {root.lstrip("=") for root in bound}
        self.touched |= before
        self.same.append(bound | before)
        self.put.append(bound | self.read(node.value))
        return set()

    def _For(self, node: ast.For | ast.AsyncFor | ast.comprehension) -> set[str]:
        self.used |= (roots := self.read(node.iter))
        self._bind(node.target, None, roots)
        self._all(part for place in ("ifs", "body", "orelse") for part in getattr(node, place, ()))
        return roots

    _AsyncFor = _comprehension = _For

    def _withitem(self, node: ast.withitem) -> set[str]:
        roots = self.read(node.context_expr)
        self.deeply |= roots if not isinstance(node.context_expr, ast.Call) else set()
        self._bind(node.optional_vars, node.context_expr, roots)
        return set()

    def _Match(self, node: ast.Match) -> set[str]:
        subject = self.read(node.subject)
        for part in ast.walk(node):
            name = getattr(part, "rest", None) or getattr(part, "name", None)
            if name and isinstance(part, ast.MatchAs | ast.MatchStar | ast.MatchMapping):
                self.same.append(self._root(part, name) | subject)
        return self._all(node.cases)

    # Calls.

    def _Expr(self, node: ast.Expr) -> set[str]:
        value = node.value.value if isinstance(node.value, ast.Await) else node.value
        if isinstance(value, ast.Call):
            return self._Call(value, dropped=self._dropped)
        roots = self.read(value)
        if isinstance(value, ast.BinOp) and isinstance(value.op, ast.LShift | ast.RShift):
            self.deeply |= roots  # ``first >> second`` is written for what it does
        return roots

    def _Call(self, node: ast.Call, *, dropped: bool = False) -> set[str]:
        name, is_method = name_of(node.func), isinstance(node.func, ast.Attribute)
        if name == "super" and self.itself:
            return {f".{self.itself}"}
        arguments = [*node.args, *(word.value for word in node.keywords)]
        on = self.read(node.func.value if isinstance(node.func, ast.Attribute) else node.func)
        given = self._all(arguments)
        for part in (node.func, *arguments):
            if isinstance(part, ast.Lambda):  # which may be given all that the call is
                self.same.append({*(f".{one.arg}" for one in _parameters(part)), *on, *given})
        told = {word.arg for word in node.keywords if getattr(word.value, "value", True)}
        in_place = not told.isdisjoint(known.IN_PLACE) or (name == "get" and not node.args)
        call = CallSite(name, frozenset(on), frozenset(given), is_method, dropped, in_place=in_place)
        return self._called(call._replace(named=self._named(node.func)))

    def _named(self, node: ast.expr) -> frozenset[str]:
        while isinstance(node, ast.Attribute):
            node = node.value
        return frozenset(self.read(node) & self._code if isinstance(node, ast.Name) else ())

    def _called(self, call: CallSite) -> set[str]:
        self.calls.append(call)
        self.used |= call.given if call.name in known.CONSUMING else set()
        if call.name in (known.FRESH_METHODS if call.is_method else known.FRESH):
            return set()
        if self._inside:
            self.put.append(call.on | call.given)
        return {*call.on, *call.given}

    # Functions and classes.

    def _FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
        own = self._root(node, node.name)
        # An annotation may hold a function, as ``Resolve(ask)`` does.
        held = self._all([*_defaults(node), *(one.annotation for one in _parameters(node))])
        self.same.append(own | held | self._decorated(own, node.decorator_list))
        if self._inside:
            self._go_into(node, own)
        return held

    _AsyncFunctionDef = _FunctionDef

    def _Lambda(self, node: ast.Lambda) -> set[str]:
        self._go_into(node, set())
        return self._all(_defaults(node))

    def _go_into(self, node: ast.AST, own: set[str]) -> None:
        self.keeps = True
        self.same.append({f".{one.arg}" for one in _parameters(node)} | own)
        body = node.body  # type: ignore[attr-defined]
        self._all(body if isinstance(body, list) else [body])

    def _decorated(self, own: set[str], decorators: Iterable[ast.expr]) -> set[str]:
        roots: set[str] = set()
        for decorator in decorators:
            on, is_method = self.read(decorator), isinstance(decorator, ast.Attribute)
            call = CallSite(name_of(decorator), frozenset(on), frozenset(own), is_method, decorates=True)
            roots |= self._called(call._replace(named=self._named(decorator)))
        return roots

    def _ClassDef(self, node: ast.ClassDef) -> set[str]:
        own = self._root(node, node.name)
        bases = self._all([*node.bases, *(word.value for word in node.keywords)])
        call = CallSite("__init_subclass__", frozenset(bases), frozenset(own), is_method=True)
        self._called(call._replace(named=call.on & self._code))
        self.same.append(own | bases | self._all(node.body) | self._decorated(own, node.decorator_list))
        return set()
