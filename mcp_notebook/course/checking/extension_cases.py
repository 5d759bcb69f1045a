"""Define the cases of exercises about tasks and events."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import anyio

from mcp_notebook.course.by_hand import asked
from mcp_notebook.course.checking.bench import Bench, Then
from mcp_notebook.course.checking.cases import Answer
from mcp_notebook.course.checking.writing import one_line, written
from mcp_notebook.course.library import rows_of

__all__ = ["CancelledCall", "EventCase", "ReportingCall", "TaskCall"]

TASKS: Mapping[str, Mapping[str, Any]] = {"io.modelcontextprotocol/tasks": {}}

PATIENCE = 5.0
"""Seconds that a task has to end."""

POLL = 0.01

QUIET = 0.4
"""Seconds after a cancellation in which nothing more may happen."""


class _Call:
    """A case that calls a tool, and in which the server asks no question."""

    arguments: Mapping[str, Any]

    @property
    def answers(self) -> Sequence[Any]:
        """No answers."""
        return ()

    def words(self, name: str) -> str:
        """Write the case as a call."""
        return f"{name}({written(self.arguments)})"


@dataclass(frozen=True)
class TaskCall(_Call):
    """One call by a client that can follow a task.

    Attributes:
        arguments: The arguments of the call.
        about: The purpose of the case, as a sentence.
        result: The expected result of the task.
        given: Statements that are run on the library's database first.
        then: Looks at the world after the task.
    """

    arguments: Mapping[str, Any]
    about: str
    result: Any
    given: str = ""
    then: Sequence[Then] = ()

    @property
    def expected(self) -> str:
        """The expected answer, in words."""
        return f"a task that ends with {self.result!r}" + "".join(
            f", and then {then.words}: {then.expected!r}" for then in self.then
        )

    async def ask(self, bench: Bench) -> Answer:
        """Call the tool, and poll the task until it has ended."""
        bench.fill(self.given)
        task, problem = await _begun(bench, self.arguments)
        if task is None:
            return Answer(False, problem)
        ended = await _ended(bench, task)
        if ended["status"] != "completed":
            return Answer(False, f"a task with the status {ended['status']!r}")
        value = ended["result"].get("structuredContent", {}).get("result")
        for then in self.then if value == self.result else ():
            if (seen := then.look(bench)) != then.expected:
                return Answer(False, f"a task that ends with {value!r}, and then {then.words}: {seen!r}")
        return Answer(value == self.result, f"a task that ends with {value!r}")


@dataclass(frozen=True)
class ReportingCall(_Call):
    """One call by a client without tasks, and the progress that it is told.

    Attributes:
        arguments: The arguments of the call.
        about: The purpose of the case, as a sentence.
        reports: The expected reports: the progress, the total and the message of each.
        given: Statements that are run on the library's database first.
    """

    arguments: Mapping[str, Any]
    about: str
    reports: Sequence[tuple[float, float | None, str | None]]
    given: str = ""

    @property
    def expected(self) -> str:
        """The expected answer, in words."""
        return f"the reports {_reports(self.reports)}"

    async def ask(self, bench: Bench) -> Answer:
        """Call the tool, and keep what it reports."""
        bench.fill(self.given)
        reports: list[tuple[float, float | None, str | None]] = []

        async def keep(progress: float, total: float | None, message: str | None) -> None:
            reports.append((progress, total, message))

        await bench.client.call_tool(bench.name, dict(self.arguments), progress_callback=keep)
        with anyio.move_on_after(QUIET):  # a report may arrive after the result
            while len(reports) < len(self.reports):
                await anyio.sleep(POLL)
        return Answer(reports == list(self.reports), f"the reports {_reports(reports)}")


@dataclass(frozen=True)
class CancelledCall(_Call):
    """One call that is cancelled as a task when it has changed something.

    Attributes:
        arguments: The arguments of the call.
        about: The purpose of the case, as a sentence.
        changed: A statement that counts the changes so far.
        total: The number of changes of a call that is not cancelled.
        given: Statements that are run on the library's database first.
    """

    arguments: Mapping[str, Any]
    about: str
    changed: str
    total: int
    given: str = ""

    @property
    def expected(self) -> str:
        """The expected answer, in words."""
        return f"the status 'cancelled', fewer than {self.total} changes, and no more of them afterwards"

    async def ask(self, bench: Bench) -> Answer:
        """Call the tool, cancel it after its first change, and look at what it does then."""
        bench.fill(self.given)
        task, problem = await _begun(bench, self.arguments)
        if task is None:
            return Answer(False, problem)
        with anyio.move_on_after(PATIENCE):
            while not self._count(bench):
                await anyio.sleep(POLL)
        await asked(bench.server, "tasks/cancel", {"taskId": task}, TASKS)
        status = (await _ended(bench, task))["status"]
        first = self._count(bench)
        await anyio.sleep(QUIET)
        later = self._count(bench)
        with anyio.move_on_after(
            PATIENCE if later != first else 0
        ):  # a function that goes on may not change what follows
            while self._count(bench) < self.total:
                await anyio.sleep(POLL)
        got = f"the status {status!r} and {first} of {self.total} changes"
        got += f", but the function went on: {later} a moment later" if later != first else ""
        return Answer(status == "cancelled" and first == later < self.total, got)

    def _count(self, bench: Bench) -> int:
        assert bench.file is not None
        return int(rows_of(bench.file, self.changed)[0][0])


@dataclass(frozen=True)
class EventCase:
    """One subscription to a type of events, by polls.

    Attributes:
        arguments: The arguments of the subscription.
        about: The purpose of the case, as a sentence.
        meanwhile: Statements that are run on the library's database after the client has subscribed.
        data: The expected data of the events.
        given: Statements that are run before.
    """

    arguments: Mapping[str, Any]
    about: str
    meanwhile: str
    data: Sequence[Mapping[str, Any]]
    given: str = ""

    @property
    def answers(self) -> Sequence[Any]:
        """No answers."""
        return ()

    @property
    def expected(self) -> str:
        """The expected answer, in words."""
        return f"the events {list(self.data)!r}, once"

    def words(self, name: str) -> str:
        """Write the case as a subscription."""
        return f"{name}, subscribed with ({written(self.arguments)})"

    async def ask(self, bench: Bench) -> Answer:
        """Subscribe, change the library, and poll twice: the second poll must have nothing new."""
        bench.fill(self.given)
        params = {"name": bench.name, "arguments": dict(self.arguments)}
        rounds: list[list[Any]] = []
        for script in ("", self.meanwhile, ""):
            bench.fill(script)
            with _raised() as errors:
                answer = await asked(bench.server, "events/poll", params, {})
            if "error" in answer:
                why = f", because your code raised {errors[0]!r}" if errors else ""
                return Answer(False, f"the error {one_line(answer['error']['message'])!r}{why}")
            rounds.append([dict(event["data"]) for event in answer["result"]["events"]])
            params["cursor"] = answer["result"]["cursor"]
        before, found, again = rounds
        if before:
            return Answer(False, f"events before the first change: {before!r}")
        if found == list(self.data) and again:
            return Answer(False, f"the events {found!r}, and with the next poll again {again!r}")
        return Answer(found == list(self.data), f"the events {found!r}")


@contextmanager
def _raised() -> Iterator[list[BaseException]]:
    """Keep what functions of events raise, in place of the traceback that the extension logs for their author."""
    errors: list[BaseException] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.exc_info and record.exc_info[1] is not None:
                errors.append(record.exc_info[1])

    logger, keep = logging.getLogger("mcp_notebook.server.extensions.events"), Keep()
    logger.addHandler(keep)
    logger.propagate = False
    try:
        yield errors
    finally:
        logger.propagate = True
        logger.removeHandler(keep)


async def _begun(bench: Bench, arguments: Mapping[str, Any]) -> tuple[str | None, str]:
    """Call the tool as a client that can follow a task; return the task's id, or why there is none."""
    answer = await asked(bench.server, "tools/call", {"name": bench.name, "arguments": dict(arguments)}, TASKS)
    if "error" in answer:
        return None, f"the error {one_line(answer['error']['message'])!r}"
    if answer["result"].get("resultType") != "task":
        return None, "the result itself, and no task"
    return answer["result"]["taskId"], ""


async def _ended(bench: Bench, task: str) -> Any:
    """Poll a task until it has ended, or `PATIENCE` is over; return its state."""
    state: Any = {"status": "unknown"}
    with anyio.move_on_after(PATIENCE):
        while True:
            state = (await asked(bench.server, "tasks/get", {"taskId": task}, TASKS))["result"]
            if state["status"] not in ("working", "input_required"):
                return state
            await anyio.sleep(POLL)
    return state


def _reports(reports: Sequence[tuple[float, float | None, str | None]]) -> str:
    return (
        ", ".join(
            f"{done:g} of {total:g}: {words}" if total else f"{done:g}: {words}" for done, total, words in reports
        )
        or "none"
    )
