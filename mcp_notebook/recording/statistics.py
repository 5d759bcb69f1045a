"""Count calls by tool: how many there were, how many failed, how long they took, and when the latest ended."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import NamedTuple

from mcp_notebook.recording.call import Call

__all__ = ["MOST_LATENCIES", "MOST_NAMES", "SECONDS", "Statistics", "Tally", "Told"]

MOST_NAMES = 2_000
"""The names that have a tally of their own; all calls of other names share one."""

MOST_LATENCIES = 1_000
"""The latest calls of a name that its percentiles are of."""

SECONDS = 60
"""The seconds back from now of which the number of calls is kept."""


class Told(NamedTuple):
    """What a tally is about: a tool, prompt or resource, or all other names of a server together (``name`` is "")."""

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

    Attributes:
        ended: The number of times that a call ended; it tells whether there is something new.
    """

    def __init__(self) -> None:
        self.ended = 0
        self._counting: dict[Told, _Counting] = {}
        self._tallies: dict[Told, Tally] = {}
        self._lock = Lock()

    def count(self, call: Call) -> None:
        """Count a call that has ended; one that goes on in another round is counted after its last."""
        if call.duration is None:
            return
        with self._lock:
            self.ended += 1
            if call.asks:
                return
            self._counting_of(call).add(call.state, call.duration, int(call.started + call.duration))

    def tallies(self) -> list[Tally]:
        """Return the tallies as they are now, in the order of each one's first call."""
        with self._lock:
            for about, counting in self._counting.items():
                earlier = self._tallies.get(about)
                if earlier is None or earlier.calls != counting.calls:
                    self._tallies[about] = counting.tally(about)
            return list(self._tallies.values())

    def _counting_of(self, call: Call) -> _Counting:
        about = Told(call.server, call.method, call.name)
        found = self._counting.get(about)
        if found is None:
            # Anybody can ask for names that do not exist, so these share a tally.
            unknown = call.state == "refused" and call.function is None
            if unknown or len(self._counting) >= MOST_NAMES:
                about = Told(call.server, "", "")
            found = self._counting.setdefault(about, _Counting())
        return found


class _Counting:
    """A tally that grows."""

    __slots__ = ("_at", "_latencies", "_seconds", "calls", "cancelled", "errors")

    def __init__(self) -> None:
        self.calls = self.errors = self.cancelled = 0
        self._latencies = array("f")
        self._at = 0
        self._seconds: dict[int, list[int]] = {}

    def add(self, state: str, duration: float, second: int) -> None:
        failed = state in ("error", "refused")
        self.calls += 1
        self.errors += failed
        found = self._seconds.get(second)
        if found is None:
            if len(self._seconds) > SECONDS:  # one more than is shown, because the current second is not over
                del self._seconds[min(self._seconds)]
            found = self._seconds[second] = [0, 0]
        found[0] += 1
        found[1] += failed
        if state == "cancelled":
            self.cancelled += 1
        elif len(self._latencies) < MOST_LATENCIES:
            self._latencies.append(duration)
        else:
            self._latencies[self._at] = duration
            self._at = (self._at + 1) % MOST_LATENCIES

    def tally(self, about: Told) -> Tally:
        seconds = [Second(at, *self._seconds[at]) for at in sorted(self._seconds)]
        return Tally(about, self.calls, self.errors, self.cancelled, self._latencies[:], seconds)
