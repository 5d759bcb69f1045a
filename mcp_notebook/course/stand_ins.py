"""The small programs of chapters 4 and 4b: a clock, the town's archive, a careless server."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import anyio
from mcp.server import Server
from mcp_types import CallToolResult, ListToolsResult, TextContent, Tool

__all__ = ["Archive", "LessonClock", "careless_server"]

COPIES = {"Dune": 3, "Emma": 0, "Kindred": 1, "Persuasion": 2, "Silent Spring": 1}
"""The copies of each book that the archive knows."""


@dataclass
class LessonClock:
    """A clock that a lesson moves, so that nobody has to wait.

    Attributes:
        now: The time in seconds.
    """

    now: float = 0.0

    def __call__(self) -> float:
        """Return the time, as `time.monotonic` does."""
        return self.now


@dataclass
class Archive:
    """The town's archive, which answers by telephone and has to be spared.

    Attributes:
        calls: The number of calls so far, by title.
        busy: The number of calls at this moment.
        most: The highest number of calls at one moment.
    """

    calls: Counter[str] = field(default_factory=Counter)
    busy: int = 0
    most: int = 0

    def ask(self, title: str) -> int | None:
        """Return the number of copies; None for a book that the archive does not know."""
        self.calls[title] += 1
        return COPIES.get(title)

    async def phone(self, title: str) -> int:
        """Return the number of copies, after it rang for a while.

        Raises:
            LookupError: The archive does not know the book.
        """
        self.busy += 1
        self.most = max(self.most, self.busy)
        try:
            await anyio.sleep(0.05)
        finally:
            self.busy -= 1
        copies = self.ask(title)
        if copies is None:
            raise LookupError(f"The archive does not know {title!r}.")
        return copies


def careless_server() -> Server[Any]:
    """Return a server whose tool promises a number and sends a text.

    It is written on the layer below `MCPServer`, where nothing checks the result against the schema.
    """
    promised = {"type": "object", "properties": {"free": {"type": "integer"}}, "required": ["free"]}
    tool = Tool(name="free_copies", input_schema={"type": "object"}, output_schema=promised)

    async def list_tools(_context: Any, _params: Any) -> ListToolsResult:
        return ListToolsResult(tools=[tool])

    async def call_tool(_context: Any, _params: Any) -> CallToolResult:
        return CallToolResult(content=[TextContent(type="text", text="two")], structured_content={"free": "two"})

    return Server("careless", on_list_tools=list_tools, on_call_tool=call_tool)
