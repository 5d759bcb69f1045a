"""The types of events of a server, and who waits for them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mcp.shared.exceptions import MCPError

from .emitted import Emitted
from .occurrences import Batch
from .sources import EventType, UnreadableError
from .streams import Wake
from .wire import Code, refusal

__all__ = ["Board"]

_log = logging.getLogger(__name__)


class Board:
    """The types of a server; they change, and events are emitted, at any time and from any thread."""

    def __init__(self) -> None:
        self._types: dict[str, EventType] = {}
        self._wakes: dict[Wake, str] = {}
        self._failing: set[str] = set()
        self._lock = threading.Lock()

    @property
    def types(self) -> Mapping[str, EventType]:
        """The types by name, in order."""
        return self._types

    @property
    def listeners(self) -> int:
        """The number of subscriptions that wait for events."""
        return len(self._wakes)

    def find(self, name: str) -> EventType | None:
        """Return the type of that name; None if there is none."""
        return self._types.get(name)

    def named(self, name: str) -> EventType:
        """Return the type of that name.

        Raises:
            MCPError: There is none.
        """
        found = self._types.get(name)
        if found is None:
            raise refusal(Code.NOT_FOUND, f"There is no event type {name!r}.", kind="event")
        return found

    def put(self, new: EventType, withdrawn: Sequence[str] = ()) -> None:
        """Add a type, or replace the one of its name, and remove others in the same step."""
        self.replace({**{name: kept for name, kept in self._types.items() if name not in withdrawn}, new.name: new})

    def replace(self, types: Mapping[str, EventType]) -> None:
        """Make these the types. Subscriptions end whose type is gone or no longer what it was for them."""
        with self._lock:
            before = self._types
            for name, new in types.items():
                earlier = before.get(name)
                if new is not earlier and isinstance(new, Emitted) and isinstance(earlier, Emitted):
                    new.follow(earlier)
            self._types = dict(types)
        for name in {**before, **types}:
            if before.get(name) is not types.get(name):
                self._failing.discard(name)  # the log has the first error of each version of a function
                self._wake(name)

    def emit(self, name: str, data: Any, *, id: str | None = None) -> None:
        """Add an event to a type; an unknown name becomes a new type.

        Raises:
            ValueError: A function answers for this type, or the data or the id is unusable.
        """
        with self._lock:
            found = self._types.get(name) or Emitted(name)
            if not isinstance(found, Emitted):
                raise ValueError(f"{name!r} is answered by a function, so it cannot be emitted. Use another name.")
            found.emit(data, id=id)
            if name not in self._types:
                self._types = {**self._types, name: found}
        self._wake(name)

    def listen(self, name: str, wake: Wake) -> Callable[[], None]:
        """Have `wake` set when something happens to a type; return a function that ends this."""
        with self._lock:
            self._wakes[wake] = name

        def leave() -> None:
            with self._lock:
                self._wakes.pop(wake, None)

        return leave

    def close(self) -> None:
        """End all subscriptions; their clients may subscribe again."""
        with self._lock:
            woken = list(self._wakes)
        for wake in woken:
            wake.close()

    async def read(
        self, found: EventType, arguments: Mapping[str, Any], cursor: str | None, most: int, max_age: int | None
    ) -> Batch:
        """Return what happened since a cursor, see `EventType.read`.

        Raises:
            MCPError: The subscription is refused, or the author's function raised.
        """
        try:
            batch = await found.read(arguments, cursor, most, max_age)
        except UnreadableError as error:
            raise refusal(Code.INVALID_PARAMS, str(error)) from None
        except MCPError:
            raise
        except Exception as error:
            # Once, and not with each poll until it is repaired.
            if found.name not in self._failing:
                self._failing.add(found.name)
                _log.warning("The function of the event type %r raised.", found.name, exc_info=error)
            raise refusal(Code.INTERNAL_ERROR, f"Error in event type {found.name}") from error
        self._failing.discard(found.name)
        return batch

    def _wake(self, name: str) -> None:
        with self._lock:
            woken = [wake for wake, of in self._wakes.items() if of == name]
        for wake in woken:
            wake.set()
