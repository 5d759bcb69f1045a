"""Run evals in the notebook, compare them with earlier ones, and write their cases elsewhere."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from keyword import iskeyword
from pathlib import Path
from typing import Any

from IPython.display import display

from mcp_notebook import main_thread
from mcp_notebook.agent import ScriptedModel, StandInModel, Toolbox, provided
from mcp_notebook.agent.evals import (
    EvalCase,
    EvalReport,
    Player,
    Side,
    as_pytest,
    cases_of,
    changes,
    run,
    unknown_tools,
    written,
)
from mcp_notebook.client.notices import say
from mcp_notebook.errors import RequestError, UnknownNameError, UsageError, did_you_mean
from mcp_notebook.export.settings.in_json import without_secrets
from mcp_notebook.rendering.evals import eval_card
from mcp_notebook.session.chat import connections_of
from mcp_notebook.session.kept_evals import KeptEval, Settings
from mcp_notebook.session.person import has_viewer
from mcp_notebook.session.progress import interrupted_in_one_line
from mcp_notebook.session.session import Session

__all__ = ["cases_from_log", "kept_eval", "save_cases", "score"]

EARLIER, PRESENT = "earlier", "present"
"""The names of the two versions of a server's tools."""

EVERY = 1.0
"""Seconds between two updates of the results while they come in."""

LEAST = 0.8
"""The share of the runs that has to pass in a saved test."""


def kept_eval(session: Session, name: str) -> KeptEval:
    """Return an eval that ran before.

    Raises:
        UnknownNameError: There is none of that name.
    """
    if name not in session.evals:
        known = ", ".join(session.evals) or "none yet"
        raise UnknownNameError(
            f"There is no eval {name!r}.{did_you_mean(name, session.evals)} Evals: {known}. Write its cases in a cell "
            f"that begins with %%mcp_eval {name}, or take them from the log: %mcp eval --from-log."
        )
    return session.evals[name]


def score(
    session: Session,
    name: str,
    cases: Sequence[EvalCase],
    settings: Settings,
    *,
    into: str | None = None,
    handle: Any = None,
) -> EvalReport:
    """Run an eval, show its results, keep it under its name, and return the results.

    Args:
        session: The session.
        name: The name of the eval.
        cases: The cases.
        settings: The options.
        into: The variable that gets the results before they are complete, so that an interrupt keeps them.
        handle: The display to update; None to make one below the cell.

    Raises:
        UnknownNameError: There is no such server, or no earlier version.
        UsageError: The script cannot be used.
        ModelError: A model cannot be used.
    """
    models = _players(session, settings)
    present = Toolbox(connections_of(session, settings.names))
    kept = _follow(session.evals.get(name), name, cases, settings, present)
    players = [
        (player.side(toolbox, label), player, toolbox)
        for label, toolbox in _versions(session, kept, settings).items()
        for player in models
    ]
    kept.report.sides[:] = [side for side, _, _ in players]
    kept.report.notes[:] = unknown_tools(cases, [name for _, _, toolbox in players for name in _names(toolbox)])
    _put_before(kept, players)
    session.evals[name] = kept
    if into is not None:
        session.namespace[into] = kept.report
    if settings.watch:
        kept.score_again = partial(_again, session, name)
    showing = _Showing(kept.report, handle, changes=has_viewer(session.shell))
    try:
        with interrupted_in_one_line("the eval was interrupted"):
            session.portal.run(partial(run, kept.report, players, settings.limits, showing.update))
    except KeyboardInterrupt:
        kept.report.interrupted = True
        raise
    finally:
        kept.handle = showing.end()
    return kept.report


def save_cases(session: Session, name: str, path: Path, importing: str) -> str:
    """Write the cases of an eval as a pytest module, without secrets, and return a sentence about it.

    Raises:
        UnknownNameError: There is no eval of that name.
        UsageError: `importing` is not ``module:name``.
        RequestError: The file cannot be written.
        McpNotebookError: `ruff` is not installed.
    """
    kept = kept_eval(session, name)
    module, colon, variable = importing.partition(":")
    words = [*module.split("."), *([variable] if colon else [])]
    if not all(word.isidentifier() and not iskeyword(word) for word in words):
        raise UsageError(
            f"--import {importing!r} is not the name of a module and a server in it. Write module:name, such as "
            "package.server:mcp."
        )
    source = as_pytest(_without_secrets(kept.cases), importing, runs=kept.settings.runs, least=LEAST)
    try:
        path.write_text(source, encoding="utf-8")
    except OSError as error:
        raise RequestError(f"Cannot write {path} ({error.strerror}). Choose another file.") from None
    return (
        f"{path}: {len(kept.cases)} case{'s' * (len(kept.cases) != 1)}. The stand-in plays the model; "
        "EVAL_MODEL=provider:name names another."
    )


def cases_from_log(session: Session) -> str:
    """Return the cell of an eval with the prompts of the chat and the recorded calls, without secrets.

    Raises:
        UsageError: Neither a prompt nor a call was recorded.
    """
    recorders = [session.registry.recorder, *(connection.recorder for connection in session.opened.values())]
    calls = [call for recorder in recorders for call in recorder.calls]
    made = [one for kept in session.evals.values() for one in kept.report.calls]  # their cases are written already
    cases = cases_of(session.conversation.messages, [call for call in calls if (call.name, call.arguments) not in made])
    if not cases:
        raise UsageError("There is nothing to take cases from. Talk to a model in a %%mcp_chat cell, or call a tool.")
    return f"%%mcp_eval\n{written(_without_secrets(cases))}"


def _players(session: Session, settings: Settings) -> list[Player]:
    players = []
    if settings.script is not None:
        players.append(_scripted(session, settings.script))
    for name in dict.fromkeys(settings.models or ([] if players else [StandInModel.name])):
        if name == StandInModel.name:
            players.append(Player.stand_in())
        elif name == ScriptedModel.name:
            raise UsageError("A scripted model needs a script: --script VAR, a variable with texts and calls.")
        else:
            players.append(Player.provided(provided(session.variables.get(name, name))))
    return players


def _scripted(session: Session, variable: str) -> Player:
    """Return a player with one list of steps, or with one for each case by its name."""
    steps = session.variables.get(variable)
    if not isinstance(steps, list | dict):
        raise UsageError(
            f"--script: {variable} is not a list. A script is a list of texts and of calls, {{'tool': NAME, "
            "'arguments': {...}}, or a dict with such a list for each case."
        )
    alike = not any(map(_may_differ, steps.values() if isinstance(steps, dict) else steps))

    def model(case: EvalCase, _number: int) -> ScriptedModel:
        return ScriptedModel(steps if isinstance(steps, list) else steps.get(case.name, []))

    return Player(ScriptedModel.name, model, scripted=True, alike=alike)


def _may_differ(step: Any) -> bool:
    """Return whether a step of a script may be another in each run: a function, or a list with one."""
    return any(map(_may_differ, step)) if isinstance(step, list) else callable(step)


def _follow(
    before: KeptEval | None, name: str, cases: Sequence[EvalCase], settings: Settings, present: Toolbox
) -> KeptEval:
    """Return a new eval that knows the version of the tools before the present one, and the results with it."""
    kept = KeptEval(cases, settings, EvalReport(name, cases, settings.runs, []), present)
    if before is not None and before.settings.names == settings.names:
        changed = changes(before.toolbox.tools, present.tools)
        kept.earlier = before.toolbox if changed else before.earlier
        if before.cases == cases:
            latest = [side for side in before.report.sides if side.label in ("", PRESENT)]
            kept.before = latest if changed else before.before
    return kept


def _versions(session: Session, kept: KeptEval, settings: Settings) -> dict[str, Toolbox]:
    if settings.compare is None:
        return {"": kept.toolbox}
    if settings.compare[0] == settings.compare[1]:
        raise UsageError(f"--compare {' '.join(settings.compare)} compares a thing with itself. Name two.")
    return {name: _version(session, kept, name) for name in settings.compare}


def _version(session: Session, kept: KeptEval, name: str) -> Toolbox:
    session.sync()
    there = name in session.connected or name in session.registry.names(session.namespace)
    if there or name not in (EARLIER, PRESENT):
        return Toolbox({name: session.on(name)})
    if name == PRESENT:
        return kept.toolbox
    if kept.earlier is None:
        raise UnknownNameError(
            "There is no earlier version. Run the eval, change a description, then --compare earlier present."
        )
    return kept.earlier.at(kept.toolbox)


def _put_before(kept: KeptEval, players: Sequence[tuple[Side, Player, Toolbox]]) -> None:
    """Put the results with the earlier version beside those of the present one, and say what is different."""
    names = {side.model for side, _, _ in players}
    before = [side for side in kept.before if side.model in names and side.trials]
    if kept.settings.compare is None and before:
        for side, _, _ in players:
            side.label = PRESENT
        kept.report.sides[:0] = [replace(side, label=EARLIER) for side in before]
    if kept.earlier is not None and any(side.label == EARLIER for side in kept.report.sides):
        kept.report.notes.append(f"Between the two: {', '.join(changes(kept.earlier.tools, kept.toolbox.tools))}.")


def _again(session: Session, name: str) -> None:
    kept = session.evals[name]
    if changes(kept.toolbox.tools, Toolbox(connections_of(session, kept.settings.names)).tools):
        report = score(session, name, kept.cases, kept.settings, handle=kept.handle)
        rates = ", ".join(
            f"{side.label or side.model} {side.rate().passed}/{side.rate().runs}" for side in report.sides
        )
        say(f"eval {name}, scored again: {rates}. {next(report.sentences(), '')}".rstrip())


def _names(toolbox: Toolbox) -> list[str]:
    return [*(tool.name for tool in toolbox.tools), *(entry.tool.name for entry in toolbox)]


def _without_secrets(cases: Sequence[EvalCase]) -> list[EvalCase]:
    plain = [asdict(case) for case in cases]
    for one in plain:
        one["calls"] = one["calls"] and [list(call) for call in one["calls"]]  # a list is JSON, and a tuple is not
    clean = without_secrets(plain, environment=os.environ)
    for one in clean:
        one["calls"] = one["calls"] and [tuple(call) for call in one["calls"]]
    return [EvalCase(**one) for one in clean]


@dataclass
class _Showing:
    """The results below the cell, while they come in."""

    report: EvalReport
    handle: Any
    changes: bool
    at: float = 0.0

    async def update(self) -> None:
        """Show the results so far where a person sees them change, but not too often."""
        if self.changes and time.monotonic() - self.at >= EVERY:
            self.at = time.monotonic()
            try:
                await asyncio.wrap_future(main_thread.submit(self._show))
            except KeyboardInterrupt:  # raised here, it would end the portal's loop; the cell has its own
                return

    def end(self) -> Any:
        """Show the final results, and return their display."""
        self._show()
        return self.handle

    def _show(self) -> None:
        card = eval_card(self.report)
        if self.handle is None:
            self.handle = display(card, display_id=True)
        else:
            self.handle.update(card)
