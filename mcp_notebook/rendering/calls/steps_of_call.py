"""List the steps of a call as the recorder has them, where its frames were not kept."""

from __future__ import annotations

from typing import Any

from mcp_notebook.recording import Call, Event
from mcp_notebook.rendering.calls.extracts import (
    AGAIN,
    ERROR_FROM_THE_TOOL,
    INPUT_REQUIRED,
    answer_in_words,
    params_in_words,
    result_in_words,
)
from mcp_notebook.rendering.calls.steps import ASKED, Step, Steps, method_of_question, put_to_somebody
from mcp_notebook.rendering.content import as_object

__all__ = ["steps_of_call"]


def steps_of_call(call: Call) -> list[Step]:
    """Return the steps of a call, with what its function printed and logged."""
    return _Record(call).steps.made


class _Record:
    """The steps of one call.

    Attributes:
        steps: The steps.
    """

    def __init__(self, call: Call) -> None:
        self._call = call
        self.steps = Steps()
        self._request = f"{call.method} {call.name}"
        words = params_in_words("", {"arguments": call.arguments})
        self._number = self.steps.add("client", "server", self._request, words, detail=call.arguments, at=0.0)
        self._asked: list[tuple[Any, int, int]] = []
        events: list[Event | None] = [None, *call.events, None]
        for before, event, after in zip(events, call.events, events[2:], strict=False):
            if event.kind == "question":
                self._question(event, first=before is None or before.kind != "question")
            elif event.kind == "answer":
                self._answer(event, last=after is None or after.kind != "answer")
            else:
                self._event(event)
        self._end()

    def _question(self, event: Event, *, first: bool) -> None:
        method, number = method_of_question(event.value), 0
        if self._call.rounds == 1:
            words = params_in_words(method, as_object(event.value).get("params"))
            number = self.steps.add("server", "client", method, words, detail=event.value, at=event.at)
        elif first:
            self._reply("result", INPUT_REQUIRED, event.value, event.at)
        self._asked.append((event.value, number, put_to_somebody(self.steps, event.value, event.at)))

    def _answer(self, event: Event, *, last: bool) -> None:
        question, number, put = self._asked.pop(0) if self._asked else ({}, 0, 0)
        method, (words, extract) = method_of_question(question), answer_in_words(event.value)
        if method in ASKED:
            self.steps.add(
                ASKED[method], "client", words, extract, kind="result", of=put, detail=event.value, at=event.at
            )
        if self._call.rounds == 1:
            said = result_in_words(event.value)
            self.steps.add(
                "client", "server", "result", said, kind="result", of=number, detail=event.value, at=event.at
            )
        elif last:
            self._number = self.steps.add("client", "server", self._request, AGAIN, at=event.at)

    def _event(self, event: Event) -> None:
        if event.kind in ("progress", "message"):
            words = f"notifications/{event.kind}"
            extract = params_in_words(words, event.value)
            of = self._number if event.kind == "progress" else 0
            self.steps.add(
                "server", "client", words, extract, kind="notification", of=of, detail=event.value, at=event.at
            )
            return
        words = {"stdout": "prints", "stderr": "warns", "display": "displays", "log": "logs"}[event.kind]
        text = f": {' '.join(event.value.split())}" if isinstance(event.value, str) else ""
        self.steps.add("server", "server", words + text, kind="action", detail=event.value, at=event.at)

    def _end(self) -> None:
        call = self._call
        if call.running:
            self.steps.add("server", "server", call.state, kind="action")
        elif call.state == "cancelled":
            words = "notifications/cancelled"
            self.steps.add("client", "server", words, kind="notification", of=self._number, at=call.duration)
        elif call.state in ("done", "error"):
            said = result_in_words(call.content)
            if call.state == "error" and not said.startswith(ERROR_FROM_THE_TOOL):
                said = ERROR_FROM_THE_TOOL
            self._reply("result", said, call.content, call.duration)
        else:
            words = f"error {call.code}" if call.code is not None else call.state
            self._reply(words, call.error or "", call.error or call.content, call.duration)

    def _reply(self, words: str, extract: str, detail: Any, at: float | None) -> None:
        failed = words != "result" or extract.startswith(ERROR_FROM_THE_TOOL)
        kind = "error" if failed else "result"
        self.steps.add("server", "client", words, extract, kind=kind, of=self._number, detail=detail, at=at)  # type: ignore[arg-type]
