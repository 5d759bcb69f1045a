"""Make the requests of a connection on the portal's loop."""

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
from mcp_notebook.client.checking import Checks
from mcp_notebook.client.extensions.legacy_tasks import as_task, call_as_task
from mcp_notebook.client.extensions.tasks import OnTask, TaskState, following
from mcp_notebook.client.listing import all_pages, listed_tool
from mcp_notebook.client.noting import Noted, find_server_record, record_locally
from mcp_notebook.client.opening_links import opening_links
from mcp_notebook.client.questions import Answerer, Answers
from mcp_notebook.client.reading import Flawed, ItemList, in_words, reading
from mcp_notebook.client.replies import quoted
from mcp_notebook.client.sendable import as_sendable, sendable, texts
from mcp_notebook.client.sessions import Sessions
from mcp_notebook.client.timeout import Timeout, TimeUpError
from mcp_notebook.errors import RequestError
from mcp_notebook.recording import Call, Recorder
from mcp_notebook.schema import Problem

__all__ = ["OnProgress", "Outcome", "Reference", "Requests"]

T = TypeVar("T")
Result = TypeVar("Result", bound=BaseModel)

Reference: TypeAlias = PromptReference | ResourceTemplateReference

OnProgress = Callable[[float, float | None, str | None], None]
"""Called with a call's progress: the progress, the total if known, and a message; on the connection's loop."""


@dataclass(frozen=True)
class Outcome(Generic[Result]):
    """The result of a request, and its record."""

    result: Result
    call: Call | None

    @property
    def problems(self) -> list[Problem]:
        """The problems of the result: it does not follow the protocol, or does not fit its output schema."""
        return list(self.result.problems) if isinstance(self.result, Flawed) else []

    @property
    def unchecked(self) -> list[str]:
        """The reasons why the output schema was not checked completely, each once."""
        return list(self.result.unchecked) if isinstance(self.result, Flawed) else []

    @property
    def in_words(self) -> list[str]:
        """The problems of the result and the unchecked parts, one line each."""
        return in_words(self.result)

    def checked(self) -> Result:
        """Return the result if nothing is wrong with it.

        Raises:
            RequestError: The result has problems; the message contains the first.
        """
        if self.problems:
            more = f" (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
            raise RequestError(f"The result is not valid: {self.problems[0]}{more}.", self.call)
        return self.result


class Requests:
    """Makes requests, records them, and answers their questions.

    Args:
        sessions: Provides the session for each request.
        answering: Answers the server's questions.
        recorder: Returns the recorder, and whether a server of this kernel writes to it.
        kind: Returns the transport, for the record.
        client: The client, for the record.
        timeout: Seconds for a request without its own timeout; None for no limit.
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
        self._checks = Checks()
        self._client = f"{client.name} {client.version}"
        self._seconds = Timeout.checked(timeout)

    async def every(self, method: str, field: str, timeout: float | None = None) -> ItemList[Any]:
        """Return all items of a server's list, over all pages."""
        pages = await self.pages(method, timeout)
        return ItemList([item for page in pages for item in getattr(page, field)], pages.problems)

    async def pages(self, method: str, timeout: float | None = None) -> ItemList[Any]:
        """Return the pages of a list, as the server sends them."""

        async def send(client: Client) -> ItemList[Any]:
            try:
                return await all_pages(client, method)
            except MCPError as error:
                if error.code != METHOD_NOT_FOUND:
                    raise
                return ItemList()  # a server without such items need not know the method

        return await self.ask(send, timeout)

    async def call(
        self,
        name: str,
        arguments: dict[str, Any],
        answers: Answers,
        answerer: Answerer | None,
        on_progress: OnProgress | None,
        timeout: float | None,
        on_task: OnTask | None = None,
    ) -> Outcome[CallToolResult]:
        """Call a tool; `on_task` is told of the task that the server may make of it."""
        arguments = as_sendable(arguments)
        time = self._timeout(timeout)

        async def send(client: Client, noted: Noted) -> CallToolResult:
            async def progressed(progress: float, total: float | None, message: str | None) -> None:
                time.progressed()
                if noted.here and noted.call is not None:
                    noted.call.add("progress", {"progress": progress, "total": total, "message": message})
                if on_progress is not None:
                    on_progress(progress, total, message)

            def told(state: TaskState) -> None:
                if noted.here and noted.call is not None:
                    noted.call.task = True
                if on_task is not None:
                    on_task(state)

            # Before each call: the tool may have changed, and a modern client needs to know its headers.
            tool = await listed_tool(client, name)
            wanted = on_progress is not None or noted.here or time.seconds < math.inf
            with following(progressed, told):
                if as_task(client, tool, wanted=on_task is not None):
                    result = await call_as_task(client, name, arguments, noted.meta)
                else:
                    result = await client.call_tool(
                        name, arguments, meta=noted.meta, progress_callback=progressed if wanted else None
                    )
            return await self._checks.check(name, None if tool is None else tool.output_schema, result)

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
        arguments = texts(arguments)

        async def send(client: Client, noted: Noted) -> GetPromptResult:
            return await client.get_prompt(name, arguments, meta=noted.meta)

        return await self._make("prompts/get", name, arguments, send, answers, answerer, self._timeout(timeout))

    async def complete(
        self, ref: Reference, argument: str, value: str, given: Mapping[str, str], timeout: float | None
    ) -> list[str]:
        """Return suggestions for an argument."""

        async def send(client: Client) -> list[str]:
            result = await client.complete(ref, {"name": argument, "value": value}, dict(given) or None)
            return list(result.completion.values)

        sendable([value, dict(given)], f"The value of {argument}")
        return await self.ask(send, timeout)

    async def ask(self, send: Callable[[Client], Awaitable[T]], timeout: float | None = None) -> T:
        """Make a request that is not recorded."""
        with self._translated(None):
            return await self._run(send, self._timeout(timeout))

    async def tell_of_roots(self) -> None:
        """Tell the server that the roots have changed."""
        changed = RootsListChangedNotification()  # not by the client's own method, which warns that this is legacy
        await self.ask(lambda client: client.session.send_notification(changed), math.inf)

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
            reading() as seen,
        ):
            sendable(name, f"The name in {method}")
            sendable(arguments, "arguments")
            sending = opening_links(lambda client: send(client, noted), asked, self._answering)
            result = await self._run(sending, timeout, again=lambda: asked.count == 0)
            noted.result = result
            if isinstance(result, Flawed):
                noted.raw = seen.raw
        outcome = Outcome(result, noted.call)
        if noted.call is not None:
            noted.call.problems = outcome.in_words
        return outcome

    async def _run(
        self, request: Callable[[Client], Awaitable[T]], timeout: Timeout, again: Callable[[], bool] = lambda: True
    ) -> T:
        try:
            return await timeout.run(lambda: self._sessions.run(request, again=again), self._sessions.name)
        except TimeUpError as error:
            if self._sessions.noise is None:
                raise
            noise = quoted(self._sessions.noise)
            raise TimeUpError(f"{error} It sent something that is not an MCP message: {noise}") from None

    def _timeout(self, seconds: float | None) -> Timeout:
        return Timeout(self._seconds if seconds is None else Timeout.checked(seconds))

    def _noted(self, method: str, name: str, arguments: Mapping[str, Any]) -> AbstractContextManager[Noted]:
        recorder, theirs = self._recorder()
        if theirs:
            return find_server_record(recorder)
        return record_locally(
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
