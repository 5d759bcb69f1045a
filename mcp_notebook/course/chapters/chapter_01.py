"""Chapter 1: a tool, its description, its errors, and calls from outside."""

from __future__ import annotations

from mcp_notebook.course.checking.bench import rows
from mcp_notebook.course.checking.cases import Case, Listed
from mcp_notebook.course.exercises import Chapter, Exercise, Prediction

LOANS = "SELECT title, member, lent, due, returned FROM loans WHERE returned IS NULL"

DAYS_LATE = Exercise(
    number="1.1",
    name="days_late",
    title="days late",
    read="3 · Describe it for a stranger",
    start="# Exercise 1.1. Begin this cell with %%mcp_tool, and define days_late(due, today).",
    cases=(
        Case({"due": "2026-11-02", "today": "2026-11-05"}, "due on the 2nd, it is 3 days late on the 5th", result=3),
        Case({"due": "2026-10-30", "today": "2026-11-02"}, "the end of a month does not matter", result=3),
        Case({"due": "2026-11-05", "today": "2026-11-05"}, "on the day itself it is not late", result=0),
        Case({"due": "2026-11-09", "today": "2026-11-05"}, "it is never less than 0 days late", result=0),
        Case({"due": "soon", "today": "2026-11-05"}, "a word that is not a date is refused", error="due"),
    ),
    hints=(
        "Which type do the two arguments have? With the right one, the server reads the dates for you.",
        "Annotate both as `date`, from `datetime`. Two dates can be subtracted; the difference has `.days`.",
        "`return max(0, (today - due).days)`",
    ),
    solution='''
%%mcp_tool --read-only --closed-world
from datetime import date


def days_late(
    due: Annotated[date, Field(description="The day on which the loan is due.")],
    today: Annotated[date, Field(description="The day for which to count.")],
) -> int:
    """Return the days that a loan is late; 0 for a loan that is not late."""
    return max(0, (today - due).days)
''',
    why="A model is not reliable at arithmetic. A rule such as 'never less than 0' belongs in the tool, not in a prompt.",
)

OLDEST = Exercise(
    number="1.2",
    name="oldest",
    title="bounds",
    read="3 · Describe it for a stranger",
    start="# Exercise 1.2. Define the tool oldest(count).",
    cases=(
        Case({"count": 1}, "Emma is the oldest book", result=["Emma"]),
        Case({"count": 3}, "three books, by their year", result=["Emma", "Persuasion", "Frankenstein"]),
        Case({"count": 4}, "more than 3 is refused", error="count"),
        Case({"count": 0}, "less than 1 is refused", error="count"),
        Listed(
            {"inputSchema": {"properties": {"count": {"type": "integer", "minimum": 1, "maximum": 3}}}},
            "the schema tells the bounds before a call",
        ),
        Case(
            {"count": 1},
            "a book that is new in the database counts",
            result=["The Odyssey"],
            given="INSERT INTO books VALUES ('The Odyssey', 'Homer', -700, 'epic', 1)",
        ),
    ),
    hints=(
        "Bounds are part of the type. Look at `limit` in `search`.",
        "The database can sort and cut: `ORDER BY year LIMIT ?`.",
        "`count: Annotated[int, Field(ge=1, le=3)]`, and "
        '`[title for (title,) in query("SELECT title FROM books ORDER BY year LIMIT ?", count)]`',
    ),
    solution='''
%%mcp_tool --read-only --closed-world
def oldest(count: Annotated[int, Field(description="How many titles.", ge=1, le=3)]) -> list[str]:
    """Return the titles of the oldest books in the library, the oldest first."""
    return [title for (title,) in query("SELECT title FROM books ORDER BY year LIMIT ?", count)]
''',
    why="A model reads the schema before it calls. A rule that only the code knows is learned by failing.",
)

LEND = Exercise(
    number="1.3",
    name="lend",
    title="lending",
    read="4 · Errors that a model can read",
    start="# Exercise 1.3. Define the tool lend(title, member).",
    cases=(
        Case(
            {"title": "Dune", "member": "Ada"},
            "Ada borrows Dune for three weeks",
            result="Dune: lent to Ada until 2026-11-23",
            then=[rows(LOANS, ("Dune", "Ada", "2026-11-02", "2026-11-23", None))],
        ),
        Case(
            {"title": "Moby Dick", "member": "Ada"},
            "the error names the title that the library does not have",
            error="Moby Dick",
            then=[rows("SELECT count(*) FROM loans WHERE title = 'Moby Dick'", (0,))],
        ),
        Case(
            {"title": "Kindred", "member": "Bob"},
            "the error names the person who is not a member",
            error="Bob",
            then=[rows("SELECT count(*) FROM loans WHERE member = 'Bob'", (0,))],
        ),
        Listed({"annotations": {"destructiveHint": False}}, "it adds a loan and destroys nothing, and says so"),
    ),
    hints=(
        "An unexpected error keeps its text from the client. Which exception did `author` raise?",
        "Ask the database for the title and for the member first; raise `ToolError` with the name if it has none. "
        "The option `--no-destructive` says that the tool destroys nothing.",
        'After both checks: `query("INSERT INTO loans (title, member, lent, due) VALUES (?, ?, ?, ?)", title, member, '
        "str(TODAY), str(TODAY + timedelta(days=21)))`",
    ),
    solution='''
%%mcp_tool --no-destructive --closed-world
from datetime import timedelta


def lend(
    title: Annotated[str, Field(description="A title, as in the library.")],
    member: Annotated[str, Field(description="The member's name.")],
) -> str:
    """Lend a book to a member of the library, for three weeks."""
    if not query("SELECT 1 FROM books WHERE title = ?", title):
        raise ToolError(f"{title!r} is not in the library. Use search to find the exact title.")
    if not query("SELECT 1 FROM members WHERE name = ?", member):
        names = ", ".join(name for (name,) in query("SELECT name FROM members"))
        raise ToolError(f"{member!r} is not a member. Members: {names}.")
    due = TODAY + timedelta(days=21)
    loan = (title, member, str(TODAY), str(due))
    query("INSERT INTO loans (title, member, lent, due) VALUES (?, ?, ?, ?)", *loan)
    return f"{title}: lent to {member} until {due}"
''',
    why="A model learns only from the text of an error. 'Not a member. Members: ...' turns a dead end into a next step.",
)

CHAPTER = Chapter(
    "1",
    "Getting started",
    exercises=(DAYS_LATE, OLDEST, LEND),
    predictions=(
        Prediction(
            "1.a",
            "The next cell asks for a greeting in Latin, which is not among the three languages. What happens?",
            (
                "`greet` runs and raises a `KeyError`",
                "The server refuses, and the answer is a result that is marked as an error",
                "The cell raises a Python exception",
            ),
            1,
            "The server checks the arguments against the schema first, so the function never runs. The refusal is a "
            "result with `is_error`, because a model can read that and try again.",
        ),
        Prediction(
            "1.b",
            "The next cell defines `search` again, and its last line fails. Which `search` do clients call then?",
            ("None: the tool is gone", "The one from before", "The new one: it was defined before the line failed"),
            1,
            "A cell that fails changes nothing on the server. The earlier version stays until a cell succeeds.",
        ),
        Prediction(
            "1.c",
            "Three tools say no in three ways: a text, a `KeyError`, a `ToolError`. Which of the calls looks like a "
            "success to the client?",
            ("The text", "The `KeyError`", "The `ToolError`", "None of them"),
            0,
            "A returned text is a result like any other, even if it begins with 'Error'. Only an exception marks the "
            "result as an error.",
        ),
    ),
)
