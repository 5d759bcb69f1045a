"""Tools as async functions in a cell."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest
from mcp.server import Server
from mcp_types import CallToolResult, ImageContent, ListToolsResult, TextContent, Tool
from pydantic import BaseModel

import mcp_notebook
from mcp_notebook import NotebookServer, connect
from mcp_notebook.client import Connection
from mcp_notebook.errors import RequestError, UnknownNameError
from mcp_notebook.functions import Namespace, namespace_of
from tests.support.kernels import Kernel
from tests.support.shells import Shell

SHOP = '''
from typing import Annotated, Literal
from pydantic import BaseModel, Field
from mcp_notebook import NotebookServer

class Order(BaseModel):
    id: int
    total: float

shop = NotebookServer("shop")

@shop.tool(name="find-orders")
def find_orders(
    customer: Annotated[str, Field(description="The id.")],
    state: Literal["open", "paid"] | None = None,
    limit: int = 10,
) -> list[Order]:
    """Find the orders of a customer."""
    return [Order(id=n, total=n * 1.5) for n in range(min(limit, 3))]

@shop.tool()
def refund(order: int) -> str:
    """Pay money back."""
    raise ValueError("a secret")
'''


class Point(BaseModel):
    x: int


@pytest.fixture
def server() -> NotebookServer:
    server = NotebookServer("my server")

    @server.tool(name="add-all")
    def add(a: int, b: int, c: int = 0) -> int:
        """Add."""
        return a + b + c

    @server.tool(name="add_all")
    def other() -> str:
        return "the other"

    @server.tool(name="class")
    def keyword() -> Point:
        return Point(x=1)

    @server.tool(structured_output=False)
    def text() -> list[str]:
        return ["a", "b"]

    @server.tool()
    def picture() -> CallToolResult:
        return CallToolResult(content=[ImageContent(data="aGk=", mime_type="image/png")])

    @server.tool()
    def broken() -> CallToolResult:
        return CallToolResult(content=[TextContent(text="no such order")], is_error=True)

    return server


@pytest.fixture
def servers(server: NotebookServer) -> Iterator[Namespace]:
    with connect(server) as connection:
        yield asyncio.run(namespace_of({"my server": connection}))


def test_names_that_are_no_identifiers_are_mapped_and_the_tools_own_names_work(servers: Namespace) -> None:
    assert dir(servers) == ["my_server"]
    assert list(servers) == ["my server"]
    functions = servers.my_server
    assert functions is servers["my server"]
    assert dir(functions) == ["add_all", "add_all_2", "broken", "class_", "picture", "text"]
    assert functions["add-all"] is functions.add_all_2
    assert functions["add_all"] is functions.add_all
    assert asyncio.run(functions["add-all"](1, 2)) == 3


def test_a_value_is_the_structured_content_else_the_text_else_the_result(servers: Namespace) -> None:
    functions = servers.my_server
    assert asyncio.run(functions.add_all()) == "the other"
    assert asyncio.run(functions.class_()) == {"x": 1}
    assert asyncio.run(functions.text()) == "a\nb"
    assert isinstance(asyncio.run(functions.picture()), CallToolResult)


def test_arguments_are_positional_if_required_and_sent_only_if_given(servers: Namespace) -> None:
    add = servers["my server"]["add-all"]
    assert asyncio.run(add(1, b=2, c=4)) == 7
    for args, kwargs, why in [
        ((1,), {}, "missing a required argument: 'b'"),
        ((1, 2, 3), {}, "too many positional arguments"),
        ((1, 2), {"d": 1}, "unexpected keyword argument 'd'"),
    ]:
        with pytest.raises(TypeError, match=why) as error:
            asyncio.run(add(*args, **kwargs))
        assert "add_all_2(a: int, b: int, *, c: int = 0) -> int" in str(error.value)


def test_the_server_checks_values(servers: Namespace) -> None:
    with pytest.raises(RequestError, match="int"):
        asyncio.run(servers["my server"]["add-all"]("one", 2))


def test_an_error_of_the_tool_is_raised_with_its_text_and_its_call(servers: Namespace) -> None:
    with pytest.raises(RequestError, match="no such order") as error:
        asyncio.run(servers.my_server.broken())
    assert error.value.call is not None
    assert error.value.call.name == "broken"


def test_a_name_that_is_not_there_is_told_with_a_similar_one(servers: Namespace) -> None:
    with pytest.raises(AttributeError, match="Did you mean 'picture'"):
        servers.my_server.pictures  # noqa: B018
    with pytest.raises(AttributeError, match="There is: my_server"):
        servers.github  # noqa: B018
    with pytest.raises(KeyError, match="Did you mean 'picture'"):
        servers.my_server["pictures"]
    assert not hasattr(servers, "_repr_html_")


def odd_server(tools: list[dict[str, Any]]) -> Server[Any]:
    async def list_tools(ctx: Any, params: Any) -> ListToolsResult:
        return ListToolsResult(tools=[Tool.model_validate(tool) for tool in tools])

    async def call_tool(ctx: Any, params: Any) -> CallToolResult:
        return CallToolResult(content=[], structured_content={"got": params.arguments})

    return Server("odd", on_list_tools=list_tools, on_call_tool=call_tool)


def called(tool: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
    with connect(odd_server([tool])) as connection:
        functions = asyncio.run(namespace_of({"odd": connection})).odd
        return asyncio.run(functions[tool["name"]](*args, **kwargs))["got"]


def test_arguments_keep_their_names_on_the_wire() -> None:
    names = ["user-id", "from", "self", "list", "_meta", "💥"]
    schema = {"type": "object", "properties": {name: {} for name in names}, "required": names}
    assert called({"name": "t", "inputSchema": schema}, *range(6)) == dict(zip(names, range(6), strict=True))
    given = {"user_id": 0, "from_": 1, "self_": 2, "list_": 3, "meta": 4, "argument": 5}
    assert called({"name": "t", "inputSchema": schema}, **given) == dict(zip(names, range(6), strict=True))
    assert called({"name": "t", "inputSchema": schema}, **dict.fromkeys(names, 1)) == dict.fromkeys(names, 1)


def test_what_a_schema_does_not_name_is_passed_on_if_it_is_open() -> None:
    assert called({"name": "t", "inputSchema": {"type": "object"}}, a=1) == {"a": 1}
    more = {"properties": {"more": {}}, "additionalProperties": {"type": "string"}}
    assert called({"name": "t", "inputSchema": {"type": "object", **more}}, more=1, a="x") == {"more": 1, "a": "x"}
    with pytest.raises(TypeError):
        called({"name": "t", "inputSchema": {"type": "object", "properties": {}}}, a=1)


def test_a_required_argument_without_a_schema_is_one() -> None:
    assert called({"name": "t", "inputSchema": {"type": "object", "required": ["a", 3, "a"]}}, 1) == {"a": 1}


def test_a_description_is_bounded_shown_whole_and_never_run() -> None:
    text = "\u202e'''\"\"\"; __import__('os')\n" + "x" * 10_000
    schema = {"type": "object", "properties": {"a": {"description": text, "enum": ["__import__('os')", text]}}}
    with connect(odd_server([{"name": "t", "description": text, "inputSchema": schema}])) as connection:
        function = asyncio.run(namespace_of({"odd": connection})).odd.t
    assert function.__doc__.startswith("\\u202e'''")
    assert len(function.__doc__) < 13_000
    assert "\u202e" not in function.__doc__
    assert str(inspect.signature(function)).startswith("(*, a: ")


def test_a_server_that_does_not_answer_is_left_out_unless_it_is_named(
    server: NotebookServer, capsys: pytest.CaptureFixture[str]
) -> None:
    async def refuse(ctx: Any, params: Any) -> ListToolsResult:
        raise RuntimeError("no list today")

    with connect(server) as good, connect(Server("bad", on_list_tools=refuse)) as bad:
        both = {"good": good, "bad": bad}
        assert list(asyncio.run(namespace_of(both))) == ["good"]
        assert "bad is left out, because it does not list its tools." in capsys.readouterr().err
        with pytest.raises(RequestError):
            asyncio.run(namespace_of(both, whole=True))


def test_without_a_notebook_there_are_the_connections_of_connect(server: NotebookServer) -> None:
    with connect(server, name="calculator"):
        servers = asyncio.run(mcp_notebook.namespace("calculator"))
        assert asyncio.run(servers.calculator.text()) == "a\nb"
        assert "calculator" in asyncio.run(mcp_notebook.namespace())
        with pytest.raises(UnknownNameError, match="Did you mean 'calculator'"):
            asyncio.run(mcp_notebook.namespace("calculater"))


NAMESPACE = "import mcp_notebook\nservers = await mcp_notebook.namespace()\n"


def test_a_notebook_has_its_own_servers_and_its_connections(shell: Shell, server: NotebookServer) -> None:
    shell.good(SHOP)
    shell.shell.user_ns["other"] = server
    shell.good("%mcp connect other --as calc")
    assert dir(shell.good(NAMESPACE + "servers")) == ["calc", "my_server", "shop"]
    assert shell.good("await servers.shop.find_orders('ada', limit=1)") == [{"id": 0, "total": 0.0}]
    assert dir(shell.good("await mcp_notebook.namespace('calc')")) == ["calc"]
    shell.good("@shop.tool()\ndef later() -> int:\n    return 1")
    assert "later" not in dir(shell.good("servers.shop"))
    assert "later" in dir(shell.good(NAMESPACE + "servers.shop"))
    assert [call.name for call in shell.session.registry.recorder.calls] == ["find-orders"]


def test_several_calls_run_at_once(shell: Shell) -> None:
    shell.good(SHOP + "import asyncio\nmet = asyncio.Event()\n")
    shell.good("@shop.tool()\nasync def wait() -> str:\n    await met.wait()\n    return 'waited'")
    shell.good("@shop.tool()\nasync def meet() -> str:\n    met.set()\n    return 'met'")
    assert shell.good(NAMESPACE + "await asyncio.gather(servers.shop.wait(), servers.shop.meet())") == ["waited", "met"]


@pytest.mark.slow
def test_tab_completes_and_a_question_mark_explains(kernel: Kernel) -> None:
    kernel.good(SHOP)
    kernel.good(NAMESPACE)
    assert "servers.shop" in kernel.complete("servers.sh")
    assert kernel.complete("servers.shop.fi") == ["servers.shop.find_orders"]
    words = re.sub(r"\x1b\[\d*m", "", kernel.documentation("servers.shop.find_orders"))
    for part in ("customer: str", "limit: int = 10", "Literal['open', 'paid']", "Find the orders", "The id."):
        assert part in words


def test_a_connection_that_is_lost_gives_one_line(server: NotebookServer) -> None:
    connection: Connection
    with connect(server) as connection:
        servers = asyncio.run(namespace_of({"s": connection}))
    with pytest.raises(RequestError, match="closed"):
        asyncio.run(servers.s.text())
