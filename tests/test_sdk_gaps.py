from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.prompts import Prompt
from mcp.server.subscriptions import ListenHandler

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


@pytest.fixture
def server() -> MCPServer[Any]:
    with sdk_gaps.quiet_construction():
        return MCPServer("plain", warn_on_duplicate_tools=False)


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


def test_gap_a_plain_server_keeps_the_first_tool_of_a_name(server):
    server.tool(name="a")(old)
    server.tool(name="a")(new)
    assert asked(server, "call_tool", "a").content[0].text == "old"


def test_gap_a_plain_server_keeps_the_first_prompt_of_a_name(server):
    server.prompt(name="a")(old)
    server.prompt(name="a")(new)
    assert asked(server, "get_prompt", "a").messages[0].content.text == "old"


def test_gap_a_plain_server_keeps_the_first_resource_of_a_uri(server):
    server.resource("data://a")(old)
    server.resource("data://a")(new)
    assert asked(server, "read_resource", "data://a").contents[0].text == "old"


def test_gap_removing_a_tool_and_adding_it_again_moves_it_to_the_end(server):
    for name in ("a", "b"):
        server.tool(name=name)(old)
    server.remove_tool("a")
    server.tool(name="a")(new)
    assert [tool.name for tool in asked(server, "list_tools").tools] == ["b", "a"]


def test_gap_removing_a_prompt_and_adding_it_again_moves_it_to_the_end(server):
    for name in ("a", "b"):
        server.prompt(name=name)(old)
    server.remove_prompt("a")
    server.add_prompt(Prompt.from_function(new, name="a"))
    assert [prompt.name for prompt in asked(server, "list_prompts").prompts] == ["b", "a"]


def test_gap_a_plain_server_has_no_public_way_to_remove_or_replace_a_resource(server):
    public = {name for name in dir(server) if "resource" in name and not name.startswith("_")}
    assert public == {"add_resource", "list_resource_templates", "list_resources", "read_resource", "resource"}


def public_values(server: MCPServer[Any]) -> Iterator[Any]:
    for name in dir(server):
        if not name.startswith("_"):
            with suppress(RuntimeError):
                yield getattr(server, name)


def test_gap_the_public_lists_do_not_hold_the_functions(server):
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


def test_gap_a_plain_server_has_no_public_way_to_end_open_streams(server):
    assert not any(isinstance(value, ListenHandler) for value in public_values(server))
    assert not {name for name in dir(server) if name in ("close", "aclose", "stop", "shutdown")}
    assert isinstance(sdk_gaps.listen_handler(server), ListenHandler)


def test_a_server_without_subscriptions_has_no_streams_to_end():
    with sdk_gaps.quiet_construction():
        server = MCPServer("plain", subscriptions=False)
    assert sdk_gaps.listen_handler(server) is None


def test_gap_a_plain_server_gives_the_root_logger_a_handler():
    with bare_root_logger() as handlers:
        MCPServer("plain")
        assert handlers != []


def test_quiet_construction_leaves_the_root_logger_alone_and_ends():
    with bare_root_logger() as handlers:
        with sdk_gaps.quiet_construction():
            MCPServer("plain")
        assert handlers == []
        MCPServer("plain")
        assert handlers != []


def test_quiet_construction_ends_where_the_constructor_raises():
    with bare_root_logger() as handlers:
        with pytest.raises(TypeError), sdk_gaps.quiet_construction():
            MCPServer("plain", no_such_option=1)
        MCPServer("plain")
        assert handlers != []
