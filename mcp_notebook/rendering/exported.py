"""Render the card of an exported package."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from mcp_notebook.rendering import look

if TYPE_CHECKING:
    from mcp_notebook.export.findings import Finding, Group
    from mcp_notebook.export.proof import Proof, Row
    from mcp_notebook.export.report import Exported

__all__ = ["exported_card"]


def exported_card(exported: Exported, headline: str, done: list[str], tree: str) -> str:
    """Return the card (HTML).

    Args:
        exported: The outcome of the export.
        headline: The outcome in a few words.
        done: Lines about the written files.
        tree: The package's files, drawn as a tree.
    """
    proof = exported.proof
    bad = exported.stopped or (proof is not None and not proof.ok)
    kept = {} if exported.update is None else exported.update.kept
    outcome = look.chip(headline, _outcome(exported))
    return look.card(
        f"package {look.code(exported.name)} {look.muted(f'in {exported.destination}')} {outcome}",
        look.bullets(done),
        *(look.fold(f"differences in {look.code(path)}", look.pre(diff)) for path, diff in kept.items()),
        "" if proof is None else look.section("proof", _proof(proof)),
        look.section("about the cells", _findings(exported.groups)),
        # Whole, because a box that scrolls would hide its end without a sign.
        "" if exported.stopped else look.fold("files", look.pre(tree, whole=True), opened=exported.dry),
        bad=bad,
    )


def _outcome(exported: Exported) -> look.Kind:
    if exported.stopped:
        return "bad"
    if exported.proof is None:
        return "info"
    return "good" if exported.proof.ok else "bad"


def _proof(proof: Proof) -> str:
    if not proof.rows:
        return ""
    rows = [(_mark(row), escape(row.what), escape(row.stdio), escape(row.http)) for row in proof.rows]
    details = [line for row in proof.rows for line in row.details]
    return look.table(("", "", "stdio", "HTTP"), rows) + look.section("differences", look.bullets(details))


def _mark(row: Row) -> str:
    return look.chip("ok", "good") if row.ok else look.chip("no", "bad")


def _findings(groups: list[Group]) -> str:
    rows = [(_weight(group.findings[0]), _group(group)) for group in groups]
    return look.table(("", ""), rows) if rows else ""


def _group(group: Group) -> str:
    return f"{'; '.join(map(_place, group.shown))}{group.more}: {escape(group.findings[0].said)}"


def _place(finding: Finding) -> str:
    return escape(finding.name) if finding.cell is None else f"cell {finding.cell}, {look.code(finding.name)}"


def _weight(finding: Finding) -> str:
    kinds: dict[str, look.Kind] = {"stops": "bad", "warns": "warn"}
    return look.badge(finding.weight, kinds.get(finding.weight, ""))
