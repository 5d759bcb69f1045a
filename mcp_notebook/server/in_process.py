"""Answer HTTP requests to a server inside this process, without a port: for both eras in a browser tab."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
from mcp.server.mcpserver import MCPServer
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_notebook.portal import Portal
from mcp_notebook.recording.wire import Wire, tapped
from mcp_notebook.server.endpoint import Endpoint
from mcp_notebook.server.running_app import RunningApp
from mcp_notebook.server.runtime import APPROVAL, TRANSPORT

__all__ = ["answering"]


@contextmanager
def answering(portal: Portal, server: MCPServer[Any], wire: Wire) -> Iterator[ASGIApp]:
    """Run the HTTP app of a server while the context is open, and yield it.

    Args:
        portal: The loop to run on.
        server: The server.
        wire: Keeps the frames.
    """
    endpoint = Endpoint(token=None)
    running: list[RunningApp] = []

    async def serve(started: Callable[[], None]) -> None:
        async with anyio.create_task_group() as tasks:
            running.append(await tasks.start(RunningApp(server, endpoint).run))
            started()

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await running[0].answer({**scope, TRANSPORT: endpoint.transport, APPROVAL: None}, receive, send)

    served = portal.start_task(serve)
    try:
        yield tapped(answer, lambda: wire)
    finally:
        portal.run(running[0].stop)
        served.cancel()
