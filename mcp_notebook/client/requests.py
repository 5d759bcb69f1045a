"""The requests of a connection, on the portal's loop."""

from __future__ import annotations

import math
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
from mcp_notebook.client.noting import Noted, noted_here, noted_there
from mcp_notebook.client.questions import Answerer, Answers
from mcp_notebook.client.replies import quoted
from mcp_notebook.client.sendable import sendable
from mcp_notebook.client.sessions import Sessions
from mcp_notebook.client.timeout import Timeout, TimeUpError
from mcp_notebook.errors import RequestError
from mcp_notebook.recording import Call, Recorder

__all__ = ["OnProgress", "Outcome", "Reference", "Requests"]

T = TypeVar("T")
Result = TypeVar("Result", bound=BaseModel)

Reference: TypeAlias = PromptReference | ResourceTemplateReference

OnProgress = Callable[[float, float | None, str | None], None]
"""Told of a call's progress: how far, of how much, and a word on it; on the connection's loop."""


@dataclass(frozen=True)
class Outcome(Generic[Result]):
    """What came of a request: its result, and what a recorder kept of it."""

    result: Result
    call: Call | None


class Requests:
    """Makes requests, and has them recorded and their questions answered.

    Args:
        sessions: Where they go.
        answering: Who answers.
        recorder: Returns where they are recorded, and whether a server of this kernel does that.
        kind: Returns how they travel, for the record.
        client: Who asks, for the record.
        timeout: Seconds that a request has which brings no time of its own; None for ever.
    """

    def __init__(
        self,
        sessions: Sessions,
        answering: Answering,
        recorder: Callable[[], tuple[Recorder, bool]],
        *,
        kind: Callable[[], str],
        client: Implementation,
        timeout: float | None = None,
    ) -> None:
        self._sessions = sessions
        self._answering = answering
        self._recorder = recorder
        self._kind = kind
        self._client = f"{client.name} {client.version}"
        self._seconds = Timeout.checked(timeout)

    async def every(self, method: str, field: str, timeout: float | None = None) -> list[Any]:
        """Return all that a server lists, over all pages."""
        return [item for page in await self.pages(method, timeout) for item in getattr(page, field)]

    async def pages(self, method: str, timeout: float | None = None) -> list[Any]:
        """Return the pages of a list, as the server gives them."""

        async def pages(client: Client) -> list[Any]:
            found: list[Any] = []
            cursor: str | None = None
            while True:
                page = await getattr(client, method)(cursor=cursor)
                found.append(page)
                cursor = page.next_cursor
                if cursor is None:
                    return found

        with self._translated(None):
            try:
                return await self._run(pages, self._timeout(timeout))
            except MCPError as error:
                if error.code != METHOD_NOT_FOUND:
                    raise
                return []  # a server that has none need not know the method

    async def call(
        self,
        name: str,
        arguments: dict[str, Any],
        answers: Answers,
        answerer: Answerer | None,
        on_progress: OnProgress | None,
        timeout: float | None,
    ) -> Outcome[CallToolResult]:
        """Call a tool."""
        time = self._timeout(timeout)

        async def send(client: Client, noted: Noted) -> CallToolResult:
            async def progressed(progress: float, total: float | None, message: str | None) -> None:
                time.progressed()
                if noted.here and noted.call is not None:
                    noted.call.add("progress", {"progress": progress, "total": total, "message": message})
                if on_progress is not None:
                    on_progress(progress, total, message)

            # The client checks results against the output schemas that it listed last; the tool may have changed.
            await client.list_tools()
            wanted = on_progress is not None or noted.here or time.seconds < math.inf
            return await client.call_tool(
                name, arguments, meta=noted.meta, progress_callback=progressed if wanted else None
            )

        return await self._make("tools/call", name, arguments, send, answers, answerer, time)

    async def read(
        self, uri: str, answers: Answers, answerer: Answerer | None, timeout: float | None
    ) -> Outcome[ReadResourceResult]:
        """Read a resource."""

        async def send(client: Client, noted: Noted) -> ReadResourceResult:
            return await client.read_resource(uri, meta=noted.meta)

        return await self._make("resources/read", uri, {}, send, answers, answerer, self._timeout(timeout))

    async def prompt(
        self,
        name: str,
        arguments: dict[str, str],
        answers: Answers,
        answerer: Answerer | None,
        timeout: float | None,
    ) -> Outcome[GetPromptResult]:
        """Get a prompt."""

        async def send(client: Client, noted: Noted) -> GetPromptResult:
            return await client.get_prompt(name, arguments, meta=noted.meta)

        return await self._make("prompts/get", name, arguments, send, answers, answerer, self._timeout(timeout))

    async def complete(
        self, ref: Reference, argument: str, value: str, given: Mapping[str, str], timeout: float | None
    ) -> list[str]:
        """Ask what an argument can be."""

        async def send(client: Client) -> list[str]:
            result = await client.complete(ref, {"name": argument, "value": value}, dict(given) or None)
            return list(result.completion.values)

        sendable([value, dict(given)], f"The value of {argument}")
        with self._translated(None):
            return await self._run(send, self._timeout(timeout))

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
        timeout: Timeout,
    ) -> Outcome[Result]:
        with (
            self._noted(method, name, arguments) as noted,
            self._translated(noted),
            self._answering.during(answers, answerer, noted, timeout) as asked,
        ):
            sendable(name, f"The name in {method}")
            sendable(arguments, "arguments")
            result = await self._run(lambda client: send(client, noted), timeout, again=lambda: asked.count == 0)
            noted.result = result
        return Outcome(result, noted.call)

    async def _run(
        self, request: Callable[[Client], Awaitable[T]], timeout: Timeout, again: Callable[[], bool] = lambda: True
    ) -> T:
        try:
            return await timeout.run(lambda: self._sessions.run(request, again=again), self._sessions.name)
        except TimeUpError as error:
            if self._sessions.noise is None:
                raise
            noise = quoted(self._sessions.noise)
            raise TimeUpError(f"{error} It sent what is not a message of MCP: {noise}") from None

    def _timeout(self, seconds: float | None) -> Timeout:
        return Timeout(self._seconds if seconds is None else Timeout.checked(seconds))

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
                transport=self._kind(),
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
