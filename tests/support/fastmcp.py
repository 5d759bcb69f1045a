"""FastMCP, another implementation, which our client and our servers meet."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn

from tests.support.served import run

__all__ = ["imported_or_skipped", "serving"]


def imported_or_skipped() -> Any:
    """Return the package, or skip the test; with REQUIRE_OUTSIDE=1 fail instead."""
    try:
        import fastmcp
    except ImportError:
        if os.environ.get("REQUIRE_OUTSIDE") == "1":
            pytest.fail("REQUIRE_OUTSIDE=1, and FastMCP is not installed. Install the extra: peers")
        pytest.skip("NO FASTMCP: install the extra peers")
    return fastmcp


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve an ASGI app on a port of this machine, and yield its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=run, args=(server, listener))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join()
