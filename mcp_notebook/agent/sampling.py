"""Answer sampling requests of servers with a model.

Sampling is deprecated in the protocol since 2026-07-28: a server that needs a model should ask a provider itself.
"""

from __future__ import annotations

from mcp_types import CreateMessageRequestParams, CreateMessageResult, TextContent

from mcp_notebook.agent.model import Model
from mcp_notebook.client import Answer, Answerer, Question
from mcp_notebook.client.answers import answer_from
from mcp_notebook.errors import ModelError, RequestError

__all__ = ["ModelAnswerer"]


class ModelAnswerer:
    """An answerer that gives sampling requests to a model, and other questions to another answerer.

    Attributes:
        model: Answers sampling requests.
        otherwise: Answers other questions.
    """

    def __init__(self, model: Model, otherwise: Answerer) -> None:
        self.model = model
        self.otherwise = otherwise

    async def __call__(self, question: Question) -> Answer:
        """Answer a question.

        Raises:
            RequestError: The model failed, or the other answerer did not answer.
        """
        if isinstance(question.params, CreateMessageRequestParams):
            return await self._sample(question.params)
        return await answer_from(question, self.otherwise)

    async def _sample(self, request: CreateMessageRequestParams) -> Answer:
        try:
            reply = await self.model(request)
        except ModelError as error:
            raise RequestError(str(error)) from error
        if request.tools:
            return reply.model_copy(update={"meta": None})
        text = "\n".join(block.text for block in reply.content_as_list if isinstance(block, TextContent))
        content = TextContent(type="text", text=text)
        return CreateMessageResult(role="assistant", content=content, model=reply.model, stop_reason=reply.stop_reason)
