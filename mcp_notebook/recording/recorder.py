"""The recorder: the latest calls, bounded by count and by bytes."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

from mcp_notebook.recording.call import Call
from mcp_notebook.recording.wire import Wire

__all__ = ["Expected", "Recorder"]

MOST_CALLS = 10_000
MOST_BYTES = 64_000_000
"""What a recorder keeps at most; the oldest calls go first."""

MOST_RAISED = 20
"""How many of the latest failures keep their exception, and with it every object in its frames."""


class Expected:
    """A request of the notebook's own: the id that it carries, and the call that it became."""

    def __init__(self) -> None:
        self.id = uuid4().hex
        self.call: Call | None = None


class Recorder:
    """The latest calls of one notebook, in the order in which they came.

    Attributes:
        wire: The frames, where they are asked for.
    """

    def __init__(self, *, most_calls: int = MOST_CALLS, most_bytes: int = MOST_BYTES) -> None:
        self.wire = Wire()
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
        """Tell `observer` of each call when it begins and when it ends, on the thread where it does.

        Returns:
            What ends that.
        """
        self._observers += (observer,)

        def leave() -> None:
            self._observers = tuple(other for other in self._observers if other is not observer)

        return leave

    @property
    def calls(self) -> list[Call]:
        """The calls that are kept, the oldest first; those that still run are among them."""
        with self._lock:
            return list(self._calls)

    def find(self, number: int) -> Call | None:
        """Return the call of that number; None where there is none, or it is no longer kept."""
        with self._lock:
            place = number - self._calls[0].number if self._calls else -1
            return self._calls[place] if 0 <= place < len(self._calls) else None

    @contextmanager
    def expecting(self) -> Iterator[Expected]:
        """While this is open, notice the call of the request that carries the id."""
        expected = Expected()
        self._expected[expected.id] = expected
        try:
            yield expected
        finally:
            del self._expected[expected.id]

    def opened(self, call: Call, id: object = None) -> None:
        """Keep a call that has begun, and give it its number; `id` is what it carries of `expecting`."""
        with self._lock:
            self._count += 1
            call.number = self._count
            self._calls.append(call)
        if id is not None and (expected := self._expected.get(str(id))) is not None:
            expected.call = call
        for observer in self._observers:
            observer(call)

    def closed(self, call: Call) -> None:
        """Take account of a call that has ended, or ended again after another round; the oldest make room."""
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
