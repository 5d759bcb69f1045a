"""The requests of a connection, on the portal's loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp_types import (
    METHOD_NOT_FOUND,
    CallToolResult,
    GetPromptResult,
    Implementation,
    PromptReference,
    ReadResourceResult,
    ResourceTemplateReference,
    RootsListChangedNotification,
)
from pydantic import BaseModel

from mcp_notebook.client import failures
from mcp_notebook.client.answering import Answering
from mcp_notebook.client.checking import Checks
from mcp_notebook.client.listing import all_pages, output_schema
from mcp_notebook.client.noting import Noted, noted_here, noted_there
from mcp_notebook.client.opening_links import opening_links
from mcp_notebook.client.questions import Answerer, Answers
from mcp_notebook.client.reading import Flawed, Found, in_words, reading
from mcp_notebook.client.sessions import Sessions
from mcp_notebook.errors import RequestError
from mcp_notebook.recording import Call, Recorder
from mcp_notebook.schema import Problem

__all__ = ["OnProgress", "Outcome", "Reference", "Requests"]

Result = TypeVar("Result", bound=BaseModel)

Reference: TypeAlias = PromptReference | ResourceTemplateReference

OnProgress = Callable[[float, float | None, str | None], None]
"""Told of a call's progress: how far, of how much, and a word on it; on the connection's loop."""


@dataclass(frozen=True)
class Outcome(Generic[Result]):
    """What came of a request: its result, and what a recorder kept of it."""

    result: Result
    call: Call | None

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the result: it is not what the protocol says, or does not fit its output schema."""
        return list(self.result.problems) if isinstance(self.result, Flawed) else []

    @property
    def unchecked(self) -> list[str]:
        """Why the output schema was not checked in full, each reason once."""
        return list(self.result.unchecked) if isinstance(self.result, Flawed) else []

    @property
    def in_words(self) -> list[str]:
        """What is wrong with the result and what was not checked, a line each."""
        return in_words(self.result)

    def checked(self) -> Result:
        """Return the result, where nothing is wrong with it.

        Raises:
            RequestError: Something is; the message has the first of it.
        """
        if self.problems:
            more = f" (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
            raise RequestError(f"The result is not as it should be: {self.problems[0]}{more}.", self.call)
        return self.result


class Requests:
    """Makes requests, and has them recorded and their questions answered.

    Args:
        sessions: Where they go.
        answering: Who answers.
        recorder: Returns where they are recorded, and whether a server of this kernel does that.
        kind: How they travel, for the record.
        client: Who asks, for the record.
    """

    def __init__(
        self,
        sessions: Sessions,
        answering: Answering,
        recorder: Callable[[], tuple[Recorder, bool]],
        *,
        kind: str,
        client: Implementation,
    ) -> None:
        self._sessions = sessions
        self._answering = answering
        self._recorder = recorder
        self._kind = kind
        self._checks = Checks()
        self._client = f"{client.name} {client.version}"

    async def every(self, method: str, field: str) -> Found[Any]:
        """Return all that a server lists, over all pages."""
        pages = await self.pages(method)
        return Found([item for page in pages for item in getattr(page, field)], pages.problems)

    async def pages(self, method: str) -> Found[Any]:
        """Return the pages of a list, as the server gives them."""
        with self._translated(None):
            try:
                return await self._sessions.run(lambda client: all_pages(client, method))
            except MCPError as error:
                if error.code != METHOD_NOT_FOUND:
                    raise
                return Found()  # a server that has none need not know the method

    async def call(
        self,
        name: str,
        arguments: dict[str, Any],
        answers: Answers,
        answerer: Answerer | None,
        on_progress: OnProgress | None,
    ) -> Outcome[CallToolResult]:
        """Call a tool."""

        async def send(client: Client, noted: Noted) -> CallToolResult:
            async def progressed(progress: float, total: float | None, message: str | None) -> None:
                if noted.here and noted.call is not None:
                    noted.call.add("progress", {"progress": progress, "total": total, "message": message})
                if on_progress is not None:
                    on_progress(progress, total, message)

            # Before each call: the tool may have changed, and a modern client has to know its headers.
            schema = await output_schema(client, name)
            wanted = on_progress is not None or noted.here
            result = await client.call_tool(
                name, arguments, meta=noted.meta, progress_callback=progressed if wanted else None
            )
            return await self._checks.check(name, schema, result)

        return await self._make("tools/call", name, arguments, send, answers, answerer)

    async def read(self, uri: str, answers: Answers, answerer: Answerer | None) -> Outcome[ReadResourceResult]:
        """Read a resource."""

        async def send(client: Client, noted: Noted) -> ReadResourceResult:
            return await client.read_resource(uri, meta=noted.meta)

        return await self._make("resources/read", uri, {}, send, answers, answerer)

    async def prompt(
        self, name: str, arguments: dict[str, str], answers: Answers, answerer: Answerer | None
    ) -> Outcome[GetPromptResult]:
        """Get a prompt."""

        async def send(client: Client, noted: Noted) -> GetPromptResult:
            return await client.get_prompt(name, arguments, meta=noted.meta)

        return await self._make("prompts/get", name, arguments, send, answers, answerer)

    async def complete(self, ref: Reference, argument: str, value: str, given: Mapping[str, str]) -> list[str]:
        """Ask what an argument can be."""

        async def send(client: Client) -> list[str]:
            result = await client.complete(ref, {"name": argument, "value": value}, dict(given) or None)
            return list(result.completion.values)

        with self._translated(None):
            return await self._sessions.run(send)

    async def tell_of_roots(self) -> None:
        """Tell the server that the roots have changed."""

        async def send(client: Client) -> None:
            # Not the client's own method, which warns that this is legacy.
            await client.session.send_notification(RootsListChangedNotification())

        with self._translated(None):
            await self._sessions.run(send)

    async def _make(
        self,
        method: str,
        name: str,
        arguments: Mapping[str, Any],
        send: Callable[[Client, Noted], Awaitable[Result]],
        answers: Answers,
        answerer: Answerer | None,
    ) -> Outcome[Result]:
        with (
            self._noted(method, name, arguments) as noted,
            self._translated(noted),
            self._answering.during(answers, answerer, noted) as asked,
            reading() as seen,
        ):
            sending = opening_links(lambda client: send(client, noted), asked, self._answering)
            result = await self._sessions.run(sending, again=lambda: asked.count == 0)
            noted.result = result
            if isinstance(result, Flawed):
                noted.raw = seen.raw
        outcome = Outcome(result, noted.call)
        if noted.call is not None:
            noted.call.problems = outcome.in_words
        return outcome

    def _noted(self, method: str, name: str, arguments: Mapping[str, Any]) -> AbstractContextManager[Noted]:
        recorder, theirs = self._recorder()
        if theirs:
            return noted_there(recorder)
        return noted_here(
            recorder,
            Call(
                server=self._sessions.name,
                method=method,
                name=name,
                arguments=arguments,
                client=self._client,
                transport=self._kind,
                protocol_version=self._sessions.about.protocol_version,
            ),
        )

    @contextmanager
    def _translated(self, noted: Noted | None) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            translated = failures.of_request(error, self._sessions.name, self._sessions.stderr)
            if translated is None:
                raise
            translated.call = translated.call or (noted.call if noted is not None else None)
            raise translated from (None if isinstance(error, RequestError) else error)
