"""What a client of this process does with what it is told is its own, not the call's."""

from __future__ import annotations

import anyio
import pytest
from mcp.client import Client
from mcp.server.mcpserver import Context

from mcp_notebook import NotebookServer
from mcp_notebook.recording import output


@pytest.mark.parametrize("era", ["auto", "legacy"])
def test_what_a_progress_callback_prints_is_not_the_calls(era: str, capsys: pytest.CaptureFixture[str]) -> None:
    server = NotebookServer("library")

    @server.tool()
    async def count(ctx: Context) -> str:
        print("inside the call")
        await ctx.report_progress(1, 1)
        print("still inside")
        return "done"

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        print("inside the callback")

    async def call() -> None:
        async with Client(server, mode=era) as client:
            await client.call_tool("count", progress_callback=on_progress)

    with output.captured():
        anyio.run(call)
    assert capsys.readouterr().out == "inside the callback\n"
    assert server.runtime.recorder.calls[0].text("stdout") == "inside the call\nstill inside\n"
