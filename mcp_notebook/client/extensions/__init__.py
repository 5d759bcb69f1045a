"""The client sides of the protocol's extensions, and the choice of those that a connection declares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from mcp.client.extension import ClientExtension

from mcp_notebook.client.answering import Answering
from mcp_notebook.client.extensions.apps import AppsClient
from mcp_notebook.client.extensions.events import EventStreams
from mcp_notebook.errors import RequestError, did_you_mean

__all__ = ["EXTENSIONS", "Chosen", "declared"]

Chosen: TypeAlias = str | Sequence[str]
"""The extensions that a client declares: ``all``, ``none``, or one or several names."""


def _tasks(_answering: Answering) -> ClientExtension:
    from mcp_notebook.client.extensions.tasks import TasksExtension  # it reads results, and those of skills are here

    return TasksExtension()


EXTENSIONS: dict[str, Callable[[Answering], ClientExtension]] = {
    "tasks": _tasks,
    "ui": lambda _: AppsClient(),
    "events": lambda _answering: EventStreams(),
}
"""The extensions that a client can declare, by the last part of their identifiers."""


def declared(chosen: Chosen, answering: Answering) -> list[ClientExtension]:
    """Return the extensions for the SDK's `Client`.

    Args:
        chosen: The names.
        answering: Answers the questions of the connection.

    Raises:
        RequestError: There is no extension of a given name.
    """
    names = [chosen] if isinstance(chosen, str) else list(chosen)
    if names in (["all"], ["none"]):
        names = list(EXTENSIONS) if names == ["all"] else []
    for name in names:
        if name not in EXTENSIONS:
            known = ", ".join(["all", "none", *EXTENSIONS])
            raise RequestError(f"There is no extension {name!r}.{did_you_mean(name, EXTENSIONS)} Give one of {known}.")
    return [EXTENSIONS[name](answering) for name in dict.fromkeys(names)]
