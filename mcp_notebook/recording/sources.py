"""The recorders whose statistics are shown together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from mcp_notebook.recording.recorder import Recorder
from mcp_notebook.recording.statistics import Tally, Told

__all__ = ["CallSource"]

MOST_UNFINISHED = 1_000
"""The number of latest calls among which running ones are looked for."""


@dataclass(frozen=True)
class CallSource:
    """A recorder, or one server's part of it.

    Attributes:
        recorder: The recorder.
        name: The name of the connection that it belongs to; None to use each server's own name.
        only: The name of the one server to count; None for all.
    """

    recorder: Recorder
    name: str | None = None
    only: str | None = None

    @property
    def moves(self) -> int:
        """A number that grows with each call that begins or ends."""
        return self.recorder.begun + self.recorder.statistics.ended

    def tallies(self) -> list[Tally]:
        """Return the tallies, in the order of each one's first call."""
        found = [tally for tally in self.recorder.statistics.tallies() if self._counts(tally.about.server)]
        if self.name is None:
            return found
        return [replace(tally, about=self._told(tally.about)) for tally in found]

    def running(self) -> Counter[Told]:
        """Return how many calls of each tool, prompt and resource run now."""
        calls = self.recorder.calls[-MOST_UNFINISHED:]
        about = (Told(call.server, call.method, call.name) for call in calls if call.running)
        return Counter(self._told(each) for each in about if self._counts(each.server))

    def _counts(self, server: str) -> bool:
        return self.only is None or server == self.only

    def _told(self, about: Told) -> Told:
        return about if self.name is None else about._replace(server=self.name)
