"""Do something again and again in the background: on a daemon thread, or in a browser tab, on the page's loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from contextlib import suppress

from mcp_notebook import browser_tab

__all__ = ["Background", "Rests"]

Rests = Generator[float | None, None, None]
"""The work, as a generator: it yields the seconds until it goes on, or None to go on only when it is woken."""


class Background:
    """Work in the background, until it is ended or has ended by itself; it begins at once.

    Args:
        work: The work.
        name: The name of its thread.
    """

    def __init__(self, work: Rests, name: str) -> None:
        self._work = work
        self._ended = False
        self._woken: threading.Event | asyncio.Event
        if browser_tab.HERE:
            self._woken = asyncio.Event()
            self._task = asyncio.get_event_loop().create_task(self._on_page(self._woken))
        else:
            self._woken = threading.Event()
            self._thread = threading.Thread(target=self._on_thread, args=(self._woken,), name=name, daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """Let the work go on now."""
        self._woken.set()

    def end(self) -> None:
        """End the work at its next rest; this does not wait for it."""
        self._ended = True
        self._woken.set()

    def join(self) -> None:
        """Wait until the thread has ended; in a browser tab, where work is never in between two rests, do nothing."""
        if not browser_tab.HERE:
            self._thread.join()

    def _on_thread(self, woken: threading.Event) -> None:
        for seconds in self._work:
            woken.wait(seconds)
            woken.clear()
            if self._ended:
                return

    async def _on_page(self, woken: asyncio.Event) -> None:
        for seconds in self._work:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(woken.wait(), seconds)
            woken.clear()
            if self._ended:
                return
