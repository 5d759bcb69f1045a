"""Files that carried code reads and a package does not have: those of this machine, those that cells left out make."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TypeGuard

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.pitfalls.places import Places
from mcp_notebook.slicing import names
from mcp_notebook.slicing.statements import Notebook, Statement

__all__ = ["directories", "files", "paths", "removals"]

MAKING = {
    "dump", "makedirs", "mkdir", "save", "savefig", "savetxt", "symlink", "touch", "urlretrieve", "write_bytes",
    "write_text",
}  # fmt: skip
"""Calls that make a file, beside `open` for writing and the methods named ``to_...``."""

WAY_OUT = "put the file into the package and read it with importlib.resources, or make it in the lifespan."


OPENING = {
    "File", "Image", "connect", "genfromtxt", "glob", "iglob", "iterdir", "listdir", "load", "loadtxt", "memmap",
    "open", "open_dataset", "rglob", "scandir", "scan_csv", "scan_parquet", "walk",
}  # fmt: skip
"""Calls whose first argument, or whose object, is a path whatever it looks like; beside those named ``read_...``."""


def files(notebook: Notebook, carried: Collection[Statement]) -> Iterator[Finding]:
    """Warn of each file that carried code names; once, and not of a directory where a file in it is named."""
    here = {statement.index for statement in carried}
    places = Places(statement.node for statement in notebook.statements)
    made = dict(_made(notebook, here, places))
    named = {statement: list(dict.fromkeys(paths(statement.node, places))) for statement in carried}
    every = {text for texts in named.values() for text in texts}
    own = {
        t
        for s, texts in named.items()
        if not _is_function(s.node) and any(map(_makes, ast.walk(s.node)))
        for t in texts
    }
    inside = {text for text in every if any(other.startswith(f"{text.rstrip('/')}/") for other in every)}
    first = {text: statement for statement, texts in reversed(named.items()) for text in texts}
    for statement, texts in named.items():
        for text in texts:
            if text in inside or text in own or first[text] is not statement:
                continue
            if Path(text).name.startswith(".env") and _is_here(text):
                what = "this file is on this machine, and what it holds is no part of a package."
                yield Finding("warns", statement.cell, repr(text), what, "Read os.environ, which becomes settings.")
            elif text in made:
                what = f"cell {made[text]} makes this file and is left out, so the package does not have it."
                yield Finding("warns", statement.cell, repr(text), what, WAY_OUT[0].upper() + WAY_OUT[1:])
            elif _is_here(text):
                what = "this file or directory is on this machine, and not in the package."
                yield Finding("warns", statement.cell, repr(text), what, f"Make the path a setting, or {WAY_OUT}")


def directories(statements: Sequence[Statement], carried: Collection[int]) -> Iterator[int]:
    """Yield the statements, not carried, that make sure of a directory that carried ones name: it is written into."""
    bound = {name: s.index for s in statements if s.index in carried for name in names.of(s.node).binds}
    for statement in statements:
        if statement.index not in carried and _makes_sure_of_a_directory(statement.node):
            read = names.of(statement.node).reads
            imports = {n for s in statements if isinstance(s.node, _IMPORTS) for n in names.of(s.node).binds}
            paths = {name for name in read - imports if any(name in names.of(s.node).binds for s in statements)}
            if paths and paths <= bound.keys():
                yield statement.index


_IMPORTS = ast.Import | ast.ImportFrom


def _makes_sure_of_a_directory(node: ast.stmt) -> bool:
    """Whether all that a statement does is to make a directory, unless it is there."""
    if isinstance(node, ast.If) and len(node.body) == 1 and not node.orelse and "exists" in ast.unparse(node.test):
        return _makes_a_directory(node.body[0])
    return _makes_a_directory(node) and "exist_ok=True" in ast.unparse(node)


def _makes_a_directory(node: ast.stmt) -> bool:
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and getattr(call.func, "attr", "") in {"mkdir", "makedirs"}


REMOVING = {"remove", "removedirs", "rmdir", "rmtree", "unlink"}


def removals(statements: Sequence[Statement], carried: Collection[int]) -> Iterator[int]:
    """Yield the statements, not carried, that remove a file which a carried one before them makes."""
    removing = [s for s in statements if s.index not in carried and _removes(s.node)]
    if not removing:
        return
    places = Places(statement.node for statement in statements)
    makers = {s.node.name for s in statements if _is_function(s.node) and any(map(_makes, ast.walk(s.node)))}
    made: dict[str, int] = {}
    for statement in statements:
        if statement.index in carried and not _is_function(statement.node):
            calls = (part for part in ast.walk(statement.node) if isinstance(part, ast.Call))
            if any(_makes(call) or getattr(call.func, "id", "") in makers for call in calls):
                made |= dict.fromkeys(paths(statement.node, places), statement.index)
    for statement in removing:
        gone = [made[text] for text in paths(statement.node, places) if text in made]
        if gone and min(gone) < statement.index:
            yield statement.index


def _is_function(node: ast.stmt) -> TypeGuard[ast.FunctionDef | ast.AsyncFunctionDef]:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def _removes(node: ast.stmt) -> bool:
    """Whether all that a statement does is to remove a file, where it is there."""
    if isinstance(node, ast.If) and len(node.body) == 1 and not node.orelse:
        return _removes(node.body[0])
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and getattr(call.func, "attr", "") in REMOVING


def _made(notebook: Notebook, carried: Collection[int], places: Places) -> Iterator[tuple[str, int]]:
    """Yield the files that what is left out makes, each with its cell."""
    for magic in notebook.magics:
        if magic.name == "writefile":
            yield magic.text.split("\n")[0].split()[-1], magic.cell
    for statement in notebook.statements:
        if statement.index not in carried and any(map(_makes, ast.walk(statement.node))):
            yield from ((text, statement.cell) for text in paths(statement.node, places) if "." in text.strip("."))


def _makes(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if name == "open":
        modes = [*node.args[-1:], *(word.value for word in node.keywords if word.arg == "mode")]
        return any(isinstance(mode, ast.Constant) and {*str(mode.value)} & {*"wax"} for mode in modes if _is_mode(mode))
    return name in MAKING or name.startswith("to_")


def _is_mode(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and {*str(node.value)} <= {*"rwaxbt+"}


def paths(node: ast.AST, places: Places | None = None) -> Iterator[str]:
    """Yield the paths that a statement names: texts that look like one, and what it puts together or opens.

    Args:
        node: The statement.
        places: What names stand for; without it only what is written in the statement counts.
    """
    known = places or Places()
    opened = _opened(node, known)
    work: list[ast.AST] = [node]
    while work:
        part = work.pop()
        if isinstance(part, ast.expr) and (part in opened or known.is_made(part)) and (found := known.of(part)):
            yield from (text for text in found if _can_be_path(text) and text.strip("."))
            continue
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and _may_be_path(part.value):
            yield part.value
        work += reversed([*ast.iter_child_nodes(part)])


def _opened(node: ast.AST, places: Places) -> set[ast.expr]:
    """Return the expressions whose value something opens."""
    found: set[ast.expr] = set()
    for call in ast.walk(node):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        if name in OPENING | MAKING | REMOVING or name.startswith(("read_", "write_")):
            on = call.func.value if isinstance(call.func, ast.Attribute) else None
            is_path = on is not None and bool(places.of(on))
            # What a path is given as text is what it holds.
            found.update([on] if on is not None and (is_path or name.endswith(("_text", "_bytes"))) else call.args[:1])
    return found


def _can_be_path(text: str) -> bool:
    return 0 < len(text) < 250 and not any(character in text for character in "\n\0<>|{}") and "://" not in text


def _may_be_path(text: str) -> bool:
    if len(text) < 2 or not _can_be_path(text) or any(character in text for character in " *?"):
        return False
    return ("/" in text or "." in text) and bool(text.strip("."))


def _is_here(text: str) -> bool:
    try:
        if text.rstrip("/") in {"", "/dev/null", "/tmp", "~"}:
            return False
        place = Path(text).expanduser()
        if "*" in text or "?" in text:
            pattern = str(place.relative_to(place.anchor))
            return any(True for _ in Path(place.anchor or ".").glob(pattern))
        return place.exists()
    except (OSError, RuntimeError, ValueError):
        return False
