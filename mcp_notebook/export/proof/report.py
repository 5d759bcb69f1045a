"""Write a proof as text, and as the package's ``PROOF.md``."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill

from mcp_notebook.export.proof.evidence import Proof, Row

__all__ = ["markdown", "text", "verdict"]

WIDTH = 100
"""Characters to a line of text."""


def verdict(proof: Proof) -> str:
    """Return one line: whether the package is proven."""
    if proof.unproven:
        return f"written, and not proven: {proof.unproven}"
    if proof.ok:
        return "proven: the package behaves as the notebook"
    failed = sum(not row.ok for row in proof.rows)
    return f"not proven: {failed} of {len(proof.rows)} checks failed"


def text(proof: Proof) -> str:
    """Return the rows as a table, with the details below."""
    rows = [("", "", "stdio", "HTTP"), *(("ok" if row.ok else "NO", row.what, *_cells(row)) for row in proof.rows)]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    lines = [verdict(proof)]
    if proof.rows:
        lines += ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    lines += [fill(line, WIDTH, initial_indent="  ", subsequent_indent="    ") for line in _details(proof)]
    return "\n".join(lines)


def markdown(proof: Proof) -> str:
    """Return the text of ``PROOF.md``; the same for the same findings."""
    on = ", ".join(f"{name} {version}" if name != "platform" else version for name, version in proof.versions)
    lines = ["# Proof", "", f"{verdict(proof).capitalize()}.", ""]
    if on:
        lines += [f"Looked at on {on}.", ""]
    if proof.rows:
        lines += ["| | stdio | HTTP | |", "|---|---|---|---|"]
        lines += [f"| {' | '.join((row.what, *_cells(row), 'ok' if row.ok else '**no**'))} |" for row in proof.rows]
    details = [*_details(proof)]
    # In a fence, because they have values of any kind.
    return "\n".join([*lines, *(["", "````text", *details, "````"] if details else [])]) + "\n"


def _cells(row: Row) -> tuple[str, str]:
    return row.stdio, row.http


def _details(proof: Proof) -> Iterator[str]:
    for row in proof.rows:
        yield from row.details
