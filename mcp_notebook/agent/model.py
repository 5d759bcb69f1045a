"""A model: whatever answers the protocol's own request for one.

The protocol has a form in which a server asks its client for a model (sampling): messages, tools, a system prompt.
The loop of `Conversation` asks in the same form, so one model serves both, and nothing else needs to know whose it is.
"""

from __future__ import annotations

from typing import Any, Protocol

from mcp_types import CreateMessageRequestParams, CreateMessageResultWithTools

from mcp_notebook.errors import ModelError

__all__ = ["Model", "provided"]


class Model(Protocol):
    """Answers a request with text, calls of tools, or both.

    Attributes:
        name: What it is called, for people.
    """

    name: str

    async def __call__(self, request: CreateMessageRequestParams) -> CreateMessageResultWithTools:
        """Answer.

        Raises:
            ModelError: It cannot.
        """
        ...


def provided(model: Any) -> Model:
    """Return a model of a provider.

    Args:
        model: ``provider:name``, such as ``anthropic:claude-sonnet-4-5``, or one of pydantic-ai's model objects.

    Raises:
        ModelError: pydantic-ai, the provider's package or the key is not there, or nobody has such a model.
    """
    try:
        # Here, because it is an extra, and takes half a second to import.
        from mcp_notebook.agent.pydantic_ai_model import PydanticAIModel
    except ImportError as error:
        raise ModelError(
            f"The models of providers need pydantic-ai ({error}). Run %pip install 'mcp-notebook[agent]', or let a "
            "script play the model: --script VAR."
        ) from None
    return PydanticAIModel(model)
