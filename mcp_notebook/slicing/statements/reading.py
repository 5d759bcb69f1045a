"""The statements of a notebook as they ran: each with its author's text, and where it stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mcp_notebook.slicing.statements.installs import requirements_of
from mcp_notebook.slicing.statements.magics import Magic, python_of
from mcp_notebook.slicing.statements.marks import Mark, by_line, of_cell

__all__ = ["Failed", "Notebook", "RanCell", "Statement", "read"]


@dataclass(frozen=True)
class RanCell:
    """A cell as it ran.

    Attributes:
        number: Its ``In [n]``.
        source: As its author wrote it, magics included.
        raised_at: The line, from 1, of the statement that raised; None where the cell ran to its end. What comes
            before that line did run.
        shown: Whether its last expression had a value, which was shown.
        id: What the front end knows it by, however often it runs; None where it gives no such name.
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
    """A top-level statement that ran; one that ran twice is there twice.

    Attributes:
        cell: The number of its cell.
        first: Its first line in the cell, decorators included, from 1. As in ``__code__.co_firstlineno``, empty lines
            at the top of the cell do not count, and the line of a cell magic does.
        last: Its last line.
        text: What its author wrote, with the comments directly above it and behind it.
        node: The parsed statement; its line numbers are those of the cell.
        index: Its place among all statements of the notebook.
        raised: Whether it raised, so that it may have run in part.
        shown: Whether it is an expression whose value was shown under the cell.
        mark: The author's word about it: a comment on its first or last line, or a tag of the cell.
    """

    cell: int
    first: int
    last: int
    text: str
    node: ast.stmt
    index: int
    raised: bool = False
    shown: bool = False
    mark: Mark | None = None


@dataclass(frozen=True)
class Failed:
    """Where a cell raised.

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
    """What ran, in the order in which it ran.

    Attributes:
        statements: All top-level statements.
        magics: The lines that only a notebook understands, in the same order.
        pip: The requirements that its ``%pip install`` lines and their like name.
        unparsed: The numbers of the cells that are no Python, with the reason.
        cells: The numbers of all cells.
        ids: What the front end knows cells by, by their numbers.
        failed: The cells that raised, with what they would have bound from there on.
    """

    statements: tuple[Statement, ...]
    magics: tuple[Magic, ...] = ()
    pip: tuple[str, ...] = ()
    unparsed: tuple[tuple[int, str], ...] = ()
    cells: tuple[int, ...] = field(default=())
    ids: Mapping[int, str] = field(default_factory=dict)
    failed: tuple[Failed, ...] = ()


def read(cells: Sequence[RanCell]) -> Notebook:
    """Read the statements of cells, in the order in which they ran; what came after an error did not run."""
    statements: list[Statement] = []
    magics: list[Magic] = []
    unparsed: list[tuple[int, str]] = []
    failed: list[Failed] = []
    for cell in cells:
        python = python_of(cell.number, cell.source)
        magics += [magic for magic in python.magics if cell.raised_at is None or magic.line <= cell.raised_at]
        try:
            tree = ast.parse("\n".join(python.lines))
        except (SyntaxError, ValueError) as error:
            unparsed.append((cell.number, getattr(error, "msg", str(error))))
            continue
        marks, tagged = by_line("\n".join(python.lines)), of_cell(cell.tags)
        for first, text, node in _texts(python.lines, tree):
            last = node.end_lineno or first
            if cell.raised_at is not None and first > cell.raised_at:
                break
            statements.append(
                Statement(
                    cell=cell.number,
                    first=first,
                    last=last,
                    text=text,
                    node=node,
                    index=len(statements),
                    raised=cell.raised_at is not None and first <= cell.raised_at <= last,
                    shown=cell.shown and node is tree.body[-1] and isinstance(node, ast.Expr),
                    mark=marks.get(node.lineno)
                    or marks.get(last)
                    or tagged
                    or ("keep" if first in cell.keep else None),
                )
            )
        if cell.raised_at is not None:
            failed += _failed(cell.number, cell.raised_at, tree)
    pip = dict.fromkeys(name for magic in magics for name in requirements_of(magic))
    return Notebook(
        tuple(statements),
        tuple(magics),
        tuple(pip),
        tuple(unparsed),
        tuple(dict.fromkeys(cell.number for cell in cells)),
        {cell.number: cell.id for cell in cells if cell.id is not None},
        tuple(failed),
    )


def _failed(cell: int, raised_at: int, tree: ast.Module) -> Iterator[Failed]:
    left = [node for node in tree.body if (node.end_lineno or node.lineno) >= raised_at]
    if left:
        yield Failed(
            cell, ast.unparse(left[0]).splitlines()[0], frozenset(name for node in left for name in _bound(node))
        )


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
        return
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id
        elif isinstance(part, ast.alias):
            yield part.asname or part.name.partition(".")[0]
        elif isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield part.name


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
