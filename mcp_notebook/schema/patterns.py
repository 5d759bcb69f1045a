"""Search with the regular expressions of a schema, which are JavaScript's, by a library with a time limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

import regex

from mcp_notebook.schema.budget import Budget, NotChecked

__all__ = ["found_in", "matches"]

SECONDS: Final = 0.3
"""Seconds after which a search ends; the check continues without it."""

BRIEFLY: Final = 0.01
"""Seconds that a search may block other threads."""

LONGEST: Final = 4_000
"""The most characters of a pattern; a longer one takes too long to compile."""

HEAVIEST: Final = 20_000
"""The most characters of a pattern with its repetitions expanded, as the compiler does: ``(a{99}){99}`` is 9,801."""


def matches(pattern: str, text: str, budget: Budget) -> bool:
    """Return whether a pattern of JSON Schema is found in a text.

    Raises:
        NotChecked: It cannot be compiled, or the search takes too long.
    """
    budget.spend()
    compiled = _compiled(pattern)
    if isinstance(compiled, str):
        raise NotChecked(compiled)
    try:
        found = _search(compiled, str(text), max(min(SECONDS, budget.left), 0.001))
    except TimeoutError:
        raise NotChecked(f"the pattern {_short(pattern)} takes too long") from None
    except MemoryError:
        raise NotChecked(f"the pattern {_short(pattern)} takes too much memory") from None
    return found is not None


def _search(compiled: Any, text: str, seconds: float) -> Any:
    if seconds > BRIEFLY:
        try:
            return compiled.search(text, timeout=BRIEFLY)
        except TimeoutError:  # search again while other threads run, which costs more than most searches
            pass
    return compiled.search(text, timeout=seconds, concurrent=True)


def found_in(text: str, pattern: str) -> bool:
    """Return whether a pattern of JSON Schema is found in a text; False if the search takes too long."""
    try:
        return matches(pattern, text, Budget())
    except NotChecked:
        return False


@lru_cache(maxsize=512)
def _compiled(pattern: Any) -> Any:
    """Return the compiled pattern, or a text that says why it cannot be compiled."""
    try:
        return regex.compile(_translated(pattern), regex.VERSION0)
    except (regex.error, ValueError, TypeError, OverflowError, RecursionError, MemoryError):
        return f"the pattern {_short(pattern)} cannot be compiled"


def _short(pattern: Any) -> str:
    text = str(pattern)
    return repr(text if len(text) <= 40 else f"{text[:39]}…")


_ESCAPES: Final = r"""
    \\u[dD](?P<high>[89abAB][0-9a-fA-F]{2})\\u[dD](?P<low>[c-fC-F][0-9a-fA-F]{2})
    |\\u\{0*(?P<point>[0-9a-fA-F]{1,6})\}
    |\\c(?P<control>[A-Za-z])
    |(?P<null>\\0(?!\d))
    |(?P<same>\\(?:[pP]\{[^}]*\}|[dDsSwWbBnrtvfAZ]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[1-9]\d*))
    |(?P<end>\\z)
    |\\(?P<escaped>[^\w\s]|_)
    |(?P<unknown>\\.?)
"""
_OUTSIDE: Final = regex.compile(
    rf"""
    (?P<flags>\(\?[ims-]+\))
    |(?:\\k<|\(\?P=)(?P<named>[^>)]+)[>)]
    |(?P<group>\((?!\?)|\(\?(?:[ims-]*:|<?[=!]|P?<(?P<name>[^>!=]+)>))
    |(?P<strange>\(\?)
    |(?P<close>\))
    |(?P<repeat>[*+?]|\{{(?P<times>\d+)(?:,\d*)?\}})\??
    |(?:\\k<|\(\?P=)(?P<named>[^>)]+)[>)]
    |{_ESCAPES}
    |(?P<any>\[\^\])|(?P<none>\[\])
    |(?P<open>\[\^?)
    |(?P<plain>.)
    """,
    regex.VERBOSE | regex.DOTALL,
)
_INSIDE: Final = regex.compile(rf"{_ESCAPES}|(?P<close>\])|(?P<plain>.)", regex.VERBOSE | regex.DOTALL)
"""The tokens of a pattern, outside and inside brackets."""

_WORD: Final = "_A-Za-z0-9"
_SPACE: Final = r"\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_NO_SPACE: Final = (
    r"\x00-\x08\x0e-\x1f!-\x9f\xa1-\u167f\u1681-\u1fff\u200b-\u2027\u202a-\u202e\u2030-\u205e\u2060-\u2fff"
    r"\u3001-\ufefe\uff00-\U0010ffff"
)
_NO_WORD: Final = r"\x00-/:-@\[-\^`\{-\U0010ffff"
_EDGE: Final = f"(?:(?<=[{_WORD}])(?![{_WORD}])|(?<![{_WORD}])(?=[{_WORD}]))"
_PLAIN_INSIDE: Final[Mapping[str, str]] = {
    **{c: f"\\{c}" for c in "[&|~^"},
    r"\d": "0-9",
    r"\D": r"\x00-/:-\U0010ffff",
    r"\w": _WORD,
    r"\W": _NO_WORD,
    r"\s": _SPACE,
    r"\S": _NO_SPACE,
}
_PLAIN_OUTSIDE: Final[Mapping[str, str]] = {
    **{c: f"\\{c}" for c in "{}]"},
    **{name: f"[{of}]" for name, of in _PLAIN_INSIDE.items() if name[0] == "\\"},
    ".": r"[^\n\r\u2028\u2029]",
    "$": r"\Z",
    r"\b": _EDGE,
    r"\B": f"(?!{_EDGE})",
}
"""In JavaScript, only ASCII digits and letters count, four characters end a line, and ``$`` matches only the end."""


def _translated(pattern: str) -> str:
    """Translate a JavaScript pattern for the library.

    Raises:
        ValueError: It is not valid in JavaScript, or is too long, with or without its repetitions expanded.
    """
    if len(pattern) > LONGEST:
        raise ValueError("too long")
    written: list[str] = []
    weight, at, inside = _Weight(), 0, False
    while at < len(pattern):
        token = (_INSIDE if inside else _OUTSIDE).match(pattern, at)
        parts = {name: found for name, found in token.groupdict().items() if found is not None}
        text = token.group()
        if not inside:
            weight.add(text, parts)
        plain = _PLAIN_INSIDE if inside else _PLAIN_OUTSIDE
        inside = "open" in parts or (inside and "close" not in parts)
        written.append(_written(text, parts, plain))
        at = token.end()
    return "".join(written)


class _Weight:
    """The length of a pattern with its repetitions expanded."""

    def __init__(self) -> None:
        self._groups = [0]
        self._last = 0

    def add(self, text: str, parts: Mapping[str, str]) -> None:
        """Add a token; a token that cannot be repeated has length 0."""
        if "group" in parts:
            self._groups.append(0)
            self._last = 0
        elif "repeat" in parts:
            if not self._last:
                raise ValueError("nothing to repeat")
            self._groups[-1] += self._last * (max(int(parts.get("times", 1)), 1) - 1)
            self._last = 0
        else:
            self._last = 0 if text == "|" else 1
            if "close" in parts and len(self._groups) > 1:
                self._last = self._groups.pop() + 1
            self._groups[-1] += self._last
        if self._groups[-1] > HEAVIEST:
            raise ValueError("too heavy")


def _written(text: str, parts: Mapping[str, str], plain: Mapping[str, str]) -> str:
    """Write one token."""
    if "strange" in parts or "unknown" in parts:
        raise ValueError(f"JavaScript has no {text}")
    for name, write in _WRITE.items():
        if name in parts:
            return write(parts)
    return plain.get(text, text)


def _name(name: str) -> str:
    """Return a group name that the library accepts; JavaScript also allows ``$``."""
    return "g" + "".join(c if c.isascii() and c.isalnum() else f"_{ord(c)}_" for c in name)


_WRITE: Final[Mapping[str, Callable[[Mapping[str, str]], str]]] = {
    "name": lambda parts: f"(?P<{_name(parts['name'])}>",
    "named": lambda parts: f"(?P={_name(parts['named'])})",
    "high": lambda parts: regex.escape(
        chr(0x10000 + (int(parts["high"], 16) - 0x800) * 0x400 + int(parts["low"], 16) - 0xC00)
    ),
    "point": lambda parts: regex.escape(chr(int(parts["point"], 16))),
    "control": lambda parts: f"\\x{ord(parts['control']) % 32:02x}",
    "null": lambda parts: r"\x00",
    "end": lambda parts: r"\Z",
    "escaped": lambda parts: regex.escape(parts["escaped"]),
    "any": lambda parts: r"(?s:.)",
    "none": lambda parts: r"(?!)",
}
