"""Define types of events on a live server, and follow those of any server into a cell."""

from __future__ import annotations

import ast
from collections.abc import Callable
from itertools import islice
from typing import Any

from mcp_notebook.client.event_following import FollowedEvents
from mcp_notebook.client.extensions.events import Happened
from mcp_notebook.errors import DefinitionError
from mcp_notebook.server import LiveServer
from mcp_notebook.server.event_types import EVENT, build_event_type, event_entries, put_event_type
from mcp_notebook.session.defining import Defined, run_cell
from mcp_notebook.session.session import Session

__all__ = ["MOST_FOLLOWED", "define_event", "followed"]

MOST_FOLLOWED = 1_000
"""Most events that one cell follows: each is a line in the notebook's file."""


def define_event(session: Session, live: LiveServer, name: str, description: str | None) -> Defined:
    """Run the cell, and make its public function, or its public class, a type of events.

    Raises:
        DefinitionError: The cell defines none or several, or it cannot be a type of events; nothing changed on the
            server.
        UsageError: The cell raised an exception.
    """
    source = _source(session, name)
    new = build_event_type(source, name, description)
    before = event_entries(live.server).get(name)
    put_event_type(live.server, new, session.origins.withdrawn(live.server, EVENT, [name]))
    required = list(new.input_schema.get("required", []))
    return Defined(EVENT, name, event_entries(live.server)[name], None, before, required)


def _source(session: Session, name: str) -> Callable[..., Any] | type:
    functions: dict[str, Any] = run_cell(session)
    found = functions or _classes(session)
    if not found:
        raise DefinitionError(
            "This cell defines no public function. Write one that returns what happened and the new cursor: def "
            "NAME(cursor): return events, cursor. For events that are emitted, write a class: what their data looks "
            "like."
        )
    if len(found) > 1:
        raise DefinitionError(
            f"An event type has one function, but this cell defines {', '.join(found)}. Start the names of helpers "
            "with an underscore."
        )
    (source,) = found.values()
    return source


def _classes(session: Session) -> dict[str, type]:
    """Return the public classes at the top level of the cell."""
    tree = ast.parse(session.shell.transform_cell(session.cell[1]))
    names = [node.name for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    return {name: found for name in names if isinstance(found := session.namespace.get(name), type)}


def followed(events: FollowedEvents, show: Callable[[Happened], None], into: list[Happened]) -> None:
    """Show each event as it comes, and keep it, until they end or there are `MOST_FOLLOWED`."""
    for one in islice(events, MOST_FOLLOWED):
        into.append(one)
        show(one)
