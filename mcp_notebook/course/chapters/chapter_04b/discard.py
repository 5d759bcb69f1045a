"""The exercise that asks whether a person is sure."""

from __future__ import annotations

from mcp_notebook.course.bench import rows
from mcp_notebook.course.cases import Case, Listed
from mcp_notebook.course.exercises import Exercise

__all__ = ["DISCARD", "LENT"]

LENT = """
INSERT INTO loans (title, member, lent, due, returned) VALUES
    ('Dune', 'Ada', '2026-10-19', '2026-11-09', NULL), ('Emma', 'Grace', '2026-10-19', '2026-11-09', NULL);
"""
HAS_DUNE = "SELECT count(*) FROM books WHERE title = 'Dune'"
HAS_EMMA = "SELECT count(*) FROM books WHERE title = 'Emma'"

DISCARD = Exercise(
    number="4b.1",
    name="discard",
    title="are you sure?",
    read="2 · Four outcomes",
    start="# Exercise 4b.1. Begin this cell with %%mcp_tool discard, so that only this function is a tool.\n"
    "# Define a model, a function that may ask, and discard(title, ...).",
    cases=(
        Case(
            {"title": "Piranesi"},
            "nobody has it, so nobody is asked",
            result="Piranesi: discarded",
            given=LENT,
            then=[rows("SELECT title FROM books WHERE title = 'Piranesi'")],
        ),
        Case(
            {"title": "Dune"},
            "the user accepts, and is not sure",
            result="Dune: kept",
            answers=[{"sure": False}],
            then=[rows(HAS_DUNE, (1,))],
        ),
        Case(
            {"title": "Dune"},
            "to decline is an answer, not an error",
            result="Dune: kept",
            answers=["decline"],
            then=[rows(HAS_DUNE, (1,))],
        ),
        Case(
            {"title": "Dune"},
            "to cancel is not to decide",
            result="Dune: not decided",
            answers=["cancel"],
            then=[rows(HAS_DUNE, (1,))],
        ),
        Case(
            {"title": "Dune"},
            "an answer that does not fit is refused, and the book stays",
            error="does not match the requested schema",
            answers=[{"sure": "perhaps"}],
            then=[rows(HAS_DUNE, (1,))],
        ),
        Case(
            {"title": "Dune"},
            "the user is sure",
            result="Dune: discarded",
            answers=[{"sure": True}],
            then=[rows(HAS_DUNE, (0,)), rows(HAS_EMMA, (1,))],
        ),
        Case(
            {"title": "Kindred"},
            "only loans that are open count: this one has come back",
            result="Kindred: discarded",
        ),
    ),
    hints=(
        "There are three parts: what is asked (a model), whether to ask (a function), and what each outcome means (the "
        "tool).",
        "The function returns `Sure(sure=True)` or `Elicit(..., Sure)`. The tool takes "
        "`Annotated[ElicitationResult[Sure], Resolve(...)]`, and deletes in one case only.",
        "`match outcome:` with `case AcceptedElicitation(data=Sure(sure=True)):`, then `case CancelledElicitation():`, "
        'then `case _:`. Whether it is lent: `query("SELECT 1 FROM loans WHERE title = ? AND returned IS NULL", title)`.',
    ),
    solution='''
%%mcp_tool discard --destructive --closed-world
from mcp.server.mcpserver import AcceptedElicitation, CancelledElicitation, Elicit, ElicitationResult
from pydantic import BaseModel


class Sure(BaseModel):
    sure: Annotated[bool, Field(description="Discard it although it is lent")]


def ask_whether_sure(title: str) -> Sure | Elicit[Sure]:
    if not query("SELECT 1 FROM loans WHERE title = ? AND returned IS NULL", title):
        return Sure(sure=True)
    return Elicit(f"A copy of {title} is lent. Discard the book all the same?", Sure)


def discard(title: Title, outcome: Annotated[ElicitationResult[Sure], Resolve(ask_whether_sure)]) -> str:
    """Take a book out of the library. Asks the user first if a copy is lent."""
    match outcome:
        case AcceptedElicitation(data=Sure(sure=True)):
            query("DELETE FROM books WHERE title = ?", title)
            return f"{title}: discarded"
        case CancelledElicitation():
            return f"{title}: not decided"
    return f"{title}: kept"
''',
    why="A form that is sent with the box unticked is accepted, too. Code that checks only for accept deletes what the "
    "user wanted to keep.",
)
