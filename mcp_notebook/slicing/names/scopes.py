"""Which names a statement binds, reads and deletes: pyflakes' own scope analysis, and nothing beside it."""

from __future__ import annotations

import ast
import importlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from pyflakes import checker

from mcp_notebook.slicing.names.ways import Ways

__all__ = ["Names", "future", "of", "of_all"]

When = Literal["eager", "hint", "late"]

_COMPREHENSION: Any = getattr(checker, "ComprehensionScope", checker.GeneratorScope)
"""Before 4.1, the last for Python 3.10 among them, pyflakes has one scope for generators and comprehensions."""


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
    """Return the names of each statement, read in the light of those before it.

    What was imported from typing, and whether annotations are postponed, is known from them.
    """
    tree = ast.Module(body=list(nodes), type_ignores=[])
    found = _Checker(tree)
    return [found.names(node) for node in nodes]


def future(nodes: Iterable[ast.stmt]) -> frozenset[str]:
    """Return what ``from __future__`` imports turn on: IPython keeps that for later cells."""
    imports = (node for node in nodes if isinstance(node, ast.ImportFrom) and node.module == "__future__")
    return frozenset(alias.name for node in imports for alias in node.names)


class _Checker(checker.Checker):  # type: ignore[misc]  # pyflakes publishes no types
    """Notes each access to the module's scope, and whether it happens now or later."""

    builtIns = frozenset[str]()  # each checker would bind all 160, and a name that is loaded gets a binding anyway

    def __init__(self, tree: ast.Module) -> None:
        self._seen: dict[ast.stmt, dict[str, set[Any]]] = defaultdict(lambda: defaultdict(set))
        self._ways = Ways()
        self._statement: ast.stmt = ast.Pass()
        self._when: When = "eager"
        self._hinting = False
        super().__init__(tree, builtins=None, withDoctest=False)

    def names(self, node: ast.stmt) -> Names:
        seen = {kind: frozenset(values) for kind, values in self._seen[node].items()}
        starred = frozenset[str]().union(*map(_public_names, seen.pop("starred", ())))
        seen["binds"] = seen.get("binds", frozenset()) | starred
        certain = self._ways.certain([node]) | (starred if isinstance(node, ast.ImportFrom) else set())
        return Names(**seen, certain=frozenset(certain))

    # Where we are: in which statement, and now or later.

    def handleNode(self, node: ast.AST | None, parent: ast.AST) -> None:
        if parent is self.root and isinstance(node, ast.stmt):
            self._statement = node
            self._ways.enter(node)
        super().handleNode(node, parent)

    def deferFunction(self, callable: Callable[[], object]) -> None:
        statement = self._statement
        when: When = "hint" if self._hinting and self._when != "late" else "late"

        def run() -> None:
            self._statement, self._when = statement, when
            callable()

        super().deferFunction(run)

    @contextmanager
    def _hint(self) -> Iterator[None]:
        before, self._hinting = self._hinting, True
        try:
            yield
        finally:
            self._hinting = before

    def handle_annotation_always_deferred(self, annotation: ast.AST | None, parent: ast.AST) -> None:
        with self._hint():
            super().handle_annotation_always_deferred(annotation, parent)

    def CONSTANT(self, node: ast.Constant) -> None:
        with self._hint():  # all that pyflakes defers here is a string annotation
            super().CONSTANT(node)

    # What is accessed.

    def _note(self, kind: str, name: str, node: ast.AST) -> None:
        self._seen[self._statement][kind].add(name)
        self._seen[self._statement]["nodes"].add(node)

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
        self._seen[self._statement]["nodes"].add(node)
        if not (self._when == "eager" and self._ways.bound_before(node, name)):
            lazily = any(isinstance(scope, checker.GeneratorScope) for scope in self.scopeStack)
            for when in {self._when, "late"} if lazily else {self._when}:
                self._note({"eager": "reads", "hint": "hints", "late": "late"}[when], name, node)

    def addBinding(self, node: ast.AST | None, value: Any) -> None:
        super().addBinding(node, value)
        if node is None or isinstance(value, checker.Annotation | checker.FutureImportation):
            return
        inner = self.scopeStack[1:]
        if isinstance(value, checker.NamedExprAssignment):
            inner = [scope for scope in inner if not isinstance(scope, _COMPREHENSION)]
        if inner or isinstance(node, ast.ExceptHandler):  # its name is gone after the handler
            return
        if isinstance(value, checker.StarImportation):
            self._note("starred", value.fullName, node)
            return
        self._note("binds", value.name, node)
        self._ways.bind(node, value.name)

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

    def EXCEPTHANDLER(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self._ways.handle(node, node.name)
        super().EXCEPTHANDLER(node)

    def AWAIT(self, node: ast.Await) -> None:
        self.handleChildren(node)  # pyflakes passes over it outside functions, where a cell may await


def _public_names(module: str) -> frozenset[str]:
    """Return what ``from module import *`` binds; nothing where the module cannot be imported any more."""
    try:
        live = importlib.import_module(module)
    except Exception:  # noqa: BLE001 - it runs the module's own code, unless the notebook has imported it already
        return frozenset()
    return frozenset(getattr(live, "__all__", [name for name in vars(live) if not name.startswith("_")]))
