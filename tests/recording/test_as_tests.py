"""Recorded calls as a pytest module: it passes against the server that was recorded, and fails against another."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError
from mcp_types import CreateMessageResult, ElicitResult, ListRootsResult, Root, TextContent
from pydantic import FileUrl

from mcp_notebook.recording import Call
from mcp_notebook.recording.as_tests import as_tests, why_not
from mcp_notebook.recording.as_tests import testable as can_be_a_test  # pytest takes test* for tests
from mcp_notebook.server.notebook_server import adopt

SHOP = '''"""A server as its author would have it in a package."""

from typing import Annotated

from mcp.server.mcpserver import Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import Elicit, Resolve
from pydantic import BaseModel

mcp = MCPServer("shop", log_level="CRITICAL")


class Order(BaseModel):
    item: str
    count: int = 1


class Choice(BaseModel):
    colour: str


@mcp.tool()
def add(a: int, b: int) -> int:
    return a + b


@mcp.tool()
def order(order: Order, notes: list[str] | None = None) -> Order:
    return order


@mcp.tool(structured_output=False)
def say(text: str) -> str:
    return text


@mcp.tool()
def picture() -> Image:
    return Image(data=b"\\x89PNG", format="png")


@mcp.tool()
def refuse(why: str) -> str:
    raise ToolError(f"no: {why}")


@mcp.tool()
def stumble() -> str:
    raise ValueError("secret")


def ask() -> Elicit[Choice]:
    return Elicit("Which colour?", Choice)


@mcp.tool()
def paint(choice: Annotated[Choice, Resolve(ask)]) -> str:
    return f"painted {choice.colour}"


@mcp.resource("memo://today")
def today() -> str:
    return 'rain, "later" sun\\n'


@mcp.resource("memo://{day}/weather", mime_type="application/json")
def weather(day: str) -> dict[str, str]:
    return {"day": day}


@mcp.prompt(name="Plan a day!")
def plan(topic: str) -> str:
    return f"Plan {topic}."
'''

TEXTS = 'line one\nline "two" \'three\' {four} \\five \u00e9\u4e2d \U0001f600 """ # %'


async def blue(context: Any, params: Any) -> ElicitResult:
    return ElicitResult(action="accept", content={"colour": "blue"})


def shop_of(source: str, folder: Path) -> MCPServer[Any]:
    """Return the server of a module, which the tests that are written import as `shop` from the folder."""
    (folder / "shop.py").write_text(source, encoding="utf-8")
    namespace: dict[str, Any] = {"__name__": "shop"}
    exec(compile(source, "shop.py", "exec", dont_inherit=True), namespace)
    return adopt(namespace["mcp"])


@pytest.fixture
def shop(tmp_path: Path) -> MCPServer[Any]:
    return shop_of(SHOP, tmp_path)


def recorded(server: Any, use: Callable[[Client], Any], mode: str = "auto") -> list[Call]:
    async def main() -> None:
        async with Client(server, mode=mode, cache=None, elicitation_callback=blue) as client:
            await use(client)

    anyio.run(main)
    calls: list[Call] = server.runtime.recorder.calls
    return calls


async def everything(client: Client) -> None:
    await client.call_tool("add", {"a": 1, "b": 2})
    await client.call_tool("order", {"order": {"item": TEXTS, "count": 2}, "notes": [TEXTS] * 5})
    await client.call_tool("say", {"text": TEXTS})
    await client.call_tool("say", {"text": "x" * 500})
    await client.call_tool("picture")
    await client.call_tool("refuse", {"why": TEXTS})
    await client.call_tool("stumble")
    await client.call_tool("add", {"a": "one", "b": 2})
    await client.call_tool("paint")
    await client.read_resource("memo://today")
    await client.read_resource("memo://monday/weather")
    await client.get_prompt("Plan a day!", {"topic": TEXTS})


def run(folder: Path, module: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_calls.py").write_text(module, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "test_calls.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("mode", ["auto", pytest.param("legacy", marks=pytest.mark.slow)])
def test_all_that_was_called_passes_again_in_a_fresh_process(shop: MCPServer[Any], tmp_path: Path, mode: str) -> None:
    calls = recorded(shop, everything, mode)
    assert len(calls) == 12
    assert all(map(can_be_a_test, calls))
    ran = run(tmp_path, as_tests(calls, "shop:mcp"))
    assert "12 passed" in ran.stdout, ran.stdout + ran.stderr


@pytest.mark.slow
def test_a_server_that_answers_otherwise_fails_the_tests(shop: MCPServer[Any], tmp_path: Path) -> None:
    module = as_tests(recorded(shop, everything), "shop:mcp")
    other = SHOP.replace("a + b", "a - b").replace("no: ", "never: ").replace("rain", "snow").replace("Plan {", "Do {")
    (tmp_path / "shop.py").write_text(other.replace("painted", "drew"), encoding="utf-8")
    ran = run(tmp_path, module)
    assert "5 failed, 7 passed" in ran.stdout, ran.stdout + ran.stderr


@pytest.mark.slow
def test_the_module_is_named_by_its_path_and_the_server_by_its_variable(shop: MCPServer[Any], tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").touch()
    (tmp_path / "package" / "served.py").write_text(SHOP.replace("mcp = ", "app = mcp = "), encoding="utf-8")
    calls = recorded(shop, lambda client: client.call_tool("add", {"a": 1, "b": 2}))
    ran = run(tmp_path, as_tests(calls, "package.served:app"))
    assert "1 passed" in ran.stdout, ran.stdout + ran.stderr


def test_each_test_is_named_after_what_it_calls(shop: MCPServer[Any]) -> None:
    module = as_tests(recorded(shop, everything), "shop")
    assert "from shop import mcp\n" in module
    for name in ("add_a_1_b_2", "refuse_fails", "add_a_one_b_2_fails", "read_memo_today", "prompt_plan_a_day"):
        assert f"async def test_{name}() -> None:" in module


@pytest.mark.slow
def test_the_module_is_clean_under_ruff_and_pyright(shop: MCPServer[Any], tmp_path: Path) -> None:
    refused = Call(server="s", method="resources/read", name="memo://gone", arguments={})
    refused.end("refused", error="gone")
    image = {"content": [{"type": "image", "mimeType": "image/png", "data": "QUJD" * 1000}]}
    calls = [*recorded(shop, everything), refused, made(90, image), made(91, result(at=None)), made(92, result(at="x"))]
    (tmp_path / "test_calls.py").write_text(as_tests(calls, "shop:mcp"), encoding="utf-8")
    ruff = [[sys.executable, "-m", "ruff", *words, "--isolated"] for words in (["check"], ["format", "--check"])]
    pyright = [[sys.executable, "-m", "pyright", "--pythonpath", sys.executable]] if find_spec("pyright") else []
    for program in (*ruff, *pyright):
        ran = subprocess.run(
            [*program, "test_calls.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_call_that_never_ended_or_whose_question_was_not_answered_is_no_test() -> None:
    call = Call(server="s", method="tools/call", name="t", arguments={})
    assert why_not(call) == "it has not ended"
    call.add("question", {"method": "roots/list"})
    call.end("done", {})
    assert why_not(call) == "a question in it was not answered"
    assert not can_be_a_test(call)


ASKING = '''
from mcp import MCPError
from mcp.server.mcpserver import Context, MCPServer
from mcp_types import SamplingMessage, TextContent
from pydantic import BaseModel

mcp = MCPServer("asking", log_level="CRITICAL")
counted = [0]


class Colour(BaseModel):
    name: str


@mcp.tool()
def count() -> int:
    counted[0] += 1
    return counted[0]


@mcp.tool()
def closed() -> str:
    raise MCPError(-32000, "we are closed")


@mcp.prompt()
def broken() -> str:
    raise ValueError("no prompt")


@mcp.tool()
async def ask(ctx: Context) -> str:
    """Ask twice."""
    answers = [await ctx.elicit("Which?", Colour), await ctx.elicit("And which?", Colour)]
    return ", ".join(answer.data.name if answer.action == "accept" else answer.action for answer in answers)


@mcp.tool()
async def think(ctx: Context) -> str:
    said = TextContent(type="text", text="Think!")
    thought = await ctx.session.create_message([SamplingMessage(role="user", content=said)], max_tokens=9)
    return thought.content.text


@mcp.tool()
async def roots(ctx: Context) -> list[str]:
    return [str(root.uri) for root in (await ctx.session.list_roots()).roots]
'''


@pytest.fixture
def asking(tmp_path: Path) -> MCPServer[Any]:
    return shop_of(ASKING, tmp_path)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")
def test_every_kind_of_answer_and_of_refusal_is_a_test(asking: MCPServer[Any], tmp_path: Path) -> None:
    answers = iter([blue, None])

    async def elicit(context: Any, params: Any) -> ElicitResult:
        return await blue_or_decline(next(answers))

    async def blue_or_decline(answer: Any) -> ElicitResult:
        accept = ElicitResult(action="accept", content={"name": "blue"})
        return accept if answer else ElicitResult(action="decline")

    async def sample(context: Any, params: Any) -> CreateMessageResult:
        return CreateMessageResult(role="assistant", content=TextContent(type="text", text="yes"), model="m")

    async def list_roots(context: Any) -> ListRootsResult:
        return ListRootsResult(roots=[Root(uri=FileUrl("file:///srv"))])

    async def use() -> None:
        async with Client(
            asking, mode="legacy", elicitation_callback=elicit, sampling_callback=sample, list_roots_callback=list_roots
        ) as client:
            for name in ("ask", "think", "roots", "count", "count"):
                await client.call_tool(name)
        async with Client(asking) as client:
            for request in (
                client.call_tool("closed"),
                client.get_prompt("broken"),
                client.read_resource("no://thing"),
            ):
                with pytest.raises(MCPError):
                    await request

    anyio.run(use)
    server: Any = asking
    module = as_tests(server.runtime.recorder.calls, "shop:mcp", varies={})
    ran = run(tmp_path, module)
    assert "8 passed" in ran.stdout, module + ran.stdout + ran.stderr
    assert "blue, decline" in module
    assert "test_closed_is_refused" in module


def made(number: int, result: dict[str, Any], name: str = "now", **arguments: Any) -> Call:
    call = Call(server="s", method="tools/call", name=name, arguments=arguments)
    call.number = number
    call.end("done", result)
    return call


def result(**structured: Any) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": json.dumps(structured, indent=2)}], "structuredContent": structured}


def test_the_same_call_with_the_same_result_is_one_test() -> None:
    module = as_tests([made(1, result(a=1)), made(2, result(a=1)), made(3, result(a=1), x=1)], "shop:mcp")
    assert module.count("async def test_") == 2


def test_a_call_that_counts_is_a_test_each_time_in_the_order_of_the_calls() -> None:
    calls = [made(1, result(n=1)), made(2, result(n=9), "total"), made(3, result(n=2))]
    module = as_tests(reversed(calls), "shop:mcp", varies={})
    ns = [module.index(f'"n": {n}') for n in (1, 9, 2)]
    assert ns == sorted(ns)


def test_what_differs_between_two_same_calls_counts_by_its_type_only() -> None:
    module = as_tests([made(1, result(at=1.5, ok=True)), made(2, result(at=2, ok=True))], "shop:mcp")
    assert module.count('{"at": Varies(int, float), "ok": True}') == 2


def test_what_is_said_to_vary_counts_by_its_type_only_and_the_repeat_goes() -> None:
    calls = [made(n, result(rows=[{"id": f"{n}", "x": None}])) for n in (1, 2)]
    for volatile in (
        ["/structuredContent/rows/*/id"],
        ["other: /structuredContent", "now:/structuredContent/rows/0/id"],
    ):
        module = as_tests(calls, "shop:mcp", volatile=volatile, varies={})
        assert module.count('{"rows": [{"id": Varies(str), "x": None}]}') == 1
    assert "Varies" not in as_tests(calls, "shop:mcp", volatile=["other: /structuredContent/rows"], varies={})
    found = {1: ["/structuredContent/rows/0/id"], 2: ["/structuredContent/rows/0/id"]}
    assert as_tests(calls, "shop:mcp", varies=found).count("async def test_") == 1


def test_long_bytes_are_a_digest(tmp_path: Path) -> None:
    image = {"content": [{"type": "image", "mimeType": "image/png", "data": "QUJD" * 1000}]}
    module = as_tests([made(1, image)], "shop:mcp")
    assert "QUJD" not in module
    assert "Digest(" in module


def test_a_long_page_is_a_digest_and_a_long_text_of_a_tool_is_not() -> None:
    page = Call(server="shop", method="resources/read", name="ui://chart", arguments={})
    page.end("done", {"contents": [{"uri": "ui://chart", "text": "<p>" * 2_000}]})
    assert "Digest(" in as_tests([page], "shop:mcp")
    assert "Digest(" not in as_tests([made(1, {"content": [{"type": "text", "text": "x" * 5_000}]})], "shop:mcp")


def test_a_task_that_asked_is_a_test_by_a_client_without_tasks() -> None:
    call = made(1, {"content": []})
    call.protocol_version = "2026-07-28"
    call.add("question", {"method": "elicitation/create", "params": {"message": "Sure?"}})
    call.add("answer", {"action": "accept", "content": {"ok": True}})
    assert 'mode="legacy"' not in as_tests([call], "shop:mcp")
    call.task = True
    assert 'mode="legacy"' in as_tests([call], "shop:mcp")


def test_a_call_that_was_too_long_to_be_kept_is_no_test(shop: MCPServer[Any]) -> None:
    (call,) = recorded(shop, lambda client: client.call_tool("say", {"text": "x" * 500_000}))
    assert call.cut
    assert not can_be_a_test(call)
