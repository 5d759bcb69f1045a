"""A stand-in for rpds-py: the same collections, copied on each change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["HashTrieMap", "HashTrieSet", "List"]


class HashTrieMap(dict[Any, Any]):
    """A mapping that never changes."""

    def insert(self, key: Any, value: Any) -> HashTrieMap:
        return HashTrieMap({**self, key: value})

    def remove(self, key: Any) -> HashTrieMap:
        return HashTrieMap({known: value for known, value in self.items() if known != key})

    def update(self, *others: Any) -> HashTrieMap:  # type: ignore[override]
        new = dict(self)
        for other in others:
            new.update(other)
        return HashTrieMap(new)

    @classmethod
    def convert(cls, value: Any) -> HashTrieMap:
        return value if isinstance(value, cls) else cls(value)

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))


class HashTrieSet(frozenset[Any]):
    """A set that never changes."""

    def insert(self, value: Any) -> HashTrieSet:
        return HashTrieSet(self | {value})

    def remove(self, value: Any) -> HashTrieSet:
        return HashTrieSet(self - {value})

    def discard(self, value: Any) -> HashTrieSet:
        return self.remove(value)

    def update(self, *others: Iterable[Any]) -> HashTrieSet:
        return HashTrieSet(self.union(*others))


class List:
    """A list that never changes."""

    def __init__(self, values: Iterable[Any] = ()) -> None:
        self._values = tuple(values)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def push_front(self, value: Any) -> List:
        return List((value, *self._values))

    def drop_first(self) -> List:
        return List(self._values[1:])
