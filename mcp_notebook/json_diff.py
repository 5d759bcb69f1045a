"""Differences between two JSON values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import zip_longest
from math import isnan
from typing import Any, NamedTuple

__all__ = ["ABSENT", "JsonDifference", "differences", "pointer", "same"]

Path = tuple[str | int, ...]
"""The members and indexes that lead to a place in a value."""


class _Absent:
    def __repr__(self) -> str:
        return "nothing"


ABSENT: Any = _Absent()
"""In the place of a value where there is none, because None is one."""


class JsonDifference(NamedTuple):
    """A place where two values differ; `ABSENT` where one of them has nothing."""

    path: Path
    before: Any
    after: Any

    @property
    def pointer(self) -> str:
        """The place as a JSON pointer (RFC 6901), such as ``/rows/0/id``."""
        return pointer(self.path)

    @property
    def dotted(self) -> str:
        """The place as code has it, such as ``rows[0].id``."""
        words = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.path)
        return words.removeprefix(".")


def pointer(path: Path) -> str:
    """Return a place as a JSON pointer (RFC 6901)."""
    return "".join(f"/{str(key).replace('~', '~0').replace('/', '~1')}" for key in path)


def same(before: Any, after: Any) -> bool:
    """Return whether two values without members are equal. 1 and 1.0 differ, and NaN equals itself."""
    if type(before) is not type(after):
        return False
    return bool(before == after) or (isinstance(before, float) and isnan(before) and isnan(after))


def differences(
    before: Any,
    after: Any,
    *,
    equal: Callable[[Any, Any], bool] = same,
    ordered: bool = False,
    whole: bool = False,
    path: Path = (),
) -> Iterator[JsonDifference]:
    """Yield each place where two values differ, as deep inside as it can be said.

    Args:
        before: A value.
        after: The other.
        equal: Compares values that are not both objects or both arrays.
        ordered: Whether the order of the members of an object counts.
        whole: Whether objects with other members, and arrays of another length, differ as a whole.
        path: Where the values are.
    """
    if isinstance(before, dict) and isinstance(after, dict) and not (whole and before.keys() != after.keys()):
        for key in dict.fromkeys([*before, *after]):
            pair = before.get(key, ABSENT), after.get(key, ABSENT)
            yield from differences(*pair, equal=equal, ordered=ordered, whole=whole, path=(*path, key))
        if ordered and before.keys() == after.keys() and [*before] != [*after]:
            yield JsonDifference(path, {"in this order": [*before]}, {"in this order": [*after]})
    elif isinstance(before, list) and isinstance(after, list) and not (whole and len(before) != len(after)):
        for i, pair in enumerate(zip_longest(before, after, fillvalue=ABSENT)):
            yield from differences(*pair, equal=equal, ordered=ordered, whole=whole, path=(*path, i))
    elif not equal(before, after):
        yield JsonDifference(path, before, after)
