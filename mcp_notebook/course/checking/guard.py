"""Run a learner's loop of model and tools, with a script as the model, and see what it lets through."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from mcp import Client
from mcp.server.mcpserver import MCPServer
from mcp_types import ToolAnnotations

from mcp_notebook.course.checking.bench import Bench
from mcp_notebook.course.checking.cases import Probe

__all__ = ["BURN", "KEEP", "LOOK", "SAY", "TAKE", "TITLES", "guarded"]

LOOK = {"tool": "search", "arguments": {"text": "austen"}}
TAKE = {"tool": "lend", "arguments": {"title": "Dune", "member": "Omar"}}
KEEP = {"tool": "reserve", "arguments": {"title": "Dune"}}
BURN = {"tool": "burn", "arguments": {}}
SAY = {"text": "Emma, by Jane Austen."}
TITLES = "Emma, Persuasion"
"""The replies of the model, and the result of the first."""


def _library() -> tuple[MCPServer, list[str]]:
    """Return a server, and the list of its tools that were called."""
    server, called = MCPServer("library", log_level="WARNING"), list[str]()

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    def search(text: str) -> list[str]:
        """Find books."""
        called.append("search")
        return ["Emma", "Persuasion"]

    @server.tool()
    def lend(title: str, member: str) -> str:
        """Lend a book. It has no annotations at all."""
        called.append("lend")
        return "lent"

    @server.tool(annotations=ToolAnnotations(destructive_hint=False, idempotent_hint=True))
    def reserve(title: str) -> str:
        """Reserve a book. Its annotations do not say that it only reads."""
        called.append("reserve")
        return "reserved"

    return server, called


def guarded(about: str, steps: Sequence[Mapping[str, Any]], result: Any, most_turns: int = 5) -> Probe:
    """Run the learner's loop with a script as the model, and see what was called and what the model was told."""

    async def look(bench: Bench) -> Any:
        server, called = _library()
        asked: list[list[Any]] = []

        def model(messages: Any, tools: Any) -> dict[str, Any]:
            asked.append(copy.deepcopy(messages))
            return dict(steps[min(len(asked), len(steps)) - 1])

        async with Client(server) as client:
            try:
                answer = bench.namespace["guarded"](client, model, "What is there by Austen?", most_turns)
                answer = await answer if inspect.isawaitable(answer) else answer
            except RuntimeError as error:
                answer = f"RuntimeError after {len(asked)} requests" if type(error) is RuntimeError else repr(error)
        return {"called": called, "told": [_told(messages[-1]) for messages in asked[1:]], "answer": answer}

    replies = ", ".join(str(step.get("tool", "text")) for step in steps)
    return Probe(f"a model that replies {replies}", about, look, result)


def _told(message: Any) -> str:
    """Say what a message tells the model."""
    if not isinstance(message, Mapping) or message.get("role") != "tool":
        return f"no tool's message, but {message!r}"
    text = str(message.get("text"))
    if "not allowed" not in text:
        return text
    return "not allowed" if message.get("failed") is True else "not allowed, without 'failed': True"
