from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.server import Server
from mcp.server.connection import Connection
from mcp.server.extension import Extension
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.resources import ResourceTemplate
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.session import ServerSession
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ToolsListChanged
from mcp.shared.memory import create_client_server_memory_streams
from mcp_types import CallToolResult, ListToolsResult, Tool

from mcp_notebook.errors import innermost
from mcp_notebook.server import sdk_gaps


@contextmanager
def bare_root_logger() -> Iterator[list[logging.Handler]]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    try:
        yield root.handlers
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def plain_server(name: str = "plain", **options: Any) -> MCPServer[Any]:
    with sdk_gaps.quiet_construction():
        return MCPServer(name, warn_on_duplicate_tools=False, **options)


def filled(server: MCPServer[Any]) -> MCPServer[Any]:
    """Two of each kind."""
    for name in ("a", "z"):
        server.tool(name=name)(old)
        server.prompt(name=name)(old)
        server.resource(f"memo://{name}")(old)
        server.resource(f"memo://{name}/{{key}}")(keyed)
    return server


@pytest.fixture
def server() -> MCPServer[Any]:
    return plain_server()


def old() -> str:
    return "old"


def new() -> str:
    return "new"


def keyed(key: str) -> str:
    return key


def asked(server: MCPServer[Any], method: str, *arguments: Any) -> Any:
    async def main() -> Any:
        async with Client(server, cache=None) as client:
            return await getattr(client, method)(*arguments)

    return anyio.run(main)


def test_gap_a_plain_server_keeps_the_first_tool_of_a_name(server: MCPServer[Any]) -> None:
    server.tool(name="a")(old)
    server.tool(name="a")(new)
    assert asked(server, "call_tool", "a").content[0].text == "old"


def test_gap_a_plain_server_keeps_the_first_prompt_of_a_name(server: MCPServer[Any]) -> None:
    server.prompt(name="a")(old)
    server.prompt(name="a")(new)
    assert asked(server, "get_prompt", "a").messages[0].content.text == "old"


def test_gap_a_plain_server_keeps_the_first_resource_of_a_uri(server: MCPServer[Any]) -> None:
    server.resource("data://a")(old)
    server.resource("data://a")(new)
    assert asked(server, "read_resource", "data://a").contents[0].text == "old"


def test_gap_removing_a_tool_and_adding_it_again_moves_it_to_the_end(server: MCPServer[Any]) -> None:
    for name in ("a", "b"):
        server.tool(name=name)(old)
    server.remove_tool("a")
    server.tool(name="a")(new)
    assert [tool.name for tool in asked(server, "list_tools").tools] == ["b", "a"]


def test_gap_removing_a_prompt_and_adding_it_again_moves_it_to_the_end(server: MCPServer[Any]) -> None:
    for name in ("a", "b"):
        server.prompt(name=name)(old)
    server.remove_prompt("a")
    server.add_prompt(Prompt.from_function(new, name="a"))
    assert [prompt.name for prompt in asked(server, "list_prompts").prompts] == ["b", "a"]


def test_gap_a_plain_server_has_no_public_way_to_remove_or_replace_a_resource(server: MCPServer[Any]) -> None:
    public = {name for name in dir(server) if "resource" in name and not name.startswith("_")}
    assert public == {"add_resource", "list_resource_templates", "list_resources", "read_resource", "resource"}


def public_values(owner: Any) -> Iterator[Any]:
    for name in dir(owner):
        if not name.startswith("_"):
            with suppress(RuntimeError):
                yield getattr(owner, name)


@pytest.mark.parametrize("kind", ["tool", "prompt", "resource", "resource template"])
def test_what_is_put_is_what_is_there_and_its_order_too(server: MCPServer[Any], kind: str) -> None:
    other = filled(plain_server("other"))
    filled(server)
    put = dict(reversed(sdk_gaps.entries(other, kind).items()))
    assert len(put) == 2
    sdk_gaps.put_entries(server, kind, put)
    assert list(sdk_gaps.entries(server, kind).items()) == list(put.items())
    sdk_gaps.put_entries(server, kind, {})
    assert sdk_gaps.entries(server, kind) == {}


def test_what_is_put_is_what_clients_list_and_reach(server: MCPServer[Any]) -> None:
    filled(server)
    for kind in ("tool", "prompt", "resource", "resource template"):
        entries = sdk_gaps.entries(server, kind)
        sdk_gaps.put_entries(server, kind, {name: entry for name, entry in entries.items() if "a" in name})
    assert [tool.name for tool in asked(server, "list_tools").tools] == ["a"]
    assert [prompt.name for prompt in asked(server, "list_prompts").prompts] == ["a"]
    assert [found.uri for found in asked(server, "list_resources").resources] == ["memo://a"]
    assert [t.uri_template for t in asked(server, "list_resource_templates").resource_templates] == ["memo://a/{key}"]
    assert asked(server, "read_resource", "memo://a/x").contents[0].text == "x"


def test_gap_the_public_lists_do_not_hold_the_functions(server: MCPServer[Any]) -> None:
    server.tool(name="a")(old)
    server.prompt(name="a")(old)
    server.resource("data://a")(old)
    server.resource("data://a/{key}")(keyed)

    async def listed() -> list[Any]:
        lists = (server.list_tools, server.list_prompts, server.list_resources, server.list_resource_templates)
        return [entry for entries in lists for entry in await entries()]

    entries = anyio.run(listed)
    assert len(entries) == 4
    assert not [entry for entry in entries if any(callable(value) for value in dict(entry).values())]


def test_gap_a_plain_server_has_no_public_way_to_end_open_streams(server: MCPServer[Any]) -> None:
    assert not any(isinstance(value, ListenHandler) for value in public_values(server))
    assert not {name for name in dir(server) if name in ("close", "aclose", "stop", "shutdown")}
    assert isinstance(sdk_gaps.listen_handler(server), ListenHandler)


def test_a_server_without_subscriptions_has_no_streams_to_end() -> None:
    with sdk_gaps.quiet_construction():
        server = MCPServer("plain", subscriptions=False)
    assert sdk_gaps.listen_handler(server) is None


def test_gap_the_bus_of_a_server_can_be_neither_seen_nor_changed_once_it_is_made(server: MCPServer[Any]) -> None:
    buses = [value for value in public_values(server) if hasattr(value, "publish") and hasattr(value, "subscribe")]
    assert buses == []


def test_the_bus_that_tools_publish_on_is_the_authors_where_there_is_one() -> None:
    bus = InMemorySubscriptionBus()
    assert sdk_gaps.own_bus(plain_server(subscriptions=bus)) is bus


def test_listen_streams_hear_from_the_bus_that_is_put_in_place(server: MCPServer[Any]) -> None:
    bus = InMemorySubscriptionBus()
    sdk_gaps.listen_to(server, bus)

    async def heard() -> Any:
        async with Client(server, cache=None) as client, client.listen(tools_list_changed=True) as events:
            await bus.publish(ToolsListChanged())
            with anyio.fail_after(5):
                return await anext(aiter(events))

    assert anyio.run(heard) == ToolsListChanged()


def seen_by_middleware(server: MCPServer[Any]) -> ServerSession:
    sessions: list[ServerSession] = []

    async def look(ctx: Any, call_next: Any) -> Any:
        sessions.append(ctx.session)
        return await call_next(ctx)

    server.middleware.append(look)
    asked(server, "list_tools")
    return sessions[-1]


def test_gap_a_session_does_not_show_the_connection_that_outlives_the_request(server: MCPServer[Any]) -> None:
    session = seen_by_middleware(server)
    assert not any(isinstance(value, Connection) for value in public_values(session))
    assert isinstance(sdk_gaps.connection(session), Connection)


def test_gap_a_plain_server_has_no_public_way_to_serve_a_pair_of_streams(server: MCPServer[Any]) -> None:
    runs = {name for name in dir(server) if name.startswith(("run", "serve"))}
    assert runs == {"run", "run_stdio_async", "run_sse_async", "run_streamable_http_async"}
    with pytest.raises(TypeError):
        inspect.signature(server.run_stdio_async).bind(None, None)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_pair_of_streams_is_served_in_both_eras(server: MCPServer[Any], mode: str) -> None:
    server.tool(name="a")(old)

    @asynccontextmanager
    async def streams() -> AsyncIterator[Any]:
        async with create_client_server_memory_streams() as (client, theirs), anyio.create_task_group() as tasks:
            tasks.start_soon(sdk_gaps.run_on_streams, server, *theirs)
            yield client
            tasks.cancel_scope.cancel()

    async def main() -> Any:
        async with Client(streams(), mode=mode, cache=None) as client:
            return await client.call_tool("a")

    assert anyio.run(main).content[0].text == "old"


@pytest.mark.parametrize(
    ("uri", "answers"), [("memo://a/x", True), ("memo://b/x", False), ("memo://a/..", False), ("memo://a/x/y", False)]
)
def test_a_template_answers_for_the_uris_that_a_read_would_find(
    server: MCPServer[Any], uri: str, answers: bool
) -> None:
    server.resource("memo://a/{key}")(keyed)
    (template,) = sdk_gaps.entries(server, "resource template").values()
    assert sdk_gaps.matches(template, uri) is answers


def test_gap_asking_a_template_whether_it_matches_may_raise_where_no_would_do() -> None:
    template = ResourceTemplate.from_function(keyed, uri_template="memo://a/{key}")
    with pytest.raises(ValueError, match="memo://a"):
        template.matches("memo://a/..")


def test_gap_for_whom_the_state_of_rounds_passes_can_be_neither_seen_nor_changed_once_a_server_is_made(
    server: MCPServer[Any],
) -> None:
    boundaries = [layer for layer in server.middleware if isinstance(layer, RequestStateBoundary)]
    assert len(boundaries) == 1
    assert not [value for value in public_values(boundaries[0]) if isinstance(value, RequestStateSecurity)]


def test_gap_a_plain_server_gives_the_root_logger_a_handler() -> None:
    with bare_root_logger() as handlers:
        MCPServer("plain")
        assert handlers != []


def test_quiet_construction_leaves_the_root_logger_alone_and_ends() -> None:
    with bare_root_logger() as handlers:
        with sdk_gaps.quiet_construction():
            MCPServer("plain")
        assert handlers == []
        MCPServer("plain")
        assert handlers != []


def test_quiet_construction_ends_where_the_constructor_raises() -> None:
    with bare_root_logger() as handlers:
        with pytest.raises(TypeError), sdk_gaps.quiet_construction():
            MCPServer("plain", no_such_option=1)  # type: ignore[call-arg]
        MCPServer("plain")
        assert handlers != []


async def answered(client: Any, answer: Any) -> Any:
    """Call a tool whose results are not what its list says, in a legacy session on streams."""

    async def call(ctx: Any, params: Any) -> Any:
        return answer

    async def tools(ctx: Any, params: Any) -> ListToolsResult:
        schema = {"type": "object", "required": ["x"]}
        return ListToolsResult(tools=[Tool(name="t", input_schema={"type": "object"}, output_schema=schema)])

    server = Server("low", on_call_tool=call, on_list_tools=tools)
    async with client(server, mode="legacy") as opened:
        return await opened.call_tool("t", {})


def test_the_sdk_checks_results_itself_and_shows_none_that_does_not_fit() -> None:
    seen: list[Any] = []
    misfit = CallToolResult(content=[], structured_content={})
    with pytest.raises(BaseException) as raised:  # noqa: PT011 - a group of groups, with anyio
        anyio.run(answered, Client, misfit)
    assert "Invalid structured content" in str(innermost(raised.value))
    ours = partial(sdk_gaps.InspectingClient, see=seen.append, read_anyway=lambda *_: None)
    result = anyio.run(answered, ours, misfit)
    assert result.structured_content == {}
    assert seen[-1]["structuredContent"] == {}


class Ping(Extension):
    identifier = "example.test/ping"

    def settings(self) -> dict[str, Any]:
        return {"loud": True}


def test_gap_a_plain_server_has_no_public_way_to_add_an_extension(server: MCPServer[Any]) -> None:
    assert not [name for name in dir(server) if "extension" in name and not name.startswith("_")]


def test_an_added_extension_is_declared_and_is_one_of_the_servers(server: MCPServer[Any]) -> None:
    async def declared() -> dict[str, Any] | None:
        async with Client(server) as client:
            return client.server_capabilities.extensions

    assert not asyncio.run(declared())
    ping = Ping()
    sdk_gaps.add_extension(server, ping)
    assert asyncio.run(declared()) == {"example.test/ping": {"loud": True}}
    assert sdk_gaps.extensions(server) == [ping]
    with pytest.raises(ValueError, match="already registered"):
        sdk_gaps.add_extension(server, Ping())
