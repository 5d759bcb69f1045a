"""Recorded calls as a pytest module, on the SDK's in-memory client."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pprint import pformat
from typing import Any

from mcp_notebook.recording.call import Call

__all__ = ["as_tests", "testable"]

HEAD = '''"""Calls that were made in a notebook, as tests: the same arguments give the same results."""

import pytest
from mcp import Client

from {module} import {name}

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"
'''

PLAIN = """

def plain(blocks):
    return [block.model_dump(mode="json", by_alias=True, exclude_none=True) for block in blocks]
"""

ANSWERING = '''

def answering(*answers):
    """Answer the server's questions in this order."""
    left = iter(answers)

    async def answer(context, params):
        return ElicitResult.model_validate(next(left))

    return answer
'''

REQUESTS = {
    "tools/call": "call_tool({name!r}, {arguments})",
    "resources/read": "read_resource({name!r})",
    "prompts/get": "get_prompt({name!r}, {arguments})",
}


def testable(call: Call) -> bool:
    """Whether a call can be a test: it ran, it ended with a result, and all of it was kept."""
    denied = call.approval is not None and not call.approval.allowed
    return not denied and call.method in REQUESTS and call.state in ("done", "error") and not call.cut


def as_tests(calls: Iterable[Call], importing: str) -> str:
    """Return a pytest module with a test for each call.

    Args:
        calls: Those that are `testable`.
        importing: Where the server is imported from, such as ``package.module:mcp``.
    """
    module, _, name = importing.partition(":")
    tests = [_test(call, name or "mcp") for call in calls]
    head = HEAD.format(module=module, name=name or "mcp")
    if any("answering(" in test for test in tests):
        head = head.replace("from mcp import Client\n", "from mcp import Client\nfrom mcp_types import ElicitResult\n")
        head += ANSWERING
    if any("plain(" in test for test in tests):
        head += PLAIN
    return head + "".join(tests)


def _test(call: Call, server: str) -> str:
    words = re.sub(r"\W+", "_", call.name).strip("_").lower()
    request = REQUESTS[call.method].format(name=call.name, arguments=_literal(call.arguments, 8))
    answers = [event.value for event in call.events if event.kind == "answer"]
    options = f", elicitation_callback=answering({', '.join(map(repr, answers))})" if answers else ""
    return (
        f"\n\nasync def test_call_{call.number}_{words}():\n"
        f"    async with Client({server}{options}) as client:\n"
        f"        result = await client.{request}\n"
        f"{_assertions(call)}"
    )


def _assertions(call: Call) -> str:
    result = call.result or {}
    if call.method == "tools/call":
        lines = [f"assert {'' if result.get('isError') else 'not '}result.is_error"]
        structured = result.get("structuredContent")
        if structured is not None:
            lines.append(f"assert result.structured_content == {_literal(structured, 4)}")
        else:
            lines.append(f"assert plain(result.content) == {_literal(result.get('content', []), 4)}")
    elif call.method == "resources/read":
        lines = [f"assert plain(result.contents) == {_literal(result.get('contents', []), 4)}"]
    else:
        lines = [f"assert plain(result.messages) == {_literal(result.get('messages', []), 4)}"]
    return "".join(f"    {line}\n" for line in lines)


def _literal(value: Any, indent: int) -> str:
    return pformat(value, width=100, sort_dicts=False).replace("\n", "\n" + " " * indent)
