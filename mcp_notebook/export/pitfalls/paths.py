"""Paths that code names, as far as they are put together from what is written in the notebook."""

from __future__ import annotations

import ast
import os
import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import PurePath

from mcp_notebook.file_calls import makes_file, name_of, removes_file

__all__ = ["HERE", "Paths"]

DEEPEST = 12
"""Names and parts that are followed to find one value."""

JOINING = {"Path", "PosixPath", "PurePath", "PurePosixPath", "joinpath", "join"}
"""Calls that put their arguments together to a path."""

SAME = {
    "abspath", "absolute", "as_posix", "expanduser", "expandvars", "fspath", "normpath", "realpath", "resolve", "str",
}  # fmt: skip
"""Calls that give the same path in another form."""

HERE = {"cwd", "getcwd"}
"""Calls that give the working directory."""

OPENING = {
    "File", "Image", "connect", "genfromtxt", "glob", "iglob", "iterdir", "listdir", "load", "loadtxt", "memmap",
    "open", "open_dataset", "rglob", "scandir", "scan_csv", "scan_parquet", "walk",
}  # fmt: skip
"""Calls whose first argument, or whose object, is a path whatever it looks like; besides those named ``read_...``."""


class Paths:
    """The paths that statements name; the last value of a name counts.

    Args:
        nodes: All statements.
    """

    def __init__(self, nodes: Iterable[ast.AST]) -> None:
        self._bound: dict[str, ast.expr] = {}
        for part in (part for node in nodes for part in ast.walk(node)):
            if isinstance(part, ast.Assign | ast.AnnAssign | ast.NamedExpr) and part.value is not None:
                for target in part.targets if isinstance(part, ast.Assign) else [part.target]:
                    self._bound[getattr(target, "id", getattr(target, "attr", ""))] = part.value

    def named(self, node: ast.AST) -> Iterator[str]:
        """Yield the paths that a statement opens or puts together, and the texts in it that look like a path."""
        opened = {expr for part in ast.walk(node) if isinstance(part, ast.Call) for expr in self._opened(part)}
        work: list[ast.AST] = [node]
        while work:
            part = work.pop()
            found = self._of(part) if part in opened or self._is_put_together(part) else None
            if found:
                if _can_be_path(found) and found.strip("."):
                    yield found
                continue
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and _looks_like_path(part.value):
                yield part.value
            work += reversed([*ast.iter_child_nodes(part)])

    def _opened(self, call: ast.Call) -> list[ast.expr]:
        """Return the expressions that a call opens as paths."""
        name = name_of(call)
        if not (name in OPENING or name.startswith(("read_", "write_")) or makes_file(call) or removes_file(call)):
            return []
        on = call.func.value if isinstance(call.func, ast.Attribute) else None
        # A path that is given a text writes it.
        is_path = on is not None and (name.endswith(("_text", "_bytes")) or bool(self._of(on)))
        return [on] if on is not None and is_path else call.args[:1]

    def _is_put_together(self, node: ast.AST) -> bool:
        if isinstance(node, ast.BinOp):
            return isinstance(node.op, ast.Div) or bool(self._of(node))
        is_call = isinstance(node, ast.Call) and name_of(node) in JOINING | HERE | SAME
        return is_call or isinstance(node, ast.JoinedStr)

    def _of(self, node: ast.AST, depth: int = 0) -> str | None:
        """Return the text that an expression is; None if the notebook does not write it."""
        found: str | None = None
        match node:
            case _ if depth > DEEPEST:
                pass
            case ast.Constant(value=str(text)):
                found = text
            case ast.FormattedValue(value=value):
                found = self._of(value, depth + 1)
            case ast.JoinedStr(values=values):
                found = self._together(values, "".join, depth + 1)
            case ast.BinOp(left=left, op=ast.Add() | ast.Div() as op, right=right):
                found = self._together([left, right], _joined if isinstance(op, ast.Div) else "".join, depth + 1)
            case ast.Attribute(value=value, attr="parent"):
                found = self._together([value], lambda texts: posixpath.dirname(texts[0]), depth + 1)
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in self._bound:
                found = self._of(self._bound[name], depth + 1)
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=key)):
                held = self._bound.get(name)
                pairs = zip(held.keys, held.values, strict=True) if isinstance(held, ast.Dict) else ()
                found = next((self._of(v, depth + 1) for k, v in pairs if getattr(k, "value", None) == key), None)
            case ast.Call():
                found = self._of_call(node, depth + 1)
        return found

    def _of_call(self, call: ast.Call, depth: int) -> str | None:
        name = name_of(call)
        on = [call.func.value] if isinstance(call.func, ast.Attribute) else []
        parts = [*(part for part in on if ast.unparse(part) not in ("os", "os.path", "pathlib")), *call.args]
        if name in HERE:
            return "."
        if name in JOINING and parts:
            return self._together(parts, _joined, depth)
        if name in SAME and parts:
            return self._of(parts[0], depth)
        if name in ("with_name", "with_suffix"):
            return self._together(parts, lambda texts: getattr(PurePath(texts[0]), name)(*texts[1:]).as_posix(), depth)
        return None

    def _together(self, parts: Sequence[ast.expr], way: Callable[[list[str]], str], depth: int) -> str | None:
        texts = [self._of(part, depth) for part in parts]
        try:
            return way([text for text in texts if text is not None]) if None not in texts else None
        except (TypeError, ValueError):  # such as a suffix without a dot
            return None


def _joined(parts: Sequence[str]) -> str:
    return os.path.normpath(posixpath.join(*parts)).replace(os.sep, "/")


def _can_be_path(text: str) -> bool:
    return 0 < len(text) < 250 and not any(character in text for character in "\n\0<>|{}") and "://" not in text


def _looks_like_path(text: str) -> bool:
    if len(text) < 2 or not _can_be_path(text) or any(character in text for character in " *?"):
        return False
    return ("/" in text or "." in text) and bool(text.strip("."))
