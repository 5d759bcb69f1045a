"""Define the cases of an exercise: requests to the learner's server, each with its expected answer."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import anyio
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp_types import BlobResourceContents, CallToolResult, TextContent

__all__ = ["Answer", "AnyCase", "Case", "Filling", "Listed", "Reading", "entries"]

PATIENCE = 2
"""Seconds to wait for a notification; in one process it takes a few milliseconds."""


LONGEST_ARGUMENT = 60
"""Characters of an argument that are shown."""


class Answer(NamedTuple):
    """The outcome of a case.

    Attributes:
        holds: Whether the exercise is right in this case.
        got: The actual answer, in words.
    """

    holds: bool
    got: str


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

    async def ask(self, client: Client, name: str) -> Answer:
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
            return Answer(self.error is not None and self.error in error, f"the error {_one_line(error)!r}")
        return Answer(self.error is None and value == self.result, repr(value))


@dataclass(frozen=True)
class Case(_Answered):
    """One call of a tool.

    Attributes:
        arguments: The arguments of the call.
        about: The purpose of the case, as a sentence.
        result: The expected result.
        error: Instead of a result: a text that the expected error contains.
        tells: The URI of a resource; its subscribers must be notified of a change.
        answers: The user's answers to the questions that the tool must ask, in order, as for `%mcp call`.
    """

    arguments: Mapping[str, Any]
    about: str
    result: Any = None
    error: str | None = None
    tells: str | None = None
    answers: Sequence[Any] = ()

    @property
    def expected(self) -> str:
        """The expected answer, in words."""
        return super().expected + (f", and a notification that {self.tells} changed" if self.tells else "")

    def words(self, name: str) -> str:
        """Write the case as a call."""
        answered = f", and the user answers {', '.join(map(repr, self.answers))}" if self.answers else ""
        return f"{name}({_arguments(self.arguments)}){answered}"

    async def ask(self, client: Client, name: str) -> Answer:
        """Call the tool, and listen at the same time if a notification is expected."""
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
        return Answer(False, f"{answer.got}, but no notification about {self.tells}")


@dataclass(frozen=True)
class Reading(_Answered, _Unasked):
    """One read of a resource.

    Attributes:
        uri: The URI to read.
        about: The purpose of the case, as a sentence.
        result: The expected content: a value if it is JSON, else text or bytes.
        error: Instead of a result: a text that the expected error contains.
    """

    uri: str
    about: str
    result: Any = None
    error: str | None = None

    def words(self, name: str) -> str:
        """Return the URI."""
        return self.uri

    async def ask(self, client: Client, name: str) -> Answer:
        """Read the resource."""
        try:
            (content,) = (await client.read_resource(self.uri)).contents
        except MCPError as error:
            return self._judged(None, str(error))
        return self._judged(content.blob if isinstance(content, BlobResourceContents) else _parsed(content.text))


@dataclass(frozen=True)
class Filling(_Unasked):
    """One use of a prompt.

    Attributes:
        arguments: The prompt's arguments.
        about: The purpose of the case, as a sentence.
        says: A text that its messages must contain.
    """

    arguments: Mapping[str, str]
    about: str
    says: str

    @property
    def expected(self) -> str:
        """The expected answer, in words."""
        return f"messages that say {self.says!r}"

    def words(self, name: str) -> str:
        """Write the case as a call."""
        return f"{name}({_arguments(self.arguments)})"

    async def ask(self, client: Client, name: str) -> Answer:
        """Get the prompt."""
        try:
            messages = (await client.get_prompt(name, dict(self.arguments))).messages
        except MCPError as error:
            return Answer(False, f"the error {_one_line(str(error))!r}")
        text = "\n".join(message.content.text for message in messages if isinstance(message.content, TextContent))
        return Answer(self.says in text, repr(text))


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

    async def ask(self, client: Client, name: str) -> Answer:
        """Find the entry in the list."""
        entry = (await entries(client))[name]
        got = {field: _like(wanted, entry.get(field)) for field, wanted in self.fields.items()}
        return Answer(got == dict(self.fields), repr(got))


async def entries(client: Client) -> dict[str, dict[str, Any]]:
    """Return all entries of the server's lists, as JSON: tools and prompts by name, resources and templates by URI."""
    everything = [
        *(await client.list_tools()).tools,
        *(await client.list_prompts()).prompts,
        *(await client.list_resources()).resources,
        *(await client.list_resource_templates()).resource_templates,
    ]
    listed = [item.model_dump(by_alias=True, mode="json", exclude_none=True) for item in everything]
    return {entry.get("uri") or entry.get("uriTemplate") or entry["name"]: entry for entry in listed}


def _like(wanted: Any, value: Any) -> Any:
    """Return only the parts of `value` that `wanted` names, so that learners can write their own descriptions."""
    if isinstance(wanted, Mapping) and isinstance(value, Mapping):
        return {key: _like(part, value.get(key)) for key, part in wanted.items()}
    if isinstance(wanted, list) and isinstance(value, list) and len(wanted) == len(value):
        return [_like(part, item) for part, item in zip(wanted, value, strict=True)]
    return value


def _value(result: CallToolResult) -> Any:
    """Return the tool's value; the SDK wraps values other than objects as ``{"result": ...}``."""
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
    return ", ".join(f"{name}={_shortened(_without_folder(repr(value)))}" for name, value in arguments.items())


def _without_folder(text: str) -> str:
    """Leave out the random name of a temporary folder: it would change a saved notebook on each run."""
    folder = tempfile.gettempdir()
    # macOS has it behind a link. In a repr, Windows' backslashes are doubled.
    names = {form for path in (os.path.realpath(folder), folder) for form in (path, repr(path)[1:-1])}
    either = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.sub(rf"(?:{either})[/\\]+\w+", "/...", text)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_ARGUMENT else f"{text[:LONGEST_ARGUMENT]}..."


def _one_line(error: str) -> str:
    """Write an error on one line; of pydantic's text, only the places and the reasons."""
    lines = error.splitlines()
    found = [
        f"{place.strip()}: {reason.strip().partition(' [type=')[0]}"
        for place, reason in pairwise(lines)
        if " [type=" in reason
    ]
    head = lines[0].rpartition(": ")[0] if found and re.search(r"\d+ validation errors? for ", lines[0]) else ""
    if found:
        return f"{head}: {'; '.join(found)}" if head else "; ".join(found)
    return " ".join(line.strip() for line in lines)
