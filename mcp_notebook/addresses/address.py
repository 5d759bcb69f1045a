"""`Address`: the address of one server of a notebook."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from mcp_notebook.addresses.processes import start_of

__all__ = ["DEFAULT_SERVER", "Address"]

DEFAULT_SERVER = "notebook"
"""The name of a notebook's server if it has no other."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Address:
    """The address of a notebook's server, and the process behind it.

    Attributes:
        server: The name of the server.
        notebook: The absolute path of its notebook, or None.
        kernel: An id of the kernel if there is no path, else None.
        url: The URL for clients.
        token: The token that clients send as ``Authorization: Bearer``, or None if no token is checked.
        transport: ``"http"`` or ``"sse"``.
        pid: The id of the process.
        started: The start time of that process, in the platform's own unit; a later one of the same id differs.
        seat: 1, or 2 and so on if several kernels run the same notebook at once. `publish` assigns it.
        listening: False after a planned stop.
        door: False if the door in Jupyter Server is to keep clients away from it.
        guests: True if the door lets clients in without Jupyter's token; the server itself checks their code.
    """

    server: str
    notebook: str | None
    kernel: str | None
    url: str
    token: str | None = field(repr=False)
    transport: str = "http"
    pid: int = field(default_factory=os.getpid)
    started: str | None = field(default_factory=lambda: start_of(os.getpid()))
    seat: int = 1
    listening: bool = True
    door: bool = True
    guests: bool = False

    @property
    def identity(self) -> tuple[str, str | None, str | None]:
        """The parts that are the same before and after a restart."""
        return self.server, self.notebook, None if self.notebook else self.kernel

    @property
    def stem(self) -> str | None:
        """The notebook's file name without its suffix."""
        return Path(self.notebook).stem if self.notebook else None

    @property
    def name(self) -> str:
        """The name for people: ``stem``, ``stem/server`` or ``server``, with ``-2`` for a second kernel."""
        suffix = f"-{self.seat}" if self.seat > 1 else ""
        if self.stem is None:
            return self.server + suffix
        return self.stem + ("" if self.server == DEFAULT_SERVER else f"/{self.server}") + suffix

    @property
    def held(self) -> bool:
        """True if the process that published it is alive."""
        start = start_of(self.pid)
        return start is not None and (not start or not self.started or start == self.started)

    @property
    def ours(self) -> bool:
        """True if this process published it."""
        return (self.pid, self.started) == (os.getpid(), start_of(os.getpid()))

    @property
    def at_door(self) -> bool:
        """True if the door in Jupyter Server passes clients on to it: over streamable HTTP, and only to loopback."""
        url = urlsplit(self.url)
        return self.door and self.transport == "http" and url.scheme == "http" and url.hostname in LOOPBACK

    @property
    def running(self) -> bool:
        """True if a client can connect now."""
        return self.listening and self.held
