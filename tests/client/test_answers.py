"""What a server asks during a call is answered by the call's own answers."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import pytest
from mcp.server.mcpserver import Elicit, Resolve
from mcp_types import CallToolResult
from pydantic import BaseModel

from mcp_notebook import NotebookServer, connect
from mcp_notebook.client import Connection, Era, Question
from mcp_notebook.errors import RequestError
from mcp_notebook.portal import Portal


class Size(BaseModel):
    size: str


def ask_for_size() -> Elicit[Size]:
    return Elicit("Which size?", Size)


@pytest.fixture(params=["modern", "legacy"])
def pizzeria(request: pytest.FixtureRequest, portal: Portal) -> Connection:
    server = NotebookServer("pizzeria")

    @server.tool()
    def order(kind: str, size: Annotated[Size, Resolve(ask_for_size)]) -> str:
        """Order a pizza."""
        return f"{size.size} {kind}"

    era: Era = request.param
    return Connection(portal, server, era)


def ordered(connection: Connection, answers: list[Any] | None) -> CallToolResult:
    return connection.call("order", {"kind": "Marinara"}, answers=answers).result


def test_a_dict_accepts_with_its_content(pizzeria: Connection) -> None:
    assert ordered(pizzeria, [{"size": "large"}]).structured_content == {"result": "large Marinara"}


def test_a_word_declines(pizzeria: Connection) -> None:
    result = ordered(pizzeria, ["decline"])
    assert result.is_error
    assert "decline" in str(result.content)


def test_a_function_answers_from_the_question(pizzeria: Connection) -> None:
    def answer(question: Question) -> dict[str, str]:
        return {"size": question.params.message.removeprefix("Which ").removesuffix("?")}  # type: ignore[union-attr]

    assert ordered(pizzeria, [answer]).structured_content == {"result": "size Marinara"}


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (None, "nobody is here to answer"),
        ([], "the 0 answers given are used up"),
        (["perhaps"], "'pizzeria' asked 'Which size\\?'"),
    ],
)
def test_what_cannot_be_answered_ends_the_call_with_the_reason(
    pizzeria: Connection, answers: list[Any] | None, reason: str
) -> None:
    with pytest.raises(RequestError, match=reason) as raised:
        ordered(pizzeria, answers)
    assert raised.value.call is not None
    assert ordered(pizzeria, [{"size": "small"}]).structured_content == {"result": "small Marinara"}


ASKS_FOR_ROOTS = """
import json, sys
about = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "odd", "version": "1"}}
tools = [{"name": "t", "inputSchema": {"type": "object"}}]
results = {"initialize": about, "tools/list": {"tools": tools}}
call = None
for line in sys.stdin:
    message = json.loads(line)
    method, id = message.get("method"), message.get("id")
    if method == "tools/call":
        call, reply = id, {"id": "roots", "method": "roots/list"}
    elif id == "roots":
        reply = {"id": call, "result": {"content": []}}
    elif id is None:
        continue
    elif method in results:
        reply = {"id": id, "result": results[method]}
    else:
        reply = {"id": id, "error": {"code": -32601, "message": "no"}}
    print(json.dumps({"jsonrpc": "2.0"} | reply), flush=True)
"""


def test_a_result_is_not_lost_because_nobody_said_what_the_roots_are() -> None:
    with connect([sys.executable, "-c", ASKS_FOR_ROOTS]) as connection:
        assert connection.call("t").result.is_error is False
        with pytest.raises(RequestError, match="the 0 answers given are used up"):
            connection.call("t", answers=[])
