"""A stand-in for the town archive: a web service on this machine, with the troubles that real ones have."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import unquote

from mcp_notebook.course.local_site import LocalSite, SiteReply, SiteRequest

__all__ = ["TownArchive", "Trouble"]

VOLUMES = {"Dune": 3, "Emma": 0, "Kindred": 1}

DRIP = 0.2
"""Seconds between two bytes of an answer that drips."""


@dataclass(frozen=True)
class Trouble:
    """The trouble that the archive has with one request.

    Attributes:
        status: The status of the answer, in place of the right one.
        retry_after: The header ``Retry-After``: seconds, or a date as HTTP writes it.
        slow: Seconds that pass before the answer.
        drip: Whether the body comes one byte at a time.
    """

    status: int | None = None
    retry_after: str | None = None
    slow: float = 0
    drip: bool = False


class TownArchive(LocalSite):
    """A web service on a free port of this machine; a context manager, or call `close`.

    It answers ``GET /copies/TITLE`` with ``{"copies": 3}``, and ``GET /hours/2026-11-02`` with ``{"hours": "9 to 17"}``
    or, on Mondays, ``{"hours": null}``. For anything unknown, the status is 404.

    Attributes:
        url: The address.
        copies: The copies of each title.
        trouble: The troubles of the next requests, first come, first served; without one, the answer is right.
        asked: The path of every request so far.
    """

    def __init__(self) -> None:
        self.copies = dict(VOLUMES)
        self.trouble: deque[Trouble] = deque()
        self.asked: list[str] = []
        super().__init__("town-archive")
        self.listen()

    def __repr__(self) -> str:
        return f"<the town archive, {len(self.asked)} requests so far>"

    def begin(self, *trouble: Trouble) -> None:
        """Forget the requests and troubles so far; `trouble` is for the next requests."""
        self.asked.clear()
        self.trouble = deque(trouble)

    def answer(self, request: SiteRequest) -> SiteReply | None:
        """Answer as the next trouble says, and rightly without one."""
        self.asked.append(unquote(request.path))
        trouble = self.trouble.popleft() if self.trouble else Trouble()
        status, found = self._found(request.path)
        if trouble.status is not None:
            status, found = trouble.status, {}
        if self.closed.wait(trouble.slow):
            return None
        headers = {"Retry-After": trouble.retry_after} if trouble.retry_after is not None else {}
        return SiteReply(found, status, headers=headers, pause=DRIP if trouble.drip else 0)

    def _found(self, path: str) -> tuple[int, dict[str, Any]]:
        # Split before the quotes are taken away, so that a slash in a title stays in the title.
        kind, _, rest = path.lstrip("/").partition("/")
        name = unquote(rest)
        if kind == "copies" and name in self.copies:
            return 200, {"copies": self.copies[name]}
        if kind == "hours" and (day := _day(name)) is not None:
            return 200, {"hours": None if day.weekday() == 0 else f"{9 + day.weekday() % 2} to 17"}
        return 404, {}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
