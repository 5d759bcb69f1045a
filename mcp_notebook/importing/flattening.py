"""Flatten several modules into the statements of one, because a notebook has one namespace."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard

from mcp_notebook.errors import NotebookError
from mcp_notebook.export.ran import RanCell
from mcp_notebook.importing.names import another_name, can_be_renamed, with_names, without_qualifiers
from mcp_notebook.importing.own_modules import OwnModules
from mcp_notebook.slicing import names
from mcp_notebook.slicing.statements import read

__all__ = ["Flat", "FlatStatement", "flatten"]


@dataclass(frozen=True)
class FlatStatement:
    """A statement: the author's text, with the comments above it, and the parsed node."""

    text: str
    node: ast.stmt


@dataclass
class Flat:
    """The statements of a module, after those of the author's other modules that it imports.

    Attributes:
        title: The docstring of the module.
        imports: The other imports at the top of the modules, each once.
        parts: All other statements, in the order in which they would run.
        notes: The differences from the modules, a sentence each.
        guards: The ``if __name__ == "__main__"`` statements of the modules.
    """

    title: str = ""
    imports: list[str] = field(default_factory=list)
    parts: list[FlatStatement] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    guards: list[ast.If] = field(default_factory=list)

    def import_nodes(self) -> list[ast.stmt]:
        """Return the imports at the top, parsed."""
        return ast.parse("\n".join(self.imports)).body


def flatten(module: Path, rewrite: Callable[[str, str], str] = lambda text, _name: text) -> Flat:
    """Return a module's statements, with those of the author's other modules that it imports.

    Args:
        module: The module.
        rewrite: Takes the text and the name of each module, and returns the text to use instead.

    Raises:
        NotebookError: A module cannot be read, or two modules use a name for different things and neither can be
            renamed.
    """
    renames: dict[Path, dict[str, str]] = {}
    while True:
        try:
            return _Flattening(module, rewrite, renames).flat
        except _TwoThings as clash:
            clash.rename(renames)


class _TwoThings(Exception):
    """Two modules use a name for different things."""

    def __init__(self, name: str, first: Path, second: Path, flattening: _Flattening) -> None:
        self._name, self._modules, self._all = name, (first, second), flattening

    def rename(self, renames: dict[Path, dict[str, str]]) -> None:
        """Rename the thing in one of the modules, preferably not in the one with the server."""
        trees = self._all.trees
        for module in sorted(self._modules, key=lambda module: module == self._all.main):
            text, tree = trees[module]
            before = {new: old for old, new in renames.get(module, {}).items()}
            if self._name in before or not can_be_renamed(self._name, tree):
                continue
            taken = [new for others in renames.values() for new in others.values()]
            new = another_name(self._name, module, [*taken, *(text for text, _ in trees.values())])
            with suppress(LookupError):
                with_names(text, {self._name: new})
                renames.setdefault(module, {})[self._name] = new
                return
        first, second = self._modules
        raise NotebookError(
            f"{self._name} means different things in {first.name} and {second.name}, but a notebook has only one "
            "namespace. Rename one of them first."
        ) from None


class _Flattening:
    def __init__(
        self, module: Path, rewrite: Callable[[str, str], str], renames: Mapping[Path, Mapping[str, str]]
    ) -> None:
        self.flat = Flat()
        self.main = module
        self.trees: dict[Path, tuple[str, ast.Module]] = {}
        self._rewrite = rewrite
        self._renames = renames
        self._own_modules = OwnModules(module)
        self._names_there: dict[Path, dict[str, str]] = {}
        self._taken: set[Path] = set()
        self._bound: dict[str, tuple[str, Path]] = {}
        futures: dict[Path, bool] = {}
        self._futures = futures
        tree = self._take(module)
        self.flat.title = ast.get_docstring(tree) or ""
        self.flat.notes += self._own_modules.notes
        for place, names_there in renames.items():
            self.flat.notes += [f"{old} in {place.name} is now {new}." for old, new in names_there.items()]
        if len(set(futures.values())) > 1:
            self.flat.notes.append(
                "from __future__ import annotations now applies to all cells; some modules did not have it."
            )

    def _take(self, module: Path) -> ast.Module:
        self._taken.add(module)
        text, tree = self._parsed(module)
        text = with_names(text, self._called(module))
        text, stay = without_qualifiers(text, self._modules(tree, module), module.name)
        tree = ast.parse(text)
        statements = read([RanCell(1, text)]).statements
        parts = [FlatStatement(one.text, node) for one, node in zip(statements, tree.body, strict=True)]
        self._futures[module] = any("__future__" in part.text for part in parts)
        header = True
        for part in parts:
            if isinstance(part.node, ast.Import | ast.ImportFrom):
                self._import(part, module, stay, header=header)
            elif _is_main_guard(part.node):
                self.flat.guards.append(part.node)
                self.flat.notes.append(f"if __name__ == '__main__' in {module.name} is left out.")
            elif part.node is not tree.body[0] or ast.get_docstring(tree) is None:
                header = False
                self._refuse_late(part.node, module)
                self._add(part, module)
        return tree

    def _parsed(self, module: Path) -> tuple[str, ast.Module]:
        if module not in self.trees:
            text, _ = _parsed(module)
            text = self._rewrite(text, module.name)
            self.trees[module] = text, ast.parse(text)
        return self.trees[module]

    def _modules(self, tree: ast.Module, module: Path) -> dict[str, Mapping[str, str]]:
        """Return the names under which a module imports whole modules of the author, with the renames in those."""
        found = {}
        for node in tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                for alias in node.names:
                    own, whole = self._own_modules.of(node, alias, module)
                    if own is not None and whole:
                        found[alias.asname or alias.name] = self._called(own)
        return found

    def _called(self, module: Path) -> Mapping[str, str]:
        """Return the renames of a module's names in the notebook, including names from ``import *``."""
        if module not in self._names_there:
            self._names_there[module] = dict(self._renames.get(module, {}))  # for modules that import each other
            _, tree = self._parsed(module)
            starred: dict[str, str] = {}
            for node in tree.body:
                if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                    own, _ = self._own_modules.of(node, node.names[0], module)
                    starred.update({} if own is None else self._called(own))
            bound = frozenset[str]().union(*(one.binds for one in names.of_all(tree.body))) if starred else set()
            there = {old: new for old, new in starred.items() if old not in bound}
            self._names_there[module] = {**there, **self._names_there[module]}
        return self._names_there[module]

    def _refuse_late(self, statement: ast.stmt, module: Path) -> None:
        """Refuse an import of one of the author's modules inside a function or under a condition."""
        for node in ast.walk(statement):
            if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
                node.body = []  # `ast.walk` skips it then; the text does not change
            if isinstance(node, ast.Import | ast.ImportFrom) and any(
                self._own_modules.of(node, alias, module)[0] is not None for alias in node.names
            ):
                raise NotebookError(
                    f"{module.name}, line {node.lineno}: {ast.unparse(node)!r} is not at the top level, and the "
                    "notebook will not have this module. Move the import to the top first."
                )

    def _add(self, part: FlatStatement, module: Path) -> None:
        bound = names.of(part.node).binds
        if bound == {"__all__"}:
            return
        imported = dict(_imported(part.node))  # under try, or for type checkers: treated as at the top
        for name in bound:
            self._bind(name, imported.get(name, part.text), module)
        self.flat.parts.append(part)

    def _bind(self, name: str, text: str, module: Path) -> None:
        """Record what a module binds to a name."""
        earlier, place = self._bound.setdefault(name, (text, module))
        if place != module and earlier != text:
            raise _TwoThings(name, place, module, self)

    def _import(self, part: FlatStatement, module: Path, stay: dict[str, set[str]], *, header: bool) -> None:
        elsewhere = []
        node = part.node
        assert isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names:
            own, is_module = self._own_modules.of(node, alias, module)
            if own is None:
                elsewhere.append(alias)
                continue
            if own not in self._taken:
                self._take(own)
            for text in _bridge(alias, stay, self._called(own), is_module=is_module):
                self._add(FlatStatement(text, ast.parse(text).body[-1]), module)
        for name, text in _imported(node):
            if any(name == (alias.asname or alias.name.partition(".")[0]) for alias in elsewhere) and name != "*":
                self._bind(name, text, module)
        self._own_modules.look_for(node, elsewhere, module)
        if elsewhere:
            text = part.text if len(elsewhere) == len(node.names) else _only(node, elsewhere)
            if not header:
                self.flat.parts.append(FlatStatement(text, node))
            elif text not in self.flat.imports:
                # A __future__ import must be first.
                self.flat.imports.insert(0 if "__future__" in text else len(self.flat.imports), text)


def _parsed(module: Path) -> tuple[str, ast.Module]:
    try:
        text = module.read_text(encoding="utf-8")
        return text, ast.parse(text)
    except (OSError, ValueError, SyntaxError) as error:
        why = f"{error.msg}, line {error.lineno}" if isinstance(error, SyntaxError) else error
        raise NotebookError(f"{module} cannot be parsed as Python ({why}). Fix it first.") from None


def _is_main_guard(node: ast.stmt) -> TypeGuard[ast.If]:
    return isinstance(node, ast.If) and sorted(ast.unparse(node.test).split(" == ")) == ["'__main__'", "__name__"]


def _imported(statement: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield each name that imports in a statement bind, and a text that is the same for the same thing."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Import):
            for alias in node.names:
                whole = alias.name.partition(".")[0]  # ``import os.path`` binds ``os``
                yield alias.asname or whole, f"import {alias.name if alias.asname else whole}"
        elif isinstance(node, ast.ImportFrom):
            live = sys.modules.get(node.module or "")
            for alias in node.names:
                text = f"from {'.' * node.level}{node.module or ''} import {alias.name}"
                thing = getattr(live, alias.name, None)
                # The same class can be imported from two places.
                yield alias.asname or alias.name, text if thing is None else f"object {id(thing)}"


def _bridge(
    alias: ast.alias, stay: dict[str, set[str]], renames: Mapping[str, str], *, is_module: bool
) -> Iterator[str]:
    """Yield statements that bind an imported name in the cells, if it does not exist there under that name."""
    name = alias.asname or alias.name
    if is_module:
        if used := sorted(stay.get(name, ())):
            yield "from types import SimpleNamespace"
            yield f"{name} = SimpleNamespace({', '.join(f'{each}={renames.get(each, each)}' for each in used)})"
    elif name not in ("*", renames.get(alias.name, alias.name)):
        yield f"{name} = {renames.get(alias.name, alias.name)}"


def _only(node: ast.Import | ast.ImportFrom, wanted: list[ast.alias]) -> str:
    kept = ast.Import(wanted) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, wanted, node.level)
    return ast.unparse(kept)
