"""Connect to a target: return the pair of streams for the SDK's client, recording every frame."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
import httpx2
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from mcp_notebook import addresses, browser_tab
from mcp_notebook.client import limits
from mcp_notebook.client.framed import Watch, tapped
from mcp_notebook.client.honest import Honest
from mcp_notebook.client.in_process import InProcess
from mcp_notebook.client.lines import ENCODING
from mcp_notebook.client.matching import Matching
from mcp_notebook.client.sse import sse_streams
from mcp_notebook.client.targets import Command, Live, Url, in_words
from mcp_notebook.errors import RequestError
from mcp_notebook.recording.wire import Wire

__all__ = ["Stderr", "transport_of"]

PATIENCE = httpx2.Timeout(30.0, read=None)
"""Seconds to connect and to send. Answers have no limit here; interrupting the cell ends the wait."""


CUT_EVERY = 1.0
"""Seconds between two checks of the size of a command's stderr."""


class Stderr:
    """The stderr of a command, in a real file, because the process itself writes to it."""

    def __init__(self) -> None:
        descriptor, name = tempfile.mkstemp(prefix="mcp-notebook-", suffix=".stderr")
        os.close(descriptor)
        self._path = Path(name)
        self.file = self._path.open("a", encoding="utf-8")  # "a", so that the process writes at the end, even when cut
        self._written = self._path.open("rb")  # a second position, which does not move the writer's
        self._tail = ""
        self._begun = 0
        self._before = ""
        self._unlink()  # now, because a kernel that is killed would not get to it

    @property
    def tail(self) -> str:
        """The end of what was written; also available after `close`."""
        if self.file.closed:
            return self._tail
        self._written.seek(max(self._size - limits.STDERR, self._begun))
        written = self._written.read(limits.STDERR).decode("utf-8", "replace")
        return (self._before + written)[-limits.STDERR :]

    def begin(self) -> None:
        """Ignore what was written so far: the command is started again."""
        self._begun, self._before = self._size, ""

    async def keep_short(self) -> None:
        """Cut the file whenever it is long, forever: a process may write without end."""
        while True:
            await anyio.sleep(CUT_EVERY)
            if self._size > limits.STDERR_FILE:
                self._before, self._begun = self.tail, 0
                self.file.truncate(0)

    @property
    def _size(self) -> int:
        return os.fstat(self._written.fileno()).st_size

    def close(self) -> None:
        """Close the file and delete it."""
        self._tail = self.tail
        self.file.close()
        self._written.close()
        self._unlink()

    def _unlink(self) -> None:
        with suppress(OSError):  # Windows keeps a file as long as anybody has it open
            self._path.unlink()


@asynccontextmanager
async def transport_of(
    target: Url | Command | Live, wire: Wire, watch: Watch, stderr: Stderr | None, auth: httpx2.Auth | None
) -> AsyncIterator[tuple[Any, Any]]:
    """Connect to a target outside this kernel; a transport for the SDK's `Client`.

    Raises:
        McpNotebookError: A live notebook is unknown, or does not listen. A browser tab reaches only URLs.
        OSError: A command cannot be started.
    """
    if browser_tab.HERE and not isinstance(target, Url):
        raise RequestError(browser_tab.elsewhere("a page can start no command, and reach no other notebook"))
    if isinstance(target, Live):
        target = _where_it_listens(target)
    async with AsyncExitStack() as stack:
        if isinstance(target, Command):
            assert stderr is not None
            kind = "stdio"
            parameters = StdioServerParameters(
                command=target.command,
                args=list(target.args),
                env=dict(target.env or {}),
                cwd=target.cwd,
                encoding=ENCODING,
            )
            tasks = await stack.enter_async_context(anyio.create_task_group())
            stack.callback(tasks.cancel_scope.cancel)
            tasks.start_soon(stderr.keep_short)
            streams: Any = await stack.enter_async_context(stdio_client(parameters, stderr.file))
        elif target.transport == "sse":
            kind = "sse"
            client = await stack.enter_async_context(_client(target, auth, answers_come_back=False))
            streams = await stack.enter_async_context(sse_streams(target.url, client))
        else:
            kind = "http"
            client = await stack.enter_async_context(_client(target, auth, answers_come_back=True))
            streams = await stack.enter_async_context(
                streamable_http_client(target.url, http_client=client, max_sse_event_size=None)  # `client` bounds them
            )
        # Over streamable HTTP, `client` checks each answer in the response to its request.
        yield tapped(streams, wire, kind, watch, None if kind == "http" else Matching(in_words(target)))


def _client(target: Url, auth: httpx2.Auth | None, *, answers_come_back: bool) -> Honest:
    here = None if target.app is None else InProcess(target.app)
    return Honest(
        answers_come_back=answers_come_back, headers=_headers(target), auth=auth, timeout=PATIENCE, transport=here
    )


def _headers(target: Url) -> dict[str, str]:
    bearer = {} if target.token is None else {"Authorization": f"Bearer {target.token}"}
    return {**bearer, **target.headers}


def _where_it_listens(live: Live) -> Url:
    address = addresses.find(live.name)
    if not address.running:
        raise RequestError(f"The notebook {live.name!r} is not listening now. Open it, and run %mcp serve in it.")
    transport: Any = address.transport
    return Url(address.url, token=address.token, transport=transport)
