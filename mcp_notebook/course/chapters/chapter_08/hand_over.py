"""Exercise 8.2: change one row in a transaction, and look at what changed."""

from __future__ import annotations

from mcp_notebook.course.checking.bench import Bench, entries, rows
from mcp_notebook.course.checking.cases import Case, Probe
from mcp_notebook.course.exercises import Exercise

__all__ = ["HAND_OVER"]

OPEN = "SELECT title, member FROM loans WHERE returned IS NULL ORDER BY title"
PAST = "SELECT member FROM loans WHERE returned = '2026-08-20' AND title = 'Dune'"
LENT = (
    "DELETE FROM loans WHERE returned IS NULL; INSERT INTO members VALUES ('Miles O''Hara', '2026-01-05');"
    "INSERT INTO loans (title, member, lent, due) VALUES ('Dune', 'Ada', '2026-10-20', '2026-11-10'),"
    "('Emma', 'Grace', '2026-10-20', '2026-11-10');"
    "INSERT INTO loans (title, member, lent, due, returned) VALUES ('Dune', 'Ada', '2026-08-01', '2026-08-22', '2026-08-20')"
)
AS_BEFORE = rows(OPEN, ("Dune", "Ada"), ("Emma", "Grace"))



async def _read_only(bench: Bench) -> bool:
    """Return whether the tool claims to be read-only."""
    return bool((await entries(bench.client))[bench.name].get("annotations", {}).get("readOnlyHint"))


HAND_OVER = Exercise(
    number="8.2",
    name="hand_over",
    title="from hand to hand",
    server="records",
    read="3 · A database: describe it, ask it",
    start="# Exercise 8.2. Begin this cell with %%mcp_tool --server records, and define hand_over(title, giver, taker).",
    cases=(
        Case(
            {"title": "Dune", "giver": "Ada", "taker": "Nobody"},
            "the taker must be a member, and the error names the person",
            error="Nobody",
            given=LENT,
            then=[AS_BEFORE],
        ),
        Case(
            {"title": "Dune", "giver": "Grace", "taker": "Mary"},
            "the giver must have the book now, and the error names the person",
            error="Grace",
            then=[AS_BEFORE],
        ),
        Case(
            {"title": "Dune", "giver": "x' OR '1'='1", "taker": "Mary"},
            "a name is a value, never SQL",
            error="OR",
            then=[AS_BEFORE],
        ),
        Case(
            {"title": "Dune", "giver": "Ada", "taker": "Grace"},
            "the open loan moves, and the past stays as it was",
            result="Dune: Ada to Grace",
            then=[rows(OPEN, ("Dune", "Grace"), ("Emma", "Grace")), rows(PAST, ("Ada",))],
        ),
        Case(
            {"title": "Emma", "giver": "Grace", "taker": "Miles O'Hara"},
            "an apostrophe in a name is fine",
            result="Emma: Grace to Miles O'Hara",
            then=[rows(OPEN, ("Dune", "Grace"), ("Emma", "Miles O'Hara"))],
        ),
        Probe("hand_over, as listed; whether it claims to be read-only", "it changes the records", _read_only, False),
    ),
    hints=(
        "Two questions: is the taker a member, and did the UPDATE change exactly one loan?",
        "`engine.begin()`, parameters such as `:giver`, `connection.scalar(...)`, which is None without a row, and "
        "`rowcount`. Which loans are open?",
        "`UPDATE loans SET member = :taker WHERE title = :title AND member = :giver AND returned IS NULL`. Before it, in "
        "the same transaction, `SELECT 1 FROM members WHERE name = :taker`.",
    ),
    solution='''
%%mcp_tool --server records --destructive --closed-world
MEMBER = text("SELECT 1 FROM members WHERE name = :taker")
MOVE = text(
    "UPDATE loans SET member = :taker WHERE title = :title AND member = :giver AND returned IS NULL"
)
Name = Annotated[str, Field(description="The name of a member.", max_length=80)]


async def hand_over(title: Title, giver: Name, taker: Name) -> str:
    """Give a borrowed book from one member to another."""
    values = {"title": title, "giver": giver, "taker": taker}
    async with engine.begin() as connection:
        if await connection.scalar(MEMBER, values) is None:
            raise ToolError(f"{taker!r} is not a member.")
        if (await connection.execute(MOVE, values)).rowcount != 1:
            raise ToolError(f"{giver!r} does not have {title!r}.")
    return f"{title}: {giver} to {taker}"
''',
    why="An UPDATE that finds nothing is not an error for the database. Without a look at rowcount, the model is told "
    "that it worked.",
)

