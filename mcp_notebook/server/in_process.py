"""Answer HTTP requests to a server inside this process, without a port: for both eras in a browser tab."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
from mcp.server.mcpserver import MCPServer
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_notebook.errors import HostingError, innermost
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

    Raises:
        HostingError: The server's lifespan raised, at its beginning or at its end.
    """
    endpoint = Endpoint(token=None)
    running: list[RunningApp] = []

    async def serve(started: Callable[[], None]) -> None:
        failure: Exception | None = None
        async with anyio.create_task_group() as tasks:
            try:
                running.append(await tasks.start(RunningApp(server, endpoint).run))
            except Exception as error:  # noqa: BLE001 - the author's lifespan may raise anything
                failure = error
            else:
                started()
        if failure is not None:  # raised inside the group, it would come out as an exception group
            raise HostingError(
                f"{server.name!r} could not start a second time: its lifespan raised {innermost(failure)!r}. Both eras "
                "are answered by an app of its own, so the lifespan must bear two at once."
            ) from failure

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await running[0].answer({**scope, TRANSPORT: endpoint.transport, APPROVAL: None}, receive, send)

    served = portal.start_task(serve)
    try:
        yield tapped(answer, lambda: wire)
    finally:
        portal.run(running[0].stop)
        served.cancel()
    if (failure := running[0].failure) is not None:
        raise HostingError(f"The lifespan of {server.name!r} raised {innermost(failure)!r} when it ended.") from failure
