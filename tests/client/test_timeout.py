"""The time that a request has."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from typing import Annotated, Any

import anyio
import pytest
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Elicit, Resolve
from pydantic import BaseModel

from mcp_notebook import NotebookServer, connect
from mcp_notebook.client import Connection, Question
from mcp_notebook.errors import RequestError


class Answer(BaseModel):
    name: str


async def ask() -> Elicit[Answer]:
    return Elicit("Who?", Answer)


@pytest.fixture(params=["modern", "legacy"])
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    server = NotebookServer("slow")
    cancelled = threading.Event()

    @server.tool()
    async def forever() -> str:
        try:
            await anyio.sleep_forever()
        finally:
            cancelled.set()
        return "never"

    @server.tool()
    async def stalls(ctx: Context) -> str:
        await ctx.report_progress(1)
        await anyio.sleep_forever()
        return "never"

    @server.tool()
    async def greets(answer: Annotated[Answer, Resolve(ask)]) -> str:
        return answer.name

    @server.resource("slow://text")
    async def text() -> str:
        await anyio.sleep_forever()
        return "never"

    @server.prompt()
    async def draft() -> str:
        await anyio.sleep_forever()
        return "never"

    with connect(server, era=request.param, timeout=0.3) as connection:
        connection.cancelled = cancelled  # type: ignore[attr-defined]
        yield connection


def test_a_call_that_takes_too_long_is_cancelled_at_the_server(connection: Connection) -> None:
    with pytest.raises(RequestError, match=r"^'slow' did not answer within 0\.1 s;.*timeout=") as raised:
        connection.call("forever", timeout=0.1)
    assert connection.cancelled.wait(30)  # type: ignore[attr-defined]
    assert raised.value.call is not None
    assert raised.value.call.state != "running"


def test_the_timeout_of_the_connection_holds_for_each_request_without_its_own(connection: Connection) -> None:
    for request in (
        lambda: connection.call("forever"),
        lambda: connection.read("slow://text"),
        lambda: connection.prompt("draft"),
        lambda: anyio.run(connection.aio.call, "forever"),
    ):
        with pytest.raises(RequestError, match=r"within 0\.3 s"):
            request()


def test_progress_is_no_reason_to_wait_for_ever(connection: Connection) -> None:
    with pytest.raises(RequestError, match=r"within 0\.3 s, or after its last progress report"):
        connection.call("stalls")


def test_a_person_who_is_asked_has_the_time_that_it_takes(connection: Connection) -> None:
    def slowly(_: Question) -> dict[str, Any]:
        threading.Event().wait(0.6)
        return {"name": "Ada"}

    assert connection.call("greets", answers=slowly).result.structured_content == {"result": "Ada"}


def test_a_request_can_wait_for_ever_where_its_connection_does_not(connection: Connection) -> None:
    call = connection.start_call("forever", timeout=math.inf)
    with pytest.raises(RequestError):
        connection.call("forever")
    assert not call.done()
    call.cancel()


@pytest.mark.parametrize("wrong", [0, -1, math.nan, True, "5"])
def test_a_timeout_that_is_none_is_said(connection: Connection, wrong: Any) -> None:
    with pytest.raises(RequestError, match="A timeout is a positive number of seconds"):
        connection.call("forever", timeout=wrong)
    with pytest.raises(RequestError, match="A timeout is a positive number of seconds"):
        connect(NotebookServer("any"), timeout=wrong)
