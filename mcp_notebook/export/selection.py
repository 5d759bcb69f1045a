"""The statements that a package carries, and what to know about them and about the rest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from mcp_notebook.export import pitfalls, repairs
from mcp_notebook.export.findings import Finding
from mcp_notebook.export.pitfalls.files import directories, removals
from mcp_notebook.export.settings import environment_reads
from mcp_notebook.slicing import slicer
from mcp_notebook.slicing.statements import Notebook, Statement

__all__ = ["Selection", "select"]


@dataclass(frozen=True)
class Selection:
    """The content of a package.

    Attributes:
        statements: The statements, in execution order.
        findings: The findings about the statements and about the rest.
        future: The features that ``from __future__`` imports turned on for the statements.
    """

    statements: tuple[Statement, ...]
    findings: tuple[Finding, ...] = ()
    future: frozenset[str] = frozenset()


def select(
    notebook: Notebook,
    wanted: Iterable[Statement],
    names: Iterable[str],
    *,
    server: str | None,
    leave_out: Iterable[Statement] = (),
    functions: Collection[str] = (),
) -> Selection:
    """Return the statements that definitions need, with findings; the arguments are those of `slicer.cut`.

    Statements that only set the environment are left out: they are for the place where the package runs.
    """
    environment = [s for s in notebook.statements if environment_reads.only_sets(s.node)]

    def also(kept: Collection[int]) -> Iterator[int]:
        yield from directories(notebook.statements, kept)
        yield from removals(notebook.statements, kept)

    cut = partial(
        slicer.cut,
        notebook,
        needed=[*names],
        server=server,
        leave_out=[*leave_out, *environment],
        functions=functions,
        also=also,
    )
    kept = [*wanted]
    found = cut(kept)
    while by_name := [s for s in repairs.binding(found.unbound, notebook) if s not in kept]:
        kept += by_name
        found = cut(kept)
    bound = frozenset[str]().union(*(repairs.by_name(s.node) for s in found.statements))
    found = replace(found, unbound={name: cell for name, cell in found.unbound.items() if name not in bound})
    return Selection(found.statements, tuple(dict.fromkeys(pitfalls.findings(notebook, found))), found.future)
