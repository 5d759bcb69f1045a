"""Swap a server's definitions in one step, and notify its clients."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from typing import Any, Literal, get_args

from mcp.server.mcpserver import MCPServer
from mcp.server.subscriptions import (
    PromptsListChanged,
    ResourcesListChanged,
    ResourceUpdated,
    ServerEvent,
    ToolsListChanged,
)

from mcp_notebook.recording import current
from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.extended import carry_over, extension_of
from mcp_notebook.server.extensions.tasks import Tasks

__all__ = ["KINDS", "Kind", "put_back", "replace", "take_place"]

Kind = Literal["tool", "resource", "resource template", "prompt"]

KINDS: tuple[Kind, ...] = get_args(Kind)

_lock = threading.Lock()

_EVENTS: dict[Kind, ServerEvent] = {
    "tool": ToolsListChanged(),
    "resource": ResourcesListChanged(),
    "resource template": ResourcesListChanged(),
    "prompt": PromptsListChanged(),
}


def replace(
    server: MCPServer[Any],
    kind: Kind,
    new: Mapping[str, Any],
    withdrawn: Collection[str] = (),
    moved: Collection[str] = (),
) -> bool:
    """Add, replace and remove entries of one kind in one step, and notify clients.

    A new entry with an existing name takes its position. Entries with new names go where the first withdrawn entry
    was, so that a renamed tool does not move in the list. Withdrawn names that do not exist are ignored.

    Args:
        server: The server.
        kind: The kind of all entries.
        new: The new entries by name.
        withdrawn: Names to remove.
        moved: Names in `new` that exist on the server but are placed as if they were new.

    Returns:
        Whether anything changed.
    """
    with _lock:
        # A request on another thread may be reading the old table, so it is replaced and never changed.
        old = sdk_gaps.entries(server, kind)
        changed = bool(new) or any(name in old for name in withdrawn)
        sdk_gaps.put_entries(server, kind, _swapped(old, new, withdrawn, moved))
    if kind == "tool" and (tasks := extension_of(server, Tasks)) is not None:
        for name in (*new, *withdrawn):
            tasks.remove(name)  # the definition that ran as a task is gone
    runtime = getattr(server, "runtime", None)
    if runtime is not None and changed:  # without a runtime, the SDK's constructor is still at work
        # Only what the main thread defines outside a call belongs to the running cell.
        if current.get() is None and threading.current_thread() is threading.main_thread():
            runtime.defined.update(dict.fromkeys((kind, name) for name in new))
        runtime.notifier.announce(_EVENTS[kind])
        touched = [entry for name in (*withdrawn, *new) for entry in (old.get(name), new.get(name))]
        if kind == "resource" and any(getattr(entry, "tool", None) is not None for entry in touched):
            runtime.notifier.announce(_EVENTS["tool"])  # the list of tools names their apps
        for uri in _touched(runtime.notifier.followed, kind, {**dict.fromkeys(withdrawn), **new}):
            runtime.notifier.announce(ResourceUpdated(uri))
    return changed


def put_back(server: MCPServer[Any], tables: Mapping[Kind, Mapping[str, Any]]) -> None:
    """Make the server offer exactly these entries, by kind; notify clients of kinds that change."""
    for kind, table in tables.items():
        with _lock:
            differs = list(sdk_gaps.entries(server, kind).items()) != list(table.items())
            sdk_gaps.put_entries(server, kind, dict(table))
        if differs:
            server.runtime.notifier.announce(_EVENTS[kind])  # type: ignore[attr-defined]


def take_place(new: MCPServer[Any], served: MCPServer[Any]) -> None:
    """Replace the served server by a new one of the same name, without disconnecting its clients.

    The new server shares its definitions and its notifier with the served one. The served one keeps its own name,
    instructions, lifespan and extensions, and gets the extensions that only the new one has.
    """
    declared = {extension.identifier for extension in sdk_gaps.extensions(served)}
    for extension in sdk_gaps.extensions(new):
        if extension.identifier not in declared:
            sdk_gaps.add_extension(served, extension)  # before the definitions, which are those of the new server
    put_back(served, {kind: sdk_gaps.entries(new, kind) for kind in KINDS})
    sdk_gaps.share_entries(new, served)
    carry_over(new, served)
    new.runtime.notifier = served.runtime.notifier  # type: ignore[attr-defined]


def _swapped(
    old: Mapping[str, Any], new: Mapping[str, Any], withdrawn: Collection[str], moved: Collection[str]
) -> dict[str, Any]:
    gone = any(name in old and name not in new for name in withdrawn)
    if not gone and not any(name in old for name in moved):
        return {**old, **new}  # the common case, without a loop: with one, 10,000 registrations took minutes
    added = {name: entry for name, entry in new.items() if name not in old or name in moved}
    swapped: dict[str, Any] = {}
    for name, entry in old.items():
        if name in withdrawn and name not in new:
            swapped |= added
        elif name not in added:
            swapped[name] = new.get(name, entry)
    return swapped | added


def _touched(followed: Collection[str], kind: Kind, entries: Mapping[str, Any]) -> list[str]:
    """Return the followed URIs that these entries answer for."""
    if kind == "resource":
        return [uri for uri in followed if uri in entries]
    if kind == "resource template":
        templates = [entry for entry in entries.values() if entry is not None]
        return [uri for uri in followed if any(sdk_gaps.matches(template, uri) for template in templates)]
    return []
