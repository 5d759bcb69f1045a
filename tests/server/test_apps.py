"""Apps on a server: what clients see of them, with and without the extension."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mcp.client import Client
from mcp.client.extension import advertise
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID, Apps
from mcp.server.mcpserver import MCPServer

from mcp_notebook.errors import DefinitionError
from mcp_notebook.server import NotebookServer, adopt, sdk_gaps
from mcp_notebook.server.apps import app_entry, put_app, uri_for
from mcp_notebook.server.changes import take_place
from mcp_notebook.server.extended import extension_of

SHOWS_APPS = [advertise(EXTENSION_ID, {"mimeTypes": [APP_MIME_TYPE]})]
MODES = pytest.mark.parametrize("mode", ["auto", "legacy"])
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def server_with_a_tool() -> NotebookServer:
    server = NotebookServer("shop")

    @server.tool(meta={"ui": {"visibility": ["model", "app"]}, "example.test/mark": 1})
    def rows() -> list[dict[str, int]]:
        """Return the rows."""
        return [{"a": 1}]

    @server.resource("notes://today")
    def notes() -> str:
        return "nothing"

    return server


async def lists(server: MCPServer[Any], mode: Any, **options: Any) -> list[Any]:
    async with Client(server, mode=mode, **options) as client:
        found = [await client.list_tools(), await client.list_resources(), await client.list_resource_templates()]
    return [json.loads(each.model_dump_json(by_alias=True)) for each in found]


@MODES
async def test_a_client_that_declares_nothing_sees_the_lists_as_before(mode: str) -> None:
    server = server_with_a_tool()
    before = await lists(server, mode)
    put_app(server, app_entry("ui://chart", "<p>", tool="rows"))
    put_app(server, app_entry("ui://alone", "<p>"))
    assert await lists(server, mode) == before
    assert await lists(server, mode, extensions=[advertise("example.test/other")]) == before


@MODES
async def test_a_client_that_shows_apps_sees_the_page_and_which_tool_it_shows(mode: str) -> None:
    server = server_with_a_tool()
    put_app(server, app_entry("ui://chart", "<p>", tool="rows", connect_domains=["https://a.example"]))
    (tools, resources, _) = await lists(server, mode, extensions=SHOWS_APPS)
    (rows,) = tools["tools"]
    assert rows["_meta"] == {
        "ui": {"visibility": ["model", "app"], "resourceUri": "ui://chart"},
        "example.test/mark": 1,
    }
    (chart,) = (each for each in resources["resources"] if each["uri"] == "ui://chart")
    assert chart["mimeType"] == APP_MIME_TYPE
    async with Client(server, mode=mode, extensions=SHOWS_APPS) as client:
        (content,) = (await client.read_resource("ui://chart")).contents
    assert content.mime_type == APP_MIME_TYPE
    assert content.meta == {"ui": {"csp": {"connectDomains": ["https://a.example"]}}}


async def test_a_server_declares_the_extension_with_its_first_app() -> None:
    server = server_with_a_tool()
    async with Client(server) as client:
        assert not client.server_capabilities.extensions
    put_app(server, app_entry("ui://chart", "<p>"))
    async with Client(server) as client:
        assert client.server_capabilities.extensions == {EXTENSION_ID: {}}


async def test_a_plain_server_that_was_adopted_has_apps_too() -> None:
    with sdk_gaps.quiet_construction():
        server = MCPServer[Any]("plain")

    @server.tool()
    def rows() -> str:
        return "x"

    adopt(server)
    put_app(server, app_entry("ui://chart", "<p>", tool="rows"))
    (tools, *_) = await lists(server, "auto", extensions=SHOWS_APPS)
    assert tools["tools"][0]["_meta"]["ui"] == {"resourceUri": "ui://chart"}


async def test_a_server_that_takes_the_place_of_another_brings_its_apps() -> None:
    served, new = server_with_a_tool(), server_with_a_tool()
    put_app(new, app_entry("ui://chart", "<p>", tool="rows"))
    take_place(new, served)
    (tools, *_) = await lists(served, "auto", extensions=SHOWS_APPS)
    assert tools["tools"][0]["_meta"]["ui"]["resourceUri"] == "ui://chart"
    assert extension_of(served, Apps) is not None


async def test_a_page_is_made_by_its_function_at_each_read() -> None:
    server, count = server_with_a_tool(), iter(range(10))

    def page() -> str:
        """A page with a number."""
        return f"<p>{next(count)}"

    put_app(server, app_entry("ui://made", page))
    async with Client(server) as client:
        texts = [(await client.read_resource("ui://made")).contents[0].text for _ in range(2)]  # type: ignore[union-attr]
    assert texts == ["<p>0", "<p>1"]


@pytest.mark.parametrize("uri", ["chart", "https://a.example", "ui://", "ui:///a", "ui://{name}", "ui://a b"])
async def test_another_uri_is_refused(uri: str) -> None:
    with pytest.raises(DefinitionError, match=r"cannot be the URI of an app\. Write ui://NAME"):
        app_entry(uri, "<p>")


@pytest.mark.parametrize("origin", ["*", "a.example", "https://a.example; script-src *", "https://", "javascript:x"])
async def test_a_domain_that_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(DefinitionError, match="is not an origin"):
        app_entry("ui://chart", "<p>", resource_domains=[origin])


async def test_a_resource_of_another_kind_is_not_replaced() -> None:
    server = server_with_a_tool()
    server.resource("ui://taken", name="taken")(lambda: "x")
    with pytest.raises(DefinitionError, match="ui://taken is a resource of another kind"):
        put_app(server, app_entry("ui://taken", "<p>"))


async def test_the_uri_of_a_tool_s_own_app_has_no_odd_characters() -> None:
    assert uri_for("a b/c") == "ui://tools/a%20b%2Fc"
