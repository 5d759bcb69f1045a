"""One client on stdin and stdout."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from io import TextIOWrapper
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectSendStream
from mcp.server.mcpserver import MCPServer
from mcp.server.stdio import stdio_server

from mcp_notebook.errors import NotebookError, innermost
from mcp_notebook.portal import GRACE, Portal
from mcp_notebook.server import sdk_gaps

__all__ = ["Stdio"]

MOST_WAITING = 100
"""The number of messages of a client that may wait for the server."""


class Stdio:
    """The process's stdin and stdout, kept for the protocol from the moment this is made.

    From then on whatever cells and their subprocesses write to stdout goes to stderr, and their stdin is empty; what a
    client sends waits until `serve`.

    Args:
        hung_up: Called, on another thread, when a client that has sent something closes stdin before that.
    """

    def __init__(self, hung_up: Callable[[], None]) -> None:
        self._hung_up = hung_up
        self._portal = Portal()
        self._server: Future[MCPServer[Any]] = Future()
        self._served: Future[None] = Future()
        self._holding = self._portal.start_task(self._hold)

    def serve(self, server: MCPServer[Any]) -> Future[None]:
        """Answer the client; the future is done when it has closed stdin.

        It raises a NotebookError where the server's lifespan raised.
        """
        self._server.set_result(server)
        return self._served

    def close(self) -> None:
        """End what is served, lifespan included; wait no longer than `GRACE`."""
        self._server.cancel()
        self._holding.cancel()
        with suppress(Exception):
            self._served.result(GRACE)

    async def _hold(self, started: Callable[[], None]) -> None:
        if isinstance(sys.__stdout__, TextIOWrapper):
            sys.__stdout__.reconfigure(line_buffering=True)  # to be seen at once, as stderr is
        try:
            await self._answer(started)
        finally:
            os.dup2(2, 1)  # the SDK gives stdout back, but what is still in buffers is not for the client either

    async def _answer(self, started: Callable[[], None]) -> None:
        kept, waiting = anyio.create_memory_object_stream[Any](MOST_WAITING)
        async with stdio_server() as (read, write), anyio.create_task_group() as tasks:
            tasks.start_soon(self._keep, read, kept)
            started()
            server = await asyncio.wrap_future(self._server)
            try:
                await sdk_gaps.run_on_streams(server, waiting, write)
            # These are told from within the block, whose end waits for a line on stdin.
            except Exception as error:  # the author's lifespan may raise anything
                self._served.set_exception(
                    NotebookError(f"The server ended, because it raised {innermost(error)!r}. Fix the notebook.")
                )
                raise
            except BaseException:
                self._served.set_result(None)
                raise
        self._served.set_result(None)

    async def _keep(self, read: Any, kept: MemoryObjectSendStream[Any]) -> None:
        async with kept:
            async for message in read:
                await kept.send(message)
        if kept.statistics().current_buffer_used and not self._server.done():
            self._hung_up()
