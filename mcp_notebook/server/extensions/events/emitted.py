"""The types of events that are emitted."""

from __future__ import annotations

import inspect
import secrets
import threading
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from pydantic import TypeAdapter

from .occurrences import MOST_BYTES, Batch, Occurrence, canonical, checked_id, earliest, payload_of
from .sources import OBJECT, EventType, object_schema

__all__ = ["Emitted"]

MOST_KEPT = 1_000
"""Most emitted events of one type that are kept for clients that ask later."""

MOST_BYTES_KEPT = 64 * MOST_BYTES

MOST_DIGITS = 18


class Emitted(EventType):
    """A type whose events are emitted; the latest are kept in memory.

    The arguments of a subscription are values that the data must have.

    Args:
        name: The name of the type.
        description: A text about what happens.
        payload: The type of the data, such as a pydantic model; None for any object.

    Attributes:
        payload: The same.
    """

    def __init__(self, name: str, description: str = "", payload: Any = None) -> None:
        self.name = name
        self.description = inspect.cleandoc(description)
        self.payload = payload
        self._payload: TypeAdapter[Any] | None = None if payload is None else TypeAdapter(payload)
        self.payload_schema = OBJECT if self._payload is None else object_schema(self._payload, name)
        known: dict[str, Any] = self.payload_schema.get("properties", {})
        properties = {
            key: {k: v for k, v in value.items() if k != "default"}
            for key, value in known.items()
            if "$ref" not in str(value)
        }
        about = "Only events whose data has these values."
        self.input_schema = {**OBJECT, "description": about, "properties": properties, "additionalProperties": True}
        self._kept: deque[tuple[int, Occurrence, int]] = deque(maxlen=MOST_KEPT)
        self._bytes = self._count = 0
        # Not the same in the next process, whose count begins again.
        self._epoch = secrets.token_hex(4)
        self._lock = threading.Lock()

    def emit(self, data: Any, *, id: str | None = None) -> Occurrence:
        """Keep an event.

        Raises:
            ValueError: The data does not fit the type, is not a JSON object or is too large, or the id is unusable.
        """
        if self._payload is not None:
            data = self._payload.dump_python(self._payload.validate_python(data), mode="json", by_alias=True)
        data = payload_of(self.name, data)
        size = len(canonical(data))
        with self._lock:
            count = self._count + 1
            made = f"evt_{self._epoch}_{count}" if id is None else checked_id(id)
            occurrence = Occurrence(made, self.name, datetime.now(timezone.utc), data, self._at(count))
            if len(self._kept) == MOST_KEPT:
                self._bytes -= self._kept.popleft()[2]
            self._kept.append((count, occurrence, size))
            self._count, self._bytes = count, self._bytes + size
            while self._bytes > MOST_BYTES_KEPT:
                self._bytes -= self._kept.popleft()[2]
        return occurrence

    def follow(self, earlier: Emitted) -> None:
        """Go on with the events of an earlier type of the same name, and with its cursors."""
        with earlier._lock:
            self._kept, self._bytes = earlier._kept.copy(), earlier._bytes
            self._count, self._epoch = earlier._count, earlier._epoch

    def checked(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments as they are: each is compared with the data."""
        return dict(arguments)

    async def read(self, arguments: Mapping[str, Any], cursor: str | None, most: int, max_age: int | None) -> Batch:
        """Return the kept events since a cursor whose data has the arguments."""
        with self._lock:
            kept, count = list(self._kept), self._count
        first = kept[0][0] if kept else count + 1
        position = count if cursor is None else self._count_of(cursor)
        truncated = not first - 1 <= position <= count
        position = first - 1 if truncated else position
        floor = earliest(max_age)
        found: list[Occurrence] = []
        start = position
        for number, occurrence, _ in kept:
            if number <= position or any(occurrence.data.get(key) != value for key, value in arguments.items()):
                continue
            if floor is not None and occurrence.time < floor:
                truncated, start = True, number
            else:
                found.append(occurrence)
        shown = found[:most]
        more = len(found) > most
        return Batch(self._at(start), shown, shown[-1].cursor if more else self._at(count), truncated, more)

    def _at(self, count: int) -> str:
        return f"{self._epoch}.{count}"

    def _count_of(self, cursor: str) -> int:
        epoch, _, count = cursor.partition(".")
        known = epoch == self._epoch and count.isascii() and count.isdigit() and len(count) < MOST_DIGITS
        return int(count) if known else -1
