"""A dict with pictures or arrays among its values, as a row of a dataset has them."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from mcp_types import CallToolResult, ContentBlock, ImageContent, ResourceLink, TextContent
from pydantic_core import to_jsonable_python

from .arrays import Array
from .envelopes import ended, size_of_array
from .kept import KEPT
from .kinds import kind_of
from .pictures import picture_of
from .preview import MOST_BYTES, NO_NUMBERS, has_no_number
from .values import plain

__all__ = ["dict_result", "has_data"]

MOST_LOOKED_AT = 10_000
"""Most values of a dict among which pictures and arrays are looked for."""

MOST_DEPTH = 20

MOST_PARTS = 50
MOST_PICTURES = 10
MOST_BYTES_OF_PICTURES = 3_000_000
"""The most pictures and arrays that are named in a text, and the most pictures that are in a result."""

Form = tuple[str, str]


def has_data(value: Any) -> bool:
    """Return whether a value is a dict with a picture or an array in it."""
    return isinstance(value, Mapping) and any(map(_is_part, islice(_leaves(value), MOST_LOOKED_AT)))


def _is_part(value: Any) -> bool:
    return kind_of(value) in ("array", "picture") and not dataclasses.is_dataclass(value)


def _leaves(value: Any, depth: int = 0) -> Iterator[Any]:
    inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else None
    if inside is None or depth == MOST_DEPTH:
        yield value
        return
    for each in inside:
        yield from _leaves(each, depth + 1)


class _Link(NamedTuple):
    """The place of a link, which is made when all files are known."""

    suffix: str | None


class _Part(NamedTuple):
    """A picture or an array.

    Attributes:
        words: Its place in the dict and its size.
        files: The files with the whole, by suffix and media type.
        notes: Sentences about what is not as in the value.
    """

    words: str
    files: list[Form]
    notes: list[str]


class _Taken:
    """The pictures of a dict, and the whole of each picture and array in it."""

    def __init__(self) -> None:
        self.parts: list[_Part] = []
        self.images: list[ImageContent] = []
        self.files: dict[Form, Callable[[], str | bytes]] = {}
        self.size = 0
        self.notes: list[str] = []
        self._left = MOST_BYTES
        self._left_for_pictures = MOST_BYTES_OF_PICTURES

    def converted(self, value: Any, path: tuple[str, ...] = ()) -> Any:
        """Return a value as JSON has it, with links in the place of pictures.

        Raises:
            TypeError: JSON does not have it, or it has no picture.
        """
        if len(path) > MOST_DEPTH:
            raise TypeError(f"it returned a dict with more than {MOST_DEPTH} dicts and lists in each other.")
        if isinstance(value, Mapping):
            return {str(key): self.converted(each, (*path, str(key))) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.converted(each, (*path, str(place))) for place, each in enumerate(value)]
        if not _is_part(value):
            self.notes = [NO_NUMBERS] if has_no_number(value) else self.notes
            return _known(value, path)
        return self._array(value, path) if kind_of(value) == "array" else self._picture(value, path)

    def _array(self, value: Any, path: tuple[str, ...]) -> Any:
        array = Array(value)
        used = len(json.dumps(array.values))
        fits = used <= self._left
        self._left -= used if fits else 0
        shown = array.shown if fits else [0] * len(array.shape)
        words = size_of_array(array.shape, shown, array.dtype)
        link = self._add(path, words, array.files(), array.size, array.notes if fits else [])
        return array.values if fits else link

    def _picture(self, value: Any, path: tuple[str, ...]) -> _Link:
        picture = picture_of(value)
        notes = list(picture.notes)
        if picture.shown is not None:
            kind, drawn = picture.shown
            if len(self.images) < MOST_PICTURES and len(drawn) <= self._left_for_pictures:
                self._left_for_pictures -= len(drawn)
                self.images.append(ImageContent(data=base64.b64encode(drawn).decode(), mime_type=kind))
            else:
                notes = ["The picture is not shown, because there are many."]
        return self._add(path, picture.words, picture.whole, picture.size, notes)

    def _add(
        self,
        path: tuple[str, ...],
        words: str,
        files: Mapping[Form, Callable[[], str | bytes]],
        size: int,
        notes: list[str],
    ) -> _Link:
        """Add a picture or an array; return the place of the link to its first file."""
        base = re.sub(r"[^A-Za-z0-9_]+", "-", "-".join(path))[:100].strip("-") or "value"
        taken, number = {suffix for suffix, _ in self.files}, 1
        unique = base
        while any(f"{unique}.{suffix}" in taken for suffix, _ in files):
            number += 1
            unique = f"{base}_{number}"
        named = {(f"{unique}.{suffix}", kind): write for (suffix, kind), write in files.items()}
        self.files |= named
        self.size += size
        self.parts.append(_Part(f"{'.'.join(path)}: {words}", list(named), notes))
        return _Link(next((suffix for suffix, _ in named), None))


def _known(value: Any, path: tuple[str, ...]) -> Any:
    """Return a single value as JSON has it."""
    unknown: list[Any] = []
    to_jsonable_python(value, fallback=unknown.append)
    for each in unknown:
        number = getattr(each, "shape", None) == () or plain(each) is None  # of numpy or a tensor, or a missing value
        if not number:
            kind = f"{type(each).__module__.partition('.')[0]}.{type(each).__qualname__}"
            raise TypeError(f"it returned a dict with a {kind} at {'.'.join(path)}, which JSON does not have.")
    return plain(value)


def dict_result(value: Mapping[str, Any], name: str) -> CallToolResult:
    """Make the result for a dict: its values, an image for each picture, and links to the whole of each.

    Raises:
        TypeError: The dict has a value that JSON does not have.
    """
    taken = _Taken()
    found = taken.converted(value)
    links = KEPT.keep(name, taken.files, taken.size)
    structured = _linked(found, links)
    text = json.dumps(structured, ensure_ascii=False)
    return CallToolResult(
        content=[TextContent(text=text), *taken.images, *_described(taken, links)],
        structured_content=structured,
    )


def _linked(value: Any, links: Mapping[str, tuple[str, str]]) -> Any:
    if isinstance(value, _Link):
        return links[value.suffix][0] if value.suffix is not None and value.suffix in links else None
    if isinstance(value, dict):
        return {key: _linked(each, links) for key, each in value.items()}
    return [_linked(each, links) for each in value] if isinstance(value, list) else value


def _described(taken: _Taken, links: Mapping[str, tuple[str, str]]) -> list[ContentBlock]:
    """Return a text with the size and the links of each part, and the links."""
    lines: list[str] = []
    blocks: list[ContentBlock] = []
    for part in taken.parts[:MOST_PARTS]:
        kept = [links[suffix] for suffix, _ in part.files if suffix in links]
        lines.append(ended(part.words, (uri for uri, _ in kept), part.notes))
        blocks += [ResourceLink(name=uri.rpartition("/")[2], uri=uri, mime_type=kind) for uri, kind in kept]
    if len(taken.parts) > MOST_PARTS:
        lines.append(f"... and {len(taken.parts) - MOST_PARTS:,} more pictures and arrays")
    return [TextContent(text="\n".join([*lines, *taken.notes])), *blocks]
