"""Count calls by tool: how many there were, how many failed, how long they took, and when the latest ended."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import NamedTuple

from mcp_notebook.recording.call import Call

__all__ = ["MOST_LATENCIES", "MOST_NAMES", "SECONDS", "Statistics", "Tally", "Told"]

MOST_NAMES = 2_000
"""The names of each method that have a tally of their own; the calls of all other names share one."""

MOST_LATENCIES = 1_000
"""The latest calls of a name that its percentiles are of."""

SECONDS = 60
"""The seconds back from now of which the number of calls is kept."""


class Told(NamedTuple):
    """The subject of a tally: a tool, prompt or resource, or all other names of a server together (``name`` is "")."""

    server: str
    method: str
    name: str


class Second(NamedTuple):
    """The calls that ended in one second.

    Attributes:
        at: The second, since the epoch.
        calls: All of them, with those that failed.
        errors: Those that failed.
    """

    at: int
    calls: int
    errors: int


@dataclass(frozen=True)
class Tally:
    """The ended calls of one tool, prompt or resource.

    Attributes:
        about: The tool, prompt or resource.
        calls: All of them.
        errors: Those whose result was an error of the tool, and those that the server refused.
        cancelled: Those that the client or the notebook cancelled.
        latencies: Seconds of the latest calls that were answered, in no order.
        seconds: The latest seconds in which calls ended, oldest first.
    """

    about: Told
    calls: int
    errors: int
    cancelled: int
    latencies: Sequence[float] = field(repr=False)
    seconds: Sequence[Second] = field(repr=False)

    def percentile(self, percent: float) -> float | None:
        """Return the latency in seconds that so many percent of the calls do not exceed; None without calls."""
        if not self._sorted:
            return None
        return self._sorted[max(math.ceil(len(self._sorted) * percent / 100), 1) - 1]

    @cached_property
    def _sorted(self) -> list[float]:
        return sorted(self.latencies)


class Statistics:
    """The tallies of a recorder, from its first call on.

    It keeps a limited number of numbers, and no call, so that it also counts the calls that the recorder dropped.

    Args:
        own_names: Whether this notebook chooses the names that are called. Else a name has a tally of its own only if
            there is a function behind it or a call of it was answered, because a client can make up any number of them.

    Attributes:
        ended: The number of times that a call ended; it tells whether there is something new.
    """

    def __init__(self, *, own_names: bool = False) -> None:
        self.ended = 0
        self._own_names = own_names
        self._names = Counter[str]()
        self._counting: dict[tuple[str, str, str], _Counting] = {}
        self._tallies: dict[tuple[str, str, str], Tally] = {}
        self._lock = Lock()

    def count(self, call: Call) -> None:
        """Count a call that has ended; one that goes on in another round is counted after its last."""
        duration = call.duration
        if duration is None:
            return
        with self._lock:
            self.ended += 1
            if call.asks:
                return
            # A tuple instead of `Told`, which takes longer to make: this runs in each call.
            counting = self._counting.get((call.server, call.method, call.name)) or self._first(call)
            counting.add(call.state, duration, int(call.started + duration))

    def tallies(self) -> list[Tally]:
        """Return the tallies as they are now, in the order of each one's first call."""
        with self._lock:
            for about, counting in self._counting.items():
                earlier = self._tallies.get(about)
                if earlier is None or earlier.calls != counting.calls:
                    self._tallies[about] = counting.tally(Told(*about))
            return list(self._tallies.values())

    def _first(self, call: Call) -> _Counting:
        exists = self._own_names or call.function is not None or call.state == "done"
        if exists and self._names[call.method] < MOST_NAMES:
            self._names[call.method] += 1
            about = call.server, call.method, call.name
        else:
            about = call.server, "", ""
        return self._counting.setdefault(about, _Counting())


class _Counting:
    """A tally that grows."""

    __slots__ = ("_at", "_latencies", "_latest", "_second", "_seconds", "calls", "cancelled", "errors")

    def __init__(self) -> None:
        self.calls = self.errors = self.cancelled = 0
        self._latencies = array("f")
        self._at = 0
        self._seconds: dict[int, list[int]] = {}
        self._second = -1
        self._latest = [0, 0]

    def add(self, state: str, duration: float, second: int) -> None:
        if second != self._second:
            self._second, self._latest = second, self._of(second)
        self.calls += 1
        self._latest[0] += 1
        if state != "done":
            if state == "cancelled":
                self.cancelled += 1
                return
            self.errors += 1
            self._latest[1] += 1
        if len(self._latencies) < MOST_LATENCIES:
            self._latencies.append(duration)
        else:
            self._latencies[self._at] = duration
            self._at = (self._at + 1) % MOST_LATENCIES

    def _of(self, second: int) -> list[int]:
        """Return the numbers of a second; those of the earliest make room for it."""
        found = self._seconds.get(second)
        if found is None:
            if len(self._seconds) > SECONDS:  # one more than is shown, because the current second is not over
                del self._seconds[min(self._seconds)]
            found = self._seconds[second] = [0, 0]
        return found

    def tally(self, about: Told) -> Tally:
        seconds = [Second(at, *self._seconds[at]) for at in sorted(self._seconds)]
        return Tally(about, self.calls, self.errors, self.cancelled, self._latencies[:], seconds)
