"""Chapter 4: structured results, dependencies, caches, batches and rate limits."""

from __future__ import annotations

from mcp_notebook.course.checking.bench import Bench, rows
from mcp_notebook.course.checking.call_cases import SignedIn
from mcp_notebook.course.checking.cases import Case, Listed, Probe
from mcp_notebook.course.exercises import Chapter, Exercise, Prediction

LENT = """
INSERT INTO loans (title, member, lent, due, returned) VALUES
    ('Emma', 'Grace', '2026-07-01', '2026-07-22', '2026-07-20'), ('Emma', 'Grace', '2026-10-05', '2026-10-26', NULL),
    ('Piranesi', 'Mary', '2026-10-28', '2026-11-04', NULL);
"""
OPEN = "SELECT title, member, due FROM loans WHERE returned IS NULL ORDER BY due"
EMMA, PIRANESI = ("Emma", "Grace", "2026-10-26"), ("Piranesi", "Mary", "2026-11-04")
RENEWED = ("Emma", "Grace", "2026-11-23")

RENEW = Exercise(
    number="4.1",
    name="renew",
    title="renewing",
    read="3 · Context and dependencies",
    start="# Exercise 4.1. Begin this cell with %%mcp_tool, and define renew(title, ...).",
    cases=(
        SignedIn(
            {"title": "Emma"},
            "Grace keeps an old book for 21 more days",
            person="Grace",
            result="Emma: due on 2026-11-23",
            given=LENT,
            then=[rows(OPEN, PIRANESI, RENEWED)],
        ),
        SignedIn(
            {"title": "Emma"},
            "her earlier loan of the book stays as it was",
            person="Grace",
            result="Emma: due on 2026-11-23",
            then=[rows("SELECT count(*) FROM loans WHERE due = '2026-11-23'", (1,))],
        ),
        SignedIn(
            {"title": "Piranesi", "days": 365, "person": "Ada"},
            "Mary keeps a new book for 7 days, whatever a model sends",
            person="Mary",
            result="Piranesi: due on 2026-11-09",
        ),
        SignedIn(
            {"title": "Emma"},
            "Ada does not have it, and Grace's loan stays as it is",
            person="Ada",
            error="not lent to Ada",
            then=[rows("SELECT member, due FROM loans WHERE title = 'Emma' AND returned IS NULL", RENEWED[1:])],
        ),
        SignedIn({"title": "Moby Dick"}, "the error names an unknown title", person="Ada", error="Moby Dick"),
        Listed(
            {"inputSchema": {"required": ["title"], "properties": {"days": None, "person": None, "member": None}}},
            "clients see the title, and neither the days nor the person",
        ),
    ),
    hints=(
        "Who knows the days, and who knows the person? Both were dependencies of `borrow`.",
        "`renew(title: Title, days: Days, person: Person)`. First ask the database for the open loan of this person.",
        '`query("UPDATE loans SET due = ? WHERE title = ? AND member = ? AND returned IS NULL", str(due), title, person)`, '
        "after a `ToolError` if there is no such loan.",
    ),
    solution='''
%%mcp_tool --no-destructive --idempotent --closed-world
from datetime import timedelta


def renew(title: Title, days: Days, person: Person) -> str:
    """Keep a book that you have borrowed for longer, counted from today."""
    mine = "title = ? AND member = ? AND returned IS NULL"
    if not query(f"SELECT 1 FROM loans WHERE {mine}", title, person):
        raise ToolError(f"{title} is not lent to {person}.")
    due = TODAY + timedelta(days=days)
    query(f"UPDATE loans SET due = ? WHERE {mine}", str(due), title, person)
    return f"{title}: due on {due}"
''',
    why="An argument is a wish of the model. The model must not decide whose loan it is, or how long it may last.",
)

PILE = """
INSERT INTO loans (title, member, lent, due) VALUES
    ('Emma', 'Grace', '2026-10-05', '2026-10-26'), ('Dune', 'Ada', '2026-10-19', '2026-11-09'),
    ('Kindred', 'Mary', '2026-10-12', '2026-11-02'), ('Beloved', 'Omar', '2026-10-10', '2026-10-31'),
    ('Beloved', 'Mary', '2026-10-02', '2026-10-23');
"""
NOT_LENT = {"days_late": None, "problem": "not lent"}

TAKE_BACK = Exercise(
    number="4.2",
    name="take_back",
    title="a pile of books comes back",
    read="5 · Batches",
    start="# Exercise 4.2. Begin this cell with %%mcp_tool take_back. Define a model and take_back(titles).",
    cases=(
        Listed(
            {"inputSchema": {"properties": {"titles": {"type": "array", "minItems": 1, "maxItems": 20}}}},
            "the schema tells how many titles a client may send",
        ),
        Case(
            {"titles": ["Emma"]},
            "Emma was due a week ago",
            result=[{"title": "Emma", "days_late": 7, "problem": None}],
            given=PILE,
            then=[rows("SELECT title, member, returned FROM loans WHERE returned = '2026-11-02'", ("Emma", "Grace", "2026-11-02"))],
        ),
        Case(
            {"titles": ["Dune", "Kindred"]},
            "a book that is in time is 0 days late: not less, and not unknown",
            result=[
                {"title": "Dune", "days_late": 0, "problem": None},
                {"title": "Kindred", "days_late": 0, "problem": None},
            ],
        ),
        Case(
            {"titles": ["Emma", "Beloved"]},
            "a title that is not lent does not spoil the next one, whose first loan ends",
            result=[{"title": "Emma", **NOT_LENT}, {"title": "Beloved", "days_late": 10, "problem": None}],
            then=[rows(OPEN, ("Beloved", "Omar", "2026-10-31"))],
        ),
        Case(
            {"titles": ["Beloved", "Beloved"]},
            "a book comes back once",
            result=[{"title": "Beloved", "days_late": 2, "problem": None}, {"title": "Beloved", **NOT_LENT}],
        ),
        Case({"titles": []}, "an empty pile is refused", error="titles"),
    ),
    hints=(
        "`Stock` in part 5 has nearly the fields. Which of them may be `null`? And `days_late` from chapter 1 counts days.",
        "`Field(min_length=1, max_length=20)` for the list. Ask the database for `id` and `due` of the open loans of a "
        "title, `ORDER BY due LIMIT 1`.",
        'If there is no row, append `Back(title=title, problem="not lent")`. Otherwise '
        '`query("UPDATE loans SET returned = ? WHERE id = ?", str(TODAY), loan)`, and append a `Back` with '
        "`days_late(date.fromisoformat(due), TODAY)`.",
    ),
    solution='''
%%mcp_tool take_back --destructive --closed-world
from pydantic import BaseModel


class Back(BaseModel):
    title: str
    days_late: Annotated[int | None, Field(description="null: it was not lent", ge=0)] = None
    problem: str | None = None


def take_back(
    titles: Annotated[list[str], Field(description="Titles.", min_length=1, max_length=20)],
) -> list[Back]:
    """Take back books that were lent. The answers come in the order of the titles."""
    backs, sql = [], "SELECT id, due FROM loans WHERE title = ? AND returned IS NULL ORDER BY due LIMIT 1"
    for title in titles:
        if not (found := query(sql, title)):
            backs.append(Back(title=title, problem="not lent"))
            continue
        ((loan, due),) = found
        query("UPDATE loans SET returned = ? WHERE id = ?", str(TODAY), loan)
        backs.append(Back(title=title, days_late=max(0, (TODAY - date.fromisoformat(due)).days)))
    return backs
''',
    why="If one unknown title raised an error, the model would not know which of the other books were taken back.",
)


def _later(seconds: int, words: str) -> Probe:
    """Return a case that moves the clock of the notebook."""

    def move(bench: Bench) -> str:
        bench.namespace["clock"].now += seconds
        return "the clock has moved"

    return Probe(f"clock.now += {seconds}", words, move, "the clock has moved")


ADA, GRACE = {"card": "Ada"}, {"card": "Grace"}

MAKE_COPY = Exercise(
    number="4.3",
    name="make_copy",
    title="copies on a library card",
    read="6 · Rate limits",
    start="# Exercise 4.3. Begin this cell with %%mcp_tool, and define make_copy(card).",
    cases=(
        _later(86_400, "a new day begins"),
        Case(ADA, "the first copy", result="copied"),
        Case(ADA, "and one more", result="copied"),
        Case(ADA, "a third one in a row is too many", error="Wait 30 s"),
        Case(GRACE, "another card is not held back by Ada's", result="copied"),
        _later(20, "some time passes"),
        Case(ADA, "Ada has to wait for the rest", error="Wait 10 s"),
        _later(10, "half a minute has passed"),
        Case(ADA, "half a minute brings one copy", result="copied"),
        Case(ADA, "and only one", error="Wait 30 s"),
        _later(86_400, "a day passes"),
        Case(ADA, "there are two again", result="copied"),
        Case(ADA, "the second one", result="copied"),
        Case(ADA, "and not hundreds that were saved up", error="Wait 30 s"),
    ),
    hints=(
        "`ask_archive` limits each person. Here the card counts, with other numbers.",
        "Keep a dictionary from card to `Bucket` *outside* the function. One copy every 30 seconds is "
        "`per_second=1 / 30`.",
        "`cards.setdefault(card, Bucket(size=2, per_second=1 / 30, tokens=2, filled_at=clock())).take(clock())` is 0, or "
        'the seconds to wait; `f"Wait {seconds:.0f} s"` writes them.',
    ),
    solution='''
%%mcp_tool --no-destructive --closed-world
cards = {}


async def make_copy(card: Annotated[str, Field(description="The number of a library card.")]) -> str:
    """Make a copy: two in a row for each card, then one every half minute."""
    full = Bucket(size=2, per_second=1 / 30, tokens=2, filled_at=clock())
    if seconds := cards.setdefault(card, full).take(clock()):
        raise ToolError(f"No copies are left on this card now. Wait {seconds:.0f} s.")
    return "copied"
''',
    why="The check let two days pass in no time, because the clock can be moved. A limit that can only be tested by "
    "waiting is not tested.",
)

CHAPTER = Chapter(
    "4",
    "Advanced patterns",
    exercises=(RENEW, TAKE_BACK, MAKE_COPY),
    predictions=(
        Prediction(
            "4.a",
            "Five answers: a fee of 0, an empty list of loans, `False` for a Sunday, `None` for nobody, 0 free copies. "
            "Some hosts show the model only the text. Which answers does such a model not see?",
            (
                "It sees all five",
                "The empty list and `None`",
                "All except the fee and the free copies",
                "None of the five",
            ),
            1,
            "The text of an object has all its fields, and `False` becomes `false`. A list becomes one block for each "
            "item, so an empty list has none; neither has `None`. Programs get all five.",
        ),
        Prediction(
            "4.b",
            "Mary is signed in. The next call sends `days=365` and `person=\"Ada\"`, for the new book Piranesi. What "
            "happens?",
            (
                "The server refuses the unknown arguments",
                "Lent to Ada for a year",
                "Lent to Mary for 7 days",
                "Lent to Mary for a year",
            ),
            2,
            "Dependencies fill in both, and clients cannot set them. The server ignores arguments that the schema does "
            "not have.",
        ),
        Prediction(
            "4.c",
            "How many conversations does the archive have at most, in one call with four titles, and in four calls at "
            "once?",
            ("2 and 2", "2 and 4", "4 and 4", "1 and 2"),
            1,
            "`two_lines` is made inside the function, so each call has a limiter of its own, and four calls do not "
            "wait for each other.",
        ),
    ),
)
