"""Finds the names that a statement binds, reads and deletes, by the scope analysis of pyflakes."""

from __future__ import annotations

import ast
import importlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pyflakes import checker

__all__ = ["Names", "future", "of", "of_all"]

_COMPREHENSION: Any = getattr(checker, "ComprehensionScope", checker.GeneratorScope)  # not in pyflakes for Python 3.10
_TRY = (ast.Try, getattr(ast, "TryStar", ast.Try))
_BRANCHING = (ast.If, ast.For, ast.AsyncFor, ast.While, *_TRY, ast.Match,
              ast.BoolOp, ast.IfExp, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)  # fmt: skip
_STEADY = {"open", "connect", "lock", "_lock", "Lock", "RLock", "urlopen", "TemporaryDirectory"}
"""Context managers that let exceptions through, so that all of their body runs."""


@dataclass(frozen=True)
class Names:
    """The names of a notebook's variables that one top-level statement has to do with, builtins among them.

    Attributes:
        binds: Bound when the statement runs, or perhaps bound.
        certain: Those of `binds` that are bound whatever way the statement takes.
        reads: Read when the statement runs: also decorators, defaults, class bodies, annotations as Python reads them.
        hints: Read in annotations that Python does not evaluate here: strings, or under the future import.
        late: Read when a function, lambda or generator of the statement runs.
        globals: Bound by functions that declare them ``global``.
        deletes: Deleted when the statement runs.
        nodes: Those of its nodes that mean a variable of the notebook, not one of a function or comprehension.
    """

    binds: frozenset[str] = frozenset()
    certain: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()
    hints: frozenset[str] = frozenset()
    late: frozenset[str] = frozenset()
    globals: frozenset[str] = frozenset()
    deletes: frozenset[str] = frozenset()
    nodes: frozenset[ast.AST] = frozenset()


def of(node: ast.stmt) -> Names:
    """Return the names of one statement, taken by itself."""
    return of_all([node])[0]


def of_all(nodes: Sequence[ast.stmt]) -> list[Names]:
    """Return the names of each statement, read in the light of the earlier ones.

    They tell what was imported from typing, and whether annotations are postponed.
    """
    found = _Checker(ast.Module(body=list(nodes), type_ignores=[]))
    return [Names(**{kind: frozenset(values) for kind, values in found.seen[node].items()}) for node in nodes]


def future(nodes: Iterable[ast.stmt]) -> frozenset[str]:
    """Return what ``from __future__`` imports turn on: IPython keeps that for later cells."""
    imports = (node for node in nodes if isinstance(node, ast.ImportFrom) and node.module == "__future__")
    return frozenset(alias.name for node in imports for alias in node.names)


class _Checker(checker.Checker):  # type: ignore[misc]  # pyflakes publishes no types
    """Notes each access to the module's scope, and whether it happens now or later."""

    def __init__(self, tree: ast.Module) -> None:
        self.seen: dict[ast.stmt, dict[str, set[Any]]] = defaultdict(lambda: defaultdict(set))
        self._statement: ast.stmt = ast.Pass()
        self._when: Literal["reads", "hints", "late"] = "reads"
        self._hinting = False
        self._sure = frozenset[str]()  # bound by now in this statement, whatever way it took
        self._ways: dict[ast.AST, dict[object, frozenset[str] | None]] = defaultdict(dict)
        super().__init__(tree, builtins=None, withDoctest=False)

    # Where we are: in which statement, on which way through it, and now or later.

    def handleNode(self, node: ast.AST | None, parent: ast.AST) -> None:
        if parent is self.root and isinstance(node, ast.stmt):
            self._statement, self._sure = node, frozenset()
        ways, block = self._ways[parent], _block(node, parent)
        if block is not None:
            self._sure = ways.get(block) or ways.setdefault("begin", self._sure) or frozenset()
        before = self._sure
        super().handleNode(node, parent)
        if node is not None and _branches(node):
            self._sure = _joined(node, self._ways[node], before)
        if block is not None:
            ways[block] = None if isinstance(node, ast.Raise) else self._sure
        if node is self._statement:
            self.seen[node]["certain"] |= self._sure

    def deferFunction(self, callable: Callable[[], object]) -> None:
        statement = self._statement
        when: Literal["hints", "late"] = "hints" if self._hinting and self._when != "late" else "late"

        def run() -> None:
            self._statement, self._when = statement, when
            callable()

        super().deferFunction(run)

    def handle_annotation_always_deferred(self, annotation: ast.AST | None, parent: ast.AST) -> None:
        before, self._hinting = self._hinting, True
        super().handle_annotation_always_deferred(annotation, parent)
        self._hinting = before

    def CONSTANT(self, node: ast.Constant) -> None:
        before, self._hinting = self._hinting, True  # all that pyflakes defers here is a string annotation
        super().CONSTANT(node)
        self._hinting = before

    # Accesses.

    def _note(self, kind: str, name: str, node: ast.AST) -> None:
        self.seen[self._statement][kind].add(name)
        self.seen[self._statement]["nodes"].add(node)

    def handleNodeLoad(self, node: ast.AST, parent: ast.AST) -> None:
        name = checker.getNodeName(node)
        if not name:
            return
        # A name that no scope in between has is looked up in the module's: so put one there, and see if it gets used.
        binding = self.scopeStack[0].setdefault(name, checker.Binding(name, node))
        binding.used = False
        super().handleNodeLoad(node, parent)
        if not binding.used:
            return
        self.seen[self._statement]["nodes"].add(node)
        if self._when != "reads" or name not in self._sure:
            self._note(self._when, name, node)
            if any(isinstance(scope, checker.GeneratorScope) for scope in self.scopeStack):
                self._note("late", name, node)

    @property
    def builtIns(self) -> frozenset[str]:
        """No names: each checker would bind all 160, and a name that is loaded gets a binding anyway."""
        return frozenset()

    @builtIns.setter
    def builtIns(self, _: object) -> None:
        """Ignore them; pyflakes sets them from version 4.1 on."""

    def addBinding(self, node: ast.AST | None, value: Any) -> None:
        super().addBinding(node, value)
        if node is None or isinstance(value, checker.Annotation | checker.FutureImportation):
            return
        inner = self.scopeStack[1:]
        if isinstance(value, checker.NamedExprAssignment):
            inner = [scope for scope in inner if not isinstance(scope, _COMPREHENSION)]
        if inner:
            return
        bound = _public_names(value.fullName) if isinstance(value, checker.StarImportation) else {value.name}
        if not isinstance(node, ast.ExceptHandler):  # its name is gone after the handler
            for name in bound:
                self._note("binds", name, node)
        self._sure |= bound

    def handleNodeDelete(self, node: ast.Name) -> None:
        if len(self.scopeStack) == 1:
            self._note("deletes", node.id, node)
        super().handleNodeDelete(node)

    def GLOBAL(self, node: ast.Global) -> None:
        if len(self.scopeStack) > 1:
            for name in node.names:
                self._note("globals" if self._when == "late" else "binds", name, node)
                self._note("late" if self._when == "late" else "reads", name, node)
        super().GLOBAL(node)

    def NONLOCAL(self, node: ast.Nonlocal) -> None:
        """Leave its names to the function around, where pyflakes would take them for the module's."""

    def AWAIT(self, node: ast.Await) -> None:
        self.handleChildren(node)  # pyflakes passes over it outside functions, where a cell may await


def _branches(node: ast.AST) -> bool:
    """Return whether Python may pass a part of a node by."""
    if isinstance(node, ast.With | ast.AsyncWith):  # an exception may end there
        called = [getattr(item.context_expr, "func", item.context_expr) for item in node.items]
        return any(getattr(one, "attr", getattr(one, "id", "")) not in _STEADY for one in called)
    return isinstance(node, _BRANCHING) or (isinstance(node, ast.Compare) and len(node.ops) > 1)


def _block(node: ast.AST | None, parent: ast.AST) -> object:
    """Return which block a node is in that Python may pass by; None for another node."""
    if isinstance(node, ast.ExceptHandler | ast.match_case):
        return node
    for field in ("body", "orelse", "finalbody") if _branches(parent) else ():
        block = getattr(parent, field, None)
        if node is block or (isinstance(block, list) and node in block):
            return "body" if isinstance(parent, _TRY) and field == "orelse" else field
    return None


def _joined(node: ast.AST, ways: Mapping[object, frozenset[str] | None], before: frozenset[str]) -> frozenset[str]:
    """Return what is bound behind a node whatever way it took; a way that raises was not taken."""
    taken = [way for block, way in ways.items() if way is not None and block not in ("begin", "finalbody")]
    if not isinstance(node, ast.For | ast.AsyncFor):  # whose target is bound only where the loop has a round
        before = ways.get("begin") or before
    each = isinstance(node, _TRY) or (isinstance(node, ast.If) and "orelse" in ways)
    return (ways.get("finalbody") or before) | (frozenset.intersection(*taken) if each and taken else before)


def _public_names(module: str) -> frozenset[str]:
    """Return what ``from module import *`` binds; nothing where the module cannot be imported any more."""
    try:
        live = importlib.import_module(module)
    except Exception:  # noqa: BLE001 - it runs the module's own code, unless the notebook has imported it already
        return frozenset()
    return frozenset(getattr(live, "__all__", [name for name in vars(live) if not name.startswith("_")]))
