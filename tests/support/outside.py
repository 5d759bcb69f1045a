"""Clients of another process than the kernel: what agents' hosts do.

`call` and `calling` start a process: URL on the command line, token in the environment. `connected` is a client in the
tests' own process, for those that have to hear what the server announces.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, closing, contextmanager
from typing import Any

import anyio
import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, StdioServerParameters
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.subscriptions import event_to_notification
from mcp_types import CallToolResult, EmptyResult, ServerNotification, SubscribeRequest, SubscribeRequestParams

DEADLINE = 30

PROGRAM = """
import asyncio, json, os, sys
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

async def main(url, mode, tool, arguments):
    headers = {"Authorization": "Bearer " + os.environ["TOKEN"]}
    async with httpx2.AsyncClient(headers=headers) as http:
        async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
            names = [tool.name for tool in (await client.list_tools()).tools]
            result = await client.call_tool(tool, json.loads(arguments))
            print(json.dumps([names, result.structured_content, result.is_error, client.protocol_version]))

asyncio.run(main(*sys.argv[1:]))
"""


def call(url: str, token: str, tool: str, arguments: dict[str, Any], mode: str = "auto") -> list[Any]:
    """Return the names of the tools, the structured result, whether it is an error, and the protocol version."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, url, mode, tool, json.dumps(arguments)],
        env={**os.environ, "TOKEN": token},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


CALLING = """
import asyncio, os, sys
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

async def main(url, mode, tool):
    headers = {"Authorization": "Bearer " + os.environ["TOKEN"]}
    while True:
        try:
            async with httpx2.AsyncClient(headers=headers) as http:
                async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
                    while True:
                        result = await client.call_tool(tool, {})
                        print("error" if result.is_error else result.structured_content["result"], flush=True)
        except Exception:
            print("lost", flush=True)
            await asyncio.sleep(0.1)

asyncio.run(main(*sys.argv[1:]))
"""


@contextmanager
def calling(url: str, token: str, tool: str, mode: str = "auto") -> Iterator[subprocess.Popen[str]]:
    """Call a tool without pause, in a process that prints each result, or ``lost`` and connects again."""
    process = subprocess.Popen(
        [sys.executable, "-c", CALLING, url, mode, tool],
        env={**os.environ, "TOKEN": token},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def wait_for_line(process: subprocess.Popen[str], line: str) -> None:
    """Read what a process prints, up to a line."""
    assert process.stdout is not None
    assert any(said.strip() == line for said in process.stdout), f"the process ended without {line!r}"


class Connected:
    """A client that stays connected.

    Attributes:
        heard: The notifications that came, each as its method and its URI.
    """

    def __init__(self, portal: BlockingPortal, client: Client, heard: queue.Queue[tuple[str, str]]) -> None:
        self._portal = portal
        self._client = client
        self.heard = heard

    def tools(self) -> list[str]:
        return [tool.name for tool in self._portal.call(self._client.list_tools).tools]

    def start(self, tool: str, **arguments: Any) -> Future[CallToolResult]:
        """Start a call; cancelling the future cancels the call at the server."""
        return self._portal.start_task_soon(self._client.call_tool, tool, arguments)

    def call(self, tool: str, **arguments: Any) -> Any:
        """Call a tool, and return its structured result; "error" where it failed."""
        result = self.start(tool, **arguments).result(DEADLINE)
        return "error" if result.is_error else (result.structured_content or {}).get("result")

    def progress(self, tool: str) -> tuple[list[float], Any]:
        """Call a tool; return the times when its progress arrived, and its structured result."""
        arrived: list[float] = []

        async def note(progress: float, total: float | None, message: str | None) -> None:
            arrived.append(time.monotonic())

        async def call() -> CallToolResult:
            return await self._client.call_tool(tool, {}, progress_callback=note)

        return arrived, (self._portal.call(call).structured_content or {}).get("result")

    def read(self, uri: str) -> Any:
        """Read a resource; return its first content."""
        return self._portal.call(self._client.read_resource, uri).contents[0]

    def hears(self, method: str, uri: str = "") -> None:
        """Wait until a notification comes; those before it are passed over."""
        while self.heard.get(timeout=DEADLINE) != (method, uri):
            pass


@contextmanager
def connected(
    url: str, token: str | None, mode: str = "auto", *, listen: bool = False, resources: tuple[str, ...] = ()
) -> Iterator[Connected]:
    """Connect, and hear of changes where that is asked for.

    Args:
        url: Of streamable HTTP, or where it ends in ``/sse`` of the legacy transport.
        token: What is sent with each request.
        mode: The SDK's: ``auto``, ``legacy`` or a version.
        listen: Open a stream for changes of lists, before this returns.
        resources: The URIs to be told of.
    """
    heard: queue.Queue[tuple[str, str]] = queue.Queue()

    def hear(message: Any) -> None:
        heard.put((message.method, str(getattr(message.params, "uri", ""))))

    # Closed without what a test may raise in the block: the SDK would wrap it into groups.
    with closing(ExitStack()) as stack:
        portal = stack.enter_context(start_blocking_portal())
        streaming = anyio.Event()
        client = stack.enter_context(portal.wrap_async_context_manager(_client(url, token, mode, hear, streaming.set)))
        if listen and client.protocol_version >= "2026-07-28":
            future, _ = portal.start_task(_listen, client, resources, hear)
            stack.callback(future.cancel)
        elif listen:
            portal.call(_subscribe, client, resources, streaming)
        yield Connected(portal, client, heard)


@contextmanager
def bridged(name: str, mode: str = "auto") -> Iterator[Connected]:
    """Connect over the bridge, as a host that starts processes does; it hears of nothing."""
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "mcp_notebook", "connect", name],
        env={"JUPYTER_RUNTIME_DIR": os.environ["JUPYTER_RUNTIME_DIR"]},
    )
    with closing(ExitStack()) as stack:
        portal = stack.enter_context(start_blocking_portal())
        client = stack.enter_context(portal.wrap_async_context_manager(Client(command, mode=mode)))
        yield Connected(portal, client, queue.Queue())


@asynccontextmanager
async def _client(
    url: str, token: str | None, mode: str, hear: Callable[[Any], None], streaming: Callable[[], None]
) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def notice_stream(response: httpx2.Response) -> None:
        if response.request.method == "GET":
            streaming()

    async def handle(message: Any) -> None:
        if isinstance(message, ServerNotification):
            hear(message)

    async with httpx2.AsyncClient(headers=headers, event_hooks={"response": [notice_stream]}, timeout=60) as http:
        transport: AbstractAsyncContextManager[Any] = (
            sse_client(url, headers=headers) if url.endswith("/sse") else streamable_http_client(url, http_client=http)
        )
        async with Client(transport, mode=mode, message_handler=handle) as client:
            yield client


async def _listen(client: Client, resources: tuple[str, ...], hear: Callable[[Any], None], *, task_status: Any) -> None:
    async with client.listen(
        tools_list_changed=True,
        prompts_list_changed=True,
        resources_list_changed=True,
        resource_subscriptions=resources,
    ) as changes:
        task_status.started()
        async for change in changes:
            hear(event_to_notification(change, {}))


async def _subscribe(client: Client, resources: tuple[str, ...], streaming: anyio.Event) -> None:
    with anyio.fail_after(DEADLINE):
        await streaming.wait()
    for uri in resources:
        request = SubscribeRequest(params=SubscribeRequestParams(uri=uri))
        await client.session.send_request(request, EmptyResult)
