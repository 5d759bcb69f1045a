"""How the SDK behaves while the extension is loaded: quiet, and at home in a cell."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mcp.server.mcpserver import MCPServer

from mcp_notebook.recording import output
from mcp_notebook.server import sdk_gaps

__all__ = ["LOUD", "at_home"]

LOUD = ("mcp", "client", "uvicorn", "httpx", "httpx2", "httpcore", "httpcore2")
"""Loggers whose warnings Python prints to stderr, so into a cell, where nobody set up logging.

``client`` is that of the SDK's client session.
"""


@contextmanager
def at_home() -> Iterator[None]:
    """While this is open, servers of the SDK leave cells and logging alone.

    Logs reach the handlers that the user sets up, and no cell. ``server.run()``, which would end in an error
    or block the kernel, says what to do instead, so that a script pasted into a cell works as it stands.
    """
    silence = logging.NullHandler()
    for name in LOUD:
        logging.getLogger(name).addHandler(silence)
    original = MCPServer.run

    def run(self: MCPServer[Any], *args: Any, **options: Any) -> None:
        if threading.current_thread() is not threading.main_thread():
            return original(self, *args, **options)
        print(
            f"{self.name!r} lives in this kernel already, so run() started nothing. "
            "Next: %mcp use VARIABLE to work with it, %mcp serve to listen."
        )
        return None

    MCPServer.run = run  # type: ignore[method-assign]
    try:
        with sdk_gaps.quiet_construction(), output.captured():
            yield
    finally:
        MCPServer.run = original  # type: ignore[method-assign]
        for name in LOUD:
            logging.getLogger(name).removeHandler(silence)
