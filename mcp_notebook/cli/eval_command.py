"""The command ``eval``: cases in a file, run with a model on any server, for scripts and CI."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcp_notebook.cli.request_commands import request_command

if TYPE_CHECKING:
    from mcp_notebook.agent.evals import EvalReport, Player
    from mcp_notebook.client import Connection

__all__ = ["eval_cases"]


@request_command(
    click.argument("cases", type=click.Path(path_type=Path)),
    click.option(
        "--model",
        "models",
        multiple=True,
        metavar="PROVIDER:NAME",
        help="A model, such as anthropic:claude-sonnet-4-5, or stand-in, which needs no key (the default). Repeat it "
        "for several.",
    ),
    click.option(
        "--runs", type=click.IntRange(min=1, max=1000), default=5, show_default=True, help="The runs of each case."
    ),
    click.option(
        "--least",
        type=click.FloatRange(min=0, max=1),
        default=1.0,
        show_default=True,
        help="The share of the runs of each case that has to pass.",
    ),
    click.option(
        "--max-turns", type=click.IntRange(min=1), default=10, show_default=True, help="The most requests in a run."
    ),
    click.option(
        "--max-tokens", type=click.IntRange(min=1), default=4096, show_default=True, help="The most tokens of a reply."
    ),
    click.option(
        "--price",
        type=(click.FloatRange(min=0), click.FloatRange(min=0)),
        metavar="IN OUT",
        help="US dollars for a million tokens of input and of output. Default: as pydantic-ai knows them.",
    ),
    name="eval",
)
def eval_cases(
    connection: Connection,
    cases: Path,
    models: tuple[str, ...],
    runs: int,
    least: float,
    max_turns: int,
    max_tokens: int,
    price: tuple[float, float] | None,
    as_json: bool,
) -> None:
    r"""Run the cases in the YAML file CASES with a model, and print how often they pass.

    Without --model, a stand-in chooses tools by the words of their descriptions. The calls are real: use a server that
    may be changed, or mcp-notebook mock. Exit status: 1 too few runs of a case passed, 2 it could not be run, or the
    model did not answer.

    \b
    Examples:
      mcp-notebook eval server.py cases.yaml --runs 20
      mcp-notebook eval server.py cases.yaml --model anthropic:claude-sonnet-4-5 --least 0.8 --json
    """
    from mcp_notebook.agent import Toolbox
    from mcp_notebook.agent.evals import EvalReport, RunLimits, cases_in, run, unknown_tools
    from mcp_notebook.cli.results import print_json
    from mcp_notebook.rendering.evals import eval_card

    found = cases_in(_text(cases))
    toolbox = Toolbox({connection.name: connection})
    players = [_player(name) for name in dict.fromkeys(models or ["stand-in"])]
    sides = [(player.side(toolbox), player, toolbox) for player in players]
    notes = unknown_tools(found, [tool.name for tool in toolbox.tools])
    report = EvalReport(cases.stem, found, runs, [side for side, _, _ in sides], notes=notes)
    try:
        asyncio.run(run(report, sides, RunLimits(max_turns, max_tokens, price)))
    except KeyboardInterrupt:
        report.interrupted = True
    if as_json:
        print_json(_as_json(report))
    else:
        click.echo(eval_card(report).text)
    if report.interrupted:
        raise KeyboardInterrupt  # which ends the command as any other
    raise SystemExit(_status(report, least))


def _player(name: str) -> Player:
    from mcp_notebook.agent import StandInModel, provided
    from mcp_notebook.agent.evals import Player

    return Player.stand_in() if name == StandInModel.name else Player.provided(provided(name))


def _status(report: EvalReport, least: float) -> int:
    if any(side.errors for side in report.sides):
        return 2
    return 0 if all(side.rate(case).share >= least for side in report.sides for case in report.cases) else 1


def _text(path: Path) -> str:
    from mcp_notebook.errors import UsageError

    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"Cannot read {path} ({reason}).") from None


def _as_json(report: EvalReport) -> dict[str, Any]:
    return {
        "runs": report.runs,
        "sides": [
            {
                "model": side.model,
                "usage": None if side.scripted else asdict(side.usage),
                "error": side.error or None,
                "unscored": side.errors,
                "cases": [
                    {
                        "name": case.name,
                        "passed": side.rate(case).passed,
                        "runs": side.rate(case).runs,
                        "interval": [round(end, 4) for end in side.rate(case).interval],
                        "failures": [
                            {"run": trial.number, "problems": [*trial.problems]}
                            for trial in side.of(case)
                            if not trial.passed
                        ],
                    }
                    for case in report.cases
                ],
            }
            for side in report.sides
        ],
        "notes": [*report.sentences()],
    }
