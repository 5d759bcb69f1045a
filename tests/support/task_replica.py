"""One replica of a server whose tasks are in a Redis, as a process that can be killed.

It is started with ``TEST_REDIS_URL`` set; see `replica`. A bearer token is the name of its user.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

import uvicorn
from mcp.server.auth.provider import AccessToken, TokenVerifier
from mcp.server.auth.settings import AuthSettings
from pydantic import AnyHttpUrl

from mcp_notebook.server.extensions.tasks import redis_lease
from mcp_notebook.server.extensions.tasks.redis_store import RedisStore
from tests.support.task_tools import TaskTools

LEASE, BEAT = 1.5, 0.2
"""Shorter than in production."""


class Replica:
    """A running replica, in `process`."""

    def __init__(self, redis_url: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.task_replica"],
            env=os.environ | {"TEST_REDIS_URL": redis_url},
            stdout=subprocess.PIPE,
            text=True,
        )

    @cached_property
    def url(self) -> str:
        """The URL of its endpoint; waits until it listens."""
        assert self.process.stdout is not None
        return f"http://127.0.0.1:{int(self.process.stdout.readline())}/mcp"

    def kill(self) -> None:
        """Kill it, so that it can tell nobody."""
        self.process.kill()
        self.process.wait()

    def pause(self) -> None:
        """Stop it as a machine does that is suspended."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def replica(redis_url: str) -> Iterator[Replica]:
    """Start a replica, and kill it at the end."""
    running = Replica(redis_url)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.communicate()


class _NameIsToken(TokenVerifier):
    async def verify_token(self, token: str) -> AccessToken:
        return AccessToken(token=token, client_id="app", scopes=[], subject=token)


def main() -> None:
    redis_lease.LEASE, redis_lease.BEAT = LEASE, BEAT
    auth = AuthSettings(issuer_url=AnyHttpUrl("https://issuer.example"), resource_server_url=None)
    tools = TaskTools(RedisStore(os.environ["TEST_REDIS_URL"], "lab"), auth=auth, token_verifier=_NameIsToken())
    tools.tasks.add("fails", ttl=1.0)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(tools.server.streamable_http_app(), log_config=None, access_log=False, ws="none")
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main()
