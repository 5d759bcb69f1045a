"""One open connection to a server, usable from any thread."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future, TimeoutError
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Generic, Literal, TypeVar

import anyio
from mcp.client import Client
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CallToolResult,
    GetPromptResult,
    Implementation,
    Prompt,
    ReadResourceResult,
    Tool,
)
from mcp_types.version import LATEST_MODERN_VERSION
from pydantic import BaseModel

from mcp_notebook.client.answering import Answering
from mcp_notebook.client.framed import framed
from mcp_notebook.client.questions import Answerer
from mcp_notebook.errors import RequestError, innermost
from mcp_notebook.portal import GRACE, Portal
from mcp_notebook.recording import Call, Recorder
from mcp_notebook.server.runtime import CALL_ID

__all__ = ["Connection", "Era", "OnProgress", "Outcome"]

T = TypeVar("T")

Era = Literal["modern", "legacy"]

OnProgress = Callable[[float, float | None, str | None], None]
"""Told of a call's progress: how far, of how much, and a word on it; on the connection's loop."""

_WHO = Implementation(name="mcp-notebook", version=version("mcp-notebook"))


Result = TypeVar("Result", bound=BaseModel)


@dataclass(frozen=True)
class Outcome(Generic[Result]):
    """What came of a request: its result, and what the recorder kept of it, which clients from outside never see."""

    result: Result
    call: Call | None


class Connection:
    """A client of `server` over the memory transport, open until `close`.

    One task of the portal's loop opens and closes it, because the SDK's client must be left by the task
    that entered it. Requests wait for their answer; interrupting the wait cancels the request at the server.

    Args:
        portal: The loop that it lives on.
        server: The server.
        era: Which protocol the client speaks.
        answerer: Answers what the server asks during a request that brings no answers of its own.

    Raises:
        RequestError: The server's lifespan raised; and from every request: the server refused it, or its answer
            does not fit its own schema.
    """

    def __init__(
        self, portal: Portal, server: MCPServer[Any], era: Era = "modern", *, answerer: Answerer | None = None
    ) -> None:
        self._portal = portal
        self._server = server
        self._answering = Answering(server.name, answerer)
        wire = self._recorder.wire
        # No response cache: cells change what the server lists, and nothing tells this client.
        self._client = Client(
            framed(server, wire) if wire.on else server,
            mode="legacy" if era == "legacy" else LATEST_MODERN_VERSION,
            cache=None,
            client_info=_WHO,
            elicitation_callback=self._answering.elicit,
            sampling_callback=self._answering.sample,
            list_roots_callback=self._answering.roots,
        )
        try:
            self._owner = portal.start_task(self._own)
        except Exception as error:  # the author's lifespan may raise anything
            raise RequestError(
                f"{server.name!r} could not start: its lifespan raised {innermost(error)!r}. Mend the cell that "
                "defines it, and run that."
            ) from error

    async def _own(self, started: Callable[[], None]) -> None:
        self._end = anyio.Event()
        async with self._client:
            started()
            await self._end.wait()

    def close(self) -> None:
        """Close the connection; what is still under way is cancelled, and waited for no longer than `GRACE`.

        Raises:
            RequestError: The server's lifespan raised when it ended; the connection is closed all the same.
        """
        self._portal.start(_on_the_loop, self._end.set)
        try:
            self._owner.result(GRACE)
        except TimeoutError:
            pass
        except Exception as error:  # as in __init__
            raise RequestError(
                f"{self._server.name!r} is closed, but its lifespan raised {innermost(error)!r} when it ended."
            ) from error

    def tools(self) -> list[Tool]:
        """Return all tools that the server lists."""
        return self._ask(_every_page, self._client.list_tools, "tools")

    def prompts(self) -> list[Prompt]:
        """Return all prompts that the server lists."""
        return self._ask(_every_page, self._client.list_prompts, "prompts")

    def start_call(
        self,
        name: str,
        arguments: Mapping[str, Any],
        *,
        answers: Sequence[Any] | None = None,
        on_progress: OnProgress | None = None,
    ) -> Future[Outcome[CallToolResult]]:
        """Start a call, as `call` has it, and return its future; cancelling that cancels the call at the server."""
        return self._portal.start(_translated, self._call, name, dict(arguments), answers, on_progress)

    def call(
        self,
        name: str,
        arguments: Mapping[str, Any],
        *,
        answers: Sequence[Any] | None = None,
        on_progress: OnProgress | None = None,
    ) -> Outcome[CallToolResult]:
        """Call a tool. A tool's own failure is a result with ``is_error``, not an exception.

        Args:
            name: The tool.
            arguments: As JSON has them.
            answers: The answers to what the server asks during this call, in order; see `Script`.
            on_progress: Told of the call's progress.
        """
        try:
            outcome: Outcome[CallToolResult] = self._ask(self._call, name, dict(arguments), answers, on_progress)
        except CancelledError:
            raise RequestError(f"The call of {name!r} was cancelled at the server.") from None
        return outcome

    def read(self, uri: str) -> Outcome[ReadResourceResult]:
        """Read a resource."""
        result: Outcome[ReadResourceResult] = self._ask(self._noting, self._client.read_resource, uri)
        return result

    def prompt(self, name: str, arguments: Mapping[str, str]) -> Outcome[GetPromptResult]:
        """Get a prompt, filled in with `arguments`."""
        result: Outcome[GetPromptResult] = self._ask(self._noting, self._client.get_prompt, name, dict(arguments))
        return result

    async def _call(
        self,
        name: str,
        arguments: dict[str, Any],
        answers: Sequence[Any] | None,
        on_progress: OnProgress | None,
    ) -> Outcome[CallToolResult]:
        async def progressed(progress: float, total: float | None, message: str | None) -> None:
            if on_progress is not None:
                on_progress(progress, total, message)

        # The client checks results against the output schemas that it listed last; a cell may have changed them.
        await self._client.list_tools()
        with (
            self._recorder.expecting() as expected,
            self._answering.during(answers, lambda: expected.call),
        ):
            meta: Any = {CALL_ID: expected.id}  # the SDK's type for it lists only the protocol's own keys
            result = await self._client.call_tool(
                name, arguments, meta=meta, progress_callback=progressed if on_progress is not None else None
            )
            return Outcome(result, expected.call)

    async def _noting(self, request: Callable[..., Awaitable[Result]], *args: object) -> Outcome[Result]:
        with self._recorder.expecting() as expected:
            try:
                return Outcome(await request(*args, meta={CALL_ID: expected.id}), expected.call)
            except MCPError as error:
                raise RequestError(f"The server refused: {error.message}", expected.call) from error

    @property
    def _recorder(self) -> Recorder:
        runtime = getattr(self._server, "runtime", None)
        return runtime.recorder if runtime is not None else Recorder()

    def _ask(self, request: Callable[..., Awaitable[T]], *args: object) -> T:
        answer: T = self._portal.run(_translated, request, *args)
        return answer


async def _on_the_loop(function: Callable[[], None]) -> None:
    function()


async def _translated(request: Callable[..., Awaitable[T]], *args: object) -> T:
    try:
        return await request(*args)
    except MCPError as error:
        raise RequestError(f"The server refused: {error.message}") from error
    except RuntimeError as error:  # how the SDK reports, among others, a result that does not fit the output schema
        first_line = str(error).partition("\n")[0]
        raise RequestError(f"No usable answer came: {first_line}") from error


async def _every_page(request: Callable[..., Awaitable[Any]], field: str) -> list[Any]:
    found: list[Any] = []
    cursor: str | None = None
    while True:
        page = await request(cursor=cursor)
        found += getattr(page, field)
        cursor = page.next_cursor
        if cursor is None:
            return found
