"""Adapt the SDK to a notebook while the extension is loaded: quiet, and harmless in a cell."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from mcp.server.mcpserver import MCPServer

from mcp_notebook.recording import output
from mcp_notebook.server import sdk_gaps

__all__ = ["LOUD", "at_home"]

LOUD = ("mcp", "client", "uvicorn", "httpx", "httpx2", "httpcore", "httpcore2")
"""Loggers whose warnings would appear in cells: Python prints them to stderr unless logging is set up.

``client`` is the logger of the SDK's client session.
"""


@contextmanager
def at_home() -> Iterator[None]:
    """Keep servers of the SDK from writing into cells and from configuring logging while the context is open.

    Logs reach the handlers that the user sets up, but no cell; the one exception is the warning that a definition was
    ignored. ``server.run()`` and its variants, which would raise an error or block the kernel, print what to do
    instead, so that a script pasted into a cell works unchanged.
    """
    silence = logging.NullHandler()
    for name in LOUD:
        logging.getLogger(name).addHandler(silence)
    told = _NotTaken()
    logging.getLogger("mcp").addHandler(told)
    runs = {name: getattr(MCPServer, name) for name in ("run", *RUNS_ASYNC)}
    for name, original in runs.items():
        setattr(MCPServer, name, _instead_of(original, is_async=name in RUNS_ASYNC))
    try:
        with sdk_gaps.quiet_construction(), output.captured():
            yield
    finally:
        for name, original in runs.items():
            setattr(MCPServer, name, original)
        logging.getLogger("mcp").removeHandler(told)
        for name in LOUD:
            logging.getLogger(name).removeHandler(silence)


RUNS_ASYNC = ("run_stdio_async", "run_sse_async", "run_streamable_http_async")


def _instead_of(original: Callable[..., Any], *, is_async: bool) -> Callable[..., Any]:
    """Return a replacement that says why a server need not be run; off the main thread it runs the original."""

    def tell(server: MCPServer[Any]) -> None:
        print(
            f"{server.name!r} lives in this kernel already, so {original.__name__}() started nothing. "
            "Next: %mcp use VARIABLE to work with it, %mcp serve to listen."
        )

    def run(self: MCPServer[Any], *args: Any, **options: Any) -> Any:
        return original(self, *args, **options) if _elsewhere() else tell(self)

    async def run_async(self: MCPServer[Any], *args: Any, **options: Any) -> Any:
        return await original(self, *args, **options) if _elsewhere() else tell(self)

    return wraps(original)(run_async if is_async else run)


def _elsewhere() -> bool:
    return threading.current_thread() is not threading.main_thread()


class _NotTaken(logging.Handler):
    """Shows the SDK's warning that a name is taken, if nobody set up logging.

    Only a server that no magic has touched warns so: it keeps the first definition, whichever cell runs again.
    """

    def emit(self, record: logging.LogRecord) -> None:
        words = record.getMessage()
        if "already exists: " in words and not logging.getLogger().handlers:
            print(
                f"mcp: {words}. The server keeps the first one, so this one was ignored. To let cells replace what "
                "they defined: %mcp use VARIABLE, then run the cell again.",
                file=sys.stderr,
            )
