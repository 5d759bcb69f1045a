"""``%%mcp_eval`` and ``%mcp eval``: cases for a model with the tools of the servers, and how often they pass."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from mcp_notebook.agent.evals import cases_in
from mcp_notebook.magics.options import CONNECTED, EVAL, IMPORTING, NAME, NOTEBOOK_VARIABLE, SERVER, TEXT, VARIABLE
from mcp_notebook.magics.verb import verb
from mcp_notebook.rendering import look
from mcp_notebook.session.evals import cases_from_log, kept_eval, save_cases, score
from mcp_notebook.session.kept_evals import Settings
from mcp_notebook.session.session import Session

__all__ = ["eval_cell"]

UNNAMED = "cases"
"""The name of an eval that has none."""

OPTIONS: list[Callable[..., Any]] = [
    click.option(
        "--model",
        "models",
        type=TEXT,
        multiple=True,
        metavar="PROVIDER:NAME",
        help="A model, such as anthropic:claude-sonnet-4-5, or stand-in, which needs no key (the default). Repeat it "
        "for several.",
    ),
    click.option(
        "--script",
        type=NOTEBOOK_VARIABLE,
        metavar="VAR",
        help="A variable with steps that play the model, or a dict with steps for each case.",
    ),
    click.option(
        "--on",
        "names",
        type=SERVER,
        multiple=True,
        metavar="NAME",
        help="A server whose tools the model gets. Default: all servers of this notebook and all connections.",
    ),
    click.option(
        "--runs", type=click.IntRange(min=1, max=1000), help="The runs of each case. Default: 5, or as before."
    ),
    click.option(
        "--compare",
        type=(CONNECTED, CONNECTED),
        metavar="A B",
        help="Compare two servers, or the versions earlier and present of the tools.",
    ),
    click.option("--watch/--no-watch", default=None, help="Score again whenever a cell changes a tool."),
    click.option("--max-turns", type=click.IntRange(min=1), help="The most requests to the model in a run."),
    click.option("--max-tokens", type=click.IntRange(min=1), help="The most tokens in each reply of the model."),
    click.option(
        "--price",
        type=(click.FloatRange(min=0), click.FloatRange(min=0)),
        metavar="IN OUT",
        help="US dollars for a million tokens of input and of output. Default: as pydantic-ai knows them.",
    ),
    click.option("-o", "--output", type=VARIABLE, metavar="VAR", help="Keep the results in this variable."),
]


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@click.command("%%mcp_eval")
@click.argument("name", type=NAME, default=UNNAMED, metavar="[NAME]")
@_options
@click.pass_obj
def eval_cell(session: Session, /, name: str, output: str | None, **given: Any) -> None:
    """Run the cases of the cell with a model, and show how often they pass."""
    _, text = session.cell
    score(session, name, cases_in(text), _settings(Settings(), given), into=output)


@verb(
    "eval",
    click.argument("name", type=EVAL, required=False, metavar="[NAME]"),
    *OPTIONS,
    click.option("--from-log", is_flag=True, help="Make a cell of cases from the chat and from recorded calls."),
    click.option("--save", type=TEXT, metavar="FILE", help="Write the cases as a pytest module."),
    IMPORTING,
)
def _eval(
    session: Session,
    name: str | None,
    output: str | None,
    from_log: bool,
    save: str | None,
    importing: str,
    **given: Any,
) -> look.Rendering | None:
    """Run an eval again, with other options if some are given. Example: %mcp eval books --runs 40.

    The cases are those of the latest %%mcp_eval cell of that name, or of the latest at all.
    """
    if from_log:
        text = cases_from_log(session)
        session.shell.set_next_input(text)
        return look.Rendering(text, look.card("cases from the log", look.pre(text)))
    if name is None:
        name = next(reversed(session.evals), UNNAMED)
    if save is not None:
        words = save_cases(session, name, Path(save), importing)
        return look.Rendering(words, look.card(look.code(Path(save)), f"<p>{look.cell(words)}</p>"))
    kept = kept_eval(session, name)
    score(session, name, kept.cases, _settings(kept.settings, given), into=output)
    return None


def _settings(earlier: Settings, given: dict[str, Any]) -> Settings:
    """Return the options of a line; those that it lacks are as before, except what is compared."""
    limits = {
        field: given.pop(option)
        for option, field in (("max_turns", "turns"), ("max_tokens", "tokens"), ("price", "price"))
    }
    if given["models"] or given["script"]:
        earlier = earlier._replace(models=(), script=None)
    changed = {option: value for option, value in given.items() if value not in (None, ())}
    return earlier._replace(
        **{"compare": None, **changed},
        limits=earlier.limits._replace(**{key: value for key, value in limits.items() if value is not None}),
    )
