"""Answer questions from a list written in advance, for lessons and tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mcp_notebook.client.answers import answer_from, in_words
from mcp_notebook.client.questions import Answer, Question
from mcp_notebook.errors import RequestError

__all__ = ["Script"]


class Script:
    """An answerer that takes its answers from a list, in order.

    Args:
        answers: The answers, each as `answer_from` accepts it; unused ones are ignored.
    """

    def __init__(self, answers: Sequence[Any]) -> None:
        self._answers = list(answers)
        self._used = 0

    @property
    def left(self) -> int:
        """The number of unused answers."""
        return len(self._answers) - self._used

    async def __call__(self, question: Question) -> Answer:
        """Return the next answer.

        Raises:
            RequestError: No answer is left, or it does not fit the question.
        """
        if self._used == len(self._answers):
            raise RequestError(
                f"{question.server!r} asked {in_words(question)}, and the {self._used} answers given are used up. "
                "Add one to answers=[...]."
            )
        answer = self._answers[self._used]
        self._used += 1
        return await answer_from(question, answer)
