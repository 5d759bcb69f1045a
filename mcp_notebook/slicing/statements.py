"""The statements of a notebook as they ran: a notebook's own syntax taken out, the author's text kept.

Authors mark what becomes of a statement by comments on its lines, and by tags of its cell.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from mcp_notebook.slicing import names
from mcp_notebook.slicing.magics import Magic, python_of

__all__ = ["Failed", "Magic", "Notebook", "RanCell", "Statement", "awaits", "eager_nodes", "read"]

_TAGS: Mapping[str, Literal["keep", "leave out"]] = {"mcp-keep": "keep", "mcp-leave-out": "leave out"}
_MARK = re.compile(r"#\s*(keep|leave out)\s*(?:[.:;,(#-].*)?$", re.IGNORECASE)


@dataclass(frozen=True)
class RanCell:
    """A cell as it ran.

    Attributes:
        number: Its ``In [n]``.
        source: As its author wrote it, magics included.
        raised_at: The line, from 1, of the statement that raised; None where the cell ran to its end.
        shown: Whether its last expression had a value, which was shown.
        id: The identifier that the front end gives it, however often it runs; None where it gives none.
        tags: The tags of the cell, as far as the front end gives them.
        keep: The first lines of statements to treat as marked ``# keep``, unless the author marked them.
    """

    number: int
    source: str
    raised_at: int | None = None
    shown: bool = False
    id: str | None = None
    tags: frozenset[str] = frozenset()
    keep: frozenset[int] = frozenset()


@dataclass(frozen=True, eq=False)
class Statement:
    """A top-level statement that ran; there are two of one that ran twice.

    Attributes:
        cell: The number of its cell.
        first: Its first line in the cell, decorators included, from 1. As in ``__code__.co_firstlineno``, empty lines
            at the top of the cell do not count, and the line of a cell magic does.
        last: Its last line.
        text: The text that its author wrote, with the comments directly above it and behind it.
        node: The parsed statement; its line numbers are those of the cell.
        index: Its place among all statements of the notebook.
        raised: Whether it raised, so that it may have run in part.
        shown: Whether it is an expression whose value was shown under the cell.
        mark: The author's decision: a comment on its first or last line, or a tag of the cell.
    """

    cell: int
    first: int
    last: int
    text: str
    node: ast.stmt
    index: int
    raised: bool = False
    shown: bool = False
    mark: Literal["keep", "leave out"] | None = None


@dataclass(frozen=True)
class Failed:
    """The place where a cell raised.

    Attributes:
        cell: Its number.
        line: The first line of the statement that raised.
        binds: The names that this statement and those below it would have bound.
    """

    cell: int
    line: str
    binds: frozenset[str]


@dataclass(frozen=True)
class Notebook:
    """All that ran, in the order in which it ran.

    Attributes:
        statements: All top-level statements.
        magics: The lines that only a notebook understands, in the same order.
        unparsed: The numbers of the cells that are not Python, with the reason.
        cells: The numbers of all cells.
        ids: The identifiers that the front end gives cells, by their numbers.
        failed: The cells that raised, with what they would have bound from there on.
    """

    statements: tuple[Statement, ...]
    magics: tuple[Magic, ...] = ()
    unparsed: tuple[tuple[int, str], ...] = ()
    cells: tuple[int, ...] = field(default=())
    ids: Mapping[int, str] = field(default_factory=dict)
    failed: tuple[Failed, ...] = ()


def read(cells: Sequence[RanCell]) -> Notebook:
    """Read the statements of cells, in the order in which they ran; those below one that raised did not run."""
    statements: list[Statement] = []
    magics: list[Magic] = []
    unparsed: list[tuple[int, str]] = []
    failed: list[Failed] = []
    for cell in cells:
        lines, found = python_of(cell.number, cell.source)
        raised_at = len(lines) + 1 if cell.raised_at is None else cell.raised_at
        magics += [magic for magic in found if magic.line <= raised_at]
        try:
            tree = ast.parse("\n".join(lines))
        except (SyntaxError, ValueError) as error:
            unparsed.append((cell.number, getattr(error, "msg", str(error))))
            continue
        marks, tagged = _marks("\n".join(lines)), next((_TAGS[tag] for tag in sorted(cell.tags) if tag in _TAGS), None)
        for first, text, node in _texts(lines, tree):
            last = node.end_lineno or first
            if first > raised_at:
                break
            shown = cell.shown and node is tree.body[-1] and isinstance(node, ast.Expr)
            mark = marks.get(node.lineno) or marks.get(last) or tagged or ("keep" if first in cell.keep else None)
            raised = first <= raised_at <= last
            statements.append(Statement(cell.number, first, last, text, node, len(statements), raised, shown, mark))
        if left := [node for node in tree.body if (node.end_lineno or node.lineno) >= raised_at]:
            bound = frozenset[str]().union(*(one.binds for one in names.of_all(left)))
            failed.append(Failed(cell.number, ast.unparse(left[0]).splitlines()[0], bound))
    numbers = tuple(dict.fromkeys(cell.number for cell in cells))
    ids = {cell.number: cell.id for cell in cells if cell.id is not None}
    return Notebook(tuple(statements), tuple(magics), tuple(unparsed), numbers, ids, tuple(failed))


def eager_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Give the nodes below a statement that run with it."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from eager_nodes(child)


def awaits(node: ast.stmt) -> bool:
    """Return whether a statement awaits when it runs, which only a cell can do."""
    waiting = (ast.Await, ast.AsyncFor, ast.AsyncWith)
    is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    parts = [] if is_function else [node, *eager_nodes(node)]
    return any(isinstance(part, waiting) or getattr(part, "is_async", 0) for part in parts)


def _marks(text: str) -> dict[int, Literal["keep", "leave out"]]:
    """Return the marks in comments, by line. A mark is a whole comment, or begins one: ``# keep: fills the cache``."""
    found: dict[int, Literal["keep", "leave out"]] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT and (match := _MARK.match(token.string)):
                found[token.start[0]] = "keep" if match[1].lower() == "keep" else "leave out"
    except (tokenize.TokenError, SyntaxError):  # the text parses, but Python 3.12 reads some tokens differently
        pass
    return found


def _texts(lines: list[str], tree: ast.Module) -> Iterator[tuple[int, str, ast.stmt]]:
    """Give the first line, the text and the node of each statement."""
    line, column = 1, 0  # where the statement before ended, its trailing comment included
    for i, node in enumerate(tree.body):
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        start = 0 if decorators else _column(lines[first - 1], node.col_offset)
        last = node.end_lineno or first
        stop = _column(lines[last - 1], node.end_col_offset or 0)
        behind = lines[last - 1][stop:].strip().lstrip(";").strip()
        following = tree.body[i + 1] if i + 1 < len(tree.body) else None
        comment = f"  {behind}" if behind.startswith("#") else ""
        alone = start == 0 and not (first == line and column > 0)
        above = _comments_above(lines, line if column == 0 else line + 1, first) if alone else []
        body = lines[first - 1 : last]
        body[-1] = body[-1][:stop] + comment
        body[0] = body[0][start:] if start else body[0]
        inside = _comments_inside(lines, last) if following is None or following.lineno > last else []
        yield first, "\n".join([*above, *body, *inside]), node
        line, column = last + len(inside), stop


def _column(line: str, offset: int) -> int:
    """Return the place in the text of a place that ast counts in bytes."""
    return len(line.encode()[:offset].decode())


def _comments_above(lines: list[str], after: int, first: int) -> list[str]:
    """Return the lines from the first comment between line `after` and line `first`, empty ones in between included."""
    between = lines[after - 1 : first - 1]
    start = next((i for i, line in enumerate(between) if line.lstrip().startswith("#")), len(between))
    return between[start:]


def _comments_inside(lines: list[str], last: int) -> list[str]:
    """Return the comments that end the body of the statement: those that are indented."""
    found: list[str] = []
    for line in lines[last:]:
        if not (line[:1].isspace() and line.lstrip().startswith("#")):
            break
        found.append(line)
    return found
