"""Use the models of Anthropic, OpenAI, Google and others through pydantic-ai; only this module imports it.

It uses only the models (`pydantic_ai.direct`), not the agents, because calls go through the notebook's own connections,
which record calls, ask for approval, and answer questions of servers.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from mcp_types import (
    AudioContent,
    BlobResourceContents,
    CreateMessageRequestParams,
    CreateMessageResultWithTools,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    SamplingMessage,
    TextContent,
    ToolResultContent,
    ToolUseContent,
)
from pydantic_ai import messages as ai
from pydantic_ai.direct import model_request
from pydantic_ai.exceptions import AgentRunError, ModelHTTPError, UserError
from pydantic_ai.models import Model, ModelRequestParameters, infer_model
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from mcp_notebook.agent.usage import USAGE, Usage
from mcp_notebook.errors import ModelError

__all__ = ["PydanticAIModel"]

_AS_IT_CAME = "mcp-notebook/reply"
"""The key in a message's ``_meta`` for the provider's own reply, which has parts to send back unchanged, such as
signed thoughts."""


class PydanticAIModel:
    """A model of pydantic-ai.

    Args:
        model: ``provider:name``, or a model object.

    Raises:
        ModelError: The provider's package or the key is missing, or there is no such model.
    """

    def __init__(self, model: Any) -> None:
        if not isinstance(model, str | Model):
            raise ModelError(
                f"A value of type {type(model).__name__} is not a model. Name one as provider:name, such as "
                "anthropic:claude-sonnet-4-5, or give a model object of pydantic-ai."
            )
        try:
            self._model = infer_model(model)
        except ImportError as error:
            raise ModelError(_missing_package(str(model), error)) from None
        except UserError as error:
            raise ModelError(_missing_key(str(model), error)) from None
        self.name = model if isinstance(model, str) else f"{self._model.system}:{self._model.model_name}"

    async def __call__(self, request: CreateMessageRequestParams) -> CreateMessageResultWithTools:
        """Answer a request.

        Raises:
            ModelError: The provider cannot be reached, or refuses.
        """
        settings = ModelSettings(max_tokens=request.max_tokens)
        if request.temperature is not None:
            settings["temperature"] = request.temperature
        if request.stop_sequences:
            settings["stop_sequences"] = request.stop_sequences
        tools = [
            ToolDefinition(name=tool.name, description=tool.description, parameters_json_schema=tool.input_schema)
            for tool in request.tools or []
        ]
        try:
            reply = await model_request(
                self._model,
                _messages(request),
                model_settings=settings,
                model_request_parameters=ModelRequestParameters(function_tools=tools),
            )
        except (AgentRunError, UserError) as error:
            raise ModelError(_failure(self.name, error)) from error
        return _result(reply, self.name)


def _messages(request: CreateMessageRequestParams) -> list[ai.ModelMessage]:
    names: dict[str, str] = {}
    messages: list[ai.ModelMessage] = []
    for message in request.messages:
        if message.role == "assistant":
            names |= {b.id: b.name for b in message.content_as_list if isinstance(b, ToolUseContent)}
            messages.append(_reply(message))
        else:
            parts = [_part(block, names) for block in message.content_as_list]
            messages.append(ai.ModelRequest(parts=parts, instructions=request.system_prompt))
    return messages


def _reply(message: SamplingMessage) -> ai.ModelResponse:
    as_it_came = (message.meta or {}).get(_AS_IT_CAME)
    if isinstance(as_it_came, ai.ModelResponse):
        return as_it_came
    return ai.ModelResponse(
        parts=[
            ai.ToolCallPart(block.name, block.input, block.id)
            if isinstance(block, ToolUseContent)
            else ai.TextPart(str(_content(block)))
            for block in message.content_as_list
        ]
    )


def _part(block: Any, names: dict[str, str]) -> ai.ModelRequestPart:
    if not isinstance(block, ToolResultContent):
        return ai.UserPromptPart([_content(block)])
    contents = [_content(item) for item in block.content]
    if all(isinstance(content, str) for content in contents):
        told: Any = "\n".join(contents)
    else:
        told = contents
    return ai.ToolReturnPart(
        names.get(block.tool_use_id, "unknown"),
        told,
        block.tool_use_id,
        outcome="failed" if block.is_error else "success",
    )


def _content(block: Any) -> Any:
    """Convert a block to pydantic-ai's form: text, or bytes with a media type."""
    if isinstance(block, TextContent):
        return block.text
    if isinstance(block, ImageContent | AudioContent):
        return ai.BinaryContent(base64.b64decode(block.data), media_type=block.mime_type)
    if isinstance(block, ResourceLink):
        return f"[resource {block.name}: {block.uri}]"
    if isinstance(block, EmbeddedResource):
        inside = block.resource
        if isinstance(inside, BlobResourceContents):
            return f"[binary resource {inside.uri}, {inside.mime_type or 'of unknown type'}]"
        return inside.text
    return block.model_dump_json(by_alias=True, exclude_none=True)


def _result(reply: ai.ModelResponse, name: str) -> CreateMessageResultWithTools:
    blocks: list[Any] = []
    for part in reply.parts:
        if isinstance(part, ai.TextPart):
            blocks.append(TextContent(type="text", text=part.content))
        elif isinstance(part, ai.ToolCallPart):
            blocks.append(ToolUseContent(id=part.tool_call_id, name=part.tool_name, input=part.args_as_dict()))
    calls = any(isinstance(block, ToolUseContent) for block in blocks)
    ended = "maxTokens" if reply.finish_reason == "length" else "endTurn"
    return CreateMessageResultWithTools(
        role="assistant",
        content=blocks,
        model=reply.model_name or name,
        stop_reason="toolUse" if calls else ended,
        _meta={_AS_IT_CAME: reply, USAGE: _usage(reply)},
    )


def _usage(reply: ai.ModelResponse) -> Usage:
    if not reply.usage.has_values():
        return Usage()
    try:
        cost = float(reply.cost().total_price)
    except (AssertionError, LookupError, ValueError):  # no name, no known price, or no tokens
        cost = None
    return Usage(reply.usage.input_tokens, reply.usage.output_tokens, cost)


def _missing_package(model: str, error: ImportError) -> str:
    group = re.search(r"pydantic-ai-slim\[([\w-]+)\]", str(error))
    package = f"pydantic-ai-slim[{group[1]}]" if group else "pydantic-ai-slim"
    return f"{model} needs its provider's package. Run %pip install '{package}', then this cell again."


def _missing_key(model: str, error: UserError) -> str:
    variable = re.search(r"`([A-Z][A-Z0-9_]+)`", str(error))
    if variable is None:
        return f"{str(error).rstrip('.')}. Name a model as provider:name, such as anthropic:claude-sonnet-4-5."
    return (
        f"{model} needs {variable[1]} in the environment in which Jupyter starts. Do not write it in a cell, which "
        "is saved. Without a key, use --script VAR."
    )


def _failure(model: str, error: AgentRunError | UserError) -> str:
    if isinstance(error, ModelHTTPError) and error.status_code in (401, 403):
        # The provider's message may quote the key.
        return (
            f"{model} refused the key ({error.status_code}). Check it in the environment in which Jupyter was started."
        )
    reason = " ".join(str(error).split())[:300]
    return f"{model} did not answer: {reason}"
