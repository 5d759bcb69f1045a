"""What a proof found, as plain data."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from mcp_notebook.json_diff import ABSENT

__all__ = ["Difference", "Proof", "Row", "merged", "short"]

MOST = 120
"""Characters that are shown of a value."""


@dataclass(frozen=True)
class Difference:
    """One field in which the package is not as the notebook.

    Attributes:
        definition: What it is about, such as ``tool add``.
        cell: The number of the cell that defines it; None where no cell does.
        field: Where in its entry, or in the result of a call, as a JSON pointer.
        notebook: The notebook's value, shortened.
        package: The package's value, shortened.
        call: The number of the recorded call; None where a list is meant.
        over: The transports on which it was found.
    """

    definition: str
    cell: int | None
    field: str
    notebook: str
    package: str
    call: int | None = None
    over: tuple[str, ...] = ()

    def over_transport(self, transport: str) -> Difference:
        """Return it as found on that transport."""
        return replace(self, over=(transport,))

    def __str__(self) -> str:
        about = [
            *([] if self.cell is None else [f"cell {self.cell}"]),
            *([] if self.call is None else [f"call {self.call}"]),
            *([f"over {self.over[0]}"] if len(self.over) == 1 else []),
        ]
        place = f" ({', '.join(about)})" if about else ""
        return f"{self.definition}{place}, {self.field}: {self.notebook} in the notebook, {self.package} in the package"


def merged(differences: list[Difference]) -> tuple[Difference, ...]:
    """Return each difference once, with all transports on which it was found."""
    over: dict[Difference, tuple[str, ...]] = {}
    for difference in differences:
        key = replace(difference, over=())
        over[key] = (*over.get(key, ()), *difference.over)
    return tuple(replace(difference, over=where) for difference, where in over.items())


def short(value: Any) -> str:
    """Write a JSON value on one line, not longer than a line of a report has room for."""
    text = repr(value) if value is ABSENT else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MOST else f"{text[: MOST - 3]}..."


@dataclass(frozen=True)
class Row:
    """One thing that was looked at.

    Attributes:
        what: Such as ``tools (5)``.
        stdio: What was found over stdio, or at all where the transport does not matter.
        http: What was found over HTTP.
        ok: Whether the package passes.
        details: Lines about it: each difference, each call that was left out and why.
    """

    what: str
    stdio: str
    http: str = ""
    ok: bool = True
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proof:
    """What was looked at, and what was found.

    Attributes:
        rows: In the order in which it was looked at.
        differences: All of them.
        versions: Of what the proof ran on, by name.
        unproven: Why nothing could be looked at; "" where it could.
    """

    rows: tuple[Row, ...] = ()
    differences: tuple[Difference, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    unproven: str = ""

    @property
    def ok(self) -> bool:
        """Whether the package was proven to behave as the notebook."""
        return not self.unproven and all(row.ok for row in self.rows)
