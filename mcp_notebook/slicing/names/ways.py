"""What a statement has bound whatever way it takes: of an ``if``, a ``try`` or a loop, what each way binds."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable

from pyflakes import checker

__all__ = ["Ways"]

_PERHAPS = (
    ast.BoolOp,
    ast.IfExp,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.comprehension,
    ast.match_case,
)
"""Where Python may pass a part by."""


class Ways:
    """The ways through the statements of a notebook, one after the other, and what is bound on each."""

    def __init__(self) -> None:
        self._bound_at: dict[ast.AST | None, set[str]] = defaultdict(set)
        self._bindings: dict[str, list[ast.AST]] = defaultdict(list)
        self._above: dict[ast.AST, ast.AST] = {}
        self._statement: ast.stmt = ast.Pass()

    def enter(self, statement: ast.stmt) -> None:
        """Begin with the next statement."""
        self._statement = statement
        self._bindings.clear()
        # pyflakes notes the parents of some nodes only after it has looked at what is in them.
        self._above = {child: above for above in ast.walk(statement) for child in ast.iter_child_nodes(above)}

    def bind(self, node: ast.AST, name: str) -> None:
        """Note that a node binds a name."""
        self._bound_at[self._binder(node)].add(name)
        self._bindings[name].append(node)

    def handle(self, node: ast.ExceptHandler, name: str) -> None:
        """Note the name of an exception, which is bound in its handler only."""
        self._bindings[name].append(node)

    def bound_before(self, node: ast.AST, name: str) -> bool:
        """Whether the statement has always bound `name` by the time `node` reads it, as a loop binds its variable."""
        return any(self._reaches(bound, node) for bound in self._bindings.get(name, ()))

    def _reaches(self, bound: ast.AST, read: ast.AST) -> bool:
        """Whether whoever comes to `read` has passed `bound`: told from where their ways down the tree part."""
        to_bound, to_read = self._path(bound), self._path(read)
        while len(to_bound) > 1 and len(to_read) > 1 and to_bound[1] is to_read[1]:
            del to_bound[0], to_read[0]
        if len(to_read) < 2 or len(to_bound) < 2:
            return isinstance(bound, ast.ExceptHandler) and to_bound == [bound]
        common, first, then = to_bound[0], to_bound[1], to_read[1]
        if isinstance(first, ast.stmt):
            blocks = (getattr(common, field, ()) for field in ("body", "orelse", "finalbody"))
            together = any(first in block and then in block for block in blocks)
            return together and checker.getNodeName(bound) in self.certain([first])
        if isinstance(common, ast.For | ast.AsyncFor):
            return first is common.target and then in common.body
        return isinstance(common, ast.match_case) or (
            isinstance(common, ast.With | ast.AsyncWith | ast.If | ast.While) and self._binder(bound) is not None
        )

    def _path(self, node: ast.AST) -> list[ast.AST]:
        """Return the nodes from the statement down to `node`."""
        path = [node]
        while path[-1] is not self._statement:
            path.append(self._above[path[-1]])
        return path[::-1]

    def _binder(self, node: ast.AST) -> ast.AST | None:
        """Return the statement that binds when it runs; None where an expression may pass the binding by."""
        while not isinstance(node, ast.stmt):
            if isinstance(node, _PERHAPS) or (isinstance(node, ast.Compare) and len(node.ops) > 1):
                return None
            node = self._above[node]
        return node

    def certain(self, body: Iterable[ast.stmt]) -> set[str]:
        """Return the names that statements, one after the other, bind whatever way they take."""
        return set().union(*map(self._certain_in, body))

    def _certain_in(self, node: ast.stmt) -> set[str]:
        own = self._bound_at[node]
        if isinstance(node, ast.If):
            return own | self._in_each(node.body, node.orelse)
        if isinstance(node, ast.Try) or type(node).__name__ == "TryStar":  # TryStar came with Python 3.11
            ways = [[*node.body, *node.orelse], *(handler.body for handler in node.handlers)]  # type: ignore[attr-defined]
            return self._in_each(*ways) | self.certain(node.finalbody)  # type: ignore[attr-defined]
        if isinstance(node, ast.With):
            return own | (set() if _may_swallow(node) else self.certain(node.body))
        if isinstance(node, ast.For | ast.AsyncFor | ast.Match | ast.AsyncWith):
            return set()
        return own

    def _in_each(self, *ways: list[ast.stmt]) -> set[str]:
        """Return what each of the ways binds; one that raises was not taken."""
        taken = [self.certain(way) for way in ways if not (way and isinstance(way[-1], ast.Raise))]
        return set.intersection(*taken) if taken else set()


def _may_swallow(node: ast.With) -> bool:
    """Whether an exception in the body may end there: of files and locks it is known that it does not."""
    for item in node.items:
        function = item.context_expr.func if isinstance(item.context_expr, ast.Call) else item.context_expr
        name = getattr(function, "attr", getattr(function, "id", ""))
        if name not in {"open", "connect", "lock", "_lock", "Lock", "RLock", "urlopen", "TemporaryDirectory"}:
            return True
    return False
