"""A server of the SDK over HTTP, published as a notebook's is: in a thread, or as a process that can be killed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import anyio
import uvicorn
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Elicit, Resolve
from mcp.server.streamable_http import EventMessage, EventStore
from pydantic import BaseModel, Field

from mcp_notebook import addresses
from mcp_notebook.addresses import Address
from mcp_notebook.server import NotebookServer
from mcp_notebook.server.auth import Token, TokenGate

DEADLINE = 30


class Answer(BaseModel):
    name: str


async def ask() -> Elicit[Answer]:
    return Elicit("Who?", Answer)


class Events(EventStore):
    """What a server keeps of its streams, so that a client can come back for the rest."""

    def __init__(self) -> None:
        self._events: list[tuple[str, Any]] = []

    async def store_event(self, stream_id: str, message: Any) -> str:
        self._events.append((stream_id, message))
        return str(len(self._events))

    async def replay_events_after(self, last_event_id: str, send_callback: Any) -> str | None:
        stream = self._events[int(last_event_id) - 1][0]
        for number, (stream_id, message) in enumerate(self._events[int(last_event_id) :], int(last_event_id) + 1):
            if stream_id == stream and message is not None:
                await send_callback(EventMessage(message, str(number)))
        return stream


class Tools:
    """The tools, and what happened in them."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.cancelled = threading.Event()
        self.go_on = threading.Event()
        self.server = NotebookServer()
        for tool in (self.add, self.echo, self.agent, self.region, self.steps, self.says, self.asks, self.resolves,
                     self.changes, self.forever, self.waits, self.breaks_off,
                     self.updates, self.file):  # fmt: skip
            self.server.add_tool(tool)
        self.server.resource("test://text", name="text")(lambda: "text")

    def add(self, a: int, b: int) -> int:
        return a + b

    def echo(self, text: str, times: int = 1) -> str:
        return text * times

    def file(self) -> dict[str, str]:
        name = os.fsdecode(b"caf\xe9.csv")
        return {name: name}

    def agent(self, ctx: Context) -> str:
        return (ctx.headers or {})["user-agent"]

    def region(
        self,
        region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})],
        count: Annotated[int, Field(json_schema_extra={"x-mcp-header": "Count"})] = 0,
        *,
        ctx: Context,
    ) -> list[str | None]:
        headers = ctx.headers or {}
        return [region, headers.get("mcp-param-region"), str(count), headers.get("mcp-param-count")]

    async def steps(self, ctx: Context) -> str:
        for step in range(3):
            await ctx.report_progress(step, 3, f"schritt {step} ü")
        return "done"

    async def says(self, text: str, ctx: Context) -> str:
        await ctx.info(text)
        return text

    async def asks(self, ctx: Context) -> str:
        result = await ctx.elicit("Who?", Answer)
        return result.data.name if result.action == "accept" else result.action

    async def resolves(self, answer: Annotated[Answer, Resolve(ask)]) -> str:
        return answer.name

    async def changes(self, ctx: Context) -> str:
        await ctx.notify_tools_changed()
        await ctx.session.send_tool_list_changed()
        return "changed"

    async def updates(self, ctx: Context) -> str:
        await ctx.session.send_resource_updated("test://text")
        return "updated"

    async def breaks_off(self, ctx: Context) -> str:
        """Answer in two parts, as a server does that does not hold a connection for long."""
        await ctx.report_progress(1)
        await ctx.close_sse_stream()
        return "the rest"

    async def forever(self) -> None:
        self.started.set()
        try:
            await anyio.sleep_forever()
        except BaseException:
            self.cancelled.set()
            raise

    def waits(self) -> str:
        self.started.set()
        return "went on" if self.go_on.wait(DEADLINE) else "never told"


def run(server: uvicorn.Server, listener: socket.socket) -> None:
    """Serve until told to stop; then nobody listens any more.

    uvicorn before 0.41 leaves the socket open, and so takes connections that it never answers, where it is told
    to stop before it has started.
    """
    with listener:
        server.run([listener])


class Served:
    """`Tools` that listen; published as the notebook ``sales``."""

    def __init__(self, notebook: Path, port: int = 0, token: str | None = None) -> None:
        self.tools = Tools()
        self.token = token or Token.make()
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
        self.port = listener.getsockname()[1]
        self.seen: list[dict[str, str]] = []
        config = uvicorn.Config(self._app(), log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=1)
        self._uvicorn = uvicorn.Server(config)
        self._thread = threading.Thread(target=run, args=(self._uvicorn, listener))
        self._thread.start()
        url = f"http://127.0.0.1:{self.port}/mcp"
        self.address = Address("notebook", str(notebook), None, url, str(self.token))
        addresses.publish(self.address)

    def _app(self) -> Any:
        inner = TokenGate(
            self.tools.server.streamable_http_app(event_store=Events(), retry_interval=10), Token(self.token)
        )

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
                self.seen.append(headers | {":method": scope["method"]})
            await inner(scope, receive, send)

        return app

    def stop(self) -> None:
        """Stop as a kernel that is killed does: at once, streams and all."""
        self._uvicorn.should_exit = self._uvicorn.force_exit = True
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive()


@contextmanager
def process(notebook: Path) -> Iterator[subprocess.Popen[str]]:
    """The same in a process of its own; on the port, and with the token, that the notebook had before."""
    command = [sys.executable, "-m", "tests.support.served", str(notebook)]
    running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        yield running
    finally:
        running.kill()
        running.communicate()


def main() -> None:
    notebook = Path(sys.argv[1])
    before = addresses.remembered("notebook", str(notebook), None)
    port = urlsplit(before.url).port if before else None
    Served(notebook, port or 0, before.token if before else None)
    print("ready", flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()


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
