"""Chapter 4b: questions to the user, rounds on the wire, and long work."""

from __future__ import annotations

from mcp_notebook.course.checking.bench import Bench, rows
from mcp_notebook.course.checking.call_cases import Followed, SignedIn, Twice
from mcp_notebook.course.checking.cases import Case, Listed, Probe
from mcp_notebook.course.exercises import Chapter, Exercise, Prediction

LENT = """
INSERT INTO loans (title, member, lent, due, returned) VALUES
    ('Dune', 'Ada', '2026-10-19', '2026-11-09', NULL), ('Emma', 'Grace', '2026-10-19', '2026-11-09', NULL);
"""
HAS_DUNE = "SELECT count(*) FROM books WHERE title = 'Dune'"
HAS_EMMA = "SELECT count(*) FROM books WHERE title = 'Emma'"
KEPT = rows(HAS_DUNE, (1,))

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
        Case({"title": "Dune"}, "the user accepts, and is not sure", "Dune: kept", answers=[{"sure": False}], then=[KEPT]),
        Case({"title": "Dune"}, "to decline is an answer, not an error", "Dune: kept", answers=["decline"], then=[KEPT]),
        Case({"title": "Dune"}, "to cancel is not to decide", "Dune: not decided", answers=["cancel"], then=[KEPT]),
        Case(
            {"title": "Dune"},
            "an answer that does not fit is refused, and the book stays",
            error="does not match the requested schema",
            answers=[{"sure": "perhaps"}],
            then=[KEPT],
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

OPEN = "SELECT title, member, lent, due FROM loans WHERE returned IS NULL"

BORROW = Exercise(
    number="4b.2",
    name="borrow",
    title="an answer counts once",
    read="3 · Rounds on the wire",
    start="# Exercise 4b.2. Begin this cell with %%mcp_tool borrow. Define a model, a function that asks, and borrow(...).",
    cases=(
        SignedIn(
            {"title": "Dune"},
            "the user chooses two weeks",
            person="Mary",
            result="Dune: lent to Mary until 2026-11-16",
            answers=[{"weeks": 2}],
            then=[rows(OPEN, ("Dune", "Mary", "2026-11-02", "2026-11-16"))],
        ),
        SignedIn(
            {"title": "Persuasion"},
            "the default is three weeks",
            person="Omar",
            result="Persuasion: lent to Omar until 2026-11-23",
            answers=[{}],
        ),
        SignedIn(
            {"title": "Kindred"},
            "nine weeks are more than the form allows",
            person="Omar",
            error="does not match the requested schema",
            answers=[{"weeks": 9}],
            then=[rows("SELECT count(*) FROM loans WHERE title = 'Kindred' AND returned IS NULL", (0,))],
        ),
        Twice(
            {"title": "Beloved"},
            "one loan comes of it",
            person="Ada",
            result="Beloved: lent to Ada until 2026-11-09",
            answer={"weeks": 1},
            then=[rows(f"{OPEN} AND title = 'Beloved'", ("Beloved", "Ada", "2026-11-02", "2026-11-09"))],
        ),
        Twice(
            {"title": "Dune"},
            "she has it already, and the day on which it is due stays",
            person="Mary",
            result="Dune: lent to Mary until 2026-11-16",
            answer={"weeks": 4},
            then=[rows(f"{OPEN} AND title = 'Dune'", ("Dune", "Mary", "2026-11-02", "2026-11-16"))],
        ),
        Listed(
            {"inputSchema": {"required": ["title"], "properties": {"weeks": None, "person": None}}},
            "clients see the title; the user says the weeks, and the token the person",
        ),
    ),
    hints=(
        "Which question must the tool ask the database before it lends? And in which of the two functions may it write?",
        "A model with `weeks: Annotated[int, Field(ge=1, le=4)] = 3`, a function that returns `Elicit(...)` of it, and a "
        "tool with `Person`. Look for an open loan of this person first.",
        'First `had = query("SELECT due FROM loans WHERE title = ? AND member = ? AND returned IS NULL", title, person)`. '
        "If there is none, insert one. `TODAY + timedelta(weeks=...)` is the day.",
    ),
    solution='''
%%mcp_tool borrow --no-destructive --closed-world
from datetime import timedelta

from mcp.server.mcpserver import Elicit
from pydantic import BaseModel


class Weeks(BaseModel):
    weeks: Annotated[int, Field(description="For how many weeks", ge=1, le=4)] = 3


def ask_for_weeks(title: str) -> Elicit[Weeks]:
    return Elicit(f"For how many weeks do you want to borrow {title}?", Weeks)


def borrow(title: Title, person: Person, chosen: Annotated[Weeks, Resolve(ask_for_weeks)]) -> str:
    """Borrow a book for yourself; asks the user for how long."""
    mine = "SELECT due FROM loans WHERE title = ? AND member = ? AND returned IS NULL"
    if not query(mine, title, person):
        due = TODAY + timedelta(weeks=chosen.weeks)
        sql = "INSERT INTO loans (title, member, lent, due) VALUES (?, ?, ?, ?)"
        query(sql, title, person, str(TODAY), str(due))
    ((until,),) = query(mine, title, person)
    return f"{title}: lent to {person} until {until}"
''',
    why="Clients repeat requests: after a lost connection, or on purpose. A tool that acts must recognize what it has done.",
)


def _used_by(bench: Bench) -> object:
    return bench.namespace["scanner"]["used_by"]


def _kept(bench: Bench) -> object:
    return 0 < bench.namespace["scanned"].get("Dune", 0) < 500


SCAN = Exercise(
    number="4b.3",
    name="scan",
    title="the page scanner",
    read="6 · Long work, followed and stopped",
    start="# Exercise 4b.3. Begin this cell with %%mcp_tool and a --timeout, and define scan(title, pages, ...).",
    cases=(
        Listed(
            {"inputSchema": {"properties": {"pages": {"type": "integer", "minimum": 1}}}},
            "clients are told: at least one page",
        ),
        Followed(
            {"title": "Emma", "pages": 3},
            "a thin book, with a report for each page",
            result=3,
            progress=((1, 3), (2, 3), (3, 3)),
        ),
        Probe('scanner["used_by"]', "the scanner is free after a thin book", _used_by, None),
        Case({"title": "Dune", "pages": 500}, "a thick book takes too long", error="it was stopped"),
        Probe('scanner["used_by"]', "the scanner is free after the call was stopped", _used_by, None),
        Probe('0 < scanned["Dune"] < 500', "the pages that were scanned are kept", _kept, True),
    ),
    hints=(
        "Which word makes a line run however the block before it ends? And can a plain `def` be stopped?",
        "`async def` with a `Context`, and `try` with `finally`. Put `--timeout 0.5` behind `%%mcp_tool`.",
        'Set `scanner["used_by"]`. Then `try:` a loop over `range(1, pages + 1)` that sleeps, writes `scanned[title]` and '
        "awaits `ctx.report_progress(page, pages)`. `finally:` free the scanner.",
    ),
    solution='''
%%mcp_tool --no-destructive --closed-world --timeout 0.5
async def scan(
    title: Title, pages: Annotated[int, Field(description="How many pages.", ge=1)], ctx: Context
) -> int:
    """Scan the pages of a book. Scanned pages are kept if the call is stopped."""
    scanner["used_by"] = title
    try:
        for page in range(1, pages + 1):
            await anyio.sleep(0.01)
            scanned[title] = page
            await ctx.report_progress(page, pages)
        return pages
    finally:
        scanner["used_by"] = None
''',
    why="Calls are stopped every day: by a person, a timeout, a closed laptop. A lock that is freed only on success is "
    "freed until the first of them.",
)

CHAPTER = Chapter(
    "4b",
    "Asking the user, and long work",
    exercises=(DISCARD, BORROW, SCAN),
    predictions=(
        Prediction(
            "4b.a",
            "The same tool, now called by a client of the current protocol, 2026-07-28. What happens?",
            (
                "The user is asked, as before",
                "The call fails before the first line of the function",
                "The first line runs, then the call fails",
            ),
            2,
            "In the current protocol a server cannot send requests. `ctx.elicit` fails where it is awaited, after the "
            "lines before it have run.",
        ),
        Prediction(
            "4b.b",
            "Only the client sends requests now. How does the question reach the client?",
            (
                "As a notification, while the call is under way",
                "As the result of `tools/call`: the call ends with a question",
                "On a stream that the client opened before, with `subscriptions/listen`",
            ),
            1,
            "The call ends with a result of the type input required. The client then sends the same call again, with the "
            "answer in it.",
        ),
        Prediction(
            "4b.c",
            "The state comes back five times: as it is; with a changed byte; for another book; by another person; and "
            "as it is, once more. Which of them does the server take?",
            ("Only the first", "The first and the last", "All except the changed byte", "None"),
            1,
            "The seal binds the tool, its arguments and the person, and shows every change. It does not make the state "
            "count only once.",
        ),
        Prediction(
            "4b.d",
            "Grace accepts the address. Then Ada and Grace open it. Then Grace calls the tool again. Who has paid, and "
            "when?",
            (
                "Grace, when she accepts",
                "Grace, when Ada opens the address",
                "Grace, when she opens the address herself",
                "Ada, when she opens the address",
            ),
            2,
            "Accept means only that the user agreed to open the page. The page compares its visitor with the person for "
            "whom the reference was made, so it refuses Ada.",
        ),
    ),
)
