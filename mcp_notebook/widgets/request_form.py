"""A form that makes a request: its arguments, the request under way, and what comes of it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from types import MappingProxyType
from typing import Any, Final

from pydantic import BaseModel

from mcp_notebook.client import OnProgress, Outcome
from mcp_notebook.errors import McpNotebookError
from mcp_notebook.recording import Call, Recorder
from mcp_notebook.recording.watching import CallWatch
from mcp_notebook.rendering import content, look
from mcp_notebook.rendering.badges import state_chip
from mcp_notebook.rendering.calls.log import put_out
from mcp_notebook.rendering.calls.running import in_words, printed_so_far, share
from mcp_notebook.rendering.content.file import as_file
from mcp_notebook.schema import Checker, Problem, Schema
from mcp_notebook.visible import visible
from mcp_notebook.widgets.description import describe
from mcp_notebook.widgets.json_text import object_from
from mcp_notebook.widgets.problems import told
from mcp_notebook.widgets.question_card import QuestionCard
from mcp_notebook.widgets.surface import Action, Surface

__all__ = ["RequestForm", "Start"]

Start = Callable[[dict[str, Any], OnProgress], "Future[Outcome[Any]]"]
"""Starts a request with arguments and a progress callback."""

Complete = Callable[[str, str, dict[str, Any]], list[str]]
"""Suggests values for a text, from its name, the characters typed so far, and the other arguments."""

InApp = Callable[[dict[str, Any], Any], "Future[Surface]"]
"""Shows a result, of a call with these arguments, in an app."""

MOST_EXAMPLES: Final = 5
"""Earlier calls that are offered to be filled in."""

LONGEST_EXAMPLE: Final = 60

REPORTED_EVERY: Final = 0.1
"""Seconds between two reports of progress that are shown; those in between are left out."""


class RequestForm(Surface):
    """A form that makes one kind of request, without blocking the kernel meanwhile.

    Args:
        about: The parts that the view shows besides the form: ``name``, ``title``, ``text``, ``badges`` and ``place``,
            and optionally ``schema``, ``lint`` and ``entry``.
        schema: The schema of the arguments.
        start: Starts the request with the given arguments and progress callback, and returns its future.
        verb: The word on the button.
        rendering: The form for places without widgets.
        codes: Write the request as code, by the words that name the code.
        output_schema: The schema of the result; None if there is none.
        explain: Describes where the function behind it raised an exception, for its author.
        recorder: Records the requests; None to follow none.
        recorded: The method and the name of the request in the record, of which the latest can be filled in.
        complete: Suggests values for texts.
        in_app: Starts to show a result in the app of what was called, and returns the future of its frame; None if
            there is no app.
    """

    def __init__(
        self,
        about: dict[str, Any],
        schema: Schema,
        start: Start,
        *,
        verb: str,
        rendering: look.Rendering,
        codes: Mapping[str, Callable[[dict[str, Any]], str]] = MappingProxyType({}),
        output_schema: Schema | None = None,
        explain: Callable[[BaseException], str] = repr,
        recorder: Recorder | None = None,
        recorded: tuple[str, str] = ("", ""),
        complete: Complete | None = None,
        in_app: InApp | None = None,
    ) -> None:
        self._schema, self._start_request, self._codes = schema, start, codes
        self._output_schema, self._explain, self._rendering = output_schema, explain, rendering
        self._recorder, self._recorded, self._complete = recorder, recorded, complete
        self._in_app, self._sent = in_app, dict[str, Any]()
        self._checker = Checker(schema)
        self._under_way: Future[Outcome[Any]] | None = None
        self._lock = threading.RLock()
        self._result: BaseModel | None = None
        self._fills = 0
        self._reported = 0.0
        super().__init__(
            "request",
            {
                **about,
                "verb": verb,
                "description": describe(schema),
                "completes": complete is not None,
                "app": in_app is not None,
                "codes": list(codes),
            },
            {"phase": "idle", "examples": self._examples()},
        )

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments in the form.

        Raises:
            ValueError: They do not fit the schema; the message has a line for each problem.
        """
        arguments = json.loads(self.kept.get("draft", "{}"))
        problems = self._checker.problems(arguments)
        if problems:
            raise ValueError("\n".join(map(str, problems)))
        return dict(arguments)

    def fill(self, arguments: Mapping[str, Any]) -> None:
        """Fill in the form; fields that `arguments` does not name become unset."""
        self._fills += 1
        text = json.dumps(arguments, ensure_ascii=False, allow_nan=False)
        self.kept = {**self.kept, "draft": text, "filled": -1}
        self.set(fill={"number": self._fills, "text": text})

    def ask(self, card: QuestionCard) -> None:
        """Show a question of the server within the form, until it is answered and the next call begins."""
        self.set(questions=[*self.state.get("questions", ()), card.inside()])

    @property
    def actions(self) -> dict[str, Action]:
        """The actions that the front end can ask for, by name."""
        return {
            "check": lambda message: self._check(message["arguments"]),
            "send": lambda message: self._start(message["arguments"]),
            "cancel": lambda message: self._cancel(),
            "suggest": self._suggest,
            "file": lambda message: self._file(),
            "app": lambda message: self._show_app(),
        }

    @property
    def rendering(self) -> look.Rendering:
        """The form for places without widgets."""
        return self._rendering

    def _check(self, text: str) -> dict[str, Any]:
        arguments, problems = self._read(text)
        code = {} if arguments is None else {words: visible(write(arguments)) for words, write in self._codes.items()}
        return {"problems": [told(problem) for problem in problems], "code": code}

    def _read(self, text: str) -> tuple[dict[str, Any] | None, list[Problem]]:
        try:
            arguments = object_from(text)
        except ValueError as error:
            return None, [Problem((), str(error))]
        return arguments, self._checker.problems(arguments)

    def _start(self, text: str) -> dict[str, Any]:
        with self._lock:
            if self._under_way is not None and not self._under_way.done():
                return {"problems": []}
            arguments, problems = self._read(text)
            if arguments is None or problems:
                return {"problems": [told(problem) for problem in problems]}
            self._result, self._reported, self._sent = None, 0.0, arguments
            self.set(phase="running", progress=None, printed="", chip="", questions=[], app="")
            watch = CallWatch(self._recorder, self._recorded, self._put_out)
            try:
                self._under_way = self._start_request(arguments, self._progressed)
            except BaseException:
                watch.end()
                self.set(phase="idle")
                raise
        self._under_way.add_done_callback(lambda call: self._finish(call, watch))
        return {"problems": []}

    def _cancel(self) -> None:
        if self._under_way is not None:
            self._under_way.cancel()

    def _suggest(self, message: dict[str, Any]) -> list[str]:
        if self._complete is None:
            return []
        found = self._complete(message["name"], message["typed"], object_from(message["given"]))
        return [visible(each) for each in found]

    def _file(self) -> dict[str, str]:
        if self._result is None:
            raise McpNotebookError("There is no result.")
        return as_file(self._result, self._recorded[1])

    def _show_app(self) -> Future[str]:
        if self._result is None or self._in_app is None:
            raise McpNotebookError("There is no result to show in an app.")
        shown: Future[str] = Future()

        def inside(frame: Future[Surface]) -> None:
            try:
                self.set(app=frame.result().inside())
                shown.set_result("")
            except BaseException as error:  # noqa: BLE001 - the page that waits for the answer is told
                shown.set_exception(error)

        self._in_app(self._sent, self._result).add_done_callback(inside)
        return shown

    def _put_out(self, call: Call) -> None:
        self.set(printed=visible(printed_so_far(call)))

    def _progressed(self, progress: float, total: float | None, message: str | None) -> None:
        now = time.monotonic()
        if now - self._reported < REPORTED_EVERY:  # a server may report without end
            return
        self._reported = now
        words = visible(in_words(progress, total, message), one_line=True)
        self.set(progress={"share": share(progress, total), "words": words})

    def _finish(self, future: Future[Outcome[Any]], watch: CallWatch) -> None:
        """Show the outcome of a call; runs on the loop's thread."""
        watch.end()
        try:
            outcome = future.result()
            call = outcome.call or watch.call
            self._result = outcome.result
            html = content.render(outcome.result, self._output_schema).html
            self._show(call, "error" if getattr(outcome.result, "is_error", False) else "done", html)
        except CancelledError:
            self._show(watch.call, "cancelled", "")
        except McpNotebookError as error:
            self._show(watch.call, "refused", look.error("refused", str(error)))
        except BaseException as error:
            self._show(watch.call, "error", look.error("failed", repr(error)))
            raise

    def _show(self, call: Call | None, state: Any, html: str) -> None:
        # The printed text stays, whatever became of the call.
        printed = put_out(call, self._explain) if call is not None else ""
        took = f" {look.duration(call.duration)}" if call is not None and call.duration is not None else ""
        chip = state_chip(state, f"{state}{took}")
        self.result = html + printed
        self.set(
            phase=state,
            whole=self._result is not None,
            chip=chip,
            printed="",
            examples=self._examples(),
        )

    def _examples(self) -> list[dict[str, str]]:
        """Return the arguments to fill in: those of the schema, and those of the latest calls."""
        found: dict[str, str] = {}
        given = self._schema.get("examples")
        for example in given if isinstance(given, list) else []:
            if isinstance(example, dict):
                found.setdefault(json.dumps(example, ensure_ascii=False, default=str), "example")
        for call in reversed(self._recorder.calls if self._recorder is not None else []):
            if (call.method, call.name) == self._recorded and not (call.cut or call.malformed):
                found.setdefault(json.dumps(call.arguments, ensure_ascii=False), f"call {call.number}")
            if len(found) >= MOST_EXAMPLES:
                break
        shown = [(text, f"{words}: {text}") for text, words in found.items()]
        return [
            {"text": text, "words": visible(words if len(words) <= LONGEST_EXAMPLE else f"{words[:LONGEST_EXAMPLE]}…")}
            for text, words in shown
        ]
