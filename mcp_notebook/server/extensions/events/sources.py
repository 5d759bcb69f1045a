"""The interface of a type of events: it answers what happened since a cursor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pydantic import TypeAdapter

from .occurrences import Batch

__all__ = ["OBJECT", "EventType", "Types", "UnreadableError", "object_schema"]

OBJECT: dict[str, Any] = {"type": "object"}


class UnreadableError(ValueError):
    """The arguments or the cursor of a subscription are not those of the type; the message says why."""


class EventType:
    """A type of events that clients can subscribe to.

    Attributes:
        name: Its name for clients.
        description: A text for clients about what happens.
        input_schema: The JSON Schema of the arguments of a subscription.
        payload_schema: The JSON Schema of the data.
        interval: Seconds between two looks for new events; None if `Events` is told of each.
    """

    name: str
    description: str
    input_schema: dict[str, Any]
    payload_schema: dict[str, Any]
    interval: float | None = None

    def checked(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of a subscription as Python values.

        Raises:
            UnreadableError: They do not fit the input schema.
        """
        raise NotImplementedError

    async def read(self, arguments: Mapping[str, Any], cursor: str | None, most: int, max_age: int | None) -> Batch:
        """Return what happened since a cursor; without one, nothing, and the present position.

        Args:
            arguments: The arguments of the subscription, as JSON.
            cursor: Where to begin.
            most: Most events to return.
            max_age: The age in milliseconds from which events are skipped.

        Raises:
            UnreadableError: The arguments or the cursor are not those of this type.
            Exception: Whatever the author's function raises.
        """
        raise NotImplementedError


class Types(Protocol):
    """The types of a server, as its streams and webhooks see them."""

    def find(self, name: str) -> EventType | None:
        """Return the type of that name; None if there is none."""

    def named(self, name: str) -> EventType:
        """Return the type of that name; the protocol's error is raised if there is none."""

    async def read(
        self, found: EventType, arguments: Mapping[str, Any], cursor: str | None, most: int, max_age: int | None
    ) -> Batch:
        """Return what happened since a cursor; every error is one of the protocol."""

    def listen(self, name: str, wake: Any) -> Callable[[], None]:
        """Have ``wake.set()`` called when something happens to a type; return a function that ends this."""


def object_schema(adapter: TypeAdapter[Any], name: str) -> dict[str, Any]:
    """Return the schema of the data of a type.

    Raises:
        TypeError: It is not an object.
    """
    schema = adapter.json_schema(mode="serialization")
    if schema.get("type", "object") != "object":
        raise TypeError(f"The data of {name!r} has to be an object, such as a dict or a model, not {schema['type']}.")
    return schema
