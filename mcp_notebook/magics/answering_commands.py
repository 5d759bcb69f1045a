"""The verbs that answer servers: with roots, and with a model where they sample."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mcp_notebook.agent import ModelAnswerer
from mcp_notebook.client.answers import root
from mcp_notebook.errors import UnknownNameError, UsageError
from mcp_notebook.magics.options import NOTEBOOK_VARIABLE, TEXT
from mcp_notebook.magics.verb import verb
from mcp_notebook.rendering.listing import listing
from mcp_notebook.session.chat import model_or_script
from mcp_notebook.session.session import Session

__all__: list[str] = []


@verb(
    "roots",
    click.argument("directories", nargs=-1, type=TEXT, metavar="[DIR]..."),
    click.option("--none", "give_none", is_flag=True, help="Answer that there are no roots, without asking you."),
    click.option("--ask", is_flag=True, help="Ask you each time, which is the default."),
)
def _roots(session: Session, directories: tuple[str, ...], give_none: bool, ask: bool) -> Any:
    """Show or set the answer to servers that ask for the client's roots. Example: %mcp roots data.

    Roots are directories that a server may work in. Until you set them, you are asked each time. They are deprecated
    since 2026-07-28.
    """
    if sum([bool(directories), give_none, ask]) > 1:
        raise UsageError("%mcp roots takes directories, or --none, or --ask.")
    if directories or give_none or ask:
        session.give_roots(None if ask else [root(str(_directory(name))) for name in directories])
    if session.roots is None:
        empty = "not set, so that you are asked. To set them: %mcp roots DIR, or --none."
    else:
        empty = "none, and servers are told so. To be asked: %mcp roots --ask."
    return listing("roots", ("URI",), [(str(given.uri),) for given in session.roots or []], empty=empty)


def _directory(name: str) -> Path:
    directory = Path(name).expanduser().absolute()
    if not directory.is_dir():
        raise UnknownNameError(f"There is no directory {name!r}. The roots have not changed.")
    return directory


@verb(
    "sampling",
    click.argument("model", type=TEXT, required=False, metavar="[PROVIDER:NAME | off]"),
    click.option(
        "--script", type=NOTEBOOK_VARIABLE, metavar="VAR", help="A variable with a list of texts that play the model."
    ),
)
def _sampling(session: Session, model: str | None, script: str | None) -> None:
    """Let a model answer servers that sample. Example: %mcp sampling anthropic:claude-sonnet-4-5.

    Sampling is deprecated in the protocol since 2026-07-28. Without arguments, this shows who answers; `off` leaves the
    answers to you again.
    """
    person = session.answerer.otherwise if isinstance(session.answerer, ModelAnswerer) else session.answerer
    if model == "off":
        if script is not None:
            raise UsageError("Use either off or --script, not both.")
        session.answerer = person
    elif model is not None or script is not None:
        session.answerer = ModelAnswerer(model_or_script(session, model, script), person)
    for connection in session.opened.values():
        connection.answerer = session.answerer
    who = session.answerer.model.name if isinstance(session.answerer, ModelAnswerer) else "no model"
    print(f"Sampling (deprecated in the protocol since 2026-07-28) is answered by: {who}.")
