"""Describe where a message does not follow the protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from mcp_notebook.client.limits import MOST_PROBLEMS
from mcp_notebook.schema import Problem, brief

__all__ = ["faults_of", "place_of", "words_of"]


def faults_of(refusal: ValidationError, raw: Any) -> list[Problem]:
    """Describe where a message does not fit, each place once."""
    found: dict[tuple[str | int, ...], Problem] = {}
    for error in refusal.errors(include_url=False, include_context=False)[: 10 * MOST_PROBLEMS]:
        place = place_of(error, raw)
        if place and not _is_of_another_kind(error["loc"], raw):
            found.setdefault(place, Problem(place, words_of(error) + _name_at(place, raw)))
    return list(found.values())


def _is_of_another_kind(loc: tuple[str | int, ...], raw: Any) -> bool:
    """Return whether an error is about a request for input, which may replace any result but did not."""
    return "InputRequiredResult" in str(loc[0]) and raw.get("resultType") != "input_required"


def place_of(error: Any, raw: Any) -> tuple[str | int, ...]:
    """Return the keys and indices that exist: pydantic puts the names of its types between them."""
    place: list[str | int] = []
    loc: tuple[str | int, ...] = error["loc"]
    for i, part in enumerate(loc):
        inside = isinstance(raw, Mapping) and part in raw
        if inside or (isinstance(raw, list) and isinstance(part, int) and part < len(raw)):
            place.append(part)
            raw = raw[part]
        elif i == len(loc) - 1 and error["type"] == "missing":
            place.append(part)
    return tuple(place)


def _name_at(place: tuple[str | int, ...], raw: Any) -> str:
    """Return the name of the list item that a place is in, in parentheses; empty if there is none."""
    if len(place) < 2 or not isinstance(place[1], int) or not isinstance(raw.get(place[0]), list):
        return ""
    item = raw[place[0]][place[1]]
    name = item.get("name") or item.get("uri") if isinstance(item, Mapping) else None
    return f" ({brief(name)})" if isinstance(name, str) else ""


def words_of(error: Any) -> str:
    """Describe an error of pydantic: the value that came, and what is wrong with it."""
    if error["type"] == "missing":
        return "missing"
    return f"{brief(error['input'])}: {error['msg'].partition(' or instance of ')[0][:200]}"
