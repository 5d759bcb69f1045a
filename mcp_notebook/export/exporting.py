"""Export a notebook: draft the package, write it, prove it, and repair it if the proof names what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mcp_notebook.export import manifest, repairs
from mcp_notebook.export.drafting import Draft, draft
from mcp_notebook.export.findings import Finding
from mcp_notebook.export.manifest import Update
from mcp_notebook.export.naming import refuse_place
from mcp_notebook.export.options import ExportOptions
from mcp_notebook.export.project import bundle
from mcp_notebook.export.proof import Proof, prove
from mcp_notebook.export.ran import Subject
from mcp_notebook.export.report import Exported
from mcp_notebook.formatting import require_ruff
from mcp_notebook.portal import Portal
from mcp_notebook.recording import Call

__all__ = ["export"]

PROOF = "PROOF.md"


def export(
    subject: Subject,
    destination: Path,
    calls: Iterable[Call],
    *,
    options: ExportOptions,
    portal: Portal,
    environment: Mapping[str, str],
    on_progress: Callable[[str], None] = lambda _: None,
    python: Path | None = None,
) -> Exported:
    """Write the package of a live server into a directory, and prove it.

    Args:
        subject: The server and the cells that made it.
        destination: The directory; an earlier package in it is updated.
        calls: The recorded calls.
        options: The name of the package, whether to prove it, and the rest.
        portal: The loop of connections.
        environment: The environment of the notebook, which may have secrets.
        on_progress: Called with a line about each step.
        python: For the proof, an interpreter that has all that the package needs; without it, an environment is made.

    Raises:
        ExportError: The directory cannot be written, or an option cannot be honored.
        McpNotebookError: `ruff` is not installed.
    """
    require_ruff()
    refuse_place(destination)
    work = _Work(destination, tuple(calls), options, portal, environment, on_progress, python)
    on_progress("reading the cells")
    made = work.draft(subject)
    exported = Exported(made.package.name, destination, made.files, made.findings, dry=options.dry_run)
    if made.is_stopped:
        return exported
    on_progress("comparing with the directory" if options.dry_run else "writing the package")
    exported = replace(exported, update=work.write(made))
    return exported if options.dry_run or not options.proof else work.proven(exported, made, subject)


@dataclass(frozen=True)
class _Work:
    """The steps of one export, with the arguments that they share."""

    destination: Path
    calls: tuple[Call, ...]
    options: ExportOptions
    portal: Portal
    environment: Mapping[str, str]
    say: Callable[[str], None]
    python: Path | None

    def draft(self, subject: Subject) -> Draft:
        return draft(subject, self.destination, self.calls, self.options, self.environment)

    def write(self, made: Draft) -> Update:
        """Update the directory; the differences of files that a person edited show no secrets."""
        update = manifest.update(self.destination, made.files, dry_run=self.options.dry_run)
        if self.options.bundle and not self.options.dry_run:
            bundle.pack(self.destination, bundle.place(made.package))
            update = replace(update, written=(*update.written, bundle.place(made.package)))
        return replace(update, kept={path: made.hide(diff) for path, diff in update.kept.items()})

    def proven(self, exported: Exported, made: Draft, subject: Subject) -> Exported:
        """Prove the package, and repair it as long as its errors name a statement that is missing."""
        update, added = exported.update or Update(), list[Finding]()
        proof = self.prove(made, subject)
        while not proof.ok and len(added) < repairs.MOST:
            found = repairs.repair(proof.errors, subject, made.package.module.carried)
            if found is None:
                break
            subject = found.applied(subject)
            repaired = self.draft(subject)
            if repaired.is_stopped or not found.is_in(repaired.package.module.carried):
                break
            made = repaired
            self.say("adding a statement that the package misses")
            added.append(replace(found.finding, name=made.hide(found.finding.name)))
            update = update.then(self.write(made))
            proof = self.prove(made, subject)
        if proof.unproven:
            made.test_anew(None, self.options.volatile)
        made.files[PROOF] = proof.markdown
        manifest.update(self.destination, made.files, dry_run=False)
        # The proof's own file goes when the package changes, and comes back with the new proof.
        removed = tuple(path for path in update.removed if path != PROOF)
        update = replace(update, written=(*update.written, PROOF), removed=removed)
        return replace(exported, files=made.files, findings=(*made.findings, *added), update=update, proof=proof)

    def prove(self, made: Draft, subject: Subject) -> Proof:
        """Prove the package; its tests are written again if the proof shows that values vary."""

        def test_again(varies: Mapping[int, Sequence[str]]) -> None:
            made.test_anew(varies, self.options.volatile)
            manifest.update(self.destination, made.files, dry_run=False)

        keep = self.options.environment
        return prove(
            subject,
            made.package.module,
            self.destination,
            made.package.name,
            made.recorded,
            portal=self.portal,
            environment=made.environment,
            volatile=self.options.volatile,
            python=self.python,
            bundle=self.destination / bundle.place(made.package) if self.options.bundle else None,
            auth=made.package.auth,
            scopes=made.package.scopes,
            keep=Path(keep).expanduser().resolve() if keep else None,
            before_tests=test_again,
            on_progress=self.say,
        )
