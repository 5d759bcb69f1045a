"""Make recorded calls again on another server."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import anyio
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    CallToolResult,
    CreateMessageResult,
    ElicitResult,
    GetPromptResult,
    ListRootsResult,
    PromptReference,
    ReadResourceResult,
    ResourceTemplateReference,
)
from pydantic import BaseModel

from mcp_notebook.client import Answer, Connection, Question
from mcp_notebook.errors import RequestError
from mcp_notebook.export.proof.links import digests, digests_of_package
from mcp_notebook.export.proof.offering import of_the_protocol
from mcp_notebook.portal import Portal
from mcp_notebook.recording import Call
from mcp_notebook.recording.as_tests import testable
from mcp_notebook.recording.links import is_link, numbered
from mcp_notebook.server.definitions import definitions, function_behind
from mcp_notebook.server.extended import extension_of
from mcp_notebook.server.extensions.tasks import Tasks
from mcp_notebook.server.stable_tools import is_of_the_notebook

__all__ = ["Replays", "recorded", "replayed", "replays"]

PATIENCE = 30.0
"""Seconds that a call may take; one that was slow in the notebook has three times as long."""


@dataclass(frozen=True)
class Replays:
    """The recorded calls of one server.

    Attributes:
        calls: The calls to make again, in their order.
        left_out: The other calls, each with the reason.
        plainly: The numbers of the calls by modern clients that declared no extension, as far as that made a
            difference: the tool runs as a task, and the call did not.
        only_tasks: The numbers of the calls of tools that only run as tasks.
    """

    calls: tuple[Call, ...] = ()
    left_out: tuple[tuple[Call, str], ...] = ()
    plainly: frozenset[int] = frozenset()
    only_tasks: frozenset[int] = frozenset()

    @property
    def testable(self) -> list[Call]:
        """The calls that can be tests; those use the SDK's client, which cannot follow a task."""
        return [call for call in self.calls if testable(call) and call.number not in self.only_tasks]


def replays(
    calls: Iterable[Call], server: MCPServer[Any], withheld: Callable[[Call], str | None] = lambda _: None
) -> Replays:
    """Choose the calls of a server that can be made again.

    Args:
        calls: All recorded calls.
        server: The live server, as it is now.
        withheld: Returns why a call must not be made again; None if it may.
    """
    ours = [call for call in calls if call.server == server.name and not call.of_a_check]
    reasons = [(call, _why_not(call, server) or withheld(call)) for call in ours]
    tasks = _tasks(server)
    return Replays(
        tuple(call for call, reason in reasons if reason is None),
        tuple((call, reason) for call, reason in reasons if reason is not None),
        frozenset(c.number for c in ours if c.name in tasks.names and c.era == "modern" and not c.task),
        frozenset(c.number for c in ours if c.name in tasks.required and c.method == "tools/call"),
    )


def _tasks(server: MCPServer[Any]) -> Tasks:
    return extension_of(server, Tasks) or Tasks()


def _why_not(call: Call, server: MCPServer[Any]) -> str | None:
    questions, answers = ([event for event in call.events if event.kind == kind] for kind in ("question", "answer"))
    reasons = (
        (call.method not in (*_RESULTS, "completion/complete"), f"a {call.method} is not made again"),
        (call.approval is not None and not call.approval.allowed, "it was not allowed"),
        (call.state == "cancelled", "it was cancelled"),
        (call.state not in ("done", "error", "refused"), "it had not ended"),
        (call.malformed, "its request was malformed"),
        (call.cut, "it was too long to be kept in full"),
        (len(questions) > len(answers), "a question of it was not answered"),
        (call.method == "tools/call" and is_of_the_notebook(call.name), "it is a tool of the workbench"),
        (is_link(call.name), "it read the whole of another call's result, which is compared with that call"),
        (_others_count(call, server), "the record does not have its other arguments"),
        (call.task and call.name not in _tasks(server).names, "its tool no longer runs as a task"),
    )
    changed = _changed_since(call, function_behind(server, call.method, call.name))
    return next((reason for applies, reason in reasons if applies), changed)


def _others_count(call: Call, server: MCPServer[Any]) -> bool:
    """Return whether a completion also depends on other arguments."""
    if call.method != "completion/complete":
        return False
    entry: Any = next((d.entry for d in definitions(server) if d.name == call.name), None)
    others = getattr(entry, "arguments", None) or getattr(entry, "parameters", {}).get("properties") or ()
    return len(others) > 1


def _changed_since(call: Call, now: Callable[..., Any] | None) -> str | None:
    then = call.function
    if then is None:
        return None
    if now is None:
        return "its definition is gone"
    codes = [getattr(inspect.unwrap(function), "__code__", function) for function in (then, now)]
    return None if codes[0] == codes[1] else "its definition has changed since"


def recorded(call: Call) -> dict[str, Any]:
    """Return the outcome of a call, as JSON for a comparison."""
    outcome = {"refused": call.error} if call.state == "refused" else _outcome(call.method, call.result or {})
    whole = digests(call.result or {})
    return {**outcome, **_course(call, outcome), **({"whole": whole} if whole else {})}


def _course(call: Call, outcome: Mapping[str, Any]) -> dict[str, Any]:
    """Return what came before the outcome: the questions, and the end of the task that the call became."""
    ended = "failed" if "refused" in outcome else "completed"
    return {"questions": _questions(call), **({"task": ended} if call.task else {})}


def _questions(call: Call) -> list[Any]:
    # The members of a question have no order: the two eras write them differently.
    asked = [{**event.value} for event in call.events if event.kind == "question"]
    for question in asked:
        question["params"] = {k: v for k, v in (question.get("params") or {}).items() if k != "_meta"}
    found: list[Any] = json.loads(json.dumps(asked, sort_keys=True))
    return found


def replayed(portal: Portal, connection: Connection, call: Call) -> dict[str, Any]:
    """Make a call again and return its outcome, in the form of `recorded`."""
    deadline = max(PATIENCE, 3 * (call.duration or 0))
    answers = _Answers(call)

    whole: dict[str, str] = {}

    async def make() -> Any:
        with anyio.fail_after(deadline):
            result = await _made(connection, call, answers)
            if digests(call.result or {}) and isinstance(result, CallToolResult):
                whole.update(await digests_of_package(connection, result.model_dump(by_alias=True, mode="json")))
            return result

    try:
        result = portal.run(make)
    except TimeoutError:
        outcome: dict[str, Any] = {"refused": f"no answer within {deadline:.0f} seconds"}
    except RequestError as error:
        outcome = {"refused": _why_refused(error, call)}
    else:
        values = result if isinstance(result, dict) else result.model_dump(by_alias=True, mode="json")
        outcome = _outcome(call.method, values)
    made = connection.recorder.calls[-1] if call.method in _RESULTS else call
    return {**outcome, **_course(made, outcome), **({"whole": whole} if whole else {})}


def _why_refused(error: RequestError, call: Call) -> str | None:
    cause = error.__cause__
    if not isinstance(cause, MCPError):
        return str(error)
    # A client does not learn about an unexpected exception; the record has it.
    return call.error if cause.code == INTERNAL_ERROR and call.state == "refused" else cause.message


_RESULTS: dict[str, type[BaseModel]] = {
    "tools/call": CallToolResult,
    "resources/read": ReadResourceResult,
    "prompts/get": GetPromptResult,
}


def _outcome(method: str, result: dict[str, Any]) -> dict[str, Any]:
    if method == "completion/complete":
        return {"values": result.get("completion", {}).get("values")}
    # The same defaults on both sides, in both eras.
    same = _RESULTS[method].model_validate(result).model_dump(by_alias=True, mode="json", exclude_none=True)
    return numbered(of_the_protocol(same))


async def _made(connection: Connection, call: Call, answers: _Answers) -> BaseModel | dict[str, Any]:
    """Make the request of a call, and return its result."""
    client = connection.aio
    if call.method == "tools/call":
        return (await client.call(call.name, call.arguments, answers=answers)).result
    if call.method == "resources/read":
        return (await client.read(call.name, answers=answers)).result
    if call.method == "prompts/get":
        arguments = {key: str(value) for key, value in call.arguments.items()}
        return (await client.prompt(call.name, arguments, answers=answers)).result
    ref = ResourceTemplateReference(uri=call.name) if "://" in call.name else PromptReference(name=call.name)
    ((argument, value),) = call.arguments.items()
    return {"completion": {"values": await client.complete(ref, argument, value)}}


class _Answers:
    """The recorded answers of a call: the same answer to the same question, or the next one."""

    def __init__(self, call: Call) -> None:
        values = {kind: [e.value for e in call.events if e.kind == kind] for kind in ("question", "answer")}
        self._left = list(zip(values["question"], values["answer"], strict=False))

    def __call__(self, question: Question) -> Answer:
        if not self._left:
            raise RequestError("it asks more questions than the notebook did")
        words = getattr(question.params, "message", None)
        same = [pair for pair in self._left if (pair[0].get("params") or {}).get("message") == words]
        pair = (same or self._left)[0]
        self._left.remove(pair)
        return _ANSWERS[question.kind].model_validate(pair[1])  # type: ignore[return-value]


_ANSWERS: dict[str, type[BaseModel]] = {
    "form": ElicitResult,
    "url": ElicitResult,
    "sampling": CreateMessageResult,
    "roots": ListRootsResult,
}
