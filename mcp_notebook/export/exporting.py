"""From the notebook to the package and its proof, as one straight line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mcp_notebook.export import manifest, report
from mcp_notebook.export.drafting import Draft, draft
from mcp_notebook.export.findings import Finding, Group, grouped
from mcp_notebook.export.manifest import Update
from mcp_notebook.export.naming import refuse_place
from mcp_notebook.export.proof import Proof, prove
from mcp_notebook.export.proof.report import markdown
from mcp_notebook.export.ran import Subject
from mcp_notebook.export.wishes import Wishes
from mcp_notebook.portal import Portal
from mcp_notebook.recording import Call

__all__ = ["Exported", "export"]

PROOF = "PROOF.md"


@dataclass(frozen=True, repr=False)
class Exported:
    """What came of an export.

    Attributes:
        name: What the package is imported as.
        destination: Its directory.
        files: The text of each file, by its path.
        findings: What is to be said of the cells, what stops first.
        update: What was done to the directory, or would be; None where a finding stopped it.
        proof: The evidence; None where none was asked for.
        dry: Whether nothing was to be written.
    """

    name: str
    destination: Path
    files: Mapping[str, str]
    findings: tuple[Finding, ...] = ()
    update: Update | None = None
    proof: Proof | None = None
    dry: bool = False

    def __repr__(self) -> str:
        return report.text(self)

    @property
    def stopped(self) -> bool:
        """Whether a finding stopped it."""
        return self.update is None

    @property
    def groups(self) -> list[Group]:
        """What is to be said of the cells, those findings together that say the same."""
        return grouped(self.findings)

    @property
    def server_file(self) -> str:
        """The source of the module with the server."""
        return self.files.get(f"src/{self.name}/server.py", "")


def export(
    subject: Subject,
    destination: Path,
    calls: Iterable[Call],
    *,
    wishes: Wishes,
    portal: Portal,
    environment: Mapping[str, str],
    on_progress: Callable[[str], None] = lambda _: None,
    python: Path | None = None,
) -> Exported:
    """Write the package of a live server into a directory, and prove it.

    Args:
        subject: The server and the cells that it came from.
        destination: The directory; one that was written before is brought up to date.
        calls: What was recorded.
        wishes: What is asked for.
        portal: The loop of connections.
        environment: That of the notebook, where values of secrets may be.
        on_progress: Told of each step in a line.
        python: For the proof, an interpreter that has all that the package needs; an environment is made if not given.

    Raises:
        ExportError: The directory cannot be written, or a wish cannot be met.
    """
    refuse_place(destination)
    on_progress("reading the cells")
    made = draft(subject, destination, calls, wishes, environment)
    exported = Exported(made.package.name, destination, made.files, made.findings, dry=wishes.dry_run)
    if made.is_stopped:
        return exported
    on_progress("comparing with the directory" if wishes.dry_run else "writing the package")
    exported = replace(exported, update=_updated(made, destination, dry_run=wishes.dry_run))
    if wishes.dry_run or not wishes.proof:
        return exported
    proof = _proven(made, subject, destination, wishes, portal, python, on_progress)
    if proof.unproven:
        made.test_anew(None, wishes.volatile)
    made.files[PROOF] = markdown(proof)
    manifest.update(destination, made.files, dry_run=False)
    return replace(exported, proof=proof, update=_with_proof(exported.update))


def _updated(made: Draft, destination: Path, *, dry_run: bool) -> Update:
    """Bring the directory up to date; the differences of files that a person edited show no secrets."""
    update = manifest.update(destination, made.files, dry_run=dry_run)
    return replace(update, kept={path: made.hide(diff) for path, diff in update.kept.items()})


def _proven(
    made: Draft,
    subject: Subject,
    destination: Path,
    wishes: Wishes,
    portal: Portal,
    python: Path | None,
    on_progress: Callable[[str], None],
) -> Proof:
    """Prove the package; its tests are written again where that shows that values vary."""

    def test_anew(varies: Mapping[int, Sequence[str]]) -> None:
        made.test_anew(varies, wishes.volatile)
        manifest.update(destination, made.files, dry_run=False)

    return prove(
        subject,
        made.package.module,
        destination,
        made.package.name,
        made.recorded,
        portal=portal,
        environment=made.environment,
        volatile=wishes.volatile,
        python=python,
        keep=Path(wishes.environment).expanduser().resolve() if wishes.environment else None,
        before_tests=test_anew,
        on_progress=on_progress,
    )


def _with_proof(update: Update | None) -> Update | None:
    """Return what was done, with the proof's own file: it goes when the package changes, and comes with its proof."""
    if update is None:
        return None
    removed = tuple(path for path in update.removed if path != PROOF)
    return replace(update, written=(*update.written, PROOF), removed=removed)
