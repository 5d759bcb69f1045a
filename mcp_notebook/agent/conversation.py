"""The loop of model and tools."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from mcp_types import (
    CallToolResult,
    CreateMessageRequestParams,
    CreateMessageResultWithTools,
    SamplingMessage,
    TextContent,
    Tool,
    ToolResultContent,
    ToolUseContent,
)

from mcp_notebook.agent.model import Model
from mcp_notebook.agent.toolbox import Toolbox
from mcp_notebook.client import Answerer
from mcp_notebook.client.reading import Unknown
from mcp_notebook.errors import McpNotebookError, ModelError, RequestError
from mcp_notebook.recording import Call

__all__ = ["Conversation", "Turn", "Use", "Watcher"]


@dataclass(frozen=True)
class Use:
    """A call of a tool that a model asks for.

    Attributes:
        name: What the model calls it.
        server: The server's name; empty where no server has such a tool.
        tool: The tool; None where there is none.
        arguments: As the model gave them.
    """

    name: str
    server: str
    tool: Tool | None
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Turn:
    """What came of one prompt.

    Attributes:
        answer: The model's last text.
        calls: Each call with its result, in order.
        requests: How often the model was asked.
        cut: Whether the answer ends where the limit of tokens was reached.
    """

    answer: str
    calls: Sequence[tuple[Use, CallToolResult]]
    requests: int
    cut: bool = False

    def __repr__(self) -> str:
        return f"Turn: {len(self.calls)} calls, {self.requests} requests to the model\n{self.answer}"


class Watcher(Protocol):
    """Is told of a turn as it goes on, on the event loop; the turn waits for it."""

    async def said(self, text: str) -> None:
        """The model said something."""

    async def calling(self, use: Use) -> None:
        """The model asks for a call, which has not begun yet."""

    async def called(self, use: Use, result: CallToolResult, call: Call | None) -> None:
        """That call has ended; `call` is what the recorder kept of it."""

    async def failed(self, use: Use, reason: str, call: Call | None) -> None:
        """That call was not made, or brought no result."""


Approve = Callable[[Use], Awaitable[bool]]
"""Says whether a call may be made."""


@dataclass
class Conversation:
    """Messages that go on from turn to turn.

    A turn that ends early (interrupted, or the model fails) leaves those of its rounds that were complete: the
    model was told the result of every call that it asked for.
    """

    messages: list[SamplingMessage] = field(default_factory=list)

    async def turn(
        self,
        prompt: str,
        model: Model,
        toolbox: Toolbox,
        watcher: Watcher,
        *,
        approve: Approve | None = None,
        answerer: Answerer | None = None,
        most_requests: int = 10,
        most_tokens: int = 4096,
    ) -> Turn:
        """Ask the model, make the calls that it asks for, tell it the results, until it answers without a call.

        Args:
            prompt: What the person says.
            model: Who is asked.
            toolbox: What it can call.
            watcher: Is told of everything.
            approve: Is asked before each call; None allows all.
            answerer: Answers what servers ask during the calls; None leaves it to the connections' own.
            most_requests: To the model; the turn ends there.
            most_tokens: Of each of its replies.

        Raises:
            ModelError: The model did not answer, or not within `most_requests`.
        """
        messages = [*self.messages, SamplingMessage(role="user", content=TextContent(type="text", text=prompt))]
        calls: list[tuple[Use, CallToolResult]] = []
        for number in range(1, most_requests + 1):
            reply = await model(_request(messages, toolbox, most_tokens))
            messages.append(SamplingMessage(role="assistant", content=reply.content, _meta=reply.meta))
            text = _text(reply)
            if text:
                await watcher.said(text)
            blocks = [block for block in reply.content_as_list if isinstance(block, ToolUseContent)]
            uses = [_use(toolbox, block) for block in blocks]
            results = [await self._made(use, toolbox, watcher, approve, answerer) for use in uses]
            calls += zip(uses, results, strict=True)
            if blocks:
                messages.append(SamplingMessage(role="user", content=[*map(_told, blocks, results)]))
            self.messages = list(messages)
            if not blocks:
                return Turn(text, calls, number, cut=reply.stop_reason == "maxTokens")
        raise ModelError(
            f"The model was asked {most_requests} times and still calls tools. What it was told is kept: go on in "
            "the next cell, or allow more with --max-turns."
        )

    async def _made(
        self, use: Use, toolbox: Toolbox, watcher: Watcher, approve: Approve | None, answerer: Answerer | None
    ) -> CallToolResult:
        await watcher.calling(use)
        try:
            entry = toolbox.find(use.name)
            if approve is not None and not await approve(use):
                raise RequestError("The user did not allow this call.")
            outcome = await entry.connection.aio.call(entry.tool.name, use.arguments, answers=answerer)
        except McpNotebookError as error:
            await watcher.failed(use, str(error), getattr(error, "call", None))
            # The model is told, as it is of a tool's own failure, and may do something about it.
            return CallToolResult(content=[TextContent(type="text", text=str(error))], is_error=True)
        await watcher.called(use, outcome.result, outcome.call)
        return outcome.result


def _request(messages: list[SamplingMessage], toolbox: Toolbox, most_tokens: int) -> CreateMessageRequestParams:
    return CreateMessageRequestParams(
        messages=messages, tools=toolbox.tools, system_prompt=toolbox.instructions, max_tokens=most_tokens
    )


def _use(toolbox: Toolbox, block: ToolUseContent) -> Use:
    try:
        entry = toolbox.find(block.name)
    except McpNotebookError:
        return Use(block.name, "", None, block.input)
    return Use(block.name, entry.server, entry.tool, block.input)


def _text(reply: CreateMessageResultWithTools) -> str:
    return "\n".join(block.text for block in reply.content_as_list if isinstance(block, TextContent))


def _told(block: ToolUseContent, result: CallToolResult) -> ToolResultContent:
    return ToolResultContent(
        tool_use_id=block.id,
        content=[_as_text(block) if isinstance(block, Unknown) else block for block in result.content],
        structured_content=result.structured_content,
        is_error=result.is_error,
    )


def _as_text(block: Unknown) -> TextContent:
    """Return a block that is none of the protocol's as its JSON, which a model can read."""
    return TextContent(type="text", text=block.model_dump_json())
