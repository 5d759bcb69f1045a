"""Dicts with pictures or arrays in them, such as a row of a dataset: JSON with links, and the wholes behind these."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

from .arrays import Array
from .kinds import kind_of
from .pictures import picture_of
from .values import plain

__all__ = ["MOST_PARTS", "MOST_SHOWN", "DataRecord", "Part", "is_record"]

MOST_PARTS = 100
"""Most pictures and arrays of a dict that are kept."""

MOST_VALUES = 100
"""Most values of each array that are in the JSON."""

MOST_SHOWN = 5
MOST_BYTES = 1_500_000
"""Most pictures that a result has, and the bytes of all of them."""

DEEPEST = 100
"""Most levels of nesting."""

PLAIN = frozenset({str, int, float, bool, type(None)})

Form = tuple[str, str]
Place = tuple[str | int, ...]


def is_record(value: Any) -> bool:
    """Return whether a value is a dict that has a picture or an array in it, at any depth."""
    return isinstance(value, Mapping) and _has_parts(value, set())


def _has_parts(value: Any, seen: set[int], depth: int = 0) -> bool:
    if not isinstance(value, Mapping | list | tuple):
        return kind_of(value) in ("picture", "array")
    if id(value) in seen or depth > DEEPEST:
        return False
    seen.add(id(value))
    values = value.values() if isinstance(value, Mapping) else value
    # A long list of numbers takes no time.
    return not PLAIN.issuperset(map(type, values)) and any(_has_parts(item, seen, depth + 1) for item in values)


@dataclass
class Part:
    """A picture or an array in a dict.

    Attributes:
        place: Its place in the dict, as in code.
        words: Its kind and size.
        files: Functions that write the whole, by suffix and media type.
        size: The bytes that it takes until then.
        notes: Sentences about what is not as in the whole.
        shown: The media type and the bytes of a picture of a bounded size; None if there is none.
        values: The first values of an array; None for a picture.
        link: The first link to it; None if there is none, or not yet.
    """

    place: str
    words: str
    files: Mapping[Form, Callable[[], str | bytes]]
    size: int
    notes: list[str] = field(default_factory=list)
    shown: tuple[str, bytes] | None = None
    values: Any = None
    link: str | None = None


class DataRecord:
    """A snapshot of a dict.

    Attributes:
        parts: Its pictures and arrays, each with the beginning of the names of its files.
        left_out: The number of those that are not kept.

    Raises:
        TypeError: It has a table in it, or a picture that cannot be drawn.
        ValueError: It contains itself, or is nested too deep.
    """

    def __init__(self, value: Mapping[Any, Any]) -> None:
        self.parts: dict[str, Part] = {}
        self.left_out = 0
        self._value = self._read(value, ())

    @property
    def size(self) -> int:
        """The bytes that its pictures and arrays take."""
        return sum(part.size for part in self.parts.values())

    def files(self) -> dict[Form, Callable[[], str | bytes]]:
        """Return functions that write the wholes; the suffix begins with the name of the part."""
        return {
            (f"{name}.{suffix}", kind): write
            for name, part in self.parts.items()
            for (suffix, kind), write in part.files.items()
        }

    def shown(self) -> Iterator[tuple[str, bytes]]:
        """Yield the media type and the bytes of the first pictures."""
        left = MOST_BYTES
        for kind, drawn in [part.shown for part in self.parts.values() if part.shown is not None][:MOST_SHOWN]:
            left -= len(drawn)
            if left < 0:
                return
            yield kind, drawn

    def as_json(self, links: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
        """Return the dict with lists in the places of arrays, and links in those of pictures.

        Args:
            links: The link and the media type of each file, by its suffix; a picture without one is None.
        """
        for name, part in self.parts.items():
            part.link = next((uri for uri, _ in self.links_of(name, links).values()), None)
        found: dict[str, Any] = _filled(self._value)
        return found

    def links_of(self, name: str, links: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
        """Return the links to a part."""
        suffixes = [f"{name}.{suffix}" for suffix, _ in self.parts[name].files]
        return {suffix: links[suffix] for suffix in suffixes if suffix in links}

    def _read(self, value: Any, place: Place) -> Any:
        kind = kind_of(value)
        if kind in ("table", "rows"):
            raise TypeError(f"{_in_words(place)} is a {type(value).__qualname__} in a dict. Return it by itself.")
        if kind is not None:
            return self._part(value, place)
        if len(place) > DEEPEST:
            raise ValueError(f"{_in_words(place[:1])} contains itself, or is nested more than {DEEPEST} deep.")
        if isinstance(value, Mapping):
            return {str(key): self._read(item, (*place, str(key))) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._read(item, (*place, at)) for at, item in enumerate(value)]
        return plain(value)

    def _part(self, value: Any, place: Place) -> Part | None:
        if len(self.parts) == MOST_PARTS:
            self.left_out += 1
            return None
        made = _array(value, place) if kind_of(value) == "array" else _picture(value, place)
        self.parts[self._name(place)] = made
        return made

    def _name(self, place: Place) -> str:
        """Return a name for files that no other part has, of characters that every URI may have."""
        name = ".".join(re.sub(r"[^A-Za-z0-9_-]+", "_", str(part))[:40] for part in place)[:80]
        candidates = chain([name], (f"{name}-{number}" for number in count(2)))
        return next(candidate for candidate in candidates if candidate not in self.parts)


def _filled(value: Any) -> Any:
    """Return JSON in which each part is its values or its link."""
    if isinstance(value, Part):
        return value.link if value.values is None else value.values
    if isinstance(value, dict):
        return {key: _filled(item) for key, item in value.items()}
    return [*map(_filled, value)] if isinstance(value, list) else value


def _array(value: Any, place: Place) -> Part:
    array = Array(value, MOST_VALUES)
    return Part(_in_words(place), array.words(), array.files(), array.size, values=array.values())


def _picture(value: Any, place: Place) -> Part:
    picture = picture_of(value)
    return Part(_in_words(place), picture.words, picture.whole, picture.size, picture.notes, picture.shown)


def _in_words(place: Place) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
