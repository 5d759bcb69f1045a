"""What is wrong with a request is the caller's error: it has its code, and one line in the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.prompts.base import Message
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS
from pydantic import BaseModel

from mcp_notebook.server import adopt
from mcp_notebook.server.caller_errors import answer_caller_errors


class Tea(BaseModel):
    cups: int


def as_exported(server: MCPServer[Any]) -> None:
    server.middleware.insert(0, answer_caller_errors)


def served(install: Callable[[MCPServer[Any]], object]) -> MCPServer[Any]:
    mcp: MCPServer[Any] = MCPServer("teas", log_level="WARNING")

    @mcp.prompt()
    def plan(cups: int, why: str = "thirst") -> str:
        if cups > 9:
            raise ValueError("too much tea")
        if cups < 0:
            Tea.model_validate({"cups": "none"})
        return f"{cups} for {why}"

    @mcp.prompt()
    async def odd() -> list[Message]:
        return [{"role": "nobody"}]  # type: ignore[list-item]

    install(mcp)
    return mcp


async def refused(server: MCPServer[Any], name: str, arguments: dict[str, str]) -> MCPError:
    async with Client(server) as client:
        with pytest.raises(MCPError) as found:
            await client.get_prompt(name, arguments)
    return found.value


@pytest.mark.parametrize("install", [adopt, as_exported])
@pytest.mark.parametrize(
    ("name", "arguments", "why"),
    [
        ("plans", {}, "Unknown prompt: plans"),
        ("plan", {}, "Missing required arguments: {'cups'}"),
        ("plan", {"cups": "many"}, "Arguments of the wrong type: cups"),
    ],
)
def test_a_prompt_that_is_asked_for_wrongly(
    install: Any, name: str, arguments: dict[str, str], why: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    error = anyio.run(refused, served(install), name, arguments).error
    assert (error.code, error.message) == (INVALID_PARAMS, why)
    assert not [record for record in caplog.records if record.exc_info]
    assert [repr(why) in record.getMessage() for record in caplog.records if "caller_errors" in record.name] == [True]


@pytest.mark.parametrize("install", [adopt, as_exported])
@pytest.mark.parametrize(("name", "cups"), [("plan", "10"), ("plan", "-1"), ("odd", "")])
def test_an_error_of_the_author_keeps_its_traceback(
    install: Any, name: str, cups: str, caplog: pytest.LogCaptureFixture
) -> None:
    error = anyio.run(refused, served(install), name, {"cups": cups} if cups else {}).error
    assert error.code != INVALID_PARAMS
    assert "too much tea" not in error.message
    assert [record for record in caplog.records if record.exc_info]


def test_a_notification_that_is_refused_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def refuse(ctx: ServerRequestContext[Any, Any]) -> None:
        raise MCPError(INVALID_PARAMS, "Invalid or expired\nrequestState")

    class Notification:
        request_id = None
        method = "notifications/progress"

    async def main() -> None:
        assert await answer_caller_errors(Notification(), refuse) is None  # type: ignore[arg-type]
        Notification.request_id = 1  # type: ignore[assignment]
        with pytest.raises(MCPError):
            await answer_caller_errors(Notification(), refuse)  # type: ignore[arg-type]

    anyio.run(main)
    (record,) = [record for record in caplog.records if "caller_errors" in record.name]
    assert "\n" not in record.getMessage()
    assert not record.exc_info
