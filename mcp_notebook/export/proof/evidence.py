"""The findings of a proof, as plain data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from textwrap import fill
from typing import Any

from mcp_notebook import json_diff
from mcp_notebook.json_diff import ABSENT
from mcp_notebook.recording.volatile import Varies

__all__ = ["Difference", "Proof", "Row", "differences", "merged", "short"]

MOST = 120
"""Characters that are shown of a value."""

WIDTH = 100
"""Characters to a line of text."""


@dataclass(frozen=True)
class Difference:
    """A field in which the package differs from the notebook.

    Attributes:
        definition: Its definition, such as ``tool add``.
        cell: The number of the cell that defines it; None if no cell does.
        field: The place in its entry, or in the result of a call, as a JSON pointer.
        notebook: The notebook's value, shortened.
        package: The package's value, shortened.
        call: The number of the recorded call; None for a list.
        over: The transports with this difference.
    """

    definition: str
    cell: int | None
    field: str
    notebook: str
    package: str
    call: int | None = None
    over: tuple[str, ...] = ()

    def __str__(self) -> str:
        about = [
            *([] if self.cell is None else [f"cell {self.cell}"]),
            *([] if self.call is None else [f"call {self.call}"]),
            *([f"over {self.over[0]}"] if len(self.over) == 1 else []),
        ]
        place = f" ({', '.join(about)})" if about else ""
        return f"{self.definition}{place}, {self.field}: {self.notebook} in the notebook, {self.package} in the package"


def differences(notebook: Any, package: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield each place where two JSON values differ, as a JSON pointer (RFC 6901), with both values.

    The order of the members of an object counts: models and forms read a schema from top to bottom. Numbers are equal
    only if they are written alike. A `Varies` in the first value is equal to any value of its type.
    """
    for found in json_diff.differences(notebook, package, equal=_equal, ordered=True):
        yield found.pointer, found.before, found.after


def _equal(notebook: Any, package: Any) -> bool:
    return bool(notebook == package) if isinstance(notebook, Varies) else json_diff.same(notebook, package)


def merged(found: Iterable[Difference]) -> tuple[Difference, ...]:
    """Return each difference once, with all its transports."""
    over: dict[Difference, tuple[str, ...]] = {}
    for difference in found:
        key = replace(difference, over=())
        over[key] = (*over.get(key, ()), *difference.over)
    return tuple(replace(difference, over=where) for difference, where in over.items())


def short(value: Any) -> str:
    """Return a JSON value on one line, cut to the length of a line of a report."""
    text = repr(value) if value is ABSENT else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MOST else f"{text[: MOST - 3]}..."


@dataclass(frozen=True)
class Row:
    """One check.

    Attributes:
        what: Its subject, such as ``tools (5)``.
        stdio: The result over stdio, or the result if the transport does not matter.
        http: The result over HTTP.
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
    """The checks of a package and their results.

    Attributes:
        rows: The checks, in order.
        differences: All differences.
        versions: The versions that the proof ran on, by name.
        unproven: Why no check was possible; "" if they were.
        errors: The errors about missing names and attributes that the package raised.
    """

    rows: tuple[Row, ...] = ()
    differences: tuple[Difference, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    unproven: str = ""
    errors: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Return whether the package is proven to behave as the notebook."""
        return not self.unproven and all(row.ok for row in self.rows)

    @property
    def verdict(self) -> str:
        """One line: whether the package is proven."""
        if self.unproven:
            return f"written, and not proven: {self.unproven}"
        if self.ok:
            return "proven: the package behaves as the notebook"
        failed = sum(not row.ok for row in self.rows)
        return f"not proven: {failed} of {len(self.rows)} checks failed"

    @property
    def text(self) -> str:
        """The rows as a table, with the details below."""
        head = ("", "", "stdio", "HTTP")
        rows = [head, *(("ok" if row.ok else "NO", row.what, row.stdio, row.http) for row in self.rows)]
        widths = [max(len(row[i]) for row in rows) for i in range(4)]
        table = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows] if self.rows else []
        details = [line for row in self.rows for line in row.details]
        folded = [fill(line, WIDTH, initial_indent="  ", subsequent_indent="    ") for line in details]
        return "\n".join([self.verdict, *table, *folded])

    @property
    def markdown(self) -> str:
        """The text of ``PROOF.md``; the same for the same findings."""
        on = ", ".join(f"{name} {version}" if name != "platform" else version for name, version in self.versions)
        lines = ["# Proof", "", f"{self.verdict.capitalize()}.", "", *([f"Looked at on {on}.", ""] if on else [])]
        if self.rows:
            rows = ((row.what, row.stdio, row.http, "ok" if row.ok else "**no**") for row in self.rows)
            lines += ["| | stdio | HTTP | |", "|---|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
        details = [line for row in self.rows for line in row.details]
        # In a fence, because they have values of any kind.
        return "\n".join([*lines, *(["", "````text", *details, "````"] if details else [])]) + "\n"
