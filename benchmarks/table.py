"""A row of the table, and the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields


@dataclass(frozen=True)
class Row:
    """A figure of ours next to a peer's; `runs` says how often each was measured."""

    what: str
    ours: str
    peer: str
    target: str
    holds: bool
    runs: str


def table(rows: Sequence[Row]) -> str:
    titles = ["what", "mcp_notebook", "next to", *(field.name for field in fields(Row)[3:])]
    lines = [titles, ["---"] * len(titles)]
    lines += [[{True: "yes", False: "no"}.get(cell, cell) for cell in astuple(row)] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
