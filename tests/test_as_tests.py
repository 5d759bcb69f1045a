"""Recorded calls as a pytest module: it passes against the server that was recorded, and fails against another."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError
from mcp_types import ElicitResult

from mcp_notebook.recording import Call
from mcp_notebook.recording.as_tests import as_tests
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


@pytest.fixture
def shop(tmp_path: Path) -> MCPServer[Any]:
    (tmp_path / "shop.py").write_text(SHOP, encoding="utf-8")
    namespace: dict[str, Any] = {"__name__": "shop"}
    exec(compile(SHOP, "shop.py", "exec", dont_inherit=True), namespace)
    return adopt(namespace["mcp"])


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
def test_all_that_was_called_passes_again_in_a_fresh_process(shop, tmp_path, mode):
    calls = recorded(shop, everything, mode)
    assert len(calls) == 12
    assert all(map(can_be_a_test, calls))
    ran = run(tmp_path, as_tests(calls, "shop:mcp"))
    assert "12 passed" in ran.stdout, ran.stdout + ran.stderr


@pytest.mark.slow
def test_a_server_that_answers_otherwise_fails_the_tests(shop, tmp_path):
    module = as_tests(recorded(shop, everything), "shop:mcp")
    other = SHOP.replace("a + b", "a - b").replace("no: ", "never: ").replace("rain", "snow").replace("Plan {", "Do {")
    (tmp_path / "shop.py").write_text(other.replace("painted", "drew"), encoding="utf-8")
    ran = run(tmp_path, module)
    assert "5 failed, 7 passed" in ran.stdout, ran.stdout + ran.stderr


@pytest.mark.slow
def test_the_module_is_named_by_its_path_and_the_server_by_its_variable(shop, tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").touch()
    (tmp_path / "package" / "served.py").write_text(SHOP.replace("mcp = ", "app = mcp = "), encoding="utf-8")
    calls = recorded(shop, lambda client: client.call_tool("add", {"a": 1, "b": 2}))
    ran = run(tmp_path, as_tests(calls, "package.served:app"))
    assert "1 passed" in ran.stdout, ran.stdout + ran.stderr


def test_each_test_is_named_after_its_call(shop):
    calls = recorded(shop, everything)
    module = as_tests(calls, "shop")
    assert "from shop import mcp\n" in module
    assert "async def test_call_1_add():" in module
    assert "async def test_call_12_plan_a_day():" in module


def test_a_call_that_was_refused_or_never_ended_is_no_test(shop):
    async def use(client: Client) -> None:
        with pytest.raises(MCPError):
            await client.read_resource("memo://nowhere/at/all")

    (refused,) = recorded(shop, use)
    assert refused.state == "refused"
    assert not can_be_a_test(refused)
    assert not can_be_a_test(Call(server="s", method="tools/call", name="t", arguments={}))


def test_a_call_that_was_too_long_to_be_kept_is_no_test(shop):
    (call,) = recorded(shop, lambda client: client.call_tool("say", {"text": "x" * 500_000}))
    assert call.cut
    assert not can_be_a_test(call)
