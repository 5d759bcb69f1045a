"""Several modules as the statements of one: what a notebook, which has one namespace, can hold."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mcp_notebook.errors import NotebookError
from mcp_notebook.export.closure import names
from mcp_notebook.export.closure.statements import read
from mcp_notebook.export.ran import RanCell
from mcp_notebook.export.spelling_out import spelled_out

__all__ = ["Flat", "Part", "flatten"]


@dataclass(frozen=True)
class Part:
    """A statement: the text that its author wrote, comments above it included, and what it parses to."""

    text: str
    node: ast.stmt


@dataclass
class Flat:
    """The statements of a module, those of its own modules before it.

    Attributes:
        title: The docstring of the module.
        imports: The imports from elsewhere that stand at the top of the modules, each once.
        parts: All other statements, in the order in which they would run.
        notes: What is not as it was; a sentence each.
    """

    title: str = ""
    imports: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def flatten(module: Path) -> Flat:
    """Return a module's statements, with those of the modules beside it that it imports.

    Raises:
        NotebookError: One cannot be read, or two of them use one name for two things.
    """
    return _Flattening(module).flat


class _Flattening:
    def __init__(self, module: Path) -> None:
        self.flat = Flat()
        # The folder of the outermost package, or of a script and the modules beside it.
        self._root = next(folder for folder in module.parents if not (folder / "__init__.py").exists())
        self._taken: set[Path] = set()
        self._bound: dict[str, tuple[str, Path]] = {}
        futures: dict[Path, bool] = {}
        self._futures = futures
        tree = self._take(module)
        self.flat.title = ast.get_docstring(tree) or ""
        if len(set(futures.values())) > 1:
            self.flat.notes.append("from __future__ import annotations holds for all cells; some modules lacked it.")

    def _take(self, module: Path) -> ast.Module:
        self._taken.add(module)
        text, tree = _parsed(module)
        text, stay = spelled_out(text, self._modules(tree, module), module.name)
        tree = ast.parse(text)
        statements = read([RanCell(1, text)]).statements
        parts = [Part(one.text, node) for one, node in zip(statements, tree.body, strict=True)]
        self._futures[module] = any("__future__" in part.text for part in parts)
        header = True
        for part in parts:
            if isinstance(part.node, ast.Import | ast.ImportFrom):
                self._import(part, module, stay, header=header)
            elif _is_main_guard(part.node):
                self.flat.notes.append(f"if __name__ == '__main__' of {module.name} is left out.")
            elif part.node is not tree.body[0] or ast.get_docstring(tree) is None:
                header = False
                self._refuse_late(part.node, module)
                self._add(part, module)
        return tree

    def _modules(self, tree: ast.Module, module: Path) -> set[str]:
        """Return by which names a module knows others of its own as a whole."""
        found = set()
        for node in tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                owns = [(alias, *self._own(node, alias, module)) for alias in node.names]
                found |= {alias.asname or alias.name for alias, own, whole in owns if own is not None and whole}
        return found

    def _refuse_late(self, statement: ast.stmt, module: Path) -> None:
        """Refuse a module of its own that is imported when a function runs, or where a condition holds."""
        for node in ast.walk(statement):
            if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
                node.body = []  # `ast.walk` goes on from here; the text is another matter
            if isinstance(node, ast.Import | ast.ImportFrom) and any(
                self._own(node, alias, module)[0] is not None for alias in node.names
            ):
                raise NotebookError(
                    f"{module.name}, line {node.lineno}: {ast.unparse(node)!r} is not at the top level, and in a "
                    "notebook there is no such module. Move it to the top first."
                )

    def _add(self, part: Part, module: Path) -> None:
        bound = names.of(part.node).binds
        if bound == {"__all__"}:
            return
        for name in bound:
            text, place = self._bound.setdefault(name, (part.text, module))
            if place != module and text != part.text:
                raise NotebookError(
                    f"{name} is one thing in {place.name} and another in {module.name}, and a notebook has one "
                    "namespace. Rename one of them first."
                )
        self.flat.parts.append(part)

    def _import(self, part: Part, module: Path, stay: dict[str, set[str]], *, header: bool) -> None:
        elsewhere = []
        node = part.node
        assert isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names:
            own, is_module = self._own(node, alias, module)
            if own is None:
                elsewhere.append(alias)
                continue
            if own not in self._taken:
                self._take(own)
            for text in _bridge(alias, stay, is_module=is_module):
                self._add(Part(text, ast.parse(text).body[-1]), module)
        if elsewhere:
            text = part.text if len(elsewhere) == len(node.names) else _only(node, elsewhere)
            if not header:
                self._add(Part(text, node), module)
            elif text not in self.flat.imports:
                # A future has to come first.
                self.flat.imports.insert(0 if "__future__" in text else len(self.flat.imports), text)

    def _own(self, node: ast.Import | ast.ImportFrom, alias: ast.alias, module: Path) -> tuple[Path | None, bool]:
        """Return the module beside this one that is imported (None: it is from elsewhere), and whether as a whole."""
        if isinstance(node, ast.Import):
            return _module_at(self._root, alias.name), True
        folder = module.parents[node.level - 1] if node.level else self._root
        inside = f"{node.module}." if node.module else ""
        itself = _module_at(folder, inside + alias.name)
        return (itself, True) if itself else (_module_at(folder, node.module or ""), False)


def _parsed(module: Path) -> tuple[str, ast.Module]:
    try:
        text = module.read_text(encoding="utf-8")
        return text, ast.parse(text)
    except (OSError, ValueError, SyntaxError) as error:
        why = f"{error.msg}, line {error.lineno}" if isinstance(error, SyntaxError) else error
        raise NotebookError(f"{module} cannot be read as Python ({why}). Mend it first.") from None


def _is_main_guard(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and sorted(ast.unparse(node.test).split(" == ")) == ["'__main__'", "__name__"]


def _module_at(folder: Path, name: str) -> Path | None:
    place = folder.joinpath(*name.split(".")) if name else folder
    for file in (place.with_suffix(".py"), place / "__init__.py"):
        if file.is_file() and file.parent != folder.parent:
            return file
    return None


def _bridge(alias: ast.alias, stay: dict[str, set[str]], *, is_module: bool) -> Iterator[str]:
    """Yield what gives an imported name to the cells, where it is not there under that name already."""
    name = alias.asname or alias.name
    if is_module:
        if used := sorted(stay.get(name, ())):
            yield "from types import SimpleNamespace"
            yield f"{name} = SimpleNamespace({', '.join(f'{each}={each}' for each in used)})"
    elif name not in (alias.name, "*"):
        yield f"{name} = {alias.name}"


def _only(node: ast.Import | ast.ImportFrom, wanted: list[ast.alias]) -> str:
    kept = ast.Import(wanted) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, wanted, node.level)
    return ast.unparse(kept)
