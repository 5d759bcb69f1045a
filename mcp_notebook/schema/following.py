"""Limit how many references and options of a schema are followed, because they can branch without end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

__all__ = ["follows", "one_look"]

MOST: Final = 50_000
"""Parts that are followed in one look at a schema; further parts are taken as they are written."""

_left: ContextVar[list[int] | None] = ContextVar("mcp_notebook_following", default=None)


@contextmanager
def one_look() -> Iterator[None]:
    """Count all work on schemas as one look until the end; also works as a decorator."""
    token = None if _left.get() is not None else _left.set([MOST])
    try:
        yield
    finally:
        if token is not None:
            _left.reset(token)


def follows() -> bool:
    """Return whether to follow one more part."""
    left = _left.get()
    if left is None:
        return True
    left[0] -= 1
    return left[0] >= 0
