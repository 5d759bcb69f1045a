"""Find the imported modules that belong to the same author."""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

__all__ = ["OwnModules"]

PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg", ".git", "requirements.txt")


class OwnModules:
    """Finds the other modules of a program.

    Attributes:
        notes: Remarks on modules found in unexpected places or not at all, a sentence each.
    """

    def __init__(self, module: Path) -> None:
        self.notes: list[str] = []
        # The folder of the outermost package, or the folder of a script.
        self._root = next(folder for folder in module.parents if not (folder / "__init__.py").exists())
        self._others = list(dict.fromkeys(_other_roots(module, self._root)))

    def of(self, node: ast.Import | ast.ImportFrom, alias: ast.alias, module: Path) -> tuple[Path | None, bool]:
        """Return the author's module that is imported (None if it is not the author's), and whether as a whole."""
        if isinstance(node, ast.Import):
            return self._absolute(alias.name), True
        inside = f"{node.module}." if node.module else ""
        if not node.level:
            itself = self._absolute(inside + alias.name)
            return (itself, True) if itself else (self._absolute(node.module or ""), False)
        folder = module.parents[node.level - 1]
        itself = _module_at(folder, inside + alias.name)
        return (itself, True) if itself else (_module_at(folder, node.module or ""), False)

    def look_for(self, node: ast.Import | ast.ImportFrom, elsewhere: Iterable[ast.alias], module: Path) -> None:
        """Note imports of modules that are not installed here."""
        names = [a.name for a in elsewhere] if isinstance(node, ast.Import) else [node.module or ""] * any(elsewhere)
        for name in dict.fromkeys(names):
            if isinstance(node, ast.ImportFrom) and node.level:
                missing = f"{'.' * node.level}{name}"
            elif not _is_here(top := name.partition(".")[0]):
                missing = top
            else:
                continue
            self._note(
                f"{module.name}, line {node.lineno}: there is no module {missing} here. Install it, or add its folder "
                "to sys.path in the first cell."
            )

    def _absolute(self, name: str) -> Path | None:
        if found := _module_at(self._root, name):
            return found
        top = name.partition(".")[0]
        for root in self._others:
            found = _module_at(root, name)
            if found is not None and not _is_installed(top, root):
                self._note(
                    f"{name} was found as {found.name} in {found.parent.name}/, but Python would not find it from "
                    f"{self._root.name}/: check the places of the __init__.py files."
                )
                return found
        return None

    def _note(self, words: str) -> None:
        if words not in self.notes:
            self.notes.append(words)


def _other_roots(module: Path, root: Path) -> Iterator[Path]:
    """Yield folders where Python may also look: the program's, the one in which it is started, and ``src``."""
    yield module.parent
    for folder in module.parents:
        yield folder
        yield folder / "src"
        if any((folder / name).exists() for name in PROJECT_FILES):
            return
        if folder == root.parent:
            return


def _is_installed(top: str, root: Path) -> bool:
    """Return whether a name belongs to Python or an installed package, and not to a folder."""
    if top in sys.stdlib_module_names:
        return True
    spec = _spec(top)
    places = [spec.origin, *(spec.submodule_search_locations or ())] if spec is not None else []
    return any(place and not Path(place).is_relative_to(root) for place in places)


def _is_here(top: str) -> bool:
    return top in sys.stdlib_module_names or _spec(top) is not None


def _spec(top: str) -> importlib.machinery.ModuleSpec | None:
    try:
        return importlib.util.find_spec(top) if top else None
    except (ImportError, ValueError):
        return None


def _module_at(folder: Path, name: str) -> Path | None:
    place = folder.joinpath(*name.split(".")) if name else folder
    for file in (place.with_suffix(".py"), place / "__init__.py"):
        if file.is_file() and file.parent != folder.parent:
            return file
    return None
