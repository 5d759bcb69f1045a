"""A case of an eval, and the check of a conversation against it.

A saved test has this module's code in it, so it imports only the standard library.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["EvalCase", "problems"]


@dataclass(frozen=True)
class EvalCase:
    """A prompt, and the conversation that is expected after it.

    Attributes:
        prompt: The person's text.
        name: A short name.
        calls: The expected calls: the name of a tool, and arguments that the call must have. Other calls may come
            between them. No call may be made if it is empty; any call may be made if it is None.
        any_order: Whether the expected calls may come in any order.
        never: The tools that must not be called.
        answer: Texts that the answer must contain, in upper or lower case.
    """

    prompt: str
    name: str = ""
    calls: Sequence[tuple[str, Mapping[str, Any]]] | None = None
    any_order: bool = False
    never: Sequence[str] = ()
    answer: Sequence[str] = ()


def problems(case: EvalCase, calls: Sequence[tuple[str, Any]], answer: str) -> list[str]:
    """Return why a conversation is not the expected one, as a sentence for each reason; none if it is.

    Args:
        case: The case.
        calls: The calls that the model asked for, in order: the name of a tool, and the arguments.
        answer: The model's last text.
    """
    found = [f"It called {name}, which it must not." for name in case.never if any(made == name for made, _ in calls)]
    if case.calls is not None and not case.calls:
        found += [f"It called {name}, and no call was expected." for name in dict.fromkeys(made for made, _ in calls)]
    elif case.calls:
        found += _missing(case.calls, calls, any_order=case.any_order)
    found += [f"The answer lacks {text!r}." for text in case.answer if text.casefold() not in answer.casefold()]
    return found


def _missing(
    expected: Sequence[tuple[str, Mapping[str, Any]]], calls: Sequence[tuple[str, Any]], *, any_order: bool
) -> list[str]:
    pairs = _in_any_order(expected, calls) if any_order else _in_order(expected, calls)
    sentences = []
    for place, (name, arguments) in enumerate(expected):
        if place in pairs:
            continue
        with_them = f" with {json.dumps(arguments, ensure_ascii=False)}" if arguments else ""
        if not any(made == name for made, _ in calls):
            sentences.append(f"It did not call {name}.")
        elif not any(made == name and _has(given, arguments) for made, given in calls):
            sentences.append(f"It called {name}, but not{with_them}.")
        else:
            sentences.append(f"It did not call {name}{with_them} once more, or not in the expected order.")
    return sentences


def _in_order(expected: Sequence[tuple[str, Any]], calls: Sequence[tuple[str, Any]]) -> set[int]:
    """Return the places of expected calls that were made, each after the one before it."""
    met, start = set(), 0
    for place, (name, arguments) in enumerate(expected):
        for at in range(start, len(calls)):
            if calls[at][0] == name and _has(calls[at][1], arguments):
                met.add(place)
                start = at + 1
                break
    return met


def _in_any_order(expected: Sequence[tuple[str, Any]], calls: Sequence[tuple[str, Any]]) -> set[int]:
    """Return the places of expected calls that were made, each by a call of its own: a bipartite matching."""
    taken: dict[int, int] = {}

    def give(place: int, tried: set[int]) -> bool:
        name, arguments = expected[place]
        for at, (made, given) in enumerate(calls):
            if at not in tried and made == name and _has(given, arguments):
                tried.add(at)
                if at not in taken or give(taken[at], tried):
                    taken[at] = place
                    return True
        return False

    for place in range(len(expected)):
        give(place, set())
    return set(taken.values())


def _has(given: Any, expected: Any) -> bool:
    """Return whether a value has the expected parts: an object may have more members."""
    if isinstance(expected, Mapping):
        return isinstance(given, Mapping) and all(key in given and _has(given[key], expected[key]) for key in expected)
    if isinstance(expected, (list, tuple)):
        return isinstance(given, (list, tuple)) and len(given) == len(expected) and all(map(_has, given, expected))
    # In JSON, 1 and 1.0 are the same number, and true is none.
    return isinstance(given, bool) == isinstance(expected, bool) and given == expected
