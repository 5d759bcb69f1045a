"""From what was observed to the rows of a proof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mcp_notebook.errors import ExportError
from mcp_notebook.export.likeness.comparing import Source, unlike
from mcp_notebook.export.proof.comparing import differences
from mcp_notebook.export.proof.evidence import Difference, Proof, Row, merged, short
from mcp_notebook.export.proof.inspecting import Tested
from mcp_notebook.export.proof.offering import KINDS, Offer, compared
from mcp_notebook.export.proof.replaying import Replays, recorded
from mcp_notebook.export.proof.variations import Run, Variations
from mcp_notebook.recording import Call, volatile

__all__ = ["Observed", "Run", "judged", "same_calls"]

Cells = Mapping[tuple[str, str], int | None]

MADE_OF = "functions and what runs around them"

HINT = (
    "The proof begins with fresh processes. A value that may be another each time: --volatile PLACE. A server that "
    "remembers earlier calls: restart the kernel, run all cells, export again."
)


@dataclass(frozen=True)
class Observed:
    """All that was observed.

    Attributes:
        live: What the notebook's server offers.
        made_of: What that server is made of.
        replays: What was recorded of it.
        runs: What was observed of the package, by transport.
        about: Versions, what its server is made of, and what importing it imports; or why it cannot be imported.
        tests: How its tests ended; or why they could not be run.
        importing: The lines that import the workbench.
        clean: Whether its environment was made for it.
    """

    live: Offer
    made_of: Any
    replays: Replays
    runs: Mapping[str, Run]
    about: Mapping[str, Any] | ExportError
    tests: Tested | ExportError
    importing: Sequence[str]
    clean: bool


def same_calls(replays: Replays, run: Run, declared: Sequence[str]) -> bool:
    """Whether each call had the recorded outcome; what is declared volatile counts by its type."""
    return not any(True for call in replays.calls for _ in _of_call(call, run, {}, declared, Variations()))


def judged(observed: Observed, source: Source, cells: Cells, declared: Sequence[str], varies: Variations) -> Proof:
    """Say of each thing that was looked at whether the package passes."""
    found = {
        transport: _differences(observed, run, cells, declared, varies) for transport, run in observed.runs.items()
    }
    rows = (
        _installs(observed),
        *(_row(kind, observed, found) for kind in ("server", *KINDS)),
        _calls(observed, found, varies),
        _made_of(observed, source, cells),
        _tests(observed.tests),
        _stands_alone(observed),
    )
    versions = {} if isinstance(observed.about, ExportError) else observed.about["versions"]
    every = [d for of_run in found.values() for of_kind in of_run.values() for d in of_kind]
    return Proof(rows, merged(every), tuple(versions.items()))


def _differences(
    observed: Observed, run: Run, cells: Cells, declared: Sequence[str], varies: Variations
) -> dict[str, list[Difference]]:
    found = {} if run.offer is None else compared(observed.live, run.offer, cells)
    found["calls"] = [d for call in observed.replays.calls for d in _of_call(call, run, cells, declared, varies)]
    transport = next(name for name, each in observed.runs.items() if each is run)
    return {key: [d.over_transport(transport) for d in of_kind] for key, of_kind in found.items()}


def _of_call(call: Call, run: Run, cells: Cells, declared: Sequence[str], varies: Variations) -> Iterator[Difference]:
    if call.number not in run.outcomes:
        return
    kind = _KINDS.get(call.method, "completion")
    places = [*volatile.places(declared, call.name), *varies.in_each_run(call.number)]
    for at, one, other in differences(volatile.marked(recorded(call), places), run.outcomes[call.number]):
        if varies.excuse(call.number, at, run.outcomes[call.number]):
            continue
        cell = cells.get((kind, call.name))
        yield Difference(f"{kind} {call.name}", cell, at, short(one), short(other), call.number)


_KINDS = {"tools/call": "tool", "resources/read": "resource", "prompts/get": "prompt"}


def _installs(observed: Observed) -> Row:
    if isinstance(observed.about, ExportError):
        return Row("installs and imports", "no", ok=False, details=(str(observed.about),))
    return Row("installs and imports", "in a clean environment" if observed.clean else "in the environment given")


def _row(kind: str, observed: Observed, found: Mapping[str, Mapping[str, list[Difference]]]) -> Row:
    count = "" if kind == "server" else f" ({len(observed.live.entries[kind])})"  # type: ignore[index]
    what = "name, instructions, capabilities" if kind == "server" else f"{kind}s{count}"
    stdio, http = (
        _without_offer(run) if run.offer is None else _equal(len(found[transport][kind]))
        for transport, run in observed.runs.items()
    )
    failures = [
        f"over {transport}: {run.failure}"
        for transport, run in observed.runs.items()
        if run.failure and run.offer is None and kind == "server"
    ]
    details = [*failures, *map(str, merged([d for of_run in found.values() for d in of_run.get(kind, ())]))]
    ok = not details and "not reached" not in (stdio, http)
    return Row(what, stdio, http, ok, (*details, *(_unasked(observed.runs) if kind == "server" else ())))


def _without_offer(run: Run) -> str:
    return "not asked" if run.unasked else "not reached"


def _unasked(runs: Mapping[str, Run]) -> Iterator[str]:
    for transport, run in runs.items():
        if run.unasked:
            yield f"over {transport}: started, and not asked: {run.unasked}. What was found over the other one decides."


def _made_of(observed: Observed, source: Source, cells: Cells) -> Row:
    """Compare the functions, settings and middleware that no list shows and no recorded call may have reached."""
    if isinstance(observed.about, ExportError):
        return Row(MADE_OF, "not reached", ok=False)
    found = unlike(observed.made_of, observed.about["anatomy"], source)
    details = [
        str(Difference(each.about, _cell_of(each.about, cells), each.what, each.notebook, each.package))
        for each in found
    ]
    return Row(MADE_OF, _equal(len(found)), ok=not found, details=tuple(details))


def _cell_of(about: str, cells: Cells) -> int | None:
    return next((cell for (kind, name), cell in cells.items() if f"{kind} {name}" == about), None)


def _calls(observed: Observed, found: Mapping[str, Mapping[str, list[Difference]]], varies: Variations) -> Row:
    replays = observed.replays
    words: list[str] = []
    details: list[str] = []
    for transport, run in observed.runs.items():
        missing = len(replays.calls) - len(run.outcomes)
        differ = len({d.call for d in found[transport]["calls"]})
        words.append("not asked" if run.unasked else f"{missing} not reached" if missing else _equal(differ))
        if missing and run.offer is not None:
            details.append(f"over {transport}: {run.failure}")
    details += map(str, merged([d for of_run in found.values() for d in of_run["calls"]]))
    ok = not details and not any("reached" in word for word in words)
    details += [HINT] if any(of_run["calls"] for of_run in found.values()) else []
    details += varies.in_words()
    details += [f"call {call.number}, {call.title}, was not made again: {why}" for call, why in replays.left_out]
    stdio, http = words
    return Row(f"recorded calls ({len(replays.calls)})", stdio, http, ok, tuple(details))


def _equal(differ: int) -> str:
    return "equal" if not differ else f"{differ} different"


def _tests(tests: Tested | ExportError) -> Row:
    if isinstance(tests, ExportError):
        return Row("its tests", "not run", ok=False, details=(str(tests),))
    failed = f", {len(tests.failed)} failed" if tests.failed else ""
    return Row("its tests", f"{tests.passed} passed{failed}", ok=not tests.failed, details=tests.failed)


def _stands_alone(observed: Observed) -> Row:
    about = {} if isinstance(observed.about, ExportError) else observed.about
    details = [*observed.importing, *about.get("imported", ())]
    if observed.clean:
        details += [f"{name} is installed with it" for name in about.get("installed", ())]
    return Row("needs nothing of the notebook", "yes" if not details else "no", ok=not details, details=tuple(details))
