"""The statements that a package carries, and what is to be said of them and of the rest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from mcp_notebook.export import pitfalls
from mcp_notebook.export.findings import Finding
from mcp_notebook.export.pitfalls.files import directories, removals
from mcp_notebook.export.settings import environment_reads
from mcp_notebook.slicing import slicer
from mcp_notebook.slicing.slicer import Slice
from mcp_notebook.slicing.statements import Notebook, Statement

__all__ = ["Selection", "select"]


@dataclass(frozen=True)
class Selection:
    """What a package carries.

    Attributes:
        statements: In execution order.
        findings: What could not be carried, what was left out.
        future: The features that ``from __future__`` imports turned on for them.
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
    """Return the statements that definitions need, with what is to be said; the arguments are as of `slicer.cut`.

    What only sets the environment is left out: that is for where the package runs.
    """
    environment = [s for s in notebook.statements if environment_reads.only_sets(s.node)]

    def also(kept: Collection[int]) -> Iterator[int]:
        yield from directories(notebook.statements, kept)
        yield from removals(notebook.statements, kept)

    found = slicer.cut(
        notebook, wanted, names, server=server, leave_out=[*leave_out, *environment], functions=functions, also=also
    )
    return Selection(found.statements, tuple(dict.fromkeys(_findings(notebook, found))), found.future)


def _findings(notebook: Notebook, found: Slice) -> Iterator[Finding]:
    carried = found.statements
    yield from pitfalls.unbound(found.unbound, notebook)
    for one in found.not_followed:
        yield pitfalls.not_followed(one.statement, one.names, is_trial=one.is_trial)
    for name, statement in found.changed_later.items():
        yield pitfalls.changed_later(name, statement)
    yield from pitfalls.twofold.findings(notebook, {statement.index for statement in carried})
    yield from pitfalls.in_statements(notebook, carried)
    yield from pitfalls.left_out(notebook, carried, found.outside)
