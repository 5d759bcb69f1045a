"""The live panel of statistics: rate, latency and errors of each tool, drawn while somebody looks."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from mcp_notebook.errors import UnknownNameError
from mcp_notebook.recording.sources import CallSource
from mcp_notebook.recording.statistics import MOST_LATENCIES, SECONDS, Tally, Told
from mcp_notebook.rendering import look
from mcp_notebook.rendering.statistics import MOST_ROWS, PERCENTS, statistics_table, title_of
from mcp_notebook.visible import visible
from mcp_notebook.widgets.surface import Action
from mcp_notebook.widgets.watched import Watched

__all__ = ["StatisticsPanel"]

EVERY: Final = 0.5
"""Seconds between two looks at the numbers."""

Order = Callable[[Tally], Any]

ORDERS: Final[Mapping[str, Callable[[int], Order]]] = {
    "busiest": lambda now: lambda tally: (-_within(tally, now), -tally.calls),
    "errors": lambda _: lambda tally: (-tally.errors, -tally.calls),
    "slowest": lambda _: lambda tally: -(tally.percentile(PERCENTS[1]) or 0),
    "name": lambda _: lambda tally: (title_of(tally), tally.about.server),
}


class StatisticsPanel(Watched):
    """The statistics of servers and connections.

    The kernel sends numbers only if they have changed and a page shows the panel, and at most twice a second.

    Args:
        sources: Returns the recorders to show; it is called when a cell has ended.
    """

    def __init__(self, sources: Callable[[], Sequence[CallSource]]) -> None:
        self._find = sources
        self._sources = sources()
        self._text, self._order = "", "busiest"
        super().__init__(
            "statistics", {"seconds": SECONDS, "latencies": MOST_LATENCIES, "orders": list(ORDERS)}, {"held": False}
        )
        self.follow("mcp-notebook-statistics", EVERY)

    @property
    def rendering(self) -> look.Rendering:
        """The busiest tools, as a table."""
        now = int(time.time())
        tallies = [tally for source in self._sources for tally in source.tallies()]
        return statistics_table(sorted(tallies, key=ORDERS["busiest"](now)), now)

    @property
    def actions(self) -> dict[str, Action]:
        """The actions that the front end can ask for, by name."""
        return {
            **super().actions,
            "look": lambda message: self._look(message.get("text"), message.get("order")),
            "hold": lambda message: self._hold(on=bool(message["on"])),
        }

    def cell_ended(self) -> None:
        """Take in the connections that a cell has opened; keep the numbers of one that is closed."""
        with suppress(UnknownNameError):
            self._sources = self._find()

    def close(self, why: str = "Closed. Run the cell again to see the statistics.") -> None:
        """Stop, and remove the panel from the notebook; closing again does nothing."""
        super().close(why)

    def _look(self, text: Any, order: Any) -> None:
        """Take other words to search or another order; each page sends only what a person changed."""
        if isinstance(text, str):
            self._text = text
        if isinstance(order, str) and order in ORDERS:
            self._order = order
        self.draw()

    def _hold(self, *, on: bool) -> None:
        self.set(held=on)
        if not on:
            self.draw()

    def moves(self) -> list[int]:
        """Return a number for each recorder, which differs after each call."""
        return [source.moves for source in self._sources]

    def drawing(self) -> dict[str, Any]:
        """Return what is searched, and the numbers that are found."""
        return {"text": self._text, "order": self._order, **self._numbers()}

    def _numbers(self) -> dict[str, Any]:
        now = int(time.time())
        running = sum((source.running() for source in self._sources), Counter[Told]())
        tallies = [tally for source in self._sources for tally in source.tallies()]
        begun = {tally.about for tally in tallies}
        # A tool whose first call still runs has no tally yet.
        tallies += [Tally(about, 0, 0, 0, (), ()) for about in running if about not in begun]
        several = len({tally.about.server for tally in tallies}) > 1
        words = self._text.lower().split()
        found = [tally for tally in tallies if all(word in _searched(tally, several=several) for word in words)]
        found.sort(key=ORDERS[self._order](now))
        return {
            "rows": [_row(tally, running[tally.about], now, several=several) for tally in found[:MOST_ROWS]],
            "total": _total(found, sum(running[tally.about] for tally in found), now),
            "found": len(found),
            "of": len(tallies),
        }


def _within(tally: Tally, now: int) -> int:
    return sum(second.calls for second in tally.seconds if now - second.at < SECONDS)


def _searched(tally: Tally, *, several: bool) -> str:
    """Return the text in which words are searched: what a row shows."""
    return f"{title_of(tally)} {tally.about.server if several else ''}".lower()


def _row(tally: Tally, running: int, now: int, *, several: bool) -> dict[str, Any]:
    return {
        "key": "\n".join(tally.about),
        "title": visible(title_of(tally), one_line=True),
        "server": visible(tally.about.server, one_line=True) if several else "",
        "calls": tally.calls,
        "errors": tally.errors,
        "cancelled": tally.cancelled,
        "running": running,
        "latency": [tally.percentile(percent) for percent in PERCENTS],
        "series": _series([tally], now),
    }


def _total(tallies: Sequence[Tally], running: int, now: int) -> dict[str, Any]:
    return {
        "calls": sum(tally.calls for tally in tallies),
        "errors": sum(tally.errors for tally in tallies),
        "cancelled": sum(tally.cancelled for tally in tallies),
        "running": running,
        "series": _series(tallies, now),
    }


def _series(tallies: Sequence[Tally], now: int) -> list[tuple[int, int, int]]:
    """Return the latest seconds with calls: seconds ago, calls, and those of them that failed."""
    calls, errors = Counter[int](), Counter[int]()
    for tally in tallies:
        for second in tally.seconds:
            calls[now - second.at] += second.calls
            errors[now - second.at] += second.errors
    return [(ago, number, errors[ago]) for ago, number in sorted(calls.items()) if 0 <= ago <= SECONDS]
