"""Chapter 3: the eras, transports, the lifespan, threads, settings, handles."""

from __future__ import annotations

import os
import secrets
from typing import Any
from unittest.mock import patch

import anyio
from mcp.client import Client
from mcp_types import TextContent

from mcp_notebook.course.checking.bench import Bench
from mcp_notebook.course.checking.cases import Case, Probe
from mcp_notebook.course.chapters.chapter_03.baskets import PUT_IN_BASKET, told
from mcp_notebook.course.exercises import Chapter, Exercise, Prediction
from mcp_notebook.course.timeline import Timeline


async def _another_client_draws(bench: Bench) -> Any:
    async with Client(bench.server) as client:
        return [await told(client, bench.name), await told(client, bench.name)]


MACHINE = Exercise(
    number="3.1",
    name="next_number",
    title="the ticket machine",
    read="4 · The life of a server",
    start='# Exercise 3.1. Give this server a lifespan, and the tool next_number.\nmachine = NotebookServer("machine")',
    server="machine",
    cases=(
        Case({}, "the first visitor draws 1", result=1),
        Case({}, "the second visitor draws 2", result=2),
        Probe(
            "a new client calls next_number() twice, in memory",
            "the machine is switched on again, and starts at 1",
            _another_client_draws,
            [1, 2],
        ),
        Case({}, "the machine of the first client goes on, where it was", result=3),
    ),
    hints=(
        "A variable of the notebook lives too long, and one inside the tool not long enough. What lives as long as the "
        "server runs?",
        "The object that the lifespan yields is `ctx.request_context.lifespan_context`. It must be one that can change: "
        "a dict, a list, an object of your own. `open_desk` shows the decorator that a lifespan needs.",
        '`yield {"last": 0}` in the lifespan, and `NotebookServer("machine", lifespan=...)`. The tool adds 1 to '
        '`["last"]`, and returns it.',
    ),
    solution='''
@asynccontextmanager
async def switched_on(server):
    yield {"last": 0}


machine = NotebookServer("machine", lifespan=switched_on)


@machine.tool()
async def next_number(ctx: Context) -> int:
    """Draw the next number for a visitor."""
    drawn = ctx.request_context.lifespan_context
    drawn["last"] += 1
    return drawn["last"]
''',
    why="State that nobody gave a life is a bug that waits for the second client. And it is an `async def` for a reason: on "
    "the loop, no other call comes between adding and returning.",
)


async def _two_at_once(bench: Bench) -> Any:
    """Return in which order two calls began and ended."""
    timeline = Timeline()
    with patch.dict(bench.namespace, {"timeline": timeline}):
        async with anyio.create_task_group() as calls:
            for title in ("Emma", "Dune"):
                calls.start_soon(_told_title, bench, title)
    steps = [(step, kind == "[") for row in timeline.rows().values() for kind, step in row]
    begins = [begins for _, begins in sorted(steps)]
    return "both at once" if begins == [True, True, False, False] else "one after the other"


async def _told_title(bench: Bench, title: str) -> None:
    await told(bench.client, bench.name, title=title)


async def _progress(bench: Bench) -> Any:
    reports: list[tuple[float, float | None]] = []

    async def keep(progress: float, total: float | None, message: str | None) -> None:
        reports.append((progress, total))

    await bench.client.call_tool(bench.name, {"title": "Emma"}, progress_callback=keep)
    return reports


ASK_ARCHIVE = Exercise(
    number="3.2",
    name="ask_archive",
    title="a slow archive",
    read="5 · Where a call runs, and where it fails",
    start="# Exercise 3.2. Define the tool ask_archive(title), which does not hold up other calls.",
    cases=(
        Case({"title": "Emma"}, "the archive has 4 cards about Emma", result=4),
        Probe("ask_archive('Emma') with progress", "it reports 0 of 1, then 1 of 1", _progress, [(0, 1), (1, 1)]),
        Probe("two calls at the same time", "neither waits for the other", _two_at_once, "both at once"),
    ),
    hints=(
        "Reporting progress needs `await`, so the tool is an `async def`. Where does that run, and may it block there?",
        "`await anyio.to_thread.run_sync(function, argument)` runs a function on a worker thread, and waits for its "
        "result without blocking the loop.",
        "`await ctx.report_progress(0, 1)`, then `cards = await anyio.to_thread.run_sync(slow_archive, title)`, then "
        "`await ctx.report_progress(1, 1)`, and `return cards`.",
    ),
    solution='''
%%mcp_tool --read-only --closed-world
async def ask_archive(title: Title, ctx: Context) -> int:
    """Ask the archive how many index cards are about a book. That takes a while."""
    await ctx.report_progress(0, 1, "asking the archive")
    cards = await anyio.to_thread.run_sync(slow_archive, title)
    await ctx.report_progress(1, 1, "the archive has answered")
    return cards
''',
    why="One function that blocks the loop holds up every client of the server. It shows only when two of them call at "
    "once, which no test does by itself.",
)


def _fines(bench: Bench, **environment: str) -> Any:
    """Return the learner's settings as they are in another environment."""
    if not isinstance(made := bench.namespace.get("Fines"), type):
        raise LookupError("there is no class Fines")
    with patch.dict(os.environ, environment):
        return made()


def _other_town(bench: Bench) -> Any:
    fines = _fines(bench, FINES_CENTS_PER_DAY="40", FINES_MOST_CENTS="60")
    return fines.cents_per_day, fines.most_cents


def _no_number(bench: Bench) -> str:
    try:
        return f"accepted as {_fines(bench, FINES_CENTS_PER_DAY='much').cents_per_day!r}"
    except ValueError:
        return "refused"


FINE = Exercise(
    number="3.3",
    name="fine",
    title="fines",
    read="6 · Configuration, and changes under way",
    start="# Exercise 3.3. Begin this cell with %%mcp_tool, and define the class Fines and the tool fine(days_late).",
    cases=(
        Case({"days_late": 2}, "a day costs what the town has set", result=50),
        Case({"days_late": 100}, "never more than most_cents, which nobody has set", result=500),
        Case({"days_late": -1}, "a negative number of days is refused", error="days_late"),
        Probe(
            "Fines() where FINES_CENTS_PER_DAY is 40 and FINES_MOST_CENTS is 60",
            "both come from the environment",
            _other_town,
            (40, 60),
        ),
        Probe("Fines() where FINES_CENTS_PER_DAY is 'much'", "a word is refused at the start", _no_number, "refused"),
    ),
    hints=(
        "The variable is `FINES_CENTS_PER_DAY`, and the field `cents_per_day`. What makes one of the other?",
        "`SettingsConfigDict(env_prefix=...)` as in the kiosk, with the type `int` for both fields. `min` of two numbers. "
        "`Field(ge=0)` for the argument.",
        "A class as in the kiosk, with `cents_per_day: int = 10` and `most_cents: int = 500`, made once with "
        "`fines = Fines()`; then `return min(days_late * fines.cents_per_day, fines.most_cents)`.",
    ),
    solution='''
%%mcp_tool --read-only --closed-world
from pydantic_settings import BaseSettings, SettingsConfigDict


class Fines(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="FINES_")

    cents_per_day: int = Field(default=10, ge=0)
    most_cents: int = Field(default=500, ge=0)


fines = Fines()


def fine(days_late: Annotated[int, Field(description="How many days late a book is.", ge=0)]) -> int:
    """Return how many cents a late book costs."""
    return min(days_late * fines.cents_per_day, fines.most_cents)
''',
    why="The town changes the fine without a programmer. A mistake in a setting shows when the server starts, and not at "
    "the first visitor's expense.",
)


CHAPTER = Chapter(
    "3",
    "Server architecture",
    exercises=(MACHINE, ASK_ARCHIVE, FINE, PUT_IN_BASKET),
    predictions=(
        Prediction(
            "3.a",
            "The next two cells make the same call, first modern, then legacy. How many messages must the client send "
            "before the server takes requests?",
            ("None in both", "None in modern, two in legacy", "One in modern, two in legacy", "One in both"),
            1,
            "Legacy has a handshake: `initialize` and `notifications/initialized`. A modern request is complete by itself.",
        ),
        Prediction(
            "3.b",
            "The next cell lets the desk listen over HTTP. Three clients come one after the other; the third is legacy. "
            "How often does the desk open?",
            ("Once", "Twice, once for each era", "Three times, once for each client"),
            0,
            "A lifespan is entered once each time the server starts, before anybody calls. All clients of both eras share it.",
        ),
        Prediction(
            "3.c",
            "The next cell makes three calls of each tool, nearly at the same time. Which calls run one after the other?",
            ("Those of `thread`", "Those of `loop`", "Those of `loop_await`", "None"),
            1,
            "`time.sleep` on the loop stops everything else there. A thread may block, and an `await` gives way.",
        ),
        Prediction(
            "3.d",
            "Ada's client puts in Emma. Then Grace's client puts in Dune. What is in Grace's basket?",
            ("Dune", "Emma and Dune", "Nothing: the tool fails for the second client"),
            1,
            "There is one list for the whole server. It does not know one client from another.",
        ),
    ),
)
