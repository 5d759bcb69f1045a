"""Connect to the kernel at its current address, also after it restarted at another one."""

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
"""The package's version, repeated here because importlib.metadata takes 50 ms to read it; a test compares the two."""

BRIEFLY = 1.0
"""Seconds to wait for operations that should take milliseconds: another thread's connecting, the end of a session."""

MOST_IDLE = 32
"""The most connections that are kept for later requests."""

POLL = 0.05
"""Seconds between two reads of the runtime file of a kernel that is away."""


class UnavailableError(Exception):
    """The kernel did not come back in time, or rejects the session."""


class Kernel:
    """A server, found by name.

    Args:
        name: The name that the person gave.
        address: Its current or last address.
        wait: Seconds that a request waits for the kernel to come back.
        tell: Writes a line for the person.

    Attributes:
        away: Whether nothing listened at the address at the last attempt.
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
        """Return a connection that is ready for a request; wait if the kernel is away.

        Raises:
            UnavailableError: `deadline`, of the monotonic clock, passed first.
        """
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread took it
                break
            if connection.target == self._target and connection.is_fresh():
                return connection
            connection.close()
        # One thread looks for the kernel, and the others wait until it is found.
        left = max(BRIEFLY, min(deadline - time.monotonic(), threading.TIMEOUT_MAX))
        if not self._dialing.acquire(timeout=left):
            raise self._unavailable()
        try:
            return self._dial(deadline)
        finally:
            self._dialing.release()

    def give_back(self, connection: HttpConnection, response: Response) -> None:
        """Keep a connection for the next request, if it can take one."""
        if response.keeps_alive and connection.target == self._target and len(self._idle) < MOST_IDLE:
            connection.rest()
            self._idle.append(connection)
        else:
            connection.close()

    @property
    def has_token(self) -> bool:
        """Return whether its address has a token."""
        return self._address.token is not None

    def deadline(self) -> float:
        """Return the time until which a request waits that starts waiting now."""
        return time.monotonic() + self.wait

    def pause(self, deadline: float) -> None:
        """Wait before the next attempt with a kernel that listens but does not serve yet.

        Raises:
            UnavailableError: `deadline` passed.
        """
        if time.monotonic() > deadline:
            raise self._unavailable()
        time.sleep(POLL)
        self.refresh()

    def refresh(self) -> None:
        """Read the address again; connections to another address are no longer used."""
        try:
            # The same notebook first, so that another one of this name cannot replace it.
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
                    self._tell(f"{self.name!r} is away; requests wait up to {self.wait:g} s for it to come back")
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
        # The token must go only to the process that published it, and another may have the port now.
        if not self._address.running:
            self.refresh()
            if not self._address.running:
                raise ConnectionRefusedError
        return HttpConnection(self._target)

    def _unavailable(self) -> UnavailableError:
        why = "its server was stopped" if self._address.held else "its kernel is not running"
        return UnavailableError(
            f"{self.name!r} is away: {why}, and did not come back within {self.wait:g} s. "
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
