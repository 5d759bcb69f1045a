"""Write the cases of an eval as a pytest module that needs only the server, the SDK and pytest."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Sequence
from types import ModuleType

from mcp_notebook.agent import stand_in
from mcp_notebook.agent.evals import checking
from mcp_notebook.agent.evals.checking import EvalCase
from mcp_notebook.formatting import formatted

__all__ = ["as_pytest"]

HEAD = '''"""Cases for a model that calls the tools of a server, made in a notebook.

Without further settings, a stand-in plays the model: it chooses tools by the words of their descriptions. Settings in
the environment:

EVAL_MODEL  a model of pydantic-ai, such as anthropic:claude-sonnet-4-5. Its key is read from the environment.
EVAL_RUNS   the runs of each case; {runs} if it is not set.
EVAL_LEAST  the share of the runs that have to pass; {least} if it is not set.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from mcp import Client
from mcp_types import TextContent

from {module} import {name}

RUNS = int(os.environ.get("EVAL_RUNS", "{runs}"))
LEAST = float(os.environ.get("EVAL_LEAST", "{least}"))
MODEL = os.environ.get("EVAL_MODEL", "stand-in")

CASES: list[dict[str, Any]] = {cases}

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
async def test_a_model_uses_the_tools(case: dict[str, Any]) -> None:
    expected = EvalCase(**case)
    failed = []
    for number in range(1, RUNS + 1):
        calls, answer = await converse(expected, number)
        if found := problems(expected, calls, answer):
            failed.append(f"run {{number}}: {{' '.join(found)}} It called {{calls}} and answered {{answer!r}}.")
    assert RUNS - len(failed) >= LEAST * RUNS, "\\n".join(failed)


async def converse(case: "EvalCase", number: int) -> tuple[list[tuple[str, Any]], str]:
    """Return the calls of a model, and its answer."""
    made: list[tuple[str, Any]] = []
    async with Client({name}) as client:

        async def call(tool: str, arguments: dict[str, Any]) -> str:
            made.append((tool, arguments))
            if tool in case.never:
                return "This call is not allowed."
            result = await client.call_tool(tool, arguments)
            return "\\n".join(block.text for block in result.content if isinstance(block, TextContent))

        tools = await all_tools(client)
        if MODEL == "stand-in":
            listed = [(tool.name, tool.description or "", tool.input_schema) for tool in tools]
            texts = [await call(*chosen) for chosen in choose(case.prompt, listed, number)]
            return made, "\\n".join(filter(None, texts)) or ("Done." if made else "No tool here is about that.")
        return made, await answer_of_a_model(case.prompt, tools, call)


async def all_tools(client: Client) -> list[Any]:
    """Return the tools of all pages."""
    page = await client.list_tools()
    tools = [*page.tools]
    while page.next_cursor:
        page = await client.list_tools(cursor=page.next_cursor)
        tools += page.tools
    return tools


async def answer_of_a_model(prompt: str, tools: list[Any], call: Any) -> str:
    """Let a model of pydantic-ai call the tools until it answers."""
    from pydantic_ai import Agent, Tool

    def function(tool: str) -> Any:
        async def run(**arguments: Any) -> str:
            return await call(tool, arguments)

        return run

    listed = [Tool.from_schema(function(tool.name), tool.name, tool.description, tool.input_schema) for tool in tools]
    result = await Agent(MODEL, tools=listed, instructions={name}.instructions).run(prompt)
    return str(result.output)
'''


def as_pytest(cases: Sequence[EvalCase], importing: str, *, runs: int, least: float) -> str:
    """Return a pytest module of the cases.

    Args:
        cases: The cases.
        importing: The module and name of the server, such as ``package.module:mcp``.
        runs: The runs of each case.
        least: The share of them that has to pass, from 0 to 1.

    Raises:
        McpNotebookError: `ruff` is not installed.
    """
    module, _, name = importing.partition(":")
    head = HEAD.format(
        module=module, name=name or "mcp", runs=runs, least=least, cases=[_as_dict(case) for case in cases]
    )
    return formatted(head + _code_of(checking) + _code_of(stand_in), own=module.partition(".")[0])


def _as_dict(case: EvalCase) -> dict[str, object]:
    every = {
        "name": case.name,
        "prompt": case.prompt,
        "calls": None if case.calls is None else [(name, dict(arguments)) for name, arguments in case.calls],
        "any_order": case.any_order,
        "never": list(case.never),
        "answer": list(case.answer),
    }
    return {key: value for key, value in every.items() if value or (key == "calls" and value is not None)}


def _code_of(module: ModuleType) -> str:
    """Return the source of a module without its docstring, its imports and its ``__all__``."""
    source = inspect.getsource(module)
    lines = source.splitlines(keepends=True)
    for node in reversed(ast.parse(source).body):
        is_list = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        is_docstring = isinstance(node, ast.Expr) and node.lineno == 1
        if is_list or is_docstring or isinstance(node, ast.Import | ast.ImportFrom):
            del lines[node.lineno - 1 : node.end_lineno]
    return "\n\n" + "".join(lines).strip() + "\n"
