"""Run the loop of model and tools."""

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
from mcp_notebook.agent.usage import USAGE, Usage
from mcp_notebook.client import Answerer
from mcp_notebook.client.reading import Unknown
from mcp_notebook.errors import McpNotebookError, RequestError, TurnLimitError
from mcp_notebook.recording import Call

__all__ = ["Conversation", "Turn", "Use", "Watcher"]


@dataclass(frozen=True)
class Use:
    """A tool call that a model asks for.

    Attributes:
        name: The model's name for the tool.
        server: The server's name; "" if no server has such a tool.
        tool: The tool; None if there is none.
        arguments: The arguments, as the model gave them.
    """

    name: str
    server: str
    tool: Tool | None
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Turn:
    """The outcome of one prompt.

    Attributes:
        answer: The model's last text.
        calls: Each call with its result, in order.
        requests: The number of requests to the model.
        cut: Whether the answer was cut off at the limit of tokens.
    """

    answer: str
    calls: Sequence[tuple[Use, CallToolResult]]
    requests: int
    cut: bool = False

    def __repr__(self) -> str:
        return f"Turn: {len(self.calls)} calls, {self.requests} requests to the model\n{self.answer}"


class Watcher(Protocol):
    """Follows a turn, on the event loop; the turn waits for each call of these methods."""

    async def said(self, text: str) -> None:
        """Handle a text of the model."""

    async def calling(self, use: Use) -> None:
        """Handle a call that the model asks for, before it begins."""

    async def called(self, use: Use, result: CallToolResult, call: Call | None) -> None:
        """Handle the result of that call; `call` is its record."""

    async def failed(self, use: Use, reason: str, call: Call | None) -> None:
        """Handle that call if it was not made, or has no result."""


Approve = Callable[[Use], Awaitable[bool]]
"""Decides whether a call may be made."""


@dataclass
class Conversation:
    """The messages of all turns.

    If a turn ends early (interrupted, or the model fails), the messages of its complete rounds are kept: those in which
    the model got the result of every call that it asked for.

    Attributes:
        messages: The messages.
        usage: The tokens and the cost of all requests to the model, of turns that ended early too.
    """

    messages: list[SamplingMessage] = field(default_factory=list)
    usage: Usage = field(default_factory=lambda: Usage(0, 0, 0.0))

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
        """Ask the model, make the calls that it asks for and return the results to it, until it answers without a call.

        Args:
            prompt: The person's text.
            model: The model to ask.
            toolbox: The tools that it can call.
            watcher: Follows the turn.
            approve: Decides before each call; None allows all calls.
            answerer: Answers questions of servers during the calls; None leaves them to the connections' answerers.
            most_requests: The most requests to the model in the turn.
            most_tokens: The most tokens of each reply.

        Raises:
            ModelError: The model did not answer.
            TurnLimitError: It did not end within `most_requests`.
        """
        messages = [*self.messages, SamplingMessage(role="user", content=TextContent(type="text", text=prompt))]
        calls: list[tuple[Use, CallToolResult]] = []
        for number in range(1, most_requests + 1):
            reply = await model(_request(messages, toolbox, most_tokens))
            self.usage += (reply.meta or {}).get(USAGE) or Usage()
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
        raise TurnLimitError(
            f"The model was asked {most_requests} times and still calls tools. The conversation is kept: continue in "
            "the next cell, or allow more requests with --max-turns."
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
            # The model gets the error, as it does for a failure of the tool itself, and may react to it.
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
    """Return a block of unknown type as JSON, which a model can read."""
    return TextContent(type="text", text=block.model_dump_json())
