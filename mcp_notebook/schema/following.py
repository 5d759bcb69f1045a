"""How far a schema is followed into its references and options: from elsewhere, it can branch without end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

__all__ = ["follows", "one_look"]

MOST: Final = 50_000
"""Parts that are followed in one look at a schema; past that, each is taken as it is written."""

_left: ContextVar[list[int] | None] = ContextVar("mcp_notebook_following", default=None)


@contextmanager
def one_look() -> Iterator[None]:
    """While this is open, all that is asked of a schema, or of several, is one look; also a decorator."""
    token = None if _left.get() is not None else _left.set([MOST])
    try:
        yield
    finally:
        if token is not None:
            _left.reset(token)


def follows() -> bool:
    """Whether one more part is followed."""
    left = _left.get()
    if left is None:
        return True
    left[0] -= 1
    return left[0] >= 0
