"""Define the cases of an exercise: requests to the learner's server, each with its expected answer."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import anyio
from mcp.shared.exceptions import MCPError
from mcp_types import BlobResourceContents, TextContent

from mcp_notebook.course.checking.bench import Bench, Given, Then, entries
from mcp_notebook.course.checking.results import parsed, text_of, value_of
from mcp_notebook.course.checking.writing import innermost, one_line, written

__all__ = ["Answer", "AnyCase", "Case", "Filling", "Listed", "Probe", "Reading"]

PATIENCE = 2
"""Seconds to wait for a notification; in one process it takes a few milliseconds."""


class Answer(NamedTuple):
    """The outcome of a case.

    Attributes:
        holds: Whether the exercise is right in this case.
        got: The actual answer, in words.
        note: A remark to show if it is right.
    """

    holds: bool
    got: str
    note: str = ""


class AnyCase(Protocol):
    """The interface of all cases."""

    @property
    def about(self) -> str:
        """The purpose of the case, as a sentence."""

    @property
    def answers(self) -> Sequence[Any]:
        """The user's answers to the questions that the server must ask; see `Script`."""

    @property
    def expected(self) -> str:
        """The expected answer, in words."""

    def words(self, name: str) -> str:
        """Describe the request; `name` is the definition that the exercise asks for."""

    async def ask(self, bench: Bench) -> Answer:
        """Make the request, and judge the answer."""


class _Unasked:
    """A case in which the server asks no question."""

    @property
    def answers(self) -> Sequence[Any]:
        """No answers."""
        return ()


class _Answered:
    """A case that expects a result or an error."""

    result: Any
    error: str | None

    @property
    def expected(self) -> str:
        """The expected answer, in words."""
        return repr(self.result) if self.error is None else f"an error that says {self.error!r}"

    def _judged(self, value: Any, error: str | None = None) -> Answer:
        if error is not None:
            return Answer(self.error is not None and self.error in error, f"the error {one_line(error)!r}")
        return Answer(self.error is None and value == self.result, repr(value))


@dataclass(frozen=True)
class Case(_Answered):
    """One call of a tool.

    Attributes:
        arguments: The arguments of the call.
        about: The purpose of the case, as a sentence.
        result: The expected result.
        error: Instead of a result: a text that the expected error contains.
        part: The part of the structured content that is the result, such as ``rows`` of a table; "" for all of it.
        tells: The URI of a resource; its subscribers must be notified of a change.
        answers: The user's answers to the questions that the tool must ask, in order, as for `%mcp call`.
        given: The state before it: statements that are run on the library's database, or a function that is called.
        then: Looks at the world after the call.
    """

    arguments: Mapping[str, Any]
    about: str
    result: Any = None
    error: str | None = None
    part: str = ""
    tells: str | None = None
    answers: Sequence[Any] = ()
    given: Given = ""
    then: Sequence[Then] = ()

    @property
    def expected(self) -> str:
        """The expected answer, in words."""
        notice = f", and a notification that {self.tells} changed" if self.tells else ""
        return super().expected + notice + "".join(f", and then {t.words}: {t.expected!r}" for t in self.then)

    def words(self, name: str) -> str:
        """Write the case as a call."""
        answered = f", and the user answers {', '.join(map(repr, self.answers))}" if self.answers else ""
        return f"{name}({written(self.arguments)}){answered}"

    async def ask(self, bench: Bench) -> Answer:
        """Call the tool, and listen at the same time if a notification is expected; then look at what it did."""
        bench.fill(self.given)
        async with AsyncExitStack() as stack:
            listen = bench.client.listen(resource_subscriptions=[self.tells or ""])
            notices = await stack.enter_async_context(listen) if self.tells else None
            try:
                result = await bench.client.call_tool(bench.name, dict(self.arguments))
            except MCPError as error:
                return self._judged(None, str(error))
            answer = self._judged(value_of(result, self.part), text_of(result) if result.is_error else None)
            for then in self.then if answer.holds else ():
                if (seen := then.look(bench)) != then.expected:
                    return Answer(False, f"{answer.got}, and then {then.words}: {seen!r}")
            if notices is None or not answer.holds:
                return answer
            with anyio.move_on_after(PATIENCE):
                await anext(notices)
                return answer
        missed = f"{answer.got}, but no notification about {self.tells} (without await, none is sent)"
        return Answer(False, missed)


@dataclass(frozen=True)
class Probe(_Unasked):
    """A look at something that the learner's code made: a variable, a file, the result of a function.

    Attributes:
        request: The action, in words.
        about: The purpose of the case, as a sentence.
        look: Does it, and returns what it saw; what it raises is the learner's error.
        result: The value that it must return.
    """

    request: str
    about: str
    look: Callable[[Bench], Any]
    result: Any

    @property
    def expected(self) -> str:
        """The expected answer, in words."""
        return repr(self.result)

    def words(self, name: str) -> str:
        """Return what is done."""
        return self.request

    async def ask(self, bench: Bench) -> Answer:
        """Look, on a thread, because the learner's code may take its time."""
        try:
            seen = await anyio.to_thread.run_sync(self.look, bench)
            if inspect.isawaitable(seen):
                seen = await seen
        except Exception as error:  # noqa: BLE001 - it is the learner's code
            return Answer(False, f"the exception {one_line(repr(innermost(error)))}")
        return Answer(seen == self.result, repr(seen))


@dataclass(frozen=True)
class Reading(_Answered, _Unasked):
    """One read of a resource.

    Attributes:
        uri: The URI to read.
        about: The purpose of the case, as a sentence.
        result: The expected content: a value if it is JSON, else text or bytes.
        error: Instead of a result: a text that the expected error contains.
        code: The code that the expected error has, too; None if any will do.
        given: Statements that are run on the library's database first.
    """

    uri: str
    about: str
    result: Any = None
    error: str | None = None
    code: int | None = None
    given: str = ""

    @property
    def expected(self) -> str:
        """The expected answer, in words."""
        return super().expected + (f", with the code {self.code}" if self.code is not None else "")

    def words(self, name: str) -> str:
        """Return the URI."""
        return self.uri

    async def ask(self, bench: Bench) -> Answer:
        """Read the resource."""
        bench.fill(self.given)
        try:
            (content,) = (await bench.client.read_resource(self.uri)).contents
        except MCPError as error:
            if self.code is not None and error.code != self.code:
                return Answer(False, f"the error {one_line(str(error))!r}, with the code {error.code}")
            return self._judged(None, str(error))
        return self._judged(content.blob if isinstance(content, BlobResourceContents) else parsed(content.text))


@dataclass(frozen=True)
class Filling(_Unasked):
    """One use of a prompt.

    Attributes:
        arguments: The prompt's arguments.
        about: The purpose of the case, as a sentence.
        says: A text that its messages must contain.
        lacks: A text that they must not contain; nothing if anything will do.
        given: Statements that are run on the library's database first.
    """

    arguments: Mapping[str, str]
    about: str
    says: str
    lacks: str = ""
    given: str = ""

    @property
    def expected(self) -> str:
        """The expected answer, in words."""
        return f"messages that say {self.says!r}" + (f", without {self.lacks!r}" if self.lacks else "")

    def words(self, name: str) -> str:
        """Write the case as a call."""
        return f"{name}({written(self.arguments)})"

    async def ask(self, bench: Bench) -> Answer:
        """Get the prompt."""
        bench.fill(self.given)
        try:
            messages = (await bench.client.get_prompt(bench.name, dict(self.arguments))).messages
        except MCPError as error:
            return Answer(False, f"the error {one_line(str(error))!r}")
        text = "\n".join(message.content.text for message in messages if isinstance(message.content, TextContent))
        return Answer(self.says in text and (not self.lacks or self.lacks not in text), repr(text))


@dataclass(frozen=True)
class Listed(_Unasked):
    """The entry of a definition in the server's list.

    Attributes:
        fields: The expected fields of the entry, as JSON; other fields are not compared.
        about: The purpose of the case, as a sentence.
    """

    fields: Mapping[str, Any]
    about: str

    @property
    def expected(self) -> str:
        """The expected answer, in words."""
        return repr(dict(self.fields))

    def words(self, name: str) -> str:
        """Name the entry."""
        return f"{name}, as listed"

    async def ask(self, bench: Bench) -> Answer:
        """Find the entry in the list."""
        entry = (await entries(bench.client))[bench.name]
        got = {field: _like(wanted, entry.get(field)) for field, wanted in self.fields.items()}
        return Answer(got == dict(self.fields), repr(got))


def _like(wanted: Any, value: Any) -> Any:
    """Return only the parts of `value` that `wanted` names, so that learners can write their own descriptions."""
    if isinstance(wanted, Mapping) and isinstance(value, Mapping):
        return {key: _like(part, value.get(key)) for key, part in wanted.items()}
    if isinstance(wanted, list) and isinstance(value, list) and len(wanted) == len(value):
        return [_like(part, item) for part, item in zip(wanted, value, strict=True)]
    return value
