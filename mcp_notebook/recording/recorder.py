"""Keep the latest calls, limited by number and by bytes."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

from mcp_notebook.recording.call import Call, current
from mcp_notebook.recording.statistics import Statistics
from mcp_notebook.recording.wire import Wire

__all__ = ["Expected", "Recorder"]

MOST_CALLS = 10_000
MOST_BYTES = 64_000_000
"""The limits of a recorder; the oldest calls are dropped first."""

MOST_RAISED = 20
"""The latest failures that keep their exceptions, and with them every object in their frames."""


class Expected:
    """A request of this notebook: its id, the call whose code makes it, and later its recorded call."""

    def __init__(self) -> None:
        self.id = uuid4().hex
        self.call: Call | None = None
        self.by = current.get()


class Recorder:
    """The latest calls of one notebook, in order of arrival.

    Args:
        most_calls: The limit for their number.
        most_bytes: The limit for their size.
        own_names: Whether this notebook chooses the names that are called, see `Statistics`.

    Attributes:
        wire: The frames, kept only on request.
        statistics: The numbers of all calls that have ended, kept or not.
    """

    def __init__(self, *, most_calls: int = MOST_CALLS, most_bytes: int = MOST_BYTES, own_names: bool = False) -> None:
        self.wire = Wire()
        self.statistics = Statistics(own_names=own_names)
        self._most_calls = most_calls
        self._most_bytes = most_bytes
        self._calls: deque[Call] = deque()
        self._raised: deque[Call] = deque()
        self._bytes = 0
        self._count = 0
        self._lock = threading.Lock()
        self._expected: dict[str, Expected] = {}
        self._observers: tuple[Callable[[Call], None], ...] = ()

    def observe(self, observer: Callable[[Call], None]) -> Callable[[], None]:
        """Call `observer` with each call when it begins and when it ends, on the thread where that happens.

        Returns:
            A function that ends this.
        """
        self._observers += (observer,)

        def leave() -> None:
            self._observers = tuple(other for other in self._observers if other is not observer)

        return leave

    @property
    def begun(self) -> int:
        """The number of calls that have begun, kept or not."""
        return self._count

    @property
    def calls(self) -> list[Call]:
        """The kept calls, oldest first, including those that still run."""
        with self._lock:
            return list(self._calls)

    def find(self, number: int) -> Call | None:
        """Return the call with this number; None if there is none, or it is no longer kept."""
        with self._lock:
            place = number - self._calls[0].number if self._calls else -1
            return self._calls[place] if 0 <= place < len(self._calls) else None

    @contextmanager
    def expecting(self) -> Iterator[Expected]:
        """Wait for the call of a request with the id of the yielded `Expected`, until the end."""
        expected = Expected()
        self._expected[expected.id] = expected
        try:
            yield expected
        finally:
            del self._expected[expected.id]

    def opened(self, call: Call, id: object = None) -> None:
        """Keep a call that has begun, and number it; `id` is the id from `expecting`, if it has one."""
        with self._lock:
            self._count += 1
            call.number = self._count
            self._calls.append(call)
        if id is not None and (expected := self._expected.get(str(id))) is not None:
            expected.call = call
            call.within = None if expected.by is None else expected.by.number
        for observer in self._observers:
            observer(call)

    def closed(self, call: Call) -> None:
        """Count a call that has ended, or ended again after another round, and drop the oldest to make room."""
        self.statistics.count(call)
        with self._lock:
            if not self._calls or call.number < self._calls[0].number:
                return
            self._bytes += call.size - call.counted
            call.counted = call.size
            if call.raised is not None:
                self._raised.append(call)
                if len(self._raised) > MOST_RAISED:
                    self._raised.popleft().raised = None
            while len(self._calls) > self._most_calls or (self._bytes > self._most_bytes and len(self._calls) > 1):
                self._bytes -= self._calls.popleft().counted
        for observer in self._observers:
            observer(call)
