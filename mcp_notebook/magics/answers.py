"""The answers to what a server asks, as they are given on a line."""

from __future__ import annotations

import json

import click

from mcp_notebook.client import Answers
from mcp_notebook.errors import UsageError
from mcp_notebook.magics.options import TEXT
from mcp_notebook.session.session import Session

__all__ = ["ANSWERS", "answers_of"]

ANSWERS = click.option(
    "--answers",
    type=TEXT,
    metavar="LIST",
    help="The answers to the server's questions: a JSON list, or a variable with a list or a function.",
)


def answers_of(session: Session, text: str | None) -> Answers:
    """Return what ``--answers`` gives: a list in JSON, or what a variable holds.

    Raises:
        UsageError: It is neither a list nor a function.
    """
    if text is None:
        return None
    try:
        value = session.variables[text] if text in session.variables else json.loads(text)
    except ValueError as error:
        raise UsageError(f"--answers: not a variable, and not JSON ({error}). Write a list of answers.") from None
    if not isinstance(value, list) and not callable(value):
        raise UsageError(
            f"--answers takes a list, one answer for each question, or a function of a question; this is {value!r}."
        )
    return value
