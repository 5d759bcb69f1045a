"""Prove a package: install it, start it, and compare it with the notebook's live server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from mcp_types import Implementation

from mcp_notebook.client import Connection
from mcp_notebook.errors import ExportError, McpNotebookError
from mcp_notebook.export.likeness.comparing import Source
from mcp_notebook.export.likeness.live import anatomy_of
from mcp_notebook.export.module.writing import Module
from mcp_notebook.export.project.package import Auth
from mcp_notebook.export.proof import inspecting
from mcp_notebook.export.proof.environment import Installed, installed
from mcp_notebook.export.proof.evidence import Proof
from mcp_notebook.export.proof.installing import for_tests
from mcp_notebook.export.proof.issuer import signed_in
from mcp_notebook.export.proof.judging import Observed, same_calls
from mcp_notebook.export.proof.offering import Offer, offer_of
from mcp_notebook.export.proof.published import Uvx, by_uvx, others
from mcp_notebook.export.proof.replaying import Replays, replayed
from mcp_notebook.export.proof.serving import serving
from mcp_notebook.export.proof.variations import Run, Variations, named, variations
from mcp_notebook.export.ran import Subject
from mcp_notebook.export.repairs import errors_in
from mcp_notebook.portal import Portal

__all__ = ["prove"]

Say = Callable[[str], None]

NOTEBOOK = "mcp-notebook"
"""The name that the connections of this project give themselves."""

ANOTHER = Implementation(name="another-client", version="0")


def prove(
    subject: Subject,
    module: Module,
    destination: Path,
    name: str,
    replays: Replays,
    *,
    portal: Portal,
    environment: Mapping[str, str],
    volatile: Sequence[str] = (),
    python: Path | None = None,
    keep: Path | None = None,
    bundle: Path | None = None,
    auth: Auth | None = None,
    scopes: Sequence[str] = (),
    before_tests: Callable[[Mapping[int, Sequence[str]]], None] = lambda _: None,
    on_progress: Say = lambda _: None,
) -> Proof:
    """Install a package into a clean environment, start it there, and compare it with the live server.

    Args:
        subject: The live server and its cells.
        module: The modules made from the cells.
        destination: The package's directory; nothing is written there.
        name: The name of the package for imports.
        replays: The recorded calls to make again.
        portal: The loop of the connections.
        environment: The values of the package's settings; its processes see them, and the usual variables.
        volatile: The values of results of which only the type is compared.
        python: An interpreter that has all that the package needs: then no environment is made.
        keep: A directory for the environment, which then stays; a temporary one if not given.
        bundle: The package as a bundle; None if it has none.
        auth: The kind of tokens that let in over HTTP; None for the single one.
        scopes: The scopes that its tools need.
        before_tests: Called before the package's tests run, with the values of each call that vary from run to run; the
            tests that it writes into the directory count.
        on_progress: Called with a line about each step.
    """
    with TemporaryDirectory(prefix="proof-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        try:
            package = installed(destination, folder, environment, python=python, keep=keep, say=on_progress)
        except ExportError as error:
            return Proof(unproven=str(error))
        with signed_in(auth, scopes, name.upper()) as (access, token):
            package = replace(package, access=access, token=token)
            starts = _Starts(portal, package, name, replays, on_progress)
            return _compared(subject, module, starts, folder, destination, bundle, volatile, before_tests)


def _compared(
    subject: Subject,
    module: Module,
    starts: _Starts,
    folder: Path,
    destination: Path,
    bundle: Path | None,
    volatile: Sequence[str],
    before_tests: Callable[[Mapping[int, Sequence[str]]], None],
) -> Proof:
    """Start the installed package, run its tests, and compare it with the live server.

    Its servers and its tests run one after the other, since two might want the same file. Only what runs no code of it
    runs beside, and an import of it: what that wants for itself alone, the kernel has already.
    """
    offer, over_http, about, by_others, unready = _first_start(subject, starts, module.variable, folder)
    package = replace(starts.package, command=by_others.command)
    starts = replace(starts, package=package)
    with inspecting.tests(package, folder / "tests.xml") as tested:
        runs = {"stdio": starts.over("stdio"), "HTTP": over_http}
        varies = _varying(starts, runs, volatile)
        if varies is not None:
            before_tests(varies.places)
            package.copy_again(destination, "tests")
        starts.say("running the package's tests")
        tests = unready or _or_why(tested)
    published = [way(starts.portal, offer, module.cells) for way in others(package, bundle, folder)]
    observed = Observed(
        offer,
        anatomy_of(subject.server, subject.namespace),
        starts.replays,
        runs,
        about,
        tests,
        inspecting.importing(package.source),
        package.installation,
        Source.of(module.carried, module.files),
        module.cells,
        volatile,
        varies or Variations(),
        [*filter(None, [by_others.row]), *published],
    )
    errors = errors_in("\n".join([str(about), *(run.log for run in runs.values())]))
    return replace(observed.proof, errors=tuple(errors))


class _FirstStart(NamedTuple):
    """The results of the first start; an error stands for what was not possible."""

    offer: Offer
    over_http: Run
    about: dict[str, Any] | ExportError
    by_uvx: Uvx
    unready: ExportError | None


def _first_start(subject: Subject, starts: _Starts, variable: str, folder: Path) -> _FirstStart:
    """Start the package over HTTP, and meanwhile import it and install what the next steps need."""
    package = starts.package
    (empty := folder / "empty").mkdir()
    starts.say("importing it")
    with (
        for_tests(package.installation) as ready,
        by_uvx(package, folder) as uvx,
        inspecting.about(package, starts.name, variable, empty) as imported,
    ):
        with Connection(starts.portal, subject.server, "modern") as live:
            offer = offer_of(live, subject.server)
        over_http = starts.over("HTTP", signs_in=subject.server.settings.auth is not None)
        return _FirstStart(offer, over_http, _or_why(imported), uvx(), _or_why(ready))


def _varying(starts: _Starts, runs: Mapping[str, Run], volatile: Sequence[str]) -> Variations | None:
    """Make the calls again if their results differ, or name their client; None if they do not."""
    same = all(same_calls(starts.replays, run, volatile) for run in runs.values())
    if same and not named(NOTEBOOK, runs.values()):
        return None
    again = starts.over("stdio", "to see what varies")
    other = starts.over("stdio", "as another client", client=ANOTHER)
    return variations(runs, again, other)


@dataclass(frozen=True)
class _Starts:
    """The starts of the installed package, one for each run."""

    portal: Portal
    package: Installed
    name: str
    replays: Replays
    say: Say

    def over(
        self, transport: str, why: str = "", *, signs_in: bool = False, client: Implementation | None = None
    ) -> Run:
        """Request its lists, and make the calls again; a server that wants a sign-in is only started."""
        self.say(f"starting the package over {transport}{', ' if why else ''}{why}")
        run = Run()
        try:
            with serving(self.portal, self.package, self.name, transport, client) as connections:
                if signs_in:
                    run.unasked = "the server wants a sign-in of its own"
                    return run
                run.offer = offer_of(connections.speaking("modern"))
                self.say(f"making the recorded calls again over {transport} ({len(self.replays.calls)})")
                for call in self.replays.calls:
                    declares = call.number not in self.replays.plainly
                    connection = connections.speaking(call.era, extensions=declares)
                    if client is not None:  # another client made another request before
                        connection.pages("list_tools")
                    run.outcomes[call.number] = replayed(self.portal, connection, call)
                run.log = connections.log
        except McpNotebookError as error:
            run.failure = str(error)
        return run


def _or_why(step: Callable[..., Any], *arguments: Any) -> Any:
    """Return the result of a step, or the error that made it impossible."""
    try:
        return step(*arguments)
    except ExportError as error:
        return error
