"""From the notebook to the package and its proof, as one straight line."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import get_args

from mcp_notebook.export import dependencies, manifest, project, telling
from mcp_notebook.export.findings import Finding, Weight
from mcp_notebook.export.manifest import Update
from mcp_notebook.export.module import writing as module
from mcp_notebook.export.naming import package_name
from mcp_notebook.export.project import Package
from mcp_notebook.export.proof import Proof, prove, report
from mcp_notebook.export.proof.replaying import Replays, replays
from mcp_notebook.export.ran import Subject
from mcp_notebook.export.settings import lifting as settings
from mcp_notebook.export.settings import secrets
from mcp_notebook.export.wishes import Wishes
from mcp_notebook.portal import Portal
from mcp_notebook.recording import Call
from mcp_notebook.recording.as_tests import as_tests, testable

__all__ = ["Exported", "export"]

PROOF = "PROOF.md"
TESTS = "test_calls.py"


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
        return telling.text(self)

    @property
    def stopped(self) -> bool:
        """Whether a finding stopped it."""
        return self.update is None

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
    on_progress("reading the cells")
    written = module.write(subject, also=[wishes.health] if wishes.health else [])
    name, named = package_name(wishes.name or destination.resolve().name, dependencies.top_levels(written))
    lifted = settings.lift(written, subject, environment, package=name)
    known = [setting.live for setting in lifted.settings if setting.secret and setting.live]
    recorded = replays(
        calls if wishes.calls else (), subject.server, partial(secrets.withheld, environment=environment, known=known)
    )
    package = Package(
        name,
        subject.server.title or subject.server.name,
        lifted,
        dependencies.of(lifted),
        subject.server,
        _tests(recorded, name, lifted.variable, wishes, {} if wishes.proof else None),
        wishes.health,
        wishes.licence,
        ".".join(platform.python_version_tuple()[:2]),
    )
    files = project.files(package)
    refused = secrets.refuse(files, environment, known)
    found = _stops_first([*refused, *lifted.findings, *package.dependencies.findings, *named])
    findings = tuple(_without_secrets(finding, environment, known) for finding in found)
    exported = Exported(name, destination, files, findings, dry=wishes.dry_run)
    if any(finding.weight == "stops" for finding in findings):
        return exported
    on_progress("comparing with the directory" if wishes.dry_run else "writing the package")
    update = manifest.update(destination, files, dry_run=wishes.dry_run)
    diffs = {path: secrets.hide(diff, environment, known) for path, diff in update.kept.items()}
    exported = replace(exported, update=replace(update, kept=diffs))
    if wishes.dry_run or not wishes.proof:
        return exported

    def test_anew(varies: Mapping[int, Sequence[str]]) -> None:
        files[f"tests/{TESTS}"] = project.files(
            replace(package, tests=_tests(recorded, name, lifted.variable, wishes, varies))
        )[f"tests/{TESTS}"]
        manifest.update(destination, files, dry_run=False)

    proof = prove(
        subject,
        lifted,
        destination,
        name,
        recorded,
        portal=portal,
        environment={s.variable: s.live for s in lifted.settings if s.live is not None},
        volatile=wishes.volatile,
        python=python,
        keep=Path(wishes.environment).expanduser().resolve() if wishes.environment else None,
        before_tests=test_anew,
        on_progress=on_progress,
    )
    files[PROOF] = report.markdown(proof)
    manifest.update(destination, files, dry_run=False)
    return replace(exported, proof=proof, update=_with_proof(exported.update))


def _tests(
    recorded: Replays, name: str, variable: str, wishes: Wishes, varies: Mapping[int, Sequence[str]] | None
) -> dict[str, str]:
    """Write the tests; `varies` is what a proof has shown, empty before it has, and None where there is to be none."""
    calls = [call for call in recorded.calls if testable(call)]
    importing = f"{name}.server:{variable}"
    return {TESTS: as_tests(calls, importing, volatile=wishes.volatile, varies=varies)} if calls else {}


def _without_secrets(finding: Finding, environment: Mapping[str, str], known: Iterable[str]) -> Finding:
    """Hide what a line of the notebook that a finding quotes has in it."""
    name, what = (secrets.hide(text, environment, known) for text in (finding.name, finding.what))
    return replace(finding, name=name, what=what)


def _stops_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    weights = list(get_args(Weight))
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: weights.index(finding.weight)))


def _with_proof(update: Update | None) -> Update | None:
    """Return what was done, with the proof's own file: it goes when the package changes, and comes with its proof."""
    if update is None:
        return None
    removed = tuple(path for path in update.removed if path != PROOF)
    return replace(update, written=(*update.written, PROOF), removed=removed)
