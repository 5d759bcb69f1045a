"""A stand-in for a language model: it chooses tools by the words of their descriptions, without a key or a network."""

from __future__ import annotations

from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResultWithTools,
    SamplingMessage,
    TextContent,
    ToolResultContent,
    ToolUseContent,
)

from mcp_notebook.agent.stand_in import choose

__all__ = ["StandInModel"]


class StandInModel:
    """Calls for each sentence of the prompt the tool with the most of its words, and answers with the results.

    It is not a language model, and does not predict one. It reads names and descriptions, so a description with the
    words that people use makes it choose better. The same prompt, tools and seed always give the same calls.

    Args:
        seed: Decides which words of each tool it overlooks, one in five; it overlooks none if this is None.
    """

    name = "stand-in"

    def __init__(self, seed: object = None) -> None:
        self._seed = seed

    async def __call__(self, request: CreateMessageRequestParams) -> CreateMessageResultWithTools:
        """Answer a request: with the next call, or with the text of all results."""
        prompt, since = _latest_prompt(request.messages)
        tools = [(tool.name, tool.description or "", tool.input_schema) for tool in request.tools or []]
        calls = choose(prompt, tools, self._seed)
        blocks = [block for message in since for block in message.content_as_list]
        done = sum(isinstance(block, ToolUseContent) for block in blocks)
        if done < len(calls):
            name, arguments = calls[done]
            use = ToolUseContent(id=f"call-{len(request.messages)}", name=name, input=arguments)
            return CreateMessageResultWithTools(role="assistant", content=[use], model=self.name, stop_reason="toolUse")
        texts = [
            part.text
            for block in blocks
            if isinstance(block, ToolResultContent)
            for part in block.content
            if isinstance(part, TextContent)
        ]
        text = "\n".join(texts) or ("Done." if done else "No tool here is about that.")
        answer = TextContent(type="text", text=text)
        return CreateMessageResultWithTools(role="assistant", content=answer, model=self.name, stop_reason="endTurn")


def _latest_prompt(messages: list[SamplingMessage]) -> tuple[str, list[SamplingMessage]]:
    """Return the text of the latest prompt, and the messages after it."""
    for place in range(len(messages) - 1, -1, -1):
        texts = [block.text for block in messages[place].content_as_list if isinstance(block, TextContent)]
        if messages[place].role == "user" and texts:
            return "\n".join(texts), messages[place + 1 :]
    return "", messages
