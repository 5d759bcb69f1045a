"""Repair a package: add the statement that bound a name or an attribute that the package misses.

The slicer reads names in the text of the cells. It cannot see a name in a text that is evaluated, or an object that is
reached by its name. The package then raises a `NameError` or an `AttributeError`, and the error names what it misses.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.pitfalls.subject import line_of
from mcp_notebook.export.ran import Subject
from mcp_notebook.slicing import names, statements
from mcp_notebook.slicing.statements import Notebook, Statement

__all__ = ["MOST", "Repair", "binding", "by_name", "errors_in", "repair"]

MOST = 10
"""Statements that are added to one package."""

ERROR = re.compile(r"(NameError: name|AttributeError: [^\n\\]{1,200} has no attribute) '(\w+)'")

Places = Iterable[tuple[int, int, int]]
"""The cells of statements, with their first and last lines there."""

DEFINITION = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Repair:
    """A statement to add.

    Attributes:
        statement: The statement.
        error: The error that the package raised without it.
    """

    statement: Statement
    error: str

    @property
    def finding(self) -> Finding:
        """The line of the report about it."""
        what = f"added, because the package failed without it ({self.error})."
        return Finding("notes", self.statement.cell, line_of(self.statement), what, "Mark the line # keep.")

    def applied(self, subject: Subject) -> Subject:
        """Return the subject with the statement marked ``# keep``."""
        number, line = self.statement.cell, self.statement.first
        cells = [replace(c, keep=c.keep | {line}) if c.number == number else c for c in subject.cells]
        return replace(subject, cells=tuple(cells))

    def is_in(self, carried: Places) -> bool:
        """Return whether the statement is one of those that are carried."""
        return (self.statement.cell, self.statement.first) in {(cell, first) for cell, first, _ in carried}


def errors_in(text: str) -> list[str]:
    """Return the errors about a missing name or attribute in a traceback or a log, each once."""
    return list(dict.fromkeys(found[0] for found in ERROR.finditer(text)))


def repair(errors: Iterable[str], subject: Subject, carried: Places) -> Repair | None:
    """Return the statement that bound the missing name or attribute of one of these errors; None if no cell did.

    Args:
        errors: The `errors_in` the package.
        subject: The cells; a statement with a mark of its author is never added.
        carried: The places of the statements that the package has.
    """
    here = {(cell, first) for cell, first, _ in carried}
    ran = statements.read(subject.cells).statements
    left = [s for s in ran if s.mark is None and not s.raised and (s.cell, s.first) not in here]
    for error, kind, name in (found.group(0, 1, 2) for error in errors if (found := ERROR.search(error))):
        binds = _binds_name if kind.startswith("NameError") else _binds_attribute
        for statement in reversed(left):
            if binds(statement.node, name):
                return Repair(statement, error)
    return None


def binding(missing: Iterable[str], notebook: Notebook) -> list[Statement]:
    """Return the statements that set these variables by their names, the last one for each."""
    left = [s for s in reversed(notebook.statements) if s.mark is None and not s.raised]
    found = (next((s for s in left if name in by_name(s.node)), None) for name in missing)
    return [statement for statement in found if statement is not None]


def by_name(node: ast.stmt) -> frozenset[str]:
    """Return the variables and attributes that a statement sets by their names: ``globals()["rate"] = 3``."""
    return frozenset[str]().union(*map(_by_name, _parts(node)))


def _binds_name(node: ast.stmt, name: str) -> bool:
    return name in names.of(node).binds or name in by_name(node)


def _binds_attribute(node: ast.stmt, name: str) -> bool:
    """Return whether a statement sets an attribute; the variables of a module are its attributes too."""
    stores = (part for part in _parts(node) if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store))
    return any(part.attr == name for part in stores) or _binds_name(node, name)


def _parts(node: ast.stmt) -> Iterator[ast.AST]:
    """Yield the parts of a statement that run with it; the body of a definition does not."""
    return iter(()) if isinstance(node, DEFINITION) else ast.walk(node)


def _by_name(node: ast.AST) -> Collection[str]:
    """Return the variables or attributes that a part of a statement sets by their names."""
    match node:
        case ast.Subscript(value=ast.Call(func=ast.Name("globals" | "vars")), slice=ast.Constant(key), ctx=ast.Store()):
            return {str(key)}
        case ast.Call(func=ast.Name("setattr"), args=[_, ast.Constant(key), _]):
            return {str(key)}
        case ast.Call(func=ast.Attribute(ast.Call(func=ast.Name("globals" | "vars")), "update"), args=args):
            keys = [key for arg in args if isinstance(arg, ast.Dict) for key in arg.keys]
            named = {str(key.value) for key in keys if isinstance(key, ast.Constant)}
            return named | {word.arg for word in node.keywords if word.arg}
        case ast.Call(func=ast.Name("exec"), args=[ast.Constant(str(text)), *_]):
            return _bound_by(text)
    return ()


def _bound_by(text: str) -> Collection[str]:
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return ()
    return frozenset[str]().union(*(names.of(statement).binds for statement in body))
