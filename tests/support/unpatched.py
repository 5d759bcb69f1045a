"""Undo nest_asyncio, which jupyter_client before 8 applies in the process of the tests, as on Colab.

It replaces parts of asyncio in the whole process, and not only while a kernel starts. Its `asyncio.run` leaves tasks
and generators to the garbage collector, and with its tasks, cancellation by anyio fails. Both would be blamed on the
next tests that use a loop.
"""

from __future__ import annotations

import asyncio
import asyncio.events
import asyncio.futures
import asyncio.tasks
import sys
from typing import Any

_PLACES: list[Any] = [asyncio, asyncio.events, asyncio.futures, asyncio.tasks]
_PLACES += [asyncio.SelectorEventLoop, asyncio.BaseEventLoop]
if sys.version_info < (3, 14):  # deprecated since
    _PLACES.append(asyncio.DefaultEventLoopPolicy)
_BEFORE = [dict(vars(place)) for place in _PLACES]

_loops: list[asyncio.AbstractEventLoop] = []
"""The loop in which jupyter_client waits for its kernels: one for all of them, which must stay."""


def undo_nest_asyncio() -> None:
    """Put back what it has replaced; cells of kernels have it in their own process and keep it."""
    if hasattr(asyncio, "_nest_patched"):
        if not _loops:
            _loops.append(asyncio.get_event_loop())
        for place, before in zip(_PLACES, _BEFORE, strict=True):
            for name, value in list(vars(place).items()):
                # Loops of other threads may still need the attributes that are data.
                if name not in before and (callable(value) or name == "_nest_patched"):
                    delattr(place, name)
            for name, value in before.items():
                if vars(place).get(name) is not value:
                    setattr(place, name, value)
    if _loops:  # asyncio.run has left none
        asyncio.set_event_loop(_loops[0])
