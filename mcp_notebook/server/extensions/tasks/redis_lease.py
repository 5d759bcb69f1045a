"""Keep a key in Redis that tells other processes that this one lives."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from contextlib import suppress

import redis

__all__ = ["BEAT", "LEASE", "Lease"]

LEASE = 15.0
"""Seconds after which a process without a sign of life is taken for ended."""

BEAT = 5.0
"""Seconds between two signs of life."""

_LOG = logging.getLogger(__name__)


class Lease:
    """The sign of life of a loop, on a thread: a function may block the loop, and the process lives still.

    Args:
        client: A connection for this alone.
        key: The key that is there as long as the loop lives.
        loop: The loop.
    """

    def __init__(self, client: redis.Redis, key: str, loop: asyncio.AbstractEventLoop) -> None:
        self._client, self._key, self._loop = client, key, loop
        self._stopped = threading.Event()
        self._since: float | None = None
        self._last = 0.0
        self._thread = threading.Thread(target=self._renew, name="tasks-lease", daemon=True)
        self._thread.start()

    @property
    def sure(self) -> bool:
        """Return whether others have had the time to renew theirs: this one was renewed without a break for as long."""
        now = time.monotonic()
        return self._since is not None and now - self._since > LEASE and now - self._last < LEASE

    def stop(self) -> None:
        """Give the lease up."""
        self._stopped.set()

    def _renew(self) -> None:
        away = False
        while not self._stopped.is_set() and not self._loop.is_closed():
            try:
                self._client.set(self._key, 1, px=int(LEASE * 1000))
            except (redis.RedisError, OSError) as error:
                if not away:  # the type alone: what an error says may have more in it than a log should
                    _LOG.warning("Redis does not keep the tasks (%s). Open ones go on.", type(error).__name__)
                away, self._since = True, None
            else:
                now = time.monotonic()
                if self._since is None or now - self._last > LEASE:  # it may have been stopped in between
                    self._since = now
                if away:
                    _LOG.warning("Redis keeps the tasks again.")
                away, self._last = False, now
            self._stopped.wait(BEAT)
        with suppress(redis.RedisError, OSError):  # else it expires
            self._client.delete(self._key)
        self._client.close()
