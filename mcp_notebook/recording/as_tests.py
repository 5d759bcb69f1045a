"""Write recorded calls as a pytest module that uses the SDK's in-memory client.

A test is a call with its arguments, the client's answers to the server's questions, and the result. The tests share the
server that they import, and run in the order of the calls. So a server that keeps state gives the same results again if
the whole file runs on a new server. Calls that gave the same result each time become one test. If the results differed,
each call becomes a test, because the server may count calls.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from mcp_notebook.formatting import formatted
from mcp_notebook.recording.call import Call
from mcp_notebook.recording.helpers import HELPERS
from mcp_notebook.recording.links import is_link, links_in, numbered
from mcp_notebook.recording.volatile import derived, find, marked, places, values

__all__ = ["as_tests", "testable", "why_not"]

HEAD = '''"""Tests made from calls in a notebook: the same arguments give the same results.

They share one server and run in the order of the calls. If the server keeps state, run the whole file.
{note}"""

import hashlib
import json
import re
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp_types import CreateMessageResult, ElicitResult, ListRootsResult

from {module} import {name}

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
'''

TYPES = "For a call that was made only once, only the types of the values are compared, because they may vary.\n"

REQUESTS = {
    "tools/call": "call_tool({name!r}, {arguments})",
    "resources/read": "read_resource({name!r})",
    "prompts/get": "get_prompt({name!r}, {arguments})",
}

CALLBACKS = {
    "elicitation/create": ("elicitation_callback", "ElicitResult"),
    "sampling/createMessage": ("sampling_callback", "CreateMessageResult"),
    "roots/list": ("list_roots_callback", "ListRootsResult"),
}
"""The callback for each kind of question, and the type of its answer."""

DEPRECATED = '@pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")\n'

LONG = 400
"""Longer encoded bytes are replaced by their digest in a test."""

LONG_PAGE = 4_000
"""Characters from which on the text of a resource is replaced too, such as the page of an app."""


def testable(call: Call) -> bool:
    """Return whether a call can be a test."""
    return why_not(call) is None


def why_not(call: Call) -> str | None:
    """Return why a call cannot be a test; None if it can."""
    asked, answered = (sum(event.kind == kind for event in call.events) for kind in ("question", "answer"))
    reasons = (
        (call.method not in REQUESTS, f"a {call.method} cannot be a test"),
        (call.approval is not None and not call.approval.allowed, "it was not allowed"),
        (call.state == "cancelled", "it was cancelled"),
        (call.state not in ("done", "error", "refused"), "it has not ended"),
        (call.malformed, "its request was malformed"),
        (call.cut, "it was too long to be kept in full"),
        (bool(call.problems), "its result has problems"),
        (is_link(call.name), "it read the whole of another call's result, which has another link in a test"),
        (asked > answered, "a question in it was not answered"),
    )
    return next((reason for applies, reason in reasons if applies), None)


def as_tests(
    calls: Iterable[Call],
    importing: str,
    *,
    volatile: Sequence[str] = (),
    varies: Mapping[int, Sequence[str]] | None = None,
    once: Literal["values", "types"] = "values",
) -> str:
    """Return a pytest module of the calls, in their order.

    Args:
        calls: Calls that are `testable`.
        importing: The module and name of the server, such as ``package.module:mcp``.
        volatile: The places in results where only the type counts; see `volatile`. ``NAME:/place`` is for one tool,
            resource or prompt.
        varies: More such places, by the number of the call, found by replaying the calls. None if they were not
            replayed: then values that differ between calls with the same arguments count as volatile.
        once: Whether to compare values or types for a call that was made only once and not replayed.

    Raises:
        UsageError: An entry of `volatile` is not a place.
        McpNotebookError: `ruff` is not installed.
    """
    module, _, name = importing.partition(":")
    taken: dict[str, int] = {}
    tests = "".join(_test(seen, name or "mcp", taken) for seen in _distinct(calls, volatile, varies, once))
    helpers = (helper for use, helper in HELPERS.items() if use in tests)
    note = TYPES if varies is None and once == "types" and "Varies(" in tests else ""
    source = HEAD.format(module=module, name=name or "mcp", note=note) + "".join(helpers) + tests
    return formatted(source, own=module.partition(".")[0])


class _Seen(NamedTuple):
    """A call and its outcome, with marks where only the type counts."""

    call: Call
    outcome: dict[str, Any]


def _distinct(
    calls: Iterable[Call], volatile: Sequence[str], varies: Mapping[int, Sequence[str]] | None, once: str
) -> list[_Seen]:
    """Return the calls in order, without repetitions."""
    same: dict[str, list[Call]] = {}
    for call in sorted(calls, key=lambda call: call.number):
        answers = [event.value for event in call.events if event.kind == "answer"]
        same.setdefault(json.dumps([call.method, call.name, call.arguments, answers], sort_keys=True), []).append(call)
    kept: list[_Seen] = []
    for group in same.values():
        first = _outcome(group[0])
        if varies is None and len(group) == 1 and once == "types":
            found = set(values(first))
        elif varies is None:
            found = {place for call in group for place in find(first, _outcome(call)) if place}
        else:
            found = {place for call in group for place in varies.get(call.number, ())}
        at = [*places(volatile, group[0].name), *sorted(found)]
        seen = [_Seen(call, marked(_outcome(call), at)) for call in group]
        alike = varies is not None or not found
        kept += seen[:1] if alike and all(each.outcome == seen[0].outcome for each in seen) else seen
    return sorted(kept, key=lambda each: each.call.number)


def _outcome(call: Call) -> dict[str, Any]:
    """Return the parts of a call that a test compares."""
    result = call.content
    if call.state == "refused":
        return {"refused": call.error}
    if call.method == "tools/call":
        return numbered({"isError": False, **result})
    part = "contents" if call.method == "resources/read" else "messages"
    return {part: result.get(part, [])}


def _test(seen: _Seen, server: str, taken: dict[str, int]) -> str:
    call = seen.call
    request = REQUESTS[call.method].format(name=call.name, arguments=repr(call.arguments))
    options = "".join(f", {option}" for option in _options(call))
    deprecated = any(f", {callback}" in options for callback in ("sampling_callback", "list_roots_callback"))
    return (
        f"\n\n{DEPRECATED if deprecated else ''}async def test_{_name(call, taken)}() -> None:\n"
        f"    async with Client({server}{options}) as client:\n"
        + "".join(f"        {line}\n" for line in _lines(seen, f"await client.{request}"))
    )


def _options(call: Call) -> Iterator[str]:
    questions = [event.value for event in call.events if event.kind == "question"]
    answers = [event.value for event in call.events if event.kind == "answer"]
    # Only in the legacy era does a client get the reason for an unexpected refusal, and only there, or in a task, can a
    # function ask while it runs. The SDK's client does not follow tasks.
    if call.state == "refused" or (questions and (call.era == "legacy" or call.task)):
        yield 'mode="legacy"'
    for method, (callback, answer) in CALLBACKS.items():
        given = [value for question, value in zip(questions, answers, strict=False) if question["method"] == method]
        if given:
            yield f"{callback}=answering({', '.join(f'{answer}.model_validate({value!r})' for value in given)})"


def _lines(seen: _Seen, request: str) -> Iterator[str]:
    outcome = seen.outcome
    if "refused" in outcome:
        yield "with pytest.raises(MCPError) as refused:"
        yield f"    {request}"
        yield f"assert refused.value.message == {outcome['refused']!r}"
        return
    yield f"result = {request}"
    if "isError" in outcome:
        yield f"assert {'' if outcome['isError'] else 'not '}result.is_error"
    structured = outcome.get("structuredContent")
    links = "numbered({})" if "isError" in outcome and links_in(outcome) else "{}"
    if structured is not None:
        yield f"assert {links.format('result.structured_content')} == {structured!r}"
    for part in ("content", "contents", "messages"):
        if part in outcome and not (structured is not None and derived(_outcome(seen.call))):
            pages = part == "contents"
            yield f"assert {links.format(f'plain(result.{part})')} == {_shortened(outcome[part], pages=pages)!r}"


def _shortened(value: Any, key: str = "", *, pages: bool) -> Any:
    """Replace long encoded bytes in content by their digest, and long texts too if they are `pages`."""
    if isinstance(value, dict):
        return {key: _shortened(item, key, pages=pages) for key, item in value.items()}
    if isinstance(value, list):
        return [_shortened(item, pages=pages) for item in value]
    longest = LONG if key in ("data", "blob") else LONG_PAGE if pages and key == "text" else math.inf
    if isinstance(value, str) and len(value) > longest:
        return _Digest(hashlib.sha256(value.encode()).hexdigest())
    return value


class _Digest(str):
    """A digest whose repr is the code of the tests."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Digest({str(self)!r})"


def _name(call: Call, taken: dict[str, int]) -> str:
    """Make a unique name for a test, from the call's name, arguments and outcome."""
    verb = {"resources/read": "read ", "prompts/get": "prompt "}.get(call.method, "")
    end = {"error": " fails", "refused": " is refused"}.get(call.state, "")
    text = verb + call.name
    for key, value in call.arguments.items():
        word = f" {key} {value}"
        if isinstance(value, str | int | float) and len(text) + len(word) <= 60:
            text += word
    name = re.sub(r"[^a-z0-9]+", "_", (text + end).lower()).strip("_") or "call"
    taken[name] = taken.get(name, 0) + 1
    return name if taken[name] == 1 else f"{name}_{taken[name]}"
