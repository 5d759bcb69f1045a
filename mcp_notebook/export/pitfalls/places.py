"""Which paths an expression stands for, as far as it is put together from what is written in the notebook."""

from __future__ import annotations

import ast
import os
import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import islice, product
from pathlib import PurePath

__all__ = ["Places"]

MOST = 8
"""Values that one name may have; where it has more, those are as good as unknown."""

DEEPEST = 12
"""Names and parts that are followed to find one value."""

JOINING = {"Path", "PosixPath", "PurePath", "PurePosixPath", "joinpath", "join"}
"""Calls that put their arguments together to a path."""

SAME = {
    "abspath",
    "absolute",
    "as_posix",
    "expanduser",
    "expandvars",
    "fspath",
    "normpath",
    "realpath",
    "resolve",
    "str",
}
"""Calls that give the same path in another form."""

HERE = {"cwd", "getcwd"}


class Places:
    """The values of names that hold paths or parts of them, wherever statements bind them.

    Args:
        nodes: The statements.
    """

    def __init__(self, nodes: Iterable[ast.AST] = ()) -> None:
        self._bound: dict[str, list[ast.expr]] = defaultdict(list)
        for node in nodes:
            for part in ast.walk(node):
                if isinstance(part, ast.Assign | ast.AnnAssign | ast.NamedExpr) and part.value is not None:
                    targets = part.targets if isinstance(part, ast.Assign) else [part.target]
                    for target in targets:
                        self._bound[getattr(target, "id", getattr(target, "attr", ""))].append(part.value)

    def of(self, node: ast.expr, depth: int = 0) -> tuple[str, ...]:
        """Return the texts that an expression may stand for; none where it is not written in the notebook."""
        match node:
            case _ if depth > DEEPEST:
                found: tuple[str, ...] = ()
            case ast.Constant(value=str(text)):
                found = (text,)
            case ast.Name() | ast.Attribute():
                found = self._of_name(node, depth)
            case ast.JoinedStr():
                found = self._put_together([_inside(part) for part in node.values], "".join, depth)
            case ast.BinOp(op=ast.Div()):
                found = self._put_together([node.left, node.right], _joined, depth)
            case ast.BinOp(op=ast.Add()):
                found = self._put_together([node.left, node.right], "".join, depth)
            case ast.Subscript():
                found = self._of_item(node, depth)
            case ast.Call():
                found = self._of_call(node, depth)
            case _:
                found = ()
        return found

    def is_made(self, node: ast.expr) -> bool:
        """Whether an expression puts a path together, and is not just a text or a name."""
        if isinstance(node, ast.BinOp):
            return isinstance(node.op, ast.Div) or bool(self.of(node))
        return isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Call) and _name(node.func) in JOINING | HERE | SAME
        )

    def _of_name(self, node: ast.Name | ast.Attribute, depth: int) -> tuple[str, ...]:
        name = node.id if isinstance(node, ast.Name) else node.attr
        if isinstance(node, ast.Attribute) and name == "parent":
            return tuple(posixpath.dirname(text) for text in self.of(node.value, depth + 1))
        found = dict.fromkeys(text for value in self._bound.get(name, ()) for text in self.of(value, depth + 1))
        return tuple(found) if len(found) <= MOST else ()

    def _of_item(self, node: ast.Subscript, depth: int) -> tuple[str, ...]:
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        held = self._bound.get(node.value.id, ()) if isinstance(node.value, ast.Name) else ()
        found: list[str] = []
        for value in held:
            pairs = zip(value.keys, value.values, strict=True) if isinstance(value, ast.Dict) else ()
            found += [
                t for k, v in pairs if isinstance(k, ast.Constant) and k.value == key for t in self.of(v, depth + 1)
            ]
        return tuple(found)

    def _of_call(self, call: ast.Call, depth: int) -> tuple[str, ...]:
        name = _name(call.func)
        if name in HERE:
            return (".",)
        on = [call.func.value] if isinstance(call.func, ast.Attribute) else []
        if on and ast.unparse(on[0]) in ("os", "os.path", "pathlib", "posixpath"):
            on = []
        if name in JOINING:
            return self._put_together([*on, *call.args], _joined, depth)
        if name in SAME and (on or call.args):
            return self.of((on or call.args)[0], depth + 1)
        if name in ("with_name", "with_suffix") and on and call.args:
            pairs = product(self.of(on[0], depth + 1), self.of(call.args[0], depth + 1))
            return tuple(getattr(PurePath(one), name)(other).as_posix() for one, other in pairs if PurePath(one).name)
        return ()

    def _put_together(
        self, parts: Sequence[ast.expr], way: Callable[[Sequence[str]], str], depth: int
    ) -> tuple[str, ...]:
        every = [self.of(part, depth + 1) for part in parts]
        return tuple(islice((way(each) for each in product(*every)), MOST)) if every and all(every) else ()


def _inside(part: ast.expr) -> ast.expr:
    return part.value if isinstance(part, ast.FormattedValue) else part


def _name(function: ast.expr) -> str:
    return str(getattr(function, "attr", getattr(function, "id", "")))


def _joined(parts: Sequence[str]) -> str:
    return os.path.normpath(posixpath.join(*parts)).replace(os.sep, "/")
