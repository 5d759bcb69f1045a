"""Simulate many readers who ask a limited server again and again until it answers."""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import quantiles

from mcp.client import Client
from mcp_types import TextContent

from mcp_notebook.course.people import signed_in
from mcp_notebook.course.stand_ins import LessonClock

__all__ = ["Storm", "storm"]

Wait = Callable[[float, int], float]
"""The seconds until a reader asks again, from the seconds that the server named and the number of tries before."""


@dataclass
class Storm:
    """The outcome of a storm.

    Attributes:
        arrivals: The time of each request, in seconds from the beginning.
        latencies: For each reader, the seconds until the answer.
    """

    arrivals: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)

    def percentile(self, percent: int) -> float:
        """Return the seconds within which so many percent of the readers had their answer."""
        return quantiles(self.latencies, n=100, method="inclusive")[percent - 1]


async def storm(client: Client, tool: str, clock: LessonClock, wait: Wait, *, readers: int = 40) -> Storm:
    """Let all readers call a tool at the same moment, and each again after a refusal, until all have an answer.

    The calls are real, and each has the token of its reader. Only the time is simulated: the clock jumps from one
    request to the next.

    Args:
        client: A client of the server.
        tool: The tool, which takes no arguments. Its refusal says ``Wait 7 s``.
        clock: The clock that the tool reads.
        wait: The rule by which a reader comes back.
        readers: The number of readers.
    """
    begin, outcome = clock.now, Storm()
    line = [(begin, number, 0) for number in range(readers)]
    while line:
        clock.now, number, tries = heapq.heappop(line)
        outcome.arrivals.append(clock.now - begin)
        with signed_in(f"reader {number}"):
            result = await client.call_tool(tool)
        if not result.is_error:
            outcome.latencies.append(clock.now - begin)
            continue
        text = "".join(block.text for block in result.content if isinstance(block, TextContent))
        named = re.search(r"Wait (\d+) s", text)
        heapq.heappush(line, (clock.now + wait(float(named[1]) if named else 0.0, tries), number, tries + 1))
    return outcome
