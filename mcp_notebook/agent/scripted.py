"""Play a model by a script, for lessons and tests, without a key or a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mcp_types import CreateMessageRequestParams, CreateMessageResultWithTools, TextContent, ToolUseContent

from mcp_notebook.errors import ModelError

__all__ = ["ScriptedModel"]


class ScriptedModel:
    """A model that replies to each request with the next step of a script.

    A step is a text; a tool call, ``{"tool": name, "arguments": {...}}``; a list of these, for a reply with several
    parts; or a function that takes the messages so far (`SamplingMessage`) and returns one of them.

    Args:
        steps: The script; unused steps at the end are allowed.
    """

    name = "scripted"

    def __init__(self, steps: Sequence[Any]) -> None:
        self._steps = list(steps)
        self._used = 0

    async def __call__(self, request: CreateMessageRequestParams) -> CreateMessageResultWithTools:
        """Reply with the next step.

        Raises:
            ModelError: There is no step left, or the step is invalid.
        """
        if self._used == len(self._steps):
            raise ModelError(
                f"The script has only {self._used} steps, and the model was asked again. End the script with a text, "
                "the model's answer."
            )
        step = self._steps[self._used]
        self._used += 1
        if callable(step):
            step = step(request.messages)
        parts = step if isinstance(step, list) else [step]
        blocks = [self._block(part, place) for place, part in enumerate(parts, 1)]
        calls = any(isinstance(block, ToolUseContent) for block in blocks)
        return CreateMessageResultWithTools(
            role="assistant", content=[*blocks], model=self.name, stop_reason="toolUse" if calls else "endTurn"
        )

    def _block(self, part: Any, place: int) -> TextContent | ToolUseContent:
        if isinstance(part, str):
            return TextContent(type="text", text=part)
        if isinstance(part, Mapping) and "tool" in part and set(part) <= {"tool", "arguments"}:
            arguments = dict(part.get("arguments") or {})
            return ToolUseContent(id=f"call-{self._used}-{place}", name=str(part["tool"]), input=arguments)
        raise ModelError(
            f"Step {self._used} of the script is {part!r}. A step must be a text, a call {{'tool': NAME, 'arguments': "
            "{...}}, a list of these, or a function of the messages that returns one."
        )
