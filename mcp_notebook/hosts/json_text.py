"""Change one value in the text of a JSON file, and no other character.

Comments and trailing commas are allowed, as in the files of VS Code and Cursor. The code searches a copy of the text in
which they are blanked out: every position in the copy is the same position in the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["append", "parse", "put"]

_STRING = r'"(?:\\.|[^"\\])*"'
_COMMENT = re.compile(rf"{_STRING}|//[^\r\n]*|/\*.*?\*/", re.DOTALL)
_TRAILING_COMMA = re.compile(rf"{_STRING}|,(?=\s*[}}\]])", re.DOTALL)
_SPACE = " \t\r\n"
_decode = json.JSONDecoder().raw_decode


def parse(text: str) -> Any:
    """Return the value of a JSON text, ignoring comments and trailing commas.

    Raises:
        ValueError: The text is not JSON even without them.
    """
    return json.loads(_bare(text))


def put(text: str, path: Sequence[str], value: Any) -> str:
    """Return the text with `value` at `path`, replaced or added last; the same text if it is already there.

    Missing objects on the way are created.

    Raises:
        ValueError: A value on the way is not an object.
    """
    bare = _bare(text)
    start, end = _skip(bare, 0), len(text)
    for depth, key in enumerate(path):
        inside = _Container.at(text, bare, start, "{")
        found = inside.last(key)
        if found is None:
            for outer in reversed(path[depth + 1 :]):
                value = {outer: value}
            return inside.with_member(key, value)
        start, end = found.value, found.end
    if json.loads(bare[start:end]) == value:
        return text
    return text[:start] + _lines(value, _indent_of_line(text, start), _unit(text), _newline(text)) + text[end:]


def append(text: str, key: str, value: Any) -> str:
    """Return the text with `value` appended to the array under the top-level `key`; the array is created if missing.

    Raises:
        ValueError: The value under `key` is not an array.
    """
    bare = _bare(text)
    found = _Container.at(text, bare, _skip(bare, 0), "{").last(key)
    if found is None:
        return put(text, (key,), [value])
    return _Container.at(text, bare, found.value, "[").with_member(None, value)


@dataclass(frozen=True)
class _Member:
    """The positions of one member: its key (None in an array), its start, and the start and end of its value."""

    key: str | None
    begin: int
    value: int
    end: int


@dataclass(frozen=True)
class _Container:
    """An object or array in a text: the positions of its brackets, and its members."""

    text: str
    open: int
    close: int
    members: Sequence[_Member]

    @classmethod
    def at(cls, text: str, bare: str, start: int, kind: str) -> _Container:
        if bare[start] != kind:
            raise ValueError(f"{bare[start : start + 10]!r} is not an {'object' if kind == '{' else 'array'}")
        members: list[_Member] = []
        at = _skip(bare, start + 1)
        while bare[at] not in "}]":
            begin, key = at, None
            if kind == "{":
                key, at = _decode(bare, at)
                at = _skip(bare, _skip(bare, at) + 1)
            value = at
            _, at = _decode(bare, at)
            members.append(_Member(key, begin, value, at))
            at = _skip(bare, at)
            if bare[at] == ",":
                at = _skip(bare, at + 1)
        return cls(text, start, at, members)

    def last(self, key: str) -> _Member | None:
        """Return the member with that key: the last one, which counts if a key is repeated."""
        return next((member for member in reversed(self.members) if member.key == key), None)

    def with_member(self, key: str | None, value: Any) -> str:
        """Return the whole text with one more member at the end, in the layout of the others."""
        text, newline, unit = self.text, _newline(self.text), _unit(self.text)
        name = "" if key is None else f"{json.dumps(key)}: "
        last = self.members[-1].end if self.members else self.open + 1
        comma = "," if self.members and "," not in _COMMENT.sub(_blank, text)[last : self.close] else ""
        # After a comment that follows the last member, so that the comment stays with that member.
        body = len(text[: self.close].rstrip(_SPACE))
        if self.members and "\n" not in text[self.open : self.close]:
            member, closing = f" {name}{json.dumps(value, ensure_ascii=False)}", ""
        else:
            outer = _indent_of_line(text, self.open)
            inner = _indent_of_line(text, self.members[-1].begin) if self.members else outer + unit
            member = f"{newline}{inner}{name}{_lines(value, inner, unit, newline)}"
            closing = "" if "\n" in text[body : self.close] else newline + outer
        return text[:last] + comma + text[last:body] + member + closing + text[body:]


def _bare(text: str) -> str:
    return _TRAILING_COMMA.sub(_blank, _COMMENT.sub(_blank, text))


def _blank(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith('"') else re.sub(r"[^\r\n]", " ", found[0])


def _skip(bare: str, at: int) -> int:
    while bare[at] in _SPACE:
        at += 1
    return at


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _unit(text: str) -> str:
    found = re.search(r'^([ \t]+)"', text, re.MULTILINE)
    return found[1] if found else "  "


def _indent_of_line(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _lines(value: Any, indent: str, unit: str, newline: str) -> str:
    return json.dumps(value, ensure_ascii=False, indent=unit).replace("\n", newline + indent)
