"""``%mcp sampling``: a model answers when a server samples."""

from __future__ import annotations

import click

from mcp_notebook.agent import ModelAnswerer
from mcp_notebook.errors import UnknownNameError
from mcp_notebook.magics.options import NOTEBOOK_VARIABLE, TEXT
from mcp_notebook.magics.verb import verb
from mcp_notebook.session.chat import model_or_script
from mcp_notebook.session.session import Session

__all__: list[str] = []


@verb(
    "sampling",
    click.argument("model", type=TEXT, required=False, metavar="[PROVIDER:NAME | off]"),
    click.option("--script", type=NOTEBOOK_VARIABLE, metavar="VAR", help="Let the texts in this list play the model."),
)
def _sampling(session: Session, model: str | None, script: str | None) -> None:
    """Have a model answer when a server samples. Example: %mcp sampling anthropic:claude-sonnet-4-5.

    Sampling is deprecated in the protocol since 2026-07-28. Alone, it says who answers; off leaves it to you again.
    """
    person = session.answerer.otherwise if isinstance(session.answerer, ModelAnswerer) else session.answerer
    if model == "off":
        if script is not None:
            raise UnknownNameError("Either off or --script, not both.")
        session.answerer = person
    elif model is not None or script is not None:
        session.answerer = ModelAnswerer(model_or_script(session, model, script), person)
    for connection in session.opened.values():
        connection.answerer = session.answerer
    who = session.answerer.model.name if isinstance(session.answerer, ModelAnswerer) else "no model"
    print(f"Who answers when a server samples (deprecated in the protocol since 2026-07-28): {who}.")
