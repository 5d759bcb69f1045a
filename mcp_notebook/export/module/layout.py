"""The text of the modules: docstring, imports, then the statements, formatted as `ruff` formats."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence

from mcp_notebook.export.module import splitting
from mcp_notebook.formatting import formatted
from mcp_notebook.slicing import names
from mcp_notebook.slicing.statements import Statement

__all__ = ["laid_out"]

SETTING_UP = re.compile(r"\bsys\.path\b|\benviron\b|\bputenv\b|\bmatplotlib\.use\(|\bfilterwarnings\(|\bsimplefilter\(")
"""Words of statements that may matter to the imports below them, which then stay there."""

HELPERS = '"""What the definitions on the server have in common."""'
"""The first line of the module beside it."""


def laid_out(
    docstring: str,
    future: Iterable[str],
    imports: Iterable[str],
    statements: Sequence[Statement],
    *,
    server: str,
    longest: int,
) -> dict[str, str]:
    """Write ``server.py``; where it would be long, with a module of helpers beside it.

    Args:
        docstring: Its first lines.
        future: The names to import from ``__future__``.
        imports: Further imports that it needs; those that it turns out not to need go.
        statements: Its statements, imports among them.
        server: The variable of the server.
        longest: The lines from which on it is long.
    """
    top, rest = _imports_first(statements)
    quoted = docstring.replace("\\", "\\\\").replace('"""', "'''")
    futures = [f"from __future__ import {name}" for name in sorted(future)]
    every = [*imports, *(statement.text for statement in top)]
    head = [f'"""{quoted}"""', "", *futures, "", *every]
    whole = _text(head, rest)
    if whole.count("\n") <= longest:
        return {"server.py": whole}
    moved = splitting.helpers(top, rest, server)
    beside = _text([HELPERS, "", *futures, "", *every], moved)
    if not moved or beside.count("\n") * 10 < longest:
        return {"server.py": whole}  # too little to look for in another place
    name = _free_module(top, rest)
    bound = sorted(frozenset[str]().union(*(one.binds for one in names.of_all([s.node for s in moved]))))
    taken = [f"from .{name} import {', '.join(bound)}"]
    staying = [statement for statement in rest if statement not in moved]
    return {"server.py": _text([*head, *taken], staying), f"{name}.py": beside}


def _text(head: Iterable[str], statements: Sequence[Statement]) -> str:
    return formatted("\n".join([*head, "", *_spaced(statements)]) + "\n")


def _free_module(*statements: Sequence[Statement]) -> str:
    """Return a name that no import of the notebook's own means."""
    text = "\n".join(statement.text for each in statements for statement in each)
    return next(
        name for name in ("helpers", "server_helpers", "helpers_of_server") if not re.search(rf"\b{name}\b", text)
    )


def _imports_first(statements: Sequence[Statement]) -> tuple[list[Statement], list[Statement]]:
    """Separate the imports that can go to the top from the statements that stay in their order."""
    top: list[Statement] = []
    rest: list[Statement] = []
    bindings = [(s, n.binds) for s, n in zip(statements, names.of_all([s.node for s in statements]), strict=True)]
    for statement, binds in bindings:
        if not isinstance(statement.node, ast.Import | ast.ImportFrom):
            rest.append(statement)
            continue
        same = ast.dump(statement.node)
        rebound = any(
            binds & other and ast.dump(s.node) != same and not _is_package(s, statement) for s, other in bindings
        )
        if rebound or any(SETTING_UP.search(earlier.text) for earlier in rest):
            rest.append(statement)
        else:
            top.append(statement)
    return top, rest


def _is_package(one: Statement, other: Statement) -> bool:
    """Return whether two imports bind one package, as ``import os`` and ``import os.path`` do."""
    return all(isinstance(s.node, ast.Import) and s.node.names[0].asname is None for s in (one, other))


def _spaced(statements: Sequence[Statement]) -> Iterable[str]:
    """Yield the text of each, with an empty line between those that had one, or came from two cells."""
    earlier: Statement | None = None
    for statement in statements:
        comments = statement.text.count("\n") - (statement.last - statement.first)
        if earlier is not None and (
            earlier.cell != statement.cell
            or statement.first - comments > earlier.last + 1
            or statement.first < earlier.last
        ):
            yield ""
        is_import = isinstance(statement.node, ast.Import | ast.ImportFrom)
        yield f"{statement.text}  # noqa: E402" if is_import else statement.text
        earlier = statement
