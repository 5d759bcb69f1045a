"""Allow event loops inside the one that runs the cells, through nest-asyncio2."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from mcp_notebook.errors import UsageError

__all__ = ["allow_nested_loops"]

_MISSING = object()


def allow_nested_loops() -> Callable[[], None]:
    """Patch asyncio, and return a function that undoes it, which nest-asyncio2 does not offer.

    Raises:
        UsageError: nest-asyncio2 is not installed.
    """
    try:
        import nest_asyncio2
    except ImportError:
        raise UsageError("This needs the package nest-asyncio2: %pip install nest-asyncio2") from None
    if hasattr(asyncio, "_nest_patched"):
        return lambda: None  # other code has patched it, and relies on that
    loop = asyncio.get_event_loop()
    owners: list[Any] = [asyncio, asyncio.events, asyncio.tasks, asyncio.futures, type(loop)]
    owners.append(type(asyncio.get_event_loop_policy()))
    owners += [sys.modules[name] for name in ("tornado.concurrent",) if name in sys.modules]
    before = [(owner, dict(vars(owner))) for owner in owners]
    nest_asyncio2.apply(loop)

    def restore() -> None:
        for owner, attributes in before:
            for name in [*vars(owner)]:
                was = attributes.get(name, _MISSING)
                if was is _MISSING:
                    delattr(owner, name)
                elif vars(owner)[name] is not was:
                    setattr(owner, name, was)

    return restore
