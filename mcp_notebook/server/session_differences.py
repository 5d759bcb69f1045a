"""Compare two sessions: what the servers say and list, and how they answered the same calls."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Literal, NamedTuple

from mcp_notebook.json_diff import differences
from mcp_notebook.recording import Call
from mcp_notebook.recording.saved import SavedSession
from mcp_notebook.server.listing import diff

__all__ = ["SessionDifference", "session_differences"]

KINDS = {"tool": "name", "resource": "uri", "resourceTemplate": "uriTemplate", "prompt": "name"}
"""The kinds of entries, with the field that names one."""

MOST_PLACES = 5
"""Places in one result that are named."""

LONGEST = 60
"""Characters of a value."""


class SessionDifference(NamedTuple):
    """One thing that differs.

    Attributes:
        what: ``server``, a kind of entry such as ``tool``, or ``result``.
        name: Its name; for a result, the call.
        how: Whether it is only in the second session, only in the first, or in both.
        lines: The changes, in words.
    """

    what: str
    name: str
    how: Literal["added", "removed", "changed"]
    lines: tuple[str, ...] = ()


def session_differences(before: SavedSession, after: SavedSession) -> list[SessionDifference]:
    """Return what differs between two sessions; calls that only one of them has do not count."""
    return [
        *_of_servers(before, after),
        *(found for kind in KINDS for found in _of_entries(kind, before.lists[kind], after.lists[kind])),
        *_of_results(before.calls, after.calls),
    ]


def _of_servers(before: SavedSession, after: SavedSession) -> Iterator[SessionDifference]:
    one, other = (
        session.server.model_dump(include={"name", "version", "instructions", "capabilities"})
        for session in (before, after)
    )
    if lines := _places(one, other):
        yield SessionDifference("server", after.server.name, "changed", lines)


def _of_entries(kind: str, before: Iterable[Any], after: Iterable[Any]) -> Iterator[SessionDifference]:
    field = KINDS[kind]
    old, new = ({str(entry.get(field)): entry for entry in entries} for entries in (before, after))
    what = "resource template" if kind == "resourceTemplate" else kind
    for name in old:
        if name not in new:
            yield SessionDifference(what, name, "removed")
    for name, entry in new.items():
        if name not in old:
            yield SessionDifference(what, name, "added")
        elif lines := diff(old[name], entry):
            yield SessionDifference(what, name, "changed", tuple(lines))


def _of_results(before: Iterable[Call], after: Iterable[Call]) -> Iterator[SessionDifference]:
    """Compare the last answers to the same calls."""
    old, new = _answers(before), _answers(after)
    for (title, arguments), answer in new.items():
        if (title, arguments) in old and (lines := _places(old[title, arguments], answer)):
            name = title if arguments == "{}" else f"{title} {_short(arguments)}"
            yield SessionDifference("result", name, "changed", lines)


def _answers(calls: Iterable[Call]) -> dict[tuple[str, str], Mapping[str, Any]]:
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for call in calls:
        if call.state in ("done", "error", "refused") and not call.cut:
            answer = call.content if call.result is not None else {"refused": call.error, "code": call.code}
            found[call.title, json.dumps(call.arguments or {}, sort_keys=True, ensure_ascii=False)] = answer
    return found


def _places(before: Any, after: Any) -> tuple[str, ...]:
    found = list(islice(differences(before, after), MOST_PLACES + 1))
    lines = [f"{each.dotted}: {_written(each.before)} → {_written(each.after)}" for each in found[:MOST_PLACES]]
    return (*lines, "and more places") if len(found) > MOST_PLACES else tuple(lines)


def _written(value: Any) -> str:
    try:
        return _short(json.dumps(value, ensure_ascii=False))
    except TypeError:  # there is no such place
        return repr(value)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
