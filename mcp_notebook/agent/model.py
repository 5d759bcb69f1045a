"""Define the interface of models: they answer the protocol's sampling requests.

With such a request, a server asks its client for a model: messages, tools, a system prompt. The loop of `Conversation`
uses the same form. So one model serves both, and only its own module knows its provider.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from mcp_types import CreateMessageRequestParams, CreateMessageResultWithTools

from mcp_notebook.errors import ModelError

__all__ = ["USAGE", "Model", "Usage", "provided"]

USAGE = "mcp-notebook/usage"
"""The key in a reply's ``_meta`` for its `Usage`."""


@dataclass(frozen=True)
class Usage:
    """The tokens and the cost of requests to a model.

    Attributes:
        input: The tokens that the model read; None if unknown.
        output: The tokens that it wrote; None if unknown.
        cost: The cost in US dollars; None if unknown.
    """

    input: int | None = None
    output: int | None = None
    cost: float | None = None

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            None if self.input is None or other.input is None else self.input + other.input,
            None if self.output is None or other.output is None else self.output + other.output,
            None if self.cost is None or other.cost is None else self.cost + other.cost,
        )

    def at(self, input_price: float, output_price: float) -> Usage:
        """Return the same tokens with their cost at these prices, in US dollars for a million tokens."""
        if self.input is None or self.output is None:
            return self
        return Usage(self.input, self.output, (self.input * input_price + self.output * output_price) / 1_000_000)


class Model(Protocol):
    """Answers a request with text, tool calls, or both.

    Attributes:
        name: The model's name, for people.
    """

    name: str

    async def __call__(self, request: CreateMessageRequestParams) -> CreateMessageResultWithTools:
        """Answer a request.

        Raises:
            ModelError: The model cannot answer.
        """
        ...


def provided(model: Any) -> Model:
    """Return a provider's model.

    Args:
        model: ``provider:name``, such as ``anthropic:claude-sonnet-4-5``, or one of pydantic-ai's model objects.

    Raises:
        ModelError: pydantic-ai, the provider's package or the key is missing, or there is no such model.
    """
    try:
        # Imported here, because it is optional, and takes half a second to import.
        from mcp_notebook.agent.pydantic_ai_model import PydanticAIModel
    except ImportError as error:
        raise ModelError(
            f'Providers\' models need pydantic-ai ({error}). Run %pip install "mcp-notebook[agent]", or let a script '
            "play the model: --script VAR."
        ) from None
    return PydanticAIModel(model)
