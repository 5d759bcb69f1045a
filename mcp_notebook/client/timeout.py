"""The time that a request has: each report of progress begins it again, and a question to a person stops it."""

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
    """A request took longer than its time."""


class Timeout:
    """The time of one request.

    Args:
        seconds: How long to wait for its answer, or for the next report of progress; infinite for ever.
    """

    def __init__(self, seconds: float = math.inf) -> None:
        self.seconds = seconds
        self._scope = anyio.CancelScope()
        self._progressed = False
        self._questions = 0

    @staticmethod
    def checked(seconds: float | None) -> float:
        """Return what a caller gave, None as infinite.

        Raises:
            RequestError: It is not a positive number.
        """
        if seconds is None:
            return math.inf
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
            raise RequestError(f"A timeout is a positive number of seconds, not {seconds!r}.")
        return float(seconds)

    async def run(self, request: Callable[[], Awaitable[T]], server: str) -> T:
        """Run a request within its time.

        Raises:
            TimeUpError: The time is up; the request is cancelled at the server.
        """
        self._begin()
        with self._scope:
            return await request()
        since = ", or after its last report of progress" if self._progressed else ""
        raise TimeUpError(
            f"{server!r} did not answer within {self.seconds:g} s{since}; whether the request ran is not known. Give "
            "it longer: --timeout SECONDS on the line, timeout=... in Python."
        )

    def progressed(self) -> None:
        """Begin the time again."""
        self._progressed = True
        self._begin()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop the time, and begin it again afterwards."""
        self._questions += 1
        self._begin()
        try:
            yield
        finally:
            self._questions -= 1
            self._begin()

    def _begin(self) -> None:
        self._scope.deadline = math.inf if self._questions else anyio.current_time() + self.seconds
