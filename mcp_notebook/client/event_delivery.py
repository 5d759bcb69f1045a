"""Choose a type of events that a server lists, and the way to get its events."""

from __future__ import annotations

from typing import Literal

from mcp_notebook.client.extensions.events import EventStreams, ListedEvent
from mcp_notebook.errors import RequestError, did_you_mean
from mcp_notebook.visible import visible

__all__ = ["Delivery", "chosen_delivery", "known_or_fail"]

Delivery = Literal["push", "poll"]


def chosen_delivery(listed: ListedEvent, streams: EventStreams | None) -> Delivery:
    """Return how the events of a type can be followed: by a stream if possible.

    Raises:
        RequestError: They are only posted.
    """
    if "push" in listed.delivery and streams is not None:
        return "push"
    if "poll" in listed.delivery:
        return "poll"
    offered = visible(", ".join(listed.delivery), one_line=True) or "nothing"
    raise RequestError(
        f"{listed.name!r} can only be had by {offered}. A notebook follows events by push or poll: choose another type."
    )


def known_or_fail(name: str, listed: list[ListedEvent], server: str) -> ListedEvent:
    """Return the event type of that name.

    Raises:
        RequestError: The server lists none.
    """
    found = {one.name: one for one in listed}
    if name not in found:
        names = ", ".join(found) or "none"
        raise RequestError(f"{server!r} has no event type {name!r}.{did_you_mean(name, found)} It has: {names}.")
    return found[name]
