"""Cases of an exercise: one question that a client asks of the learner's server, and what has to come of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import anyio
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp_types import BlobResourceContents, CallToolResult, TextContent

__all__ = ["Answer", "AnyCase", "Case", "Filling", "Listed", "Reading", "entries"]

PATIENCE = 2
"""Seconds in which a notice has to arrive; in one process it takes a few milliseconds."""


class Answer(NamedTuple):
    """What came of a case.

    Attributes:
        holds: Whether it is what the exercise asks for.
        got: What came, in words.
    """

    holds: bool
    got: str


class AnyCase(Protocol):
    """What every case has."""

    @property
    def about(self) -> str:
        """What it is there to show, as a sentence."""

    @property
    def answers(self) -> Sequence[Any]:
        """What the user answers to the questions that have to come meanwhile; see `Script`."""

    @property
    def expected(self) -> str:
        """What has to come of it, in words."""

    def words(self, name: str) -> str:
        """What is asked, in words; `name` is what the exercise asks for."""

    async def ask(self, client: Client, name: str) -> Answer:
        """Ask it."""


class _Unasked:
    """A case during which no question comes."""

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
        """What has to come of it, in words."""
        return repr(self.result) if self.error is None else f"an error that says {self.error!r}"

    def _judged(self, value: Any, error: str | None = None) -> Answer:
        if error is not None:
            return Answer(self.error is not None and self.error in error, f"the error {error!r}")
        return Answer(self.error is None and value == self.result, repr(value))


@dataclass(frozen=True)
class Case(_Answered):
    """One call of a tool.

    Attributes:
        arguments: What the tool is called with.
        about: What this case is there to show, as a sentence.
        result: The value that the tool returns.
        error: Given instead of a result: the call has to be an error, with this in its text.
        tells: The URI of a resource; clients that follow it have to hear that it changed.
        answers: What the user answers to the questions that the tool has to ask, in order, as `%mcp call` takes them.
    """

    arguments: Mapping[str, Any]
    about: str
    result: Any = None
    error: str | None = None
    tells: str | None = None
    answers: Sequence[Any] = ()

    @property
    def expected(self) -> str:
        """What has to come of it, in words."""
        return super().expected + (f", and a notice that {self.tells} changed" if self.tells else "")

    def words(self, name: str) -> str:
        """Write it as a call."""
        answered = f", and the user answers {', '.join(map(repr, self.answers))}" if self.answers else ""
        return f"{name}({_arguments(self.arguments)}){answered}"

    async def ask(self, client: Client, name: str) -> Answer:
        """Call the tool, and listen meanwhile where a notice is expected."""
        async with AsyncExitStack() as stack:
            uris = [self.tells] if self.tells else []
            notices = await stack.enter_async_context(client.listen(resource_subscriptions=uris)) if uris else None
            try:
                result = await client.call_tool(name, dict(self.arguments))
            except MCPError as error:
                return self._judged(None, str(error))
            answer = self._judged(_value(result), _text(result) if result.is_error else None)
            if notices is None or not answer.holds:
                return answer
            with anyio.move_on_after(PATIENCE):
                await anext(notices)
                return answer
        return Answer(False, f"{answer.got}, and no notice about {self.tells}")


@dataclass(frozen=True)
class Reading(_Answered, _Unasked):
    """One resource, read.

    Attributes:
        uri: What is read.
        about: What this case is there to show, as a sentence.
        result: What is in it: the value where it is JSON, else the text, or bytes.
        error: Given instead of a result: the server has to refuse, with this in its text.
    """

    uri: str
    about: str
    result: Any = None
    error: str | None = None

    def words(self, name: str) -> str:
        """Name what is read."""
        return self.uri

    async def ask(self, client: Client, name: str) -> Answer:
        """Read it."""
        try:
            (content,) = (await client.read_resource(self.uri)).contents
        except MCPError as error:
            return self._judged(None, str(error))
        return self._judged(content.blob if isinstance(content, BlobResourceContents) else _parsed(content.text))


@dataclass(frozen=True)
class Filling(_Unasked):
    """One prompt, filled in.

    Attributes:
        arguments: What a person fills in.
        about: What this case is there to show, as a sentence.
        says: What has to stand in its messages.
    """

    arguments: Mapping[str, str]
    about: str
    says: str

    @property
    def expected(self) -> str:
        """What has to come of it, in words."""
        return f"messages that say {self.says!r}"

    def words(self, name: str) -> str:
        """Write it as a call."""
        return f"{name}({_arguments(self.arguments)})"

    async def ask(self, client: Client, name: str) -> Answer:
        """Get the prompt."""
        try:
            messages = (await client.get_prompt(name, dict(self.arguments))).messages
        except MCPError as error:
            return Answer(False, f"the error {str(error)!r}")
        text = "\n".join(message.content.text for message in messages if isinstance(message.content, TextContent))
        return Answer(self.says in text, repr(text))


@dataclass(frozen=True)
class Listed(_Unasked):
    """What clients see of the definition before they use it.

    Attributes:
        fields: Fields of its entry in the list, as JSON; only these are compared.
        about: What this case is there to show, as a sentence.
    """

    fields: Mapping[str, Any]
    about: str

    @property
    def expected(self) -> str:
        """What has to come of it, in words."""
        return repr(dict(self.fields))

    def words(self, name: str) -> str:
        """Name the entry."""
        return f"{name}, as listed"

    async def ask(self, client: Client, name: str) -> Answer:
        """List it."""
        entry = (await entries(client))[name]
        got = {field: _like(wanted, entry.get(field)) for field, wanted in self.fields.items()}
        return Answer(got == dict(self.fields), repr(got))


async def entries(client: Client) -> dict[str, dict[str, Any]]:
    """Return all that the server lists, as JSON: tools and prompts by name, resources and templates by URI."""
    everything = [
        *(await client.list_tools()).tools,
        *(await client.list_prompts()).prompts,
        *(await client.list_resources()).resources,
        *(await client.list_resource_templates()).resource_templates,
    ]
    listed = [item.model_dump(by_alias=True, mode="json", exclude_none=True) for item in everything]
    return {entry.get("uri") or entry.get("uriTemplate") or entry["name"]: entry for entry in listed}


def _like(wanted: Any, value: Any) -> Any:
    """Return `value` with only those parts that `wanted` names, so that descriptions are the learner's own."""
    if isinstance(wanted, Mapping) and isinstance(value, Mapping):
        return {key: _like(part, value.get(key)) for key, part in wanted.items()}
    if isinstance(wanted, list) and isinstance(value, list) and len(wanted) == len(value):
        return [_like(part, item) for part, item in zip(wanted, value, strict=True)]
    return value


def _value(result: CallToolResult) -> Any:
    """Return what the tool returned: the SDK wraps what is no object as ``{"result": ...}``."""
    structured = result.structured_content
    if structured is None:
        return _text(result)
    return structured["result"] if set(structured) == {"result"} else structured


def _text(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _arguments(arguments: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in arguments.items())
