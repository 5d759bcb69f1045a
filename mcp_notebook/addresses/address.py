"""`Address`: where one server of a notebook listens."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from mcp_notebook.addresses.processes import start_of

__all__ = ["DEFAULT_SERVER", "Address"]

DEFAULT_SERVER = "notebook"
"""The server that a notebook has without naming it."""


@dataclass(frozen=True)
class Address:
    """Where a server of a notebook listens, and the process that holds it.

    Attributes:
        server: The name of the server.
        notebook: The absolute path of its notebook, or None.
        kernel: An id of the kernel where there is no path; else None.
        url: Where clients connect.
        token: What they send as ``Authorization: Bearer``; None where nothing is checked.
        transport: ``"http"`` or ``"sse"``.
        pid: The process that holds it.
        started: When that process started, in the platform's own unit: tells it from a later one of the same id.
        seat: 1, or 2 and so on where several kernels have the same notebook at once. `publish` gives it.
        listening: False after a planned stop.
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

    @property
    def identity(self) -> tuple[str, str | None, str | None]:
        """What is the same before and after a restart."""
        return self.server, self.notebook, None if self.notebook else self.kernel

    @property
    def stem(self) -> str | None:
        """The notebook's file name without its suffix."""
        return Path(self.notebook).stem if self.notebook else None

    @property
    def name(self) -> str:
        """What a person types: ``stem``, ``stem/server`` or ``server``, with ``-2`` for a second kernel."""
        suffix = f"-{self.seat}" if self.seat > 1 else ""
        if self.stem is None:
            return self.server + suffix
        return self.stem + ("" if self.server == DEFAULT_SERVER else f"/{self.server}") + suffix

    @property
    def held(self) -> bool:
        """Whether the process that published it is alive."""
        start = start_of(self.pid)
        return start is not None and (not start or not self.started or start == self.started)

    @property
    def ours(self) -> bool:
        """Whether this process published it."""
        return (self.pid, self.started) == (os.getpid(), start_of(os.getpid()))

    @property
    def running(self) -> bool:
        """Whether a client can connect now."""
        return self.listening and self.held
