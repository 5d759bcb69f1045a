"""A small server of the SDK, over stdio, or over HTTP where a port is given."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import Annotated, Any

import anyio
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.resolve import Elicit, Resolve
from mcp_types import Completion, CompletionArgument
from pydantic import BaseModel

server = MCPServer("echoes", instructions="Say something.", log_level="ERROR")


class Name(BaseModel):
    name: str


async def ask() -> Elicit[Name]:
    return Elicit("Who?", Name)


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool()
async def steps(ctx: Context) -> str:
    await ctx.report_progress(1, 2, "half")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the protocol's logging is deprecated, and spoken all the same
        await ctx.info("half way")
    return "done"


@server.tool()
def greet(name: Annotated[Name, Resolve(ask)]) -> str:
    return f"Hello {name.name}"


@server.tool()
async def waits(path: str) -> str:
    """Write how far it came, and never end."""
    Path(path).write_text("began")
    try:
        await anyio.sleep_forever()
    finally:
        Path(path).write_text("cancelled")
    return "never"


@server.tool()
def dies() -> str:
    print("these are the last words", file=sys.stderr, flush=True)
    os._exit(3)


@server.tool()
def environment(name: str) -> str | None:
    return os.environ.get(name)


@server.tool()
async def changes(ctx: Context) -> str:
    await ctx.notify_tools_changed()
    await ctx.session.send_tool_list_changed()
    return "changed"


@server.resource("echo://text")
def text() -> str:
    return "text"


@server.resource("echo://{word}/twice")
def twice(word: str) -> str:
    return word * 2


@server.prompt()
def review(text: str) -> str:
    return f"Review {text}"


@server.completion()
async def complete(ref: Any, argument: CompletionArgument, context: Any) -> Completion:
    return Completion(values=[word for word in ("alpha", "beta") if word.startswith(argument.value)])


if __name__ == "__main__":
    print("ready", file=sys.stderr, flush=True)
    server.run()
