"""Events as data, and the order that cursors give them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from pydantic_core import to_jsonable_python

__all__ = ["MOST_BYTES", "Batch", "Happening", "Occurrence", "canonical", "earliest", "payload_of"]

MOST_BYTES = 256 * 1024
"""Most bytes of one occurrence's data: what a webhook's receiver has to accept."""

MOST_CHARACTERS_OF_ID = 200

MOST_AGE = 100 * 366 * 24 * 3600 * 1000
"""Most milliseconds of a ``maxAgeMs`` that make a difference: no event is so old."""


@dataclass(frozen=True)
class Happening:
    """An event that a function reports, where the data alone does not say it all.

    Args:
        data: The data of the occurrence.
        id: The identifier that the source of the event gives it. Clients recognize a repeated event by it.
        time: When it happened; defaults to now.
    """

    data: Any
    id: str | None = None
    time: datetime | None = None


@dataclass(frozen=True)
class Occurrence:
    """One event as it is delivered.

    Attributes:
        id: Its identifier.
        name: The name of its type.
        time: When it happened.
        data: The payload, as JSON.
        cursor: The position after it.
    """

    id: str
    name: str
    time: datetime
    data: dict[str, Any]
    cursor: str

    def wire(self, cursor: str | None = None) -> dict[str, Any]:
        """Return the occurrence as the protocol writes it, with a cursor if one is given."""
        fields = {"eventId": self.id, "name": self.name, "timestamp": timestamp(self.time), "data": self.data}
        return fields if cursor is None else {**fields, "cursor": cursor}


class Batch(NamedTuple):
    """The events since a cursor.

    Attributes:
        start: The cursor from which this was read: the one that was asked for, unless events were skipped.
        occurrences: The events, in order.
        cursor: The position after them.
        truncated: Whether events before them were skipped.
        more: Whether there are more events after them.
    """

    start: str
    occurrences: list[Occurrence]
    cursor: str
    truncated: bool = False
    more: bool = False


def timestamp(time: datetime) -> str:
    """Return a time in UTC, as ISO 8601; one without a time zone is in that of this machine."""
    return time.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def earliest(max_age: int | None) -> datetime | None:
    """Return the time before which a client wants no events, for its ``maxAgeMs``."""
    if max_age is None:
        return None
    return datetime.now(timezone.utc) - timedelta(milliseconds=min(max_age, MOST_AGE))


def canonical(value: Any) -> str:
    """Return JSON text that is the same for equal values.

    Raises:
        ValueError: The value is not JSON.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def payload_of(name: str, data: Any) -> dict[str, Any]:
    """Return the data of an occurrence as JSON.

    Raises:
        ValueError: It is not an object, or it is too large.
    """
    found = to_jsonable_python(data)
    if not isinstance(found, Mapping):
        raise ValueError(
            f"The data of {name!r} has to be an object, such as a dict or a model, but this is a {type(data).__name__}."
        )
    size = len(canonical(found).encode("utf-8", "replace"))
    if size > MOST_BYTES:
        raise ValueError(
            f"The data of {name!r} has {size:,} bytes, and {MOST_BYTES:,} are allowed. Send what identifies the event, "
            "and let a tool return the rest."
        )
    return dict(found)


def checked_id(given: str) -> str:
    """Return an event's identifier, which is also the value of an HTTP header.

    Raises:
        ValueError: It is empty, too long, or has other characters than printable ASCII without spaces.
    """
    if not 0 < len(given) <= MOST_CHARACTERS_OF_ID or not all("!" <= character <= "~" for character in given):
        raise ValueError(
            f"{given!r} cannot be an event's id: use 1 to {MOST_CHARACTERS_OF_ID} printable ASCII characters, without "
            "spaces."
        )
    return given
