"""A place in the cells that registers a definition, and all that the cells have to do with one server."""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass, field

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.module.magic_lines import Line
from mcp_notebook.server import Definition
from mcp_notebook.server.changes import Kind
from mcp_notebook.slicing.statements import Statement

__all__ = ["Key", "Registration", "Registrations", "cell_of"]

Key = tuple[Kind, str]


@dataclass(frozen=True)
class Registration:
    """One place in the cells that registers one definition.

    Attributes:
        statement: That it is in; of a magic, the one that defines the function.
        kinds: What it makes: one of these.
        name: Of what it makes; None where only running it tells.
        decorator: Its place among the decorators of the statement; None for a call, or a magic.
        line: The magic that made it.
    """

    statement: Statement
    kinds: tuple[Kind, ...]
    name: str | None
    decorator: int | None = None
    line: Line | None = None

    @property
    def source(self) -> str:
        """The source of the decorator."""
        decorators = getattr(self.statement.node, "decorator_list", [])
        return "" if self.decorator is None else ast.unparse(decorators[self.decorator])

    @property
    def order(self) -> tuple[int, int]:
        """When it ran."""
        return (self.line.cell if self.line else self.statement.cell, self.statement.index)


@dataclass
class Registrations:
    """What the cells have to do with one server.

    Attributes:
        aliases: The variables that hold it.
        begun: The index of the statement that made it; -1 where a magic did.
        definitions: What is live on it, in its order.
        makers: For each definition, what registered it; none for those that no single place did.
        superseded: The decorators that go, by the index of their statement.
        others: Statements that change the server in another way, such as a loop that registers.
        left_out: Statements that are never carried.
        coming_back: What was taken off, and what the others register again.
        findings: What cannot be told, and what is left out.
    """

    aliases: frozenset[str]
    begun: int
    definitions: dict[Key, Definition]
    makers: dict[Key, Registration] = field(default_factory=dict)
    superseded: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    others: list[Statement] = field(default_factory=list)
    left_out: list[Statement] = field(default_factory=list)
    coming_back: list[Key] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def made_in(self, index: int) -> dict[Key, Registration]:
        """Return what the statement with this index registers, in the order of the live list."""
        return {key: maker for key, maker in self.makers.items() if maker.statement.index == index}

    @property
    def cells(self) -> dict[Key, int | None]:
        """The number of the cell of each definition."""
        return {
            key: maker.statement.cell if (maker := self.makers.get(key)) else cell_of(definition)
            for key, definition in self.definitions.items()
        }


def cell_of(definition: Definition) -> int | None:
    """Return the number of the cell that a definition was made in, as far as the server knows."""
    return definition.cell.execution_count if definition.cell else None
