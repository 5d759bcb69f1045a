"""Exercise 8.3: ask a web service that is slow or down, and keep its answers."""

from __future__ import annotations

import itertools
import time
from collections.abc import Awaitable
from datetime import date, timedelta
from typing import Any

from mcp_notebook.course.archive import TownArchive, Trouble
from mcp_notebook.course.checking.bench import Bench
from mcp_notebook.course.checking.cases import Probe
from mcp_notebook.course.exercises import Exercise

__all__ = ["OPENING_HOURS"]

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

