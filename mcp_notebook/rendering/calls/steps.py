"""List the steps of a call: its messages and their participants, from the recorder's call or from frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from mcp_notebook.recording import Call, Event
from mcp_notebook.recording.wire import Frame
from mcp_notebook.rendering import look
from mcp_notebook.rendering.calls.events import notified
from mcp_notebook.rendering.calls.frames import Asked, in_words
from mcp_notebook.rendering.content import as_object, shortened

__all__ = ["MOST_STEPS", "Step", "bounded", "steps_of"]

MOST_STEPS = 60
"""The most steps that are drawn."""

_RUN_KEPT = 3
LONGEST_DETAIL = 1_000


class Step(NamedTuple):
    """One message, or an action of one side alone.

    Attributes:
        sender: ``person``, ``model``, ``client`` or ``server``.
        receiver: The same; equal to the sender for an action of one side alone.
        words: The label.
        detail: The content, as text.
        reply: Whether it is an answer or a notification, rather than a request.
        at: Seconds since the first step; None if they are not known.
    """

    sender: str
    receiver: str
    words: str
    detail: str = ""
    reply: bool = False
    at: float | None = None


def steps_of(source: Call | Sequence[Frame]) -> list[Step]:
    """Return the steps, in order."""
    return list(_steps_of_call(source) if isinstance(source, Call) else _steps_of_frames(source))


def bounded(steps: Sequence[Step]) -> list[Step]:
    """Return at most about `MOST_STEPS` steps: shorten runs of notifications first, then the list of all steps."""
    if len(steps) <= MOST_STEPS:
        return list(steps)
    kept: list[Step] = []
    for (_, _, method), group in groupby(steps, lambda step: (step.sender, step.receiver, step.words.split(" ")[0])):
        run = list(group)
        if method.startswith("notifications/") and len(run) > _RUN_KEPT + 1:
            run = [*run[:2], _left_out(run[2:-1], method), run[-1]]
        kept += run
    if len(kept) > MOST_STEPS:
        kept = [*kept[: MOST_STEPS - 10], _left_out(kept[MOST_STEPS - 10 : -9], "messages"), *kept[-9:]]
    return kept


def _left_out(steps: Sequence[Step], what: str) -> Step:
    first = steps[0]
    return Step(first.sender, first.sender, f"... {len(steps)} more {what}", at=first.at)


def _steps_of_call(call: Call) -> Iterator[Step]:
    request = f"{call.method} {call.name}"
    yield Step("client", "server", request, _detail(call.arguments), at=0.0)
    asked: list[Any] = []
    number = 1
    for before, event, after in zip([None, *call.events], call.events, [*call.events[1:], None], strict=False):
        if event.kind == "question":
            asked.append(event.value)
            if call.rounds == 1:
                yield Step("server", "client", _method(event.value), _detail(event.value), at=event.at)
            elif before is None or before.kind != "question":
                yield Step("server", "client", INPUT_REQUIRED, _detail(event.value), True, event.at)
            yield from _put_to_somebody(event.value, event.at)
        elif event.kind == "answer":
            question = asked.pop(0) if asked else {}
            yield from _answered_by_somebody(question, event.value, event.at)
            if call.rounds == 1:
                yield Step("client", "server", f"result of {_method(question)}", _detail(event.value), True, event.at)
            elif after is None or after.kind != "answer":
                number += 1
                yield Step("client", "server", f"{request} (round {number})", "with the answers", at=event.at)
        else:
            yield _event(event)
    yield from _end(call)


def _event(event: Event) -> Step:
    if event.kind in ("progress", "message"):
        return Step("server", "client", _notification(event.kind, event.value), _detail(event.value), True, event.at)
    words = {"stdout": "prints", "stderr": "warns", "display": "displays", "log": "logs"}[event.kind]
    text = f": {' '.join(event.value.split())}" if isinstance(event.value, str) else ""
    return Step("server", "server", words + text, _detail(event.value), at=event.at)


def _end(call: Call) -> Iterator[Step]:
    if call.running:
        yield Step("server", "server", call.state)
    elif call.state == "cancelled":
        yield Step("client", "server", "notifications/cancelled", reply=True, at=call.duration)
    else:
        words = {"done": "result", "error": "result: error from the tool"}.get(call.state, call.state)
        yield Step("server", "client", words, call.error or _detail(call.content), True, call.duration)


def _steps_of_frames(frames: Sequence[Frame]) -> Iterator[Step]:
    asked: Asked = {}
    questions: dict[str, Any] = {}
    for frame in frames:
        words, at = in_words(frame, asked), frame.at - frames[0].at
        message = frame.message if isinstance(frame.message, dict) else {}
        request, server = "method" in message and "id" in message, frame.direction == "server"
        params, result = (part if isinstance(part := message.get(key), dict) else {} for key in ("params", "result"))
        if words.startswith("notifications/"):
            words = _notification(words.removeprefix("notifications/"), params)
        required = as_object(result.get("inputRequests")) if server else {}
        if not server:
            answers = as_object(params.get("inputResponses"))
            if not request and str(message.get("id")) in questions:
                answers = {str(message["id"]): result or message.get("error")}
            for key, answer in answers.items():
                yield from _answered_by_somebody(questions.pop(key, {}), answer, at)
        if words:  # an HTTP answer can be empty
            other = "client" if server else "server"
            yield Step(frame.direction, other, INPUT_REQUIRED if required else words, _detail(message), not request, at)
        if server and request:
            required = {str(message["id"]): message}
        questions.update(required)
        for question in required.values():
            yield from _put_to_somebody(question, at)


INPUT_REQUIRED = "result: input required"


def _put_to_somebody(question: Any, at: float) -> Iterator[Step]:
    """Show the person or model behind the client; it knows its roots without asking anyone."""
    params = as_object(as_object(question).get("params"))
    if _method(question) == "elicitation/create":
        yield Step("client", "person", str(params.get("message", "")), _detail(params), at=at)
    elif _method(question) == "sampling/createMessage":
        yield Step("client", "model", "messages", _detail(params), at=at)


def _answered_by_somebody(question: Any, answer: Any, at: float) -> Iterator[Step]:
    fields = as_object(answer)
    if _method(question) == "elicitation/create":
        action, given = str(fields.get("action", "no answer")), fields.get("content")
        words = action + (f" {look.json_line(given)}" if given else "")
        yield Step("person", "client", words, _detail(answer), True, at)
    elif _method(question) == "sampling/createMessage":
        content = as_object(fields.get("content"))
        yield Step(
            "model", "client", str(content.get("text", content.get("type", "no answer"))), _detail(answer), True, at
        )


def _notification(kind: str, params: Any) -> str:
    return f"notifications/{kind} {notified(kind, params)}".rstrip()


def _method(question: Any) -> str:
    return str(as_object(question).get("method", "a question"))


def _detail(value: Any) -> str:
    return shortened(value if isinstance(value, str) else look.json_text(value), LONGEST_DETAIL)
