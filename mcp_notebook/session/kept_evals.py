"""Keep the evals of a notebook by their names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from mcp_notebook.agent import Toolbox
from mcp_notebook.agent.evals import EvalCase, EvalReport, RunLimits, Side
from mcp_notebook.client.notices import say
from mcp_notebook.errors import McpNotebookError

__all__ = ["KeptEval", "KeptEvals", "Settings"]


class Settings(NamedTuple):
    """The options of an eval.

    Attributes:
        models: The names of models; the stand-in if there is none, and no script.
        script: The variable with a script that plays a model.
        names: The servers whose tools the models get; all if empty.
        compare: The two servers or versions that are compared.
        runs: The runs of each case.
        limits: The limits of a run.
        watch: Whether to score again when a cell changes the tools.
    """

    models: Sequence[str] = ()
    script: str | None = None
    names: Sequence[str] = ()
    compare: tuple[str, str] | None = None
    runs: int = 5
    limits: RunLimits = RunLimits()
    watch: bool = False


@dataclass
class KeptEval:
    """An eval that ran in the notebook.

    Attributes:
        cases: The cases.
        settings: Its options.
        report: The latest results.
        toolbox: The tools, as they were for these results.
        earlier: The tools before their latest change; None if none was seen.
        before: The results with these.
        handle: The display of the results.
        score_again: Scores it again if the tools have changed; None to leave that to the person.
    """

    cases: Sequence[EvalCase]
    settings: Settings
    report: EvalReport
    toolbox: Toolbox
    earlier: Toolbox | None = None
    before: Sequence[Side] = ()
    handle: Any = None
    score_again: Callable[[], None] | None = None


class KeptEvals(dict[str, KeptEval]):
    """The evals of a notebook by their names."""

    def cell_ended(self) -> None:
        """Score those again that watch tools which the cell has changed."""
        for name, kept in [*self.items()]:
            if kept.score_again is not None:
                try:
                    kept.score_again()
                except McpNotebookError as error:
                    say(f"the eval {name} was not scored again: {error}")
                except KeyboardInterrupt:
                    say(f"scoring the eval {name} again was interrupted.")
