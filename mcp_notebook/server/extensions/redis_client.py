"""Connect to the Redis that the replicas of a server share, at the URL in the environment.

Both the tasks (`tasks.redis_store`) and the notices (`redis_bus`) use it. It needs the library ``redis``, which is
imported when an address is made.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import redis
    import redis.asyncio

__all__ = ["PATIENCE", "RedisAddress", "chosen"]

PACKAGE = (__package__ or "").partition(".")[0]

VARIABLE = f"{PACKAGE.upper()}_REDIS_URL"
"""The environment variable with the URL of the Redis."""

PATIENCE = 2.0
"""Seconds that Redis has for an answer."""

T = TypeVar("T")


class RedisAddress:
    """The place of a Redis.

    Args:
        url: The URL, such as ``redis://:PASSWORD@HOST:6379/0``; ``rediss://`` for TLS.

    Raises:
        ImportError: The library ``redis`` is not installed.
        ValueError: It is not the URL of a Redis.
    """

    def __init__(self, url: str) -> None:
        try:
            import redis.asyncio
            from redis.asyncio.retry import Retry as AsyncRetry
            from redis.backoff import ConstantBackoff
            from redis.retry import Retry
        except ImportError:
            raise ImportError("The library redis is not installed, and the server is to use a Redis.") from None
        options: dict[str, Any] = {
            "decode_responses": True,
            "encoding_errors": "backslashreplace",
            "socket_timeout": PATIENCE,
            "socket_connect_timeout": PATIENCE,
        }
        self._client = partial(
            redis.asyncio.Redis.from_url, url, **{**options, "retry": AsyncRetry(ConstantBackoff(0.05), 1)}
        )
        self._blocking = partial(redis.Redis.from_url, url, **{**options, "retry": Retry(ConstantBackoff(0.05), 1)})
        try:
            self.blocking_client().close()
        except (ValueError, TypeError):  # which may have a part of the password in it
            raise ValueError(
                "This is not the URL of a Redis, such as redis://:PASSWORD@HOST:6379/0. "
                "Write signs such as / and @ in a password as %2F and %40."
            ) from None

    def client(self, **options: Any) -> redis.asyncio.Redis:
        """Return connections for the running loop; nothing is connected yet."""
        return self._client(**options)

    def blocking_client(self) -> redis.Redis:
        """Return connections for a thread; nothing is connected yet."""
        return self._blocking()


def chosen(make: Callable[[str, str], T]) -> T | None:
    """Return what `make` makes of the URL in the environment and the name of the package; None without a URL.

    Raises:
        ImportError: The library ``redis`` is not installed.
        ValueError: It is not the URL of a Redis.
    """
    url = os.environ.get(VARIABLE, "").strip()
    if not url:
        return None
    try:
        return make(url, PACKAGE)
    except ImportError:
        extra = f"{PACKAGE.replace('_', '-')}[redis]"
        raise ImportError(f"{VARIABLE} is set, and redis is not installed. Run: pip install '{extra}'") from None
    except ValueError as error:
        raise ValueError(f"{VARIABLE}: {error}") from None
