"""``%%mcp_chat``: a cell that talks to a model, which may call the tools of the servers."""

from __future__ import annotations

import click

from mcp_notebook.client.notices import say
from mcp_notebook.errors import UsageError
from mcp_notebook.magics.answers import ANSWERS, answers_of
from mcp_notebook.magics.options import NOTEBOOK_VARIABLE, SERVER, TEXT
from mcp_notebook.magics.verb import INTO
from mcp_notebook.server.approval import WHICH, Which
from mcp_notebook.session.chat import TurnLimits, take_turn
from mcp_notebook.session.session import Session

__all__ = ["chat"]


@click.command("%%mcp_chat")
@click.option(
    "--model",
    type=TEXT,
    metavar="PROVIDER:NAME",
    help="The model, such as anthropic:claude-sonnet-4-5, a variable with a model of pydantic-ai, or stand-in. "
    "Default: the model of the previous cell. Its key is read from the environment.",
)
@click.option(
    "--script",
    type=NOTEBOOK_VARIABLE,
    metavar="VAR",
    help="A variable with steps that play the model: texts, and calls as {'tool': NAME, 'arguments': {...}}.",
)
@click.option(
    "--on",
    "names",
    type=SERVER,
    multiple=True,
    metavar="NAME",
    help="A server whose tools the model gets. Default: all servers of this notebook and all connections.",
)
@click.option(
    "--approve", type=click.Choice(WHICH), help="Ask you before calls that may destroy something, or before all calls."
)
@click.option(
    "--max-turns", type=click.IntRange(min=1), default=10, show_default=True, help="The most requests to the model."
)
@click.option(
    "--max-tokens",
    type=click.IntRange(min=1),
    default=4096,
    show_default=True,
    help="The most tokens in each reply of the model.",
)
@click.option("--new", is_flag=True, help="Begin a new conversation instead of continuing that of earlier cells.")
@ANSWERS
@INTO
@click.pass_obj
def chat(
    session: Session,
    /,
    model: str | None,
    script: str | None,
    names: tuple[str, ...],
    approve: Which | None,
    max_turns: int,
    max_tokens: int,
    new: bool,
    answers: str | None,
    output: str | None,
) -> None:
    """Say the cell's text to a model, which may call the tools of the servers."""
    _, prompt = session.cell
    if not prompt.strip():
        raise UsageError("The prompt is empty. Write it in the lines below %%mcp_chat.")
    turn = take_turn(
        session,
        prompt.strip(),
        model=model,
        script=script,
        names=names,
        approve=approve,
        answers=answers_of(session, answers),
        new=new,
        limits=TurnLimits(max_turns, max_tokens),
    )
    if turn.cut:
        say(f"the answer was cut at {max_tokens} tokens; --max-tokens allows more.")
    if output is not None:
        session.namespace[output] = turn
