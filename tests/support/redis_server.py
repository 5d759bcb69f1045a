"""A private Redis for tests: a process with a folder of its own, on a free port of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from tests.support.waiting import until

PASSWORD = "only for tests /@"
"""It has signs that a URL must quote."""


def program_or_skip() -> str:
    """Return the path of redis-server, or skip the test; with REQUIRE_REDIS=1 fail instead."""
    path = shutil.which("redis-server")
    if path is not None:
        return path
    if os.environ.get("REQUIRE_REDIS") == "1":
        pytest.fail("REQUIRE_REDIS=1, and there is no redis-server. Install it.")
    pytest.skip("NO REDIS: install redis-server")


class RedisServer:
    """A Redis that can be stopped and started again; it keeps what it has, as one in production does.

    Attributes:
        url: Its URL, with the password.
    """

    def __init__(self, program: str, folder: Path) -> None:
        self._program, self._folder = program, folder
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://:only%20for%20tests%20%2F%40@{folder / 'redis.sock'}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        config = f"""
            port 0
            unixsocket "{self._folder / "redis.sock"}"
            dir "{self._folder}"
            requirepass "{PASSWORD}"
            appendonly yes
            save ""
        """
        self._process = subprocess.Popen(
            [self._program, "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        assert self._process.stdin is not None
        self._process.stdin.write(config.encode())
        self._process.stdin.close()
        until(self._answers, why=lambda: "redis-server does not answer")

    def stop(self) -> None:
        """End its process at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def client(self) -> redis.Redis:
        """Return a client, to look at what is there."""
        return redis.Redis.from_url(self.url, decode_responses=True)

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    """Start a Redis; skip the test where there is none."""
    program = program_or_skip()
    # The path of a socket must be short.
    with tempfile.TemporaryDirectory(prefix="redis-", ignore_cleanup_errors=True) as folder:
        server = RedisServer(program, Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.stop()
