"""A row of the table, and the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    what: str
    ours: str
    peer: str
    target: str
    holds: bool


def table(rows: Sequence[Row]) -> str:
    lines = ["| what | mcp_notebook | next to | target | holds |", "|---|---|---|---|---|"]
    lines += [f"| {r.what} | {r.ours} | {r.peer} | {r.target} | {'yes' if r.holds else 'no'} |" for r in rows]
    return "\n".join(lines)
