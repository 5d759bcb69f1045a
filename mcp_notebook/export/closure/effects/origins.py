"""Where an expression takes its object from, and what local names stand for outside of their function."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping

from mcp_notebook.export.closure import known
from mcp_notebook.export.closure.effects.body import Roots
from mcp_notebook.export.closure.names import Names

__all__ = ["Origins", "Outside", "given_back"]


class Origins:
    """Finds the roots of expressions; `into_functions` says whether they stand in a function."""

    def __init__(self, names: Names, *, into_functions: bool) -> None:
        self._names = names
        self._into_functions = into_functions

    def of(self, node: ast.AST | None) -> set[str]:  # noqa: PLR0911 - a table would hide the recursion
        """Return the roots of what an expression may be, be part of, or hold."""
        if node is None or isinstance(node, ast.Constant | ast.JoinedStr | ast.Compare | ast.Lambda):
            return set()
        if isinstance(node, ast.Name):
            return {self.of_name(node)}
        if isinstance(node, ast.Subscript) and _is_type(node.value):
            return self.of(node.value) | self.of(node.slice)
        if isinstance(node, ast.Attribute | ast.Subscript | ast.Starred | ast.Await | ast.YieldFrom):
            return self.of(node.value)
        if isinstance(node, ast.NamedExpr):
            return self.of(node.value) | self.of(node.target)
        if isinstance(node, ast.IfExp):
            return self.of(node.body) | self.of(node.orelse)
        if isinstance(node, ast.Call):
            return self._of_call(node)
        if isinstance(node, ast.DictComp):
            return self.of(node.key) | self.of(node.value)
        if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp):
            return self.of(node.elt)
        if isinstance(node, ast.UnaryOp):
            return self.of(node.operand)
        return self.of_all(ast.iter_child_nodes(node))

    def of_all(self, nodes: Iterable[ast.AST | None]) -> set[str]:
        """Return the roots of several expressions together."""
        return set().union(*map(self.of, nodes))

    def _of_call(self, node: ast.Call) -> set[str]:
        if isinstance(node.func, ast.Name) and node.func.id in known.FRESH and node.func in self._names.nodes:
            return set()
        if isinstance(node.func, ast.Attribute) and node.func.attr in known.FRESH_METHODS:
            return set()
        held = self.of_all([*node.args, *(word.value for word in node.keywords)])
        on = self.of(node.func)
        return held | given_back(on) | (on if isinstance(node.func, ast.Attribute) else set())

    def of_name(self, node: ast.Name) -> str:
        """Return the root that a name is."""
        of_notebook = node in self._names.nodes or (self._into_functions and node.id in self._names.globals)
        return node.id if of_notebook else f".{node.id}"

    def of_binding(self, node: ast.AST, name: str) -> str:
        """Return the root of the name that a definition, or a pattern of a ``match``, binds."""
        return name if node in self._names.nodes else f".{name}"


def _is_type(node: ast.expr) -> bool:
    """Whether what stands before brackets is a type, such as ``list`` or ``Annotated``, by how it is called."""
    name = getattr(node, "attr", getattr(node, "id", ""))
    return (name[:1].isupper() and not name.isupper()) or name in known.BUILT_IN_TYPES


def given_back(roots: Iterable[str]) -> set[str]:
    """Return the roots of what calls of these give back; of what a call gave back already, no more is told."""
    return {f"(){root}" for root in roots if not root.startswith("()")}


class Outside:
    """Finds the parameters and variables of the notebook that local roots may stand for."""

    def __init__(self, flows: Mapping[str, Collection[str]], parameters: Iterable[str]) -> None:
        self._flows = flows
        self._parameters = {f".{name}" for name in parameters}

    def of(self, roots: Iterable[str]) -> Roots:
        """Return what these roots are outside: their own, where they are there, and those of what was bound to them."""
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
