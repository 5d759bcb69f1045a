"""Who hears of a change: both eras, every transport, whichever loop the client lives on."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    PromptsListChanged,
    ResourcesListChanged,
    ResourceUpdated,
    ToolsListChanged,
)
from mcp_types import ServerNotification

from mcp_notebook.portal import Portal
from mcp_notebook.server.auth import Token
from mcp_notebook.server.endpoint import Endpoint
from mcp_notebook.server.hosting import Listener
from mcp_notebook.server.notebook_server import NotebookServer, adopt
from mcp_notebook.server.sdk_gaps import quiet_construction

pytestmark = pytest.mark.filterwarnings("ignore:resources/(un)?subscribe is removed")

DEADLINE = 10
TOKEN = Token.make()

TOOLS, PROMPTS, RESOURCES = "tools/list_changed", "prompts/list_changed", "resources/list_changed"


def answer() -> str:
    return "x"


def keyed(key: str) -> str:
    return key


def shop(**options: Any) -> NotebookServer:
    """One of each kind."""
    server = NotebookServer("shop", **options)
    server.tool(name="a")(answer)
    server.prompt(name="a")(answer)
    server.resource("memo://a")(answer)
    server.resource("memo://a/{key}")(keyed)
    return server


class Ears:
    """What one client hears, as words."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.heard: list[str] = []
        self._more = anyio.Event()

    def hear(self, word: str) -> None:
        self.heard.append(word)
        self._more.set()

    async def until(self, *words: str) -> None:
        """Wait until all of these were heard, in any order, and forget them."""
        with anyio.fail_after(DEADLINE):
            while not set(words) <= set(self.heard):
                self._more = anyio.Event()
                await self._more.wait()
        self.heard.clear()


WORDS = {ToolsListChanged: TOOLS, PromptsListChanged: PROMPTS, ResourcesListChanged: RESOURCES}


@asynccontextmanager
async def modern(target: Any, *uris: str) -> AsyncIterator[Ears]:
    async with (
        Client(target, mode="2026-07-28", cache=None) as client,
        client.listen(
            tools_list_changed=True,
            prompts_list_changed=True,
            resources_list_changed=True,
            resource_subscriptions=uris,
        ) as events,
        anyio.create_task_group() as tasks,
    ):
        ears = Ears(client)

        async def listen() -> None:
            async for event in events:
                ears.hear(f"updated {event.uri}" if isinstance(event, ResourceUpdated) else WORDS[type(event)])

        tasks.start_soon(listen)
        yield ears
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def legacy(target: Any, *uris: str) -> AsyncIterator[Ears]:
    ears: Ears

    async def hear(message: Any) -> None:
        if isinstance(message, ServerNotification):
            params: Any = message.params
            word = message.method.removeprefix("notifications/")
            ears.hear(f"updated {params.uri}" if word == "resources/updated" else word)

    client = Client(target, mode="legacy", message_handler=hear, cache=None)
    ears = Ears(client)
    async with client:
        # The end of the handshake is a notification: the next answer says that it has come.
        await client.list_tools()
        for uri in uris:
            await client.subscribe_resource(uri)
        yield ears


both_eras = pytest.mark.parametrize("era", [modern, legacy], ids=["modern", "legacy"])


class Served:
    def __init__(self, server: MCPServer[Any], transport: str = "http") -> None:
        self.portal = Portal()
        self.server = server
        endpoint = Endpoint(TOKEN, transport=transport)  # type: ignore[arg-type]
        self.listener = Listener(self.portal, server, name="shop", endpoint=endpoint)

    @property
    def target(self) -> Any:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        if self.listener.endpoint.transport == "sse":
            return sse_client(self.listener.url, headers=headers)
        return _over_http(self.listener.url, headers)

    def close(self) -> None:
        self.listener.stop()
        self.portal.close()


@asynccontextmanager
async def _over_http(url: str, headers: dict[str, str]) -> AsyncIterator[Any]:
    async with (
        httpx2.AsyncClient(headers=headers, timeout=DEADLINE) as client,
        streamable_http_client(url, http_client=client) as streams,
    ):
        yield streams


@pytest.fixture
def served() -> Iterator[Served]:
    served = Served(shop())
    yield served
    served.close()


def elsewhere(change: Callable[[], Any]) -> None:
    """Do it on another thread, as a cell does while the client lives on the loop."""
    thread = threading.Thread(target=change)
    thread.start()
    thread.join()


CHANGES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a tool added": (lambda server: server.tool(name="b")(answer), TOOLS),
    "a tool replaced": (lambda server: server.tool(name="a")(answer), TOOLS),
    "a tool removed": (lambda server: server.remove_tool("a"), TOOLS),
    "a prompt added": (lambda server: server.prompt(name="b")(answer), PROMPTS),
    "a resource added": (lambda server: server.resource("memo://b")(answer), RESOURCES),
    "a template added": (lambda server: server.resource("memo://b/{key}")(keyed), RESOURCES),
}
any_change = pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.replace(" ", "-"))


@both_eras
@any_change
def test_a_client_in_memory_hears_of_a_change_from_any_thread(era: Any, change: Any) -> None:
    server = shop()
    make, word = CHANGES[change]

    async def main() -> None:
        async with era(server) as ears:
            elsewhere(lambda: make(server))
            await ears.until(word)

    anyio.run(main)


@both_eras
@pytest.mark.parametrize("change", [change for change in CHANGES if "removed" not in change])
def test_a_client_over_http_hears_of_a_change(served: Served, era: Any, change: Any) -> None:
    make, word = CHANGES[change]

    async def main() -> None:
        async with era(served.target) as ears:
            # A legacy client opens the stream that it hears on after its handshake, and says nothing of when it has.
            with anyio.fail_after(DEADLINE):
                while word not in ears.heard:
                    make(served.server)
                    await anyio.sleep(0.05)

    anyio.run(main)


def test_a_legacy_client_over_sse_hears_of_a_change() -> None:
    served = Served(shop(), "sse")

    async def main() -> None:
        async with legacy(served.target) as ears:
            served.server.tool(name="b")(answer)
            await ears.until(TOOLS)

    try:
        anyio.run(main)
    finally:
        served.close()


@both_eras
def test_a_plain_server_that_was_adopted_tells_its_clients_too(era: Any) -> None:
    with quiet_construction():
        server: MCPServer[Any] = MCPServer("plain")
    adopt(server)

    async def main() -> None:
        async with era(server) as ears:
            server.tool(name="b")(answer)
            await ears.until(TOOLS)

    anyio.run(main)


@both_eras
def test_clients_on_two_loops_at_once_all_hear(era: Any) -> None:
    server = shop()
    heard: list[str] = []
    there, told = threading.Event(), threading.Event()

    async def other() -> None:
        async with era(server) as ears:
            there.set()
            await ears.until(TOOLS)
            heard.append("other")
            told.set()

    async def main() -> None:
        async with era(server) as ears:
            await anyio.to_thread.run_sync(there.wait, DEADLINE)
            elsewhere(lambda: server.tool(name="b")(answer))
            await ears.until(TOOLS)
            heard.append("mine")
            await anyio.to_thread.run_sync(told.wait, DEADLINE)

    thread = threading.Thread(target=anyio.run, args=(other,))
    thread.start()
    anyio.run(main)
    thread.join()
    assert sorted(heard) == ["mine", "other"]


@both_eras
def test_a_tool_that_adds_a_tool_while_it_runs_tells_its_own_client(era: Any) -> None:
    server = shop()

    @server.tool()
    async def grow() -> str:
        server.tool(name="grown")(answer)
        return "grown"

    @server.tool()
    def grow_on_a_thread() -> str:
        server.tool(name="grown too")(answer)
        return "grown"

    async def main() -> None:
        async with era(server) as ears:
            for name, grown in (("grow", "grown"), ("grow_on_a_thread", "grown too")):
                await ears.client.call_tool(name)
                await ears.until(TOOLS)
                listed = await ears.client.list_tools()
                assert grown in {tool.name for tool in listed.tools}

    anyio.run(main)


def test_what_a_tool_publishes_itself_reaches_modern_clients_as_the_sdk_has_it() -> None:
    server = shop()

    @server.tool()
    async def tell(ctx: Context) -> str:
        await ctx.notify_prompts_changed()
        await ctx.notify_resource_updated("memo://a")
        return "told"

    async def main() -> None:
        async with modern(server, "memo://a") as ears:
            await ears.client.call_tool("tell")
            await ears.until(PROMPTS, "updated memo://a")

    anyio.run(main)


@both_eras
@pytest.mark.parametrize("uri", ["memo://a", "memo://a/x"])
def test_who_follows_a_resource_hears_when_its_cell_runs_again(era: Any, uri: str) -> None:
    server = shop()

    async def main() -> None:
        async with era(server, uri) as ears, era(server, "memo://elsewhere") as other:
            if uri == "memo://a":
                server.resource("memo://a")(answer)
            else:
                server.resource("memo://a/{key}")(keyed)
            await ears.until(f"updated {uri}", RESOURCES)
            await other.until(RESOURCES)
            assert "updated" not in " ".join(other.heard)

    anyio.run(main)


def test_a_legacy_session_that_no_longer_follows_a_resource_hears_no_more_of_it() -> None:
    server = shop()

    async def main() -> None:
        async with legacy(server, "memo://a") as ears:
            await ears.client.unsubscribe_resource("memo://a")
            heard: list[str] = ears.heard
            server.resource("memo://a")(answer)
            server.prompt(name="last")(answer)
            with anyio.fail_after(DEADLINE):
                while PROMPTS not in heard:
                    await anyio.sleep(0.001)
            assert "updated memo://a" not in heard

    anyio.run(main)


def test_many_changes_in_one_step_are_told_once() -> None:
    server = shop()

    async def main() -> None:
        async with modern(server) as new, legacy(server) as old:
            for number in range(100):
                server.tool(name=f"t{number}")(answer)
            server.prompt(name="last")(answer)
            for ears in (new, old):
                heard = ears.heard
                with anyio.fail_after(DEADLINE):
                    while PROMPTS not in heard:
                        await anyio.sleep(0.001)
                assert heard.count(TOOLS) == 1

    anyio.run(main)


def test_a_change_after_one_that_was_told_is_told_too() -> None:
    server = shop()

    async def main() -> None:
        async with modern(server) as ears:
            for number in range(3):
                server.tool(name=f"t{number}")(answer)
                await ears.until(TOOLS)

    anyio.run(main)


@both_eras
def test_a_client_that_is_gone_is_not_told_and_hinders_nobody(era: Any) -> None:
    server = shop()

    async def gone() -> None:
        async with era(server):
            pass

    async def main() -> None:
        async with era(server) as ears:
            server.tool(name="b")(answer)
            await ears.until(TOOLS)

    anyio.run(gone)
    elsewhere(lambda: server.tool(name="nobody listens")(answer))
    anyio.run(main)
    elsewhere(lambda: server.tool(name="nobody listens")(answer))


@both_eras
def test_a_client_that_left_within_its_loop_is_not_told(era: Any) -> None:
    server = shop()

    async def main() -> None:
        async with era(server) as stays:
            async with era(server) as left:
                pass
            server.tool(name="b")(answer)
            await stays.until(TOOLS)
            assert left.heard == []

    anyio.run(main)


def test_who_does_not_listen_is_not_told() -> None:
    server = shop()
    heard: list[Any] = []

    async def hear(message: Any) -> None:
        heard.append(message)

    async def main() -> None:
        async with Client(server, message_handler=hear, cache=None) as client:
            server.tool(name="b")(answer)
            await client.list_tools()

    anyio.run(main)
    assert heard == []


def test_what_is_published_on_the_bus_of_the_author_reaches_modern_clients() -> None:
    bus = InMemorySubscriptionBus()
    server = shop(subscriptions=bus)

    async def main() -> None:
        async with modern(server) as ears:
            await bus.publish(ToolsListChanged())
            await ears.until(TOOLS)

    anyio.run(main)


def test_changes_are_told_also_where_the_author_gave_a_bus() -> None:
    server = shop(subscriptions=InMemorySubscriptionBus())

    async def main() -> None:
        async with modern(server) as ears, legacy(server) as old:
            elsewhere(lambda: server.tool(name="b")(answer))
            await ears.until(TOOLS)
            await old.until(TOOLS)

    anyio.run(main)


def test_the_legacy_handshake_says_that_changes_are_announced_and_resources_can_be_followed() -> None:
    async def main() -> Any:
        async with Client(shop(), mode="legacy", cache=None) as client:
            return client.server_capabilities

    offered = anyio.run(main)
    assert offered.tools.list_changed is True
    assert offered.prompts.list_changed is True
    assert (offered.resources.list_changed, offered.resources.subscribe) == (True, True)


def test_a_modern_client_is_offered_the_same() -> None:
    async def main() -> Any:
        async with Client(shop(), mode="auto", cache=None) as client:
            return client.server_capabilities

    assert anyio.run(main).tools.list_changed is True
