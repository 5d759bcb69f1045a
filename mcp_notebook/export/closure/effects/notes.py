"""What a walk over code has noted so far of what the code does, in roots as they stand there."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from mcp_notebook.export.closure import known
from mcp_notebook.export.closure.effects.body import Body, Call, Roots
from mcp_notebook.export.closure.effects.origins import Origins, Outside

__all__ = ["Notes"]


class Notes:
    """Notes of a walk.

    Attributes:
        depth: How many functions deep the walk is in the code that it began with.
        returns: The roots of what the code gives back.
        writes: What it declares ``global``.
        yields: Whether it is a generator.
    """

    def __init__(self, origins: Origins) -> None:
        self.depth = 0
        self.returns: set[str] = set()
        self.writes: set[str] = set()
        self.yields = False
        self._origins = origins
        self._flows: dict[str, set[str]] = defaultdict(set)
        self._changes: list[tuple[Roots, Roots]] = []
        self._calls: list[Call] = []
        self._inner_changes: set[str] = set()

    def bind(self, root: str, sources: Iterable[str]) -> None:
        """Note that a root may be, or hold, what others are."""
        self._flows[root].update(sources)

    def assign(self, target: ast.AST, sources: set[str]) -> None:
        """Note what is assigned to a target, whatever form it has."""
        if isinstance(target, ast.Name):
            self.bind(self._origins.of_name(target), sources)
        elif isinstance(target, ast.Attribute | ast.Subscript):
            self.change(self._origins.of(target.value), sources)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, sources)
        else:
            for element in getattr(target, "elts", ()):
                self.assign(element, sources)

    def change(self, roots: set[str], put_in: Collection[str] = ()) -> None:
        """Note that objects are changed in place, and what is put into them."""
        self._changes.append((frozenset(roots), frozenset(put_in)))
        for root in roots:
            self.bind(root, put_in)
        if self.depth:
            self._inner_changes |= roots

    def nonlocals(self, names: Iterable[str]) -> None:
        """Note that a function inside binds variables of the one around it."""
        self._inner_changes |= {f".{name}" for name in names}

    def call(self, node: ast.Call, *, dropped: bool) -> None:
        """Note a call; `dropped` says whether nothing becomes of its value."""
        of = self._origins.of
        starred = any(isinstance(argument, ast.Starred) for argument in node.args)
        words = [word.value for word in node.keywords if word.arg is None]
        self._note(
            Call(
                *self._called(node.func),
                positional=None if starred else tuple(frozenset(of(argument)) for argument in node.args),
                keywords=tuple((word.arg, frozenset(of(word.value))) for word in node.keywords if word.arg),
                others=frozenset(self._origins.of_all([*(node.args if starred else ()), *words])),
                dropped=dropped,
            )
        )
        self._write(node)

    def _write(self, node: ast.Call) -> None:
        """Note what is written to, ``print(x, file=log)``, and what unbound methods change, ``list.append(x, 1)``."""
        of, of_all = self._origins.of, self._origins.of_all
        name, owner = getattr(node.func, "attr", ""), getattr(getattr(node.func, "value", None), "id", "")
        for word in node.keywords:
            if word.arg in known.WRITTEN_TO and getattr(word.value, "attr", "") not in {"stderr", "stdout"}:
                self.change(of(word.value))
        if name == "dump" and len(node.args) > 1:
            self.change(of(node.args[1]))
        if owner in known.BUILT_IN_TYPES and name in known.CHANGING_METHODS and node.args:
            self.change(of(node.args[0]), of_all([*node.args[1:], *(word.value for word in node.keywords)]))

    def _note(self, call: Call) -> None:
        self._calls.append(call)
        if call.is_method and call.name in known.CHANGING_METHODS:
            for root in call.on:
                self.bind(root, call.arguments)
        if call.name in known.CHANGING_FUNCTIONS:
            for root in call.arguments:
                self.bind(root, call.arguments - {root})
        if self.depth and (call.name in known.CHANGING_METHODS or call.name in known.CHANGING_FUNCTIONS):
            self._inner_changes |= call.on | call.arguments

    def decorate(self, decorator: ast.expr) -> None:
        """Note what decorates as called: ``@registry.add`` and ``@registry.add(name)`` change the registry."""
        called, given = decorator, list[ast.expr]()
        if isinstance(decorator, ast.Call):
            called = decorator.func
            given = [*decorator.args, *(word.value for word in decorator.keywords)]
        name, on, is_method = self._called(called)
        others = frozenset(self._origins.of_all(given))
        self._calls.append(Call(name, on, is_method, (), (), others, dropped=is_method, decorates=True))

    def inherit(self, roots: Iterable[str]) -> None:
        """Note that a new class is shown to those that it inherits from."""
        self._calls.append(Call("__init_subclass__", frozenset(roots), True, (), (), frozenset(), dropped=False))

    def _called(self, function: ast.expr) -> tuple[str, Roots, bool]:
        """Return the name of what is called, the roots that it is called on, and whether it is a method."""
        if isinstance(function, ast.Attribute):
            return function.attr, frozenset(self._origins.of(function.value)), True
        return getattr(function, "id", ""), frozenset(self._origins.of(function)), False

    def body(self, parameters: tuple[str, ...]) -> Body:
        """Return all that was noted, each local root replaced by those outside that it may stand for."""
        outside = Outside(self._flows, parameters).of
        flows = ((name, outside(sources)) for name, sources in self._flows.items() if not name.startswith((".", "()")))
        changes = ((outside(roots), outside(put_in)) for roots, put_in in self._changes)
        return Body(
            flows=list(flows),
            changes=[(roots, put_in) for roots, put_in in changes if roots],
            calls=[_outside(call, outside) for call in self._calls],
            returns=outside(self.returns),
            parameters=parameters,
            writes=frozenset(self.writes),
            keeps_state=any(root.startswith(".") for root in self._inner_changes),
            is_generator=self.yields,
        )


def _outside(call: Call, outside: Callable[[Roots], Roots]) -> Call:
    return replace(
        call,
        on=outside(call.on),
        positional=None if call.positional is None else tuple(map(outside, call.positional)),
        keywords=tuple((word, outside(roots)) for word, roots in call.keywords),
        others=outside(call.others),
    )
