"""Define the interface of models: they answer the protocol's sampling requests.

With such a request, a server asks its client for a model: messages, tools, a system prompt. The loop of `Conversation`
uses the same form. So one model serves both, and only its own module knows its provider.
"""

from __future__ import annotations

from typing import Any, Protocol

from mcp_types import CreateMessageRequestParams, CreateMessageResultWithTools

from mcp_notebook.errors import ModelError

__all__ = ["Model", "provided"]


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
