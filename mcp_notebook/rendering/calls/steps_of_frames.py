"""List the steps of frames: each message as it went, with its HTTP status, and who answered what was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mcp_notebook.recording.wire import Frame
from mcp_notebook.rendering import look
from mcp_notebook.rendering.calls.extracts import (
    ERROR_FROM_THE_TOOL,
    answer_in_words,
    error_in_words,
    named_in,
    params_in_words,
    result_in_words,
)
from mcp_notebook.rendering.calls.frames import session_of
from mcp_notebook.rendering.calls.steps import ASKED, Step, Steps, method_of_question, put_to_somebody
from mcp_notebook.rendering.content import as_object

__all__ = ["steps_of_frames"]

OTHER = {"client": "server", "server": "client"}
HTTP_ALONE = {"GET": "opens a stream for messages from the server", "DELETE": "ends the session"}
INITIALIZED = "notifications/initialized"

NO_ID = str(None)
"""The id of an error whose request could not be read."""

MOST_OPEN = 100
"""Requests that are known at a time; others may never be answered."""


def steps_of_frames(frames: Sequence[Frame]) -> list[Step]:
    """Return the steps of frames, in order."""
    drawing = _Drawing(frames[0].at if frames else 0.0)
    for frame in _settled(frames):
        drawing.draw(frame)
    return drawing.steps.made


def _settled(frames: Sequence[Frame]) -> list[Frame]:
    """Return the frames, one for each message of a batch, in an order that does not depend on chance.

    A client opens its stream beside the next request, so either may come first.
    """
    settled: list[Frame] = []
    for frame in frames:
        if frame.head.startswith("GET "):
            opened = (i for i in range(len(settled) - 1, -1, -1) if _method(settled[i]) == INITIALIZED)
            place = next((i for i in opened if session_of(settled[i]) == session_of(frame)), len(settled) - 1)
            settled.insert(place + 1, frame)
        elif isinstance(frame.message, list) and frame.message:
            settled += [frame._replace(message=message) for message in frame.message]
        else:
            settled.append(frame)
    return settled


def _round(fields: Mapping[str, Any]) -> Any:
    """Return what the keys of questions and answers belong to: the state of a request, or a task."""
    return fields.get("requestState") or fields.get("taskId")


def _method(frame: Frame) -> Any:
    return as_object(frame.message).get("method")


class _Drawing:
    """The steps so far, with the messages that later ones are about.

    Attributes:
        steps: The steps.
    """

    def __init__(self, began: float) -> None:
        self.steps = Steps()
        self._began = began
        self._open: list[tuple[Frame, int]] = []
        self._questions: dict[str, tuple[Any, int]] = {}
        self._asked_by_tasks: set[str] = set()  # each poll of a task has its open questions again
        self._exchanges: dict[int, tuple[str, int]] = {}
        self._sessions: dict[int, str] = {}

    def draw(self, frame: Frame) -> None:
        """Add the steps of a frame."""
        message, at = as_object(frame.message), frame.at - self._began
        if session := session_of(frame):
            self._sessions[frame.exchange] = session
        status = frame.head.partition("\n")[0] if frame.direction == "server" else ""
        if "method" in message:
            self._asking(frame, message, status, at)
        elif "id" in message and ("result" in message or "error" in message):
            self._answer(frame, message, status, at)
        else:
            self._http(frame, status, at)

    def _asking(self, frame: Frame, message: dict[str, Any], status: str, at: float) -> None:
        method, params = str(message["method"]), message.get("params")
        if frame.direction == "client":
            fields = as_object(params)
            for key, answer in as_object(fields.get("inputResponses")).items():
                self._answered((_round(fields), key), answer, at)
        request = "id" in message
        name = named_in(params) if request else ""
        number = self._add(
            frame,
            f"{method} {name}".rstrip(),
            params_in_words(method, params),
            kind="request" if request else "notification",
            of=0 if request else self._about(frame, as_object(params)),
            status=status,
            at=at,
        )
        if request:
            self._open = [*self._open[-MOST_OPEN:], (frame, number)]
            if frame.direction == "server":
                self._put(number, message, at)

    def _answer(self, frame: Frame, message: dict[str, Any], status: str, at: float) -> None:
        result, of = as_object(message.get("result")), self._closed(frame, str(message["id"]))
        if frame.direction == "client":
            self._answered(of, result or message.get("error"), at)
        words, extract = error_in_words(message["error"]) if "error" in message else ("result", "")
        if "result" in message:
            extract = result_in_words(result)
        failed = words != "result" or extract.startswith(ERROR_FROM_THE_TOOL)
        self._add(frame, words, extract, kind="error" if failed else "result", of=of, status=status, at=at)
        if frame.direction == "server":
            for key, question in as_object(result.get("inputRequests")).items():
                asked = (_round(result), key)
                if str(asked) not in self._asked_by_tasks:
                    self._put(asked, question, at)
                if "taskId" in result:
                    self._asked_by_tasks.add(str(asked))

    def _http(self, frame: Frame, status: str, at: float) -> None:
        """Draw what is not JSON-RPC: an HTTP request without a body, or a status and a text."""
        verb = frame.head.partition(" ")[0]
        text = frame.message if isinstance(frame.message, str) else look.json_line(frame.message)
        asked, number = self._exchanges.get(frame.exchange, ("", 0))
        if frame.direction == "client":
            if text or frame.head:
                self._add(frame, verb if frame.head else "text", HTTP_ALONE.get(verb, text), at=at)
        elif status >= "400":
            self._close(number)
            self._add(frame, f"HTTP {status}", text, kind="error", of=number, at=at)
        elif text:
            self._add(frame, "text", text, kind="notification", status=status, at=at)
        elif status and asked != "GET":  # a stream ends at any time
            self.steps.answered(number, status)

    def _add(self, frame: Frame, words: str, extract: str, *, at: float, **rest: Any) -> int:
        receiver = OTHER[frame.direction]
        number = self.steps.add(frame.direction, receiver, words, extract, detail=frame.message, at=at, **rest)
        if frame.exchange and frame.direction == "client":
            self._exchanges[frame.exchange] = frame.head.partition(" ")[0], number
        return number

    def _put(self, key: Any, question: Any, at: float) -> None:
        self._questions[str(key)] = question, put_to_somebody(self.steps, question, at)

    def _answered(self, key: Any, answer: Any, at: float) -> None:
        question, number = self._questions.pop(str(key), ({}, 0))
        who = ASKED.get(method_of_question(question))
        if who is not None:
            words, extract = answer_in_words(answer)
            self.steps.add(who, "client", words, extract, kind="result", of=number, detail=answer, at=at)

    def _about(self, frame: Frame, params: dict[str, Any]) -> int:
        """Return the number of the open request that a notification reports on or cancels; 0 if there is none."""
        for asked, number in self._those(frame):
            meta = as_object(as_object(asked.message.get("params")).get("_meta"))
            own = asked.direction == frame.direction
            if own and "requestId" in params and str(params["requestId"]) == str(asked.message["id"]):
                self._close(number)
                return number
            if not own and "progressToken" in params and params["progressToken"] == meta.get("progressToken"):
                return number
        return 0

    def _closed(self, frame: Frame, key: str) -> int:
        """Return the number of the request that a frame answers, which is open no longer; 0 if there is none."""
        found = (
            n
            for asked, n in self._those(frame)
            if asked.direction != frame.direction and str(asked.message["id"]) == key
        )
        number = next(found, 0) or (self._exchanges.get(frame.exchange, ("", 0))[1] if key == NO_ID else 0)
        self._close(number)
        return number

    def _those(self, frame: Frame) -> list[tuple[Frame, int]]:
        """Return the open requests, the likeliest first: of the same exchange, then of the same session."""
        session = self._sessions.get(frame.exchange, "")

        def distance(asked: Frame) -> int:
            if asked.exchange == frame.exchange:
                return 0
            return 1 if session == self._sessions.get(asked.exchange, "") else 2

        ranked = sorted(((distance(pair[0]), i, pair) for i, pair in enumerate(reversed(self._open))))
        return [pair for far, _, pair in ranked if far < 2]

    def _close(self, number: int) -> None:
        self._open = [pair for pair in self._open if pair[1] != number]
