"""The functions of a server as a module on the plain SDK."""

from __future__ import annotations

import ast
import asyncio
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.error import UsageError
from mcp.server.mcpserver import MCPServer
from mcp_types import Tool

from mcp_notebook.formatting import formatted
from mcp_notebook.functions.stub import MARK, stub_source
from mcp_notebook.visible import visible
from tests.functions.test_namespace import SHOP
from tests.support.shells import Shell
from tests.typed.test_typed import HOSTILE


def module_of(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_module_calls_the_server_without_this_package(shell: Shell, tmp_path: Path) -> None:
    shell.good(SHOP)
    path = tmp_path / "shop_functions.py"
    assert shell.good(f"%mcp stub shop {path}").text == "shop_functions.py: 2 functions of shop"
    assert "mcp_notebook" not in path.read_text(encoding="utf-8")
    module = module_of(path)

    async def use() -> Any:
        async with module.Shop(shell.session.live("shop").server) as shop:
            with pytest.raises(module.ToolError, match="Error executing tool refund"):
                await shop.refund(3)
            return await shop.find_orders("ada", limit=2)

    assert asyncio.run(use()) == [{"id": 0, "total": 0.0}, {"id": 1, "total": 1.5}]


def test_it_is_written_again_but_never_over_another_file(shell: Shell, tmp_path: Path) -> None:
    shell.good(SHOP, f"%mcp stub shop {tmp_path}/a.py", f"%mcp stub shop {tmp_path}/a.py")
    (tmp_path / "b.py").write_text("mine = 1\n")
    with pytest.raises(UsageError, match=r"b\.py already exists, and is not a module that %mcp stub wrote"):
        shell.good(f"%mcp stub shop {tmp_path}/b.py")
    assert (tmp_path / "b.py").read_text() == "mine = 1\n"
    with pytest.raises(UsageError, match="Cannot write"):
        shell.good(f"%mcp stub shop {tmp_path}/nowhere/c.py")


TYPES: list[dict[str, Any]] = [
    {"name": "list", "inputSchema": {"type": "object", "properties": {"str": {"type": "string"}, "list": {}}}},
    {"name": "str", "inputSchema": {"type": "object"}, "outputSchema": {"type": "object"}},
    {"name": "Any", "inputSchema": {"type": "object", "properties": {"a": {"enum": ["x", None]}}}},
    {
        "name": "find-it",
        "inputSchema": {
            "type": "object",
            "properties": {
                "from": {"type": "string", "format": "date"},
                "limit": {"type": "integer", "default": 10},
                "where": {"$ref": "#/$defs/Where"},
                "Where": {"type": "boolean"},
                "tags": {"type": ["array", "null"], "items": {"type": "string"}},
            },
            "required": ["from", "where"],
            "$defs": {
                "Where": {
                    "title": "Where",
                    "type": "object",
                    "properties": {"a-b": {"type": "number"}, "inner": {"$ref": "#/$defs/Where"}},
                }
            },
        },
        "outputSchema": {
            "type": "object",
            "properties": {
                "result": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"list": {"type": "array", "items": {"type": "null"}}}},
                }
            },
        },
    },
    {"name": "odd", "inputSchema": {"type": "object", "additionalProperties": True, "properties": {"more": {}}}},
]

USE = """

async def use() -> None:
    async with Github("https://example.com/mcp") as github:
        found = await github.find_it("2026-01-01", {"a-b": 1.5}, limit=3, tags=None)
        numbers: builtins.list[None] = found[0]["list"]
        print(numbers, await github.list(str_="x"), await github.odd(more=1, other=2))
"""

WRONG = {
    'await github.find_it(3, {"a-b": 1.5})': 'Argument 1 to "find_it" of "Github" has incompatible type "int"',
    'await github.find_it("", {"b": 1.5})': "Extra key",
    'await github.find_it("", {}, limits=3)': 'Unexpected keyword argument "limits"',
}


@pytest.mark.slow
def test_it_passes_mypy_strict_and_a_wrong_call_does_not(tmp_path: Path) -> None:
    source = formatted(stub_source("github", [Tool.model_validate(tool) for tool in TYPES]) + USE)
    path = tmp_path / "github.py"

    def mypy(text: str) -> str:
        path.write_text(text, encoding="utf-8")
        words = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--python-version=3.10", str(path)]
        words += ["--cache-dir", str(tmp_path / "cache")]
        return subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path).stdout

    assert "Success" in mypy(source), mypy(source)
    wrong = "".join(f"        {line}\n" for line in WRONG)
    said = mypy(source + wrong)
    assert [why for why in WRONG.values() if why not in said] == []
    assert f"Found {len(WRONG)} errors" in said


def test_it_is_formatted_and_starts_with_its_mark() -> None:
    source = formatted(stub_source("github", [Tool.model_validate(tool) for tool in TYPES]))
    assert source.startswith(f'{MARK}\n"""Typed functions for the tools of the MCP server github.\n')
    assert formatted(source) == source


SCHEMA = st.recursive(
    st.fixed_dictionaries({}, optional={"type": st.sampled_from(["string", "integer"]), "enum": st.lists(HOSTILE)}),
    lambda inner: st.fixed_dictionaries(
        {"type": st.just("object"), "properties": st.dictionaries(HOSTILE, inner, max_size=3)},
        optional={"title": HOSTILE, "description": HOSTILE, "required": st.lists(HOSTILE, max_size=2)},
    ),
    max_leaves=4,
)
TOOLS = st.lists(
    st.fixed_dictionaries(
        {"name": HOSTILE, "inputSchema": SCHEMA.map(lambda schema: {**schema, "type": "object"})},
        optional={"description": HOSTILE, "title": HOSTILE, "outputSchema": SCHEMA},
    ),
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(HOSTILE, TOOLS)
def test_no_server_can_write_code_into_it(server: str, tools: list[dict[str, Any]]) -> None:
    source = stub_source(server, [Tool.model_construct(**_fields(tool)) for tool in tools])
    assert visible(source) == source
    tree = ast.parse(source)
    empty = ast.parse(stub_source("s", []))
    assert skeleton(tree.body) - skeleton(empty.body) <= ALLOWED
    # It also runs: no name that a server chose hides one that the module needs.
    exec(compile(tree, "<stub>", "exec"), {"__name__": "stub"})


def _fields(tool: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": tool["name"],
        "title": tool.get("title"),
        "description": tool.get("description"),
        "input_schema": tool["inputSchema"],
        "output_schema": tool.get("outputSchema"),
    }


def skeleton(body: list[ast.stmt]) -> set[str]:
    """Return all names that are loaded and the kinds of statements, without those that only hold text."""
    nodes = [node for statement in body for node in ast.walk(statement)]
    names = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    made = {node.name for node in nodes if isinstance(node, ast.ClassDef)}
    made |= {target.id for node in nodes if isinstance(node, ast.Assign) for target in node.targets if _is_name(target)}  # type: ignore[attr-defined]
    arguments = {argument.arg for node in nodes if isinstance(node, ast.arguments) for argument in _all(node)}
    kinds = {type(node).__name__ for node in nodes if isinstance(node, ast.stmt)}
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return (names - made - arguments) | kinds | attributes


def _is_name(node: ast.expr) -> bool:
    return isinstance(node, ast.Name)


def _all(node: ast.arguments) -> list[ast.arg]:
    return [*node.args, *node.kwonlyargs, *([node.kwarg] if node.kwarg else [])]


ALLOWED = {"TypedDict", "NotRequired", "Literal", "cast", "list", "dict", "str", "int", "float", "bool", "_call"}


def test_a_plain_server_of_the_sdk_is_enough(tmp_path: Path) -> None:
    server = MCPServer("plain")

    @server.tool()
    def add(a: int, b: int = 2) -> int:
        return a + b

    path = tmp_path / "plain.py"
    path.write_text(stub_source("plain", asyncio.run(server.list_tools())), encoding="utf-8")
    module = module_of(path)

    async def use() -> Any:
        async with module.Plain(server) as plain:
            return await plain.add(1), await plain.add(1, b=5)

    assert asyncio.run(use()) == (3, 6)
