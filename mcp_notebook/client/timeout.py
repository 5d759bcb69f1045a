"""Limit the time of a request: each progress report restarts the clock, and a question to a person stops it."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import anyio

from mcp_notebook.errors import RequestError

__all__ = ["TimeUpError", "Timeout"]

T = TypeVar("T")


class TimeUpError(RequestError):
    """A request took longer than its timeout."""


class Timeout:
    """The time limit of one request.

    Args:
        seconds: Seconds to wait for its answer, or for the next progress report; infinite to wait forever.
    """

    def __init__(self, seconds: float = math.inf) -> None:
        self.seconds = seconds
        self._scope = anyio.CancelScope()
        self._progressed = False
        self._questions = 0

    @staticmethod
    def checked(seconds: float | None) -> float:
        """Return a caller's timeout as a float, infinite for None.

        Raises:
            RequestError: It is not a positive number.
        """
        if seconds is None:
            return math.inf
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
            raise RequestError(f"A timeout is a positive number of seconds, not {seconds!r}.")
        return float(seconds)

    async def run(self, request: Callable[[], Awaitable[T]], server: str) -> T:
        """Run a request within its time limit.

        Raises:
            TimeUpError: The time is up; the request is cancelled at the server.
        """
        self._begin()
        with self._scope:
            return await request()
        since = ", or after its last progress report" if self._progressed else ""
        raise TimeUpError(
            f"{server!r} did not answer within {self.seconds:g} s{since}; it is not known whether the request ran. "
            "Allow more time: --timeout SECONDS on the line, timeout=... in Python."
        )

    def progressed(self) -> None:
        """Restart the clock."""
        self._progressed = True
        self._begin()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop the clock while the context is open, and restart it afterwards."""
        self._questions += 1
        self._begin()
        try:
            yield
        finally:
            self._questions -= 1
            self._begin()

    def _begin(self) -> None:
        self._scope.deadline = math.inf if self._questions else anyio.current_time() + self.seconds
