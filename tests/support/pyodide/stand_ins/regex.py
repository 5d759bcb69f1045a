"""A stand-in for regex: Python's own `re`, without time limits."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

__all__ = ["DOTALL", "VERBOSE", "VERSION0", "compile", "error", "escape"]

DOTALL, VERBOSE, VERSION0 = re.DOTALL, re.VERBOSE, 0
error, escape = re.error, re.escape


class _Pattern:
    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern

    def search(self, text: str, timeout: float | None = None, concurrent: bool = False) -> re.Match[str] | None:
        return self._pattern.search(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pattern, name)


def compile(pattern: str, flags: int = 0) -> _Pattern:
    """Compile a pattern; regex lets two groups have one name, and `re` does not."""
    seen: set[str] = set()
    numbers = count(2)

    def named(found: re.Match[str]) -> str:
        name = found[1]
        if name in seen:
            return f"(?P<{name}_{next(numbers)}>"
        seen.add(name)
        return found[0]

    return _Pattern(re.compile(re.sub(r"\(\?P<(\w+)>", named, pattern), flags))
