"""What a slice of a notebook is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from mcp_notebook.slicing.statements import Statement

__all__ = ["NotFollowed", "Slice"]


class NotFollowed(NamedTuple):
    """A statement that is not kept, though it may have changed values that are.

    Attributes:
        statement: The statement.
        names: The names of these values.
        is_trial: Whether it only tries the server; else it raised, or awaits.
    """

    statement: Statement
    names: list[str]
    is_trial: bool


@dataclass(frozen=True)
class Slice:
    """The statements that are needed, and what is to be known of the others.

    Attributes:
        statements: In execution order.
        future: The features that ``from __future__`` imports turned on for them.
        unbound: The names that no statement binds, each with the cell that reads it.
        not_followed: What may have changed kept values, and is not kept.
        changed_later: For names, a kept statement of another cell than their own that changes them.
        outside: What statements do outside the notebook's own values, by their index.
    """

    statements: tuple[Statement, ...]
    future: frozenset[str] = frozenset()
    unbound: Mapping[str, int | None] = field(default_factory=dict)
    not_followed: tuple[NotFollowed, ...] = ()
    changed_later: Mapping[str, Statement] = field(default_factory=dict)
    outside: Mapping[int, Collection[str]] = field(default_factory=dict)
