"""Chapter 8: files, a database, a web API, and a server inside a FastAPI application."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from mcp_notebook.course.archive import TownArchive, Trouble
from mcp_notebook.course.bench import Bench, Then, entries, rows
from mcp_notebook.course.cases import Case, Probe
from mcp_notebook.course.exercises import Chapter, Exercise, Prediction
from mcp_notebook.course.papers import lay_out_papers
from mcp_notebook.course.web_app import AppCalls, calls_to


def _office() -> Path:
    return lay_out_papers().parent


def _paper(name: str, expected: bytes | None) -> Then:
    """Look at a file of the office; None means that it must not exist."""

    def look(bench: Bench) -> bytes | None:
        file = Path(bench.namespace["ROOT"]).parent / name
        return file.read_bytes() if file.exists() else None

    return Then(f"{name} has", look, expected)


COPY_PAPER = Exercise(
    number="8.1",
    name="copy_paper",
    title="a copy of a paper",
    server="papers",
    read="2 · Files that nobody waits for",
    start="# Exercise 8.1. Begin this cell with %%mcp_tool --server papers, and define copy_paper(source, target).",
    cases=(
        Case(
            {"source": "stamp.png", "target": "minutes/stamp.png"},
            "a picture is copied byte by byte",
            result=32,
            given=lambda bench: _office(),
            then=[_paper("papers/minutes/stamp.png", b"\x89PNG\r\n\x1a\n" + bytes(24))],
        ),
        Case(
            {"source": "minutes/may.txt", "target": "rules.txt"},
            "nothing is overwritten",
            error="rules.txt",
            then=[_paper("papers/rules.txt", b"Be quiet.\nBring books back.\n")],
        ),
        Case(
            {"source": "../alarm.txt", "target": "a.txt"},
            "nothing comes in from outside",
            error="not among the papers",
            then=[_paper("papers/a.txt", None)],
        ),
        Case(
            {"source": "door.txt", "target": "b.txt"},
            "a link brings nothing in either",
            error="not among the papers",
            then=[_paper("papers/b.txt", None)],
        ),
        Case(
            {"source": "rules.txt", "target": "../mine.txt"},
            "nothing goes out",
            error="not among the papers",
            then=[_paper("mine.txt", None)],
        ),
        Case(
            {"source": "rules.txt", "target": "old/mine.txt"},
            "nothing goes out through a link",
            error="not among the papers",
            then=[_paper("papers-old/mine.txt", None)],
        ),
        Case({"source": "june.txt", "target": "c.txt"}, "the error names the missing source", error="june.txt"),
    ),
    hints=(
        "Two paths come from the model. Which function must see both?",
        "`inside` for both, `is_file()` for the source, and the mode `xb`, which fails if the file exists.",
        "`data = inside(source).read_bytes()`, then `with inside(target).open('xb') as file: file.write(data)` in a `try` "
        "with `except FileExistsError`. A `def` is fine: the SDK runs it on a thread.",
    ),
    solution='''
%%mcp_tool --server papers --no-destructive --closed-world
def copy_paper(source: Place, target: Place) -> int:
    """Copy a paper of any kind. Never overwrites. Returns the number of bytes."""
    original, copy = inside(source), inside(target)
    if not original.is_file():
        raise ToolError(f"There is no paper {source!r}. Use list_papers to see them.")
    try:
        with copy.open("xb") as file:
            return file.write(original.read_bytes())
    except FileExistsError:
        raise ToolError(f"{target!r} exists. Choose another name.") from None
    except OSError as error:
        raise ToolError(f"Cannot write {target!r}: {error.strerror}.") from None
''',
    why="The mode x asks and creates in one step. A check cannot see the moment between exists() and open(); another "
    "program can.",
)

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

_weeks = itertools.count(1)


def _monday() -> date:
    """Return the Monday of a week that no check has used, so that nothing is kept from an earlier check."""
    return date(2026, 11, 2) + timedelta(weeks=next(_weeks))


def _hours(about: str, request: str, expected: Any, *days: int | str, trouble: tuple[Trouble, ...] = ()) -> Probe:
    """Ask for the hours of some days of a new week, and expect the answers and the number of requests."""

    async def ask(bench: Bench, town: TownArchive, monday: date) -> Any:
        answers: list[Any] = []
        for day in days:
            text = day if isinstance(day, str) else str(monday + timedelta(days=day))
            result = await bench.client.call_tool(bench.name, {"day": text})
            if result.is_error:
                words = "".join(getattr(block, "text", "") for block in result.content)
                known = (each for each in ("not a date", "too long", "Ask again later") if each in words)
                answers.append(f"an error that says {next(known, words)!r}")
            else:
                answers.append((result.structured_content or {}).get("result"))
        return answers, len(town.asked)

    def look(bench: Bench) -> Awaitable[Any]:
        town: TownArchive = bench.namespace["town"]
        town.begin(*trouble)
        return ask(bench, town, _monday())

    return Probe(request, about, look, expected)


def _dripping(bench: Bench) -> Awaitable[bool]:
    """Ask while the archive drips, and return whether the answer came within three seconds, with the right words."""
    town: TownArchive = bench.namespace["town"]
    town.begin(Trouble(drip=True))

    async def ask() -> bool:
        begun = time.monotonic()
        result = await bench.client.call_tool(bench.name, {"day": str(_monday() + timedelta(days=1))})
        return result.is_error and "too long" in str(result.content) and time.monotonic() - begun < 3

    return ask()


OPENING_HOURS = Exercise(
    number="8.3",
    name="opening_hours",
    title="when is it open?",
    server="archive",
    read="5 · A web API that is slow or down",
    start="# Exercise 8.3. Begin this cell with %%mcp_tool --server archive, and define opening_hours(day, ctx).",
    cases=(
        _hours(
            "an answer is kept: one request for two calls",
            "a Tuesday, twice; the answers, and the number of requests",
            (["10 to 17", "10 to 17"], 1),
            1,
            1,
        ),
        _hours(
            "closed is an answer, and is kept, too",
            "a Monday, three times; the answers, and the number of requests",
            ([None, None, None], 1),
            0,
            0,
            0,
        ),
        _hours(
            "each day is a question of its own",
            "a Tuesday and a Wednesday; the answers, and the number of requests",
            (["10 to 17", "9 to 17"], 2),
            1,
            2,
        ),
        _hours(
            "404 is an error that says 'not a date', and is not tried again",
            "the day 'soon'; the answer, and the number of requests",
            (["an error that says 'not a date'"], 1),
            "soon",
        ),
        _hours(
            "busy for a moment: it tries again",
            "a Tuesday, while the archive is busy once; the answer, and the number of requests",
            (["10 to 17"], 2),
            1,
            trouble=(Trouble(status=503),),
        ),
        _hours(
            "a failure is not kept",
            "a Tuesday, twice, while the archive is busy three times; the answers, and the number of requests",
            (["an error that says 'Ask again later'", "10 to 17"], 4),
            1,
            1,
            trouble=(Trouble(status=503),) * 3,
        ),
        Probe(
            "a Tuesday, while the archive drips",
            "after a second it gives up, and says 'too long'",
            _dripping,
            True,
        ),
    ),
    hints=(
        "`copies` does nearly the same. What is the key of an answer, and how do you ask whether it is kept?",
        "A dictionary outside the function, with the day as its key; `in`; `anyio.fail_after(1)`; `except TimeoutError`.",
        "`if day not in hours:` fetch in `with anyio.fail_after(1):`, raise a ToolError for 404, else keep "
        "`response.json()['hours']`. Return what is kept.",
    ),
    solution='''
%%mcp_tool --server archive --read-only --open-world
hours_kept = {}
Day = Annotated[str, Field(description="A date, such as 2026-11-03.", max_length=20)]


async def opening_hours(day: Day, ctx: Context) -> str | None:
    """Return when the town archive is open on a day; null if it is closed."""
    if day not in hours_kept:
        http = ctx.request_context.lifespan_context
        try:
            with anyio.fail_after(1):
                response = await fetch(http, f"/hours/{quote(day, safe='')}")
        except TimeoutError:
            raise ToolError("The archive takes too long. Ask again later.") from None
        if response.status_code == 404:
            raise ToolError(f"{day!r} is not a date. Write it as 2026-11-03.")
        hours_kept[day] = response.json()["hours"]
    return hours_kept[day]
''',
    why="Closed is the answer that people need most. A cache that loses it asks each time, and nobody notices, because "
    "the result is right.",
)

LENDING = "SELECT title, member FROM loans WHERE returned IS NULL"


def _with_app(request: str, about: str, use: Callable[[AppCalls, Bench], Awaitable[Any]], expected: Any) -> Probe:
    """Use a new application of the learner's, with its lifespan entered, as a web server would."""

    def look(bench: Bench) -> Awaitable[Any]:
        return calls_to(bench.namespace["make_desk"], lambda calls: use(calls, bench))

    return Probe(request, about, look, expected)


async def _lend(calls: AppCalls, bench: Bench) -> Any:
    bench.fill("DELETE FROM loans WHERE returned IS NULL")
    status, body = await calls.http("POST", "/loans", {"title": "Dune", "member": "Ada"})
    return status, body, rows(LENDING).look(bench)


async def _refuse(calls: AppCalls, bench: Bench) -> Any:
    bench.fill("DELETE FROM loans WHERE returned IS NULL")
    status, body = await calls.http("POST", "/loans", {"title": "Dune", "member": "Bob"})
    return status, "Bob" in json.dumps(body.get("detail") if isinstance(body, dict) else ""), rows(LENDING).look(bench)


async def _invalid(calls: AppCalls, bench: Bench) -> Any:
    return (await calls.http("POST", "/loans", {"title": "Dune"}))[0]


async def _by_mcp(calls: AppCalls, bench: Bench) -> Any:
    return await calls.tool("author", {"title": "Dune"})


async def _both(calls: AppCalls, bench: Bench) -> Any:
    bench.fill("DELETE FROM loans WHERE returned IS NULL")
    await calls.tool("lend", {"title": "Emma", "member": "Grace"})
    await calls.http("POST", "/loans", {"title": "Dune", "member": "Ada"})
    return sorted(rows(LENDING).look(bench))


MAKE_DESK = Exercise(
    number="8.4",
    name="make_desk",
    title="the desk's application",
    kind="code",
    read="6 · One process: a REST API and MCP",
    start="# Exercise 8.4. Define make_desk(), which returns a new FastAPI application.",
    cases=(
        _with_app(
            "POST /loans, Dune for Ada; the status, the answer, and the open loans",
            "the book is lent",
            _lend,
            (201, "Dune: lent to Ada until 2026-11-23", [("Dune", "Ada")]),
        ),
        _with_app(
            "POST /loans, Dune for Bob; the status, whether detail names Bob, and the open loans",
            "a refusal of lend is the status 409, with its text",
            _refuse,
            (409, True, []),
        ),
        _with_app(
            "POST /loans without a member; the status",
            "FastAPI refuses what is not complete",
            _invalid,
            422,
        ),
        _with_app("the tool author at /mcp", "an agent is answered, too", _by_mcp, {"result": "Frank Herbert"}),
        _with_app(
            "lend at /mcp, then POST /loans; the open loans",
            "both doors lead to the same library",
            _both,
            [("Dune", "Ada"), ("Emma", "Grace")],
        ),
    ),
    hints=(
        "Take `make_app` as a model. Which two lines are about the route?",
        "A pydantic model with `title` and `member` for the body; `@app.post('/loans', status_code=201)`; "
        "`HTTPException(409, ...)`. The route comes before `mount`, and the lifespan stays.",
        "`def lend_book(loan: Loan) -> str:` with `return lend(loan.title, loan.member)` in a `try`; "
        "`except ToolError as error: raise HTTPException(409, str(error)) from None`.",
    ),
    solution='''
from pydantic import BaseModel


class Loan(BaseModel):
    title: str
    member: str


def make_desk():
    mcp_app = library.streamable_http_app()
    app = FastAPI(lifespan=lambda app: mcp_app.router.lifespan_context(mcp_app))

    @app.post("/loans", status_code=201)
    def lend_book(loan: Loan) -> str:
        try:
            return lend(loan.title, loan.member)
        except ToolError as error:
            raise HTTPException(409, str(error)) from None

    app.mount("/", mcp_app)
    return app
''',
    why="A program and a model need different doors, with statuses here and advice there. The rules behind both must be "
    "written once.",
)

CHAPTER = Chapter(
    "8",
    "Real-world examples: files, a database, a web API",
    exercises=(COPY_PAPER, HAND_OVER, OPENING_HOURS, MAKE_DESK),
    predictions=(
        Prediction(
            "8.a",
            "The function of this resource checks nothing. Which of the five ways lead out of the folder?",
            ("All five", "The two links", "The dots and the whole path", "None of them"),
            1,
            "The SDK refuses dots and whole paths in a template's variable, because they show in the text. Links show "
            "only on the disk, and the SDK does not look there.",
        ),
        Prediction(
            "8.b",
            "The timeout is 0.5 s. The answer of 13 bytes needs 2.6 s, a byte every 0.2 s. What does the tool do?",
            (
                "It times out, tries three times, and gives up",
                "It times out once, and the second request succeeds",
                "It waits, and returns the answer",
            ),
            2,
            "The timeout limits the pause between two pieces, and no pause is longer than 0.2 s.",
        ),
        Prediction(
            "8.c",
            "Nobody enters the lifespan of the application now. Which of the two requests below works?",
            ("Both", "The one to the REST route", "The one to MCP", "Neither"),
            1,
            "The REST route needs nothing from the lifespan. The MCP application starts its session manager there.",
        ),
    ),
)
