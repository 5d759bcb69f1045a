"""Turn observations of the package into the rows of a proof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from mcp_notebook.errors import ExportError
from mcp_notebook.export.likeness.comparing import Source, unlike
from mcp_notebook.export.proof.evidence import Difference, Proof, Row, differences, merged, short
from mcp_notebook.export.proof.inspecting import Tested
from mcp_notebook.export.proof.installing import Installation
from mcp_notebook.export.proof.offering import KINDS, Cells, Kind, Offer, compared
from mcp_notebook.export.proof.replaying import Replays, recorded
from mcp_notebook.export.proof.variations import Run, Variations
from mcp_notebook.recording import Call, volatile

__all__ = ["Observed", "same_calls"]

HINT = (
    "The proof begins with fresh processes. A value that may be another each time: --volatile PLACE. A server that "
    "remembers earlier calls: restart the kernel, run all cells, export again."
)

OF_METHOD = {"tools/call": "tool", "resources/read": "resource", "prompts/get": "prompt"}


def same_calls(replays: Replays, run: Run, declared: Sequence[str]) -> bool:
    """Return whether each call had the recorded outcome, apart from the types of declared volatile values."""
    return not any(True for call in replays.calls for _ in _of_call(call, run, {}, declared, Variations()))


def _of_call(call: Call, run: Run, cells: Cells, declared: Sequence[str], varies: Variations) -> Iterator[Difference]:
    if call.number not in run.outcomes:
        return
    kind = OF_METHOD.get(call.method, "completion")
    places = [*volatile.places(declared, call.name), *varies.in_each_run(call.number)]
    for at, one, other in differences(volatile.marked(recorded(call), places), run.outcomes[call.number]):
        if not varies.excuse(call.number, at, run.outcomes[call.number]):
            cell = cells.get((kind, call.name))
            yield Difference(f"{kind} {call.name}", cell, at, short(one), short(other), call.number)


@dataclass(frozen=True)
class Observed:
    """The observations of a proof.

    Attributes:
        live: The lists of the notebook's server.
        anatomy: The functions and settings of that server.
        replays: Its recorded calls.
        runs: The runs of the package, by transport.
        about: The package's versions, the anatomy of its server, and its imports; or why it cannot be imported.
        tests: The results of its tests; or why they could not run.
        importing: The lines that import the workbench.
        installation: How the environment was made for the proof; None if it was given.
        source: The text of the notebook and of the package, to compare functions.
        cells: The cell of each definition.
        declared: The values that the author calls volatile.
        varies: The values that turned out to vary.
        published: The rows about the ways in which others get the package.
    """

    live: Offer
    anatomy: Any
    replays: Replays
    runs: Mapping[str, Run]
    about: Mapping[str, Any] | ExportError
    tests: Tested | ExportError
    importing: Sequence[str]
    installation: Installation | None
    source: Source
    cells: Cells = field(default_factory=dict)
    declared: Sequence[str] = ()
    varies: Variations = field(default_factory=Variations)
    published: Sequence[Row] = ()

    @property
    def proof(self) -> Proof:
        """The proof: a row for each check."""
        about = {} if isinstance(self.about, ExportError) else self.about
        lists = [self._list(kind) for kind in self.live.entries if kind in KINDS or self._has(kind)]
        others = (self._calls(), self._anatomy(), self._tests(), *self.published, self._independence())
        rows = (self._installs(), self._server(), *lists, *others)
        every = [d for of_run in self._found.values() for of_kind in of_run.values() for d in of_kind]
        return Proof(rows, merged(every), tuple(about.get("versions", {}).items()))

    @cached_property
    def _found(self) -> Mapping[str, Mapping[str, Sequence[Difference]]]:
        """The differences by transport, and there by kind."""
        found = {}
        for transport, run in self.runs.items():
            kinds = {} if run.offer is None else compared(self.live, run.offer, self.cells)
            calls = [_of_call(call, run, self.cells, self.declared, self.varies) for call in self.replays.calls]
            kinds["calls"] = [difference for of_one in calls for difference in of_one]
            found[transport] = {kind: [replace(d, over=(transport,)) for d in each] for kind, each in kinds.items()}
        return found

    def _merged(self, kind: str) -> list[str]:
        return [*map(str, merged([d for of_run in self._found.values() for d in of_run.get(kind, ())]))]

    def _installs(self) -> Row:
        if isinstance(self.about, ExportError):
            return Row("installs and imports", "no", ok=False, details=(str(self.about),))
        made = self.installation
        how = "in the environment given" if made is None else f"in a clean environment, by {made.tool}"
        return Row("installs and imports", how)

    def _server(self) -> Row:
        row = self._offered("server", "name, instructions, capabilities")
        failures = [f"over {name}: {run.failure}" for name, run in self.runs.items() if run.failure and not run.offer]
        unasked = [
            f"over {name}: started, and not asked: {run.unasked}. The comparison over the other transport decides."
            for name, run in self.runs.items()
            if run.unasked
        ]
        return replace(row, ok=row.ok and not failures, details=(*failures, *row.details, *unasked))

    def _has(self, kind: Kind) -> bool:
        """Return whether the notebook or the package has something of a kind."""
        offers = [self.live, *(run.offer for run in self.runs.values() if run.offer is not None)]
        return any(offer.entries[kind] for offer in offers)

    def _list(self, kind: Kind) -> Row:
        return self._offered(kind, f"{kind}s ({len(self.live.entries[kind])})")

    def _offered(self, kind: str, what: str) -> Row:
        stdio, http = [
            _equal(len(self._found[name][kind])) if run.offer else "not asked" if run.unasked else "not reached"
            for name, run in self.runs.items()
        ]
        details = self._merged(kind)
        return Row(what, stdio, http, not details and "not reached" not in (stdio, http), tuple(details))

    def _calls(self) -> Row:
        words: list[str] = []
        details: list[str] = []
        for name, run in self.runs.items():
            missing = len(self.replays.calls) - len(run.outcomes)
            differ = len({d.call for d in self._found[name]["calls"]})
            words.append("not asked" if run.unasked else f"{missing} not reached" if missing else _equal(differ))
            details += [f"over {name}: {run.failure}"] if missing and run.offer else []
        differing = self._merged("calls")
        ok = not (details or differing or any("reached" in word for word in words))
        details += [*differing, HINT] if differing else []
        details += self.varies.in_words()
        details += [f"call {c.number}, {c.title}, was not made again: {why}" for c, why in self.replays.left_out]
        stdio, http = words
        return Row(f"recorded calls ({len(self.replays.calls)})", stdio, http, ok, tuple(details))

    def _anatomy(self) -> Row:
        """Compare the functions, settings and middleware that no list shows and perhaps no recorded call reached."""
        what = "functions and what runs around them"
        if isinstance(self.about, ExportError):
            return Row(what, "not reached", ok=False)
        cells = {f"{kind} {name}": cell for (kind, name), cell in self.cells.items()}
        found = [
            str(Difference(each.about, cells.get(each.about), each.what, each.notebook, each.package))
            for each in unlike(self.anatomy, self.about["anatomy"], self.source)
        ]
        return Row(what, _equal(len(found)), ok=not found, details=tuple(found))

    def _tests(self) -> Row:
        if isinstance(self.tests, ExportError):
            return Row("its tests", "not run", ok=False, details=(str(self.tests),))
        failed = self.tests.failed
        more = f", {len(failed)} failed" if failed else ""
        return Row("its tests", f"{self.tests.passed} passed{more}", ok=not failed, details=failed)

    def _independence(self) -> Row:
        about = {} if isinstance(self.about, ExportError) else self.about
        details = [*self.importing, *about.get("imported", ())]
        if self.installation is not None:
            details += [f"{name} is installed with it" for name in about.get("installed", ())]
        what = "needs nothing of the notebook"
        return Row(what, "yes" if not details else "no", ok=not details, details=tuple(details))


def _equal(differ: int) -> str:
    return "equal" if not differ else f"{differ} different"
