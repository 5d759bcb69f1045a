"""The kernel's side: connections to where it listens now, also after it came back somewhere else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from math import inf
from urllib.parse import urlsplit

from mcp_notebook import addresses
from mcp_notebook.addresses import Address
from mcp_notebook.bridge.http import HttpConnection, Response, Target
from mcp_notebook.errors import UnknownNameError

__all__ = ["BRIEFLY", "Kernel", "UnavailableError"]

VERSION = "0.1.0"
"""The package's. Asking importlib.metadata takes 50 ms, so it stands here, and a test compares."""

BRIEFLY = 1.0
"""Seconds for what should take milliseconds: for a thread that connects, and for a server that says goodbye."""

MOST_IDLE = 32
"""Connections that are kept for later requests."""

POLL = 0.05
"""Seconds between two looks at the file of a kernel that is away."""


class UnavailableError(Exception):
    """The kernel did not come back in time, or refuses the session."""


class Kernel:
    """The server that a name stands for.

    Args:
        name: What the person called it.
        address: Where it listens, or did before.
        wait: Seconds for which a request waits for the kernel to come back.
        tell: Takes a line for the person.

    Attributes:
        away: Whether nobody listened there at the last try.
    """

    def __init__(self, name: str, address: Address, wait: float, tell: Callable[[str], None]) -> None:
        self.name = name
        self.wait = wait
        self._address = address
        self._target = _target(address)
        self._tell = tell
        self.away = False
        self._idle: list[HttpConnection] = []
        self._dialing = threading.Lock()

    def connection(self, deadline: float = inf) -> HttpConnection:
        """Return a connection that is ready for a request; wait for the kernel where it is away.

        Raises:
            UnavailableError: `deadline`, of the monotonic clock, passed first.
        """
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread had it
                break
            if connection.target == self._target and connection.is_fresh():
                return connection
            connection.close()
        # One thread looks for the kernel, the others wait for it to be found.
        left = max(BRIEFLY, min(deadline - time.monotonic(), threading.TIMEOUT_MAX))
        if not self._dialing.acquire(timeout=left):
            raise self._unavailable()
        try:
            return self._dial(deadline)
        finally:
            self._dialing.release()

    def give_back(self, connection: HttpConnection, response: Response) -> None:
        """Keep a connection for the next request, where it takes one."""
        if response.keeps_alive and connection.target == self._target and len(self._idle) < MOST_IDLE:
            connection.rest()
            self._idle.append(connection)
        else:
            connection.close()

    def deadline(self) -> float:
        """Return until when a request waits that begins to wait now."""
        return time.monotonic() + self.wait

    def pause(self, deadline: float) -> None:
        """Wait before the next try with a kernel that listens, but does not serve yet.

        Raises:
            UnavailableError: `deadline` passed.
        """
        if time.monotonic() > deadline:
            raise self._unavailable()
        time.sleep(POLL)
        self.refresh()

    def refresh(self) -> None:
        """Read again where it listens; connections to elsewhere are not used any more."""
        try:
            # The same notebook first: another one of this name must not take its place.
            address = addresses.reread(self._address) or addresses.find(self.name)
        except UnknownNameError:
            return
        self._address = address
        self._target = _target(address)

    def _dial(self, deadline: float) -> HttpConnection:
        while True:
            try:
                connection = self._open()
            except OSError:
                if not self.away:
                    self.away = True
                    self._tell(f"{self.name!r} is away; requests wait {self.wait:g} s for it to come back")
                if time.monotonic() >= deadline:
                    raise self._unavailable() from None
                time.sleep(POLL)
                self.refresh()
            else:
                if self.away:
                    self.away = False
                    self._tell(f"{self.name!r} is back")
                return connection

    def _open(self) -> HttpConnection:
        # The token goes to the process that published it, not to whoever has the port now.
        if not self._address.running:
            self.refresh()
            if not self._address.running:
                raise ConnectionRefusedError
        return HttpConnection(self._target)

    def _unavailable(self) -> UnavailableError:
        why = "its server was stopped" if self._address.held else "its kernel is not running"
        return UnavailableError(
            f"{self.name!r} is away: {why}, and was not back within {self.wait:g} s. "
            "Run %mcp serve in the notebook, then try again."
        )


def _target(address: Address) -> Target:
    url = urlsplit(address.url)
    authorization = f"Authorization: Bearer {address.token}\r\n" if address.token else ""
    headers = (
        f"Host: {url.netloc}\r\nUser-Agent: mcp-notebook-connect/{VERSION}\r\n"
        f"Accept: application/json, text/event-stream\r\nContent-Type: application/json\r\n{authorization}"
    )
    return Target(url.hostname or "", url.port or 80, url.path or "/", headers.encode())
