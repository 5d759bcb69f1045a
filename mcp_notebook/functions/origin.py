"""Keep the request whose code makes calls, and the calls that it has made."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

__all__ = ["Origin"]

P = ParamSpec("P")
T = TypeVar("T")


class Origin:
    """The running request: its approval, its record and its clock hold for the calls that its code makes.

    They are kept here because the code may start a call in a context of its own, which has none of them.

    Attributes:
        context: The context of the request.
        open: Calls that were made and have not ended.
    """

    def __init__(self) -> None:
        self.context = contextvars.copy_context()
        self.open: set[object] = set()

    def bound(self, function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        """Return a function that does the same, always in the context of the request."""

        def call(*args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T]:
            made = object()
            self.open.add(made)

            async def run() -> T:
                try:
                    # A copy, because a context runs in one thread at a time.
                    return await self.context.copy().run(asyncio.ensure_future, function(*args, **kwargs))
                finally:
                    self.open.discard(made)

            return run()

        return call
