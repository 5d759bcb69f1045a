"""The package before anything is written: its files, and the findings about the cells."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import get_args

from mcp_notebook.errors import ExportError
from mcp_notebook.export import dependencies, project
from mcp_notebook.export.dependencies import Dependencies
from mcp_notebook.export.findings import Finding, Weight
from mcp_notebook.export.module import writing as module
from mcp_notebook.export.naming import package_name, printable
from mcp_notebook.export.options import ExportOptions
from mcp_notebook.export.project import Package, bundle, deploying, hashes, uv_lock
from mcp_notebook.export.project.package import FIRST
from mcp_notebook.export.project.registry import server_name
from mcp_notebook.export.proof.replaying import Replays, replays
from mcp_notebook.export.ran import Subject
from mcp_notebook.export.settings import lifting as settings
from mcp_notebook.export.settings import secrets
from mcp_notebook.export.settings.listed import listed
from mcp_notebook.recording import Call
from mcp_notebook.recording.as_tests import TYPES, as_tests

__all__ = ["Draft", "draft"]

TESTS = "test_calls.py"

LONGEST_TITLE = 200
"""Characters that a title has at most, where a document or a docstring says it."""


@dataclass(frozen=True)
class Draft:
    """A package before it is written.

    Attributes:
        package: The content of its files.
        files: The content of each, by its path: a text, or the bytes of a file that the server serves as it is.
        recorded: The calls that can be made again.
        findings: The findings about the cells; those that stop come first.
        hide: Shortens the secrets in a text.
    """

    package: Package
    files: dict[str, str | bytes]
    recorded: Replays
    findings: tuple[Finding, ...]
    hide: Callable[[str], str] = field(compare=False)

    @property
    def is_stopped(self) -> bool:
        """True if a finding stops it."""
        return any(finding.weight == "stops" for finding in self.findings)

    @property
    def environment(self) -> dict[str, str]:
        """The values of its settings in the notebook, by their variables."""
        return {s.variable: s.live for s in self.package.module.settings if s.live is not None}

    def test_anew(self, varies: Mapping[int, Sequence[str]] | None, volatile: Sequence[str]) -> None:
        """Write the tests again, now that a proof has shown which values vary; None if it has not."""
        tests = _tests(self.recorded, self.package.name, self.package.module.variable, volatile, varies)
        if not tests:
            return
        self.files[f"tests/{TESTS}"] = project.files(replace(self.package, tests=tests))[f"tests/{TESTS}"]


def draft(
    subject: Subject, destination: Path, calls: Iterable[Call], options: ExportOptions, environment: Mapping[str, str]
) -> Draft:
    """Make the package of a live server; the arguments are as of `exporting.export`."""
    written = module.write(subject, also=[options.health] if options.health else [], replicas=options.deploy)
    name, named = package_name(options.name or destination.resolve().name, dependencies.top_levels(written))
    lifted = settings.lift(written, subject, environment, package=name)
    known = [setting.live for setting in lifted.settings if setting.secret and setting.live]
    withheld = partial(secrets.withheld, environment=environment, known=known)
    recorded = replays(calls if options.calls else (), subject.server, withheld)
    package = Package(
        name,
        " ".join(printable(subject.server.title or subject.server.name).split())[:LONGEST_TITLE] or name,
        lifted,
        _locked(dependencies.of(lifted), destination, ask=not options.dry_run),
        subject.server,
        _tests(recorded, name, lifted.variable, options.volatile, {} if options.proof else None),
        options.health,
        options.license,
        ".".join(platform.python_version_tuple()[:2]),
        _version(destination),
        options.bundle,
        server_name(options.registry, name.replace("_", "-")) if options.registry else None,
        options.auth,
        options.deploy,
    )
    if options.auth and package.authorizes:
        raise ExportError("The server has an authorization of its own. Leave --auth out, or the server's auth=.")
    files = project.files(package)
    hide = partial(secrets.hide, environment=environment, known=known)
    refused = secrets.refuse(files, environment, known, subject.cells)
    unlocked = _lock_for_uv(files, package.dependencies.locked, destination, ask=not options.dry_run)
    asked = [
        *(bundle.findings(package) if options.bundle else ()),
        *(deploying.findings(package) if options.deploy else ()),
    ]
    shown = listed(subject.server, lifted.settings, lifted.cells, subject.cells)
    said = [] if options.proof else [*_of_calls(recorded, package.tests), *options.unmet()]
    found = _stops_first(
        [*refused, *shown, *lifted.findings, *package.dependencies.findings, *named, *said, *unlocked, *asked]
    )
    # A finding may quote a line of the notebook.
    findings = tuple(replace(finding, name=hide(finding.name), what=hide(finding.what)) for finding in found)
    return Draft(package, files, recorded, findings, hide)


def _locked(needed: Dependencies, destination: Path, *, ask: bool) -> Dependencies:
    """Return dependencies with the hashes of locked packages: from the existing lock, or from the indexes."""
    if needed.unlocked:
        return needed  # pip chooses one of them, and with hashes it would refuse
    place = destination / "requirements.lock"
    there = place.read_text(encoding="utf-8", errors="replace") if place.is_file() else ""
    known = hashes.in_lock(there, needed.locked) or (hashes.of(needed.locked) if ask else {})
    if known or not ask:
        return replace(needed, hashes=known)
    finding = Finding(
        "warns", None, "requirements.lock", "It has no hashes, because no index has those of all packages that ran.",
        "Export again where pip reaches the index.",
    )  # fmt: skip
    return replace(needed, findings=(*needed.findings, finding))


def _version(destination: Path) -> str:
    """Return the version of the package that is there, which its author may have raised; of a new one, the first."""
    place = destination / "pyproject.toml"
    text = place.read_text(encoding="utf-8", errors="replace") if place.is_file() else ""
    found = re.search(r"^\[project\]$(?:\n(?!\[).*)*?\nversion = \"([^\"]+)\"", text, re.MULTILINE)
    return found[1] if found else FIRST


def _lock_for_uv(
    files: dict[str, str | bytes], pins: Sequence[str], destination: Path, *, ask: bool
) -> Iterator[Finding]:
    """Add the lock of uv to the files, as it is there or as uv makes it; yield a note if it is left out."""
    place = destination / uv_lock.LOCK
    there = place.read_text(encoding="utf-8", errors="replace") if place.is_file() else ""
    same = all(_same(destination / name, files[name]) for name in ("pyproject.toml", "requirements.lock"))
    text = there if (there and same) or not ask else uv_lock.locked(str(files["pyproject.toml"]), pins, there)
    if text:
        files[uv_lock.LOCK] = text
    elif ask:
        why = "there is no uv" if text is None else "uv could not lock it from an index that others reach"
        yield Finding("notes", None, uv_lock.LOCK, f"is left out, because {why}. requirements.lock has the versions.")


def _same(place: Path, content: str | bytes) -> bool:
    return place.is_file() and place.read_text(encoding="utf-8", errors="replace") == content


def _tests(
    recorded: Replays,
    name: str,
    variable: str,
    volatile: Sequence[str],
    varies: Mapping[int, Sequence[str]] | None,
) -> dict[str, str]:
    """Write the tests; `varies` has what a proof has shown: empty before it, None if there will not be one."""
    if not recorded.testable:
        return {}
    return {
        TESTS: as_tests(recorded.testable, f"{name}.server:{variable}", volatile=volatile, varies=varies, once="types")
    }


def _of_calls(recorded: Replays, tests: Mapping[str, str]) -> Iterator[Finding]:
    """Name the calls that do not become tests, and the comparisons for which nobody knows which values vary."""
    for call, why in recorded.left_out:
        yield Finding("notes", None, f"call {call.number}, {call.title}", f"does not become a test: {why}.")
    if TYPES in tests.get(TESTS, ""):
        what = "compare only the types of the results of calls that were made once: only a proof shows what varies."
        yield Finding("notes", None, f"tests/{TESTS}", what, "Export without --no-proof, or make the calls twice.")


def _stops_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    weights = list(get_args(Weight))
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: weights.index(finding.weight)))
