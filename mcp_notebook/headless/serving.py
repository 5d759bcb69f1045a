"""``mcp-notebook serve``: run a notebook, and serve what it defined until the client or a signal ends it."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections import Counter
from concurrent.futures import Future
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.utilities.logging import configure_logging

from mcp_notebook.headless.ending import ended_by_signals
from mcp_notebook.headless.report import failure
from mcp_notebook.headless.running import Headless, run
from mcp_notebook.headless.stdio import Stdio
from mcp_notebook.headless.watching import NotebookWatcher
from mcp_notebook.recording import Call, current, output
from mcp_notebook.server import LiveServer, definitions
from mcp_notebook.session.choosing import choose
from mcp_notebook.visible import visible

__all__ = ["Service", "serve"]

LOOKS = 0.5
"""Seconds between two looks at a notebook's file: sooner than a person turns to the client."""


@dataclass(frozen=True)
class Service:
    """Options for serving a notebook.

    Attributes:
        transport: One client on stdin and stdout, or any number over streamable HTTP.
        only: The cells to run, see `headless.notebook.chosen`; None for all.
        server: Which server; None where there is only one.
        port: For HTTP; None for the previous port, or a free one.
        no_token: For HTTP, let every program of this machine call.
        allow_other_users: With that, also on a machine that others use.
        show_token: For HTTP, print the token.
        watch: Whether to apply each saved change of the file.
        timeout: Seconds that one cell may take; None for no limit.
    """

    transport: Literal["stdio", "http"] = "stdio"
    only: str | None = None
    server: str | None = None
    port: int | None = None
    no_token: bool = False
    allow_other_users: bool = False
    show_token: bool = False
    watch: bool = False
    timeout: float | None = None


def serve(path: Path, service: Service) -> int:
    """Run a notebook and serve it; return the exit status, when the client has gone or a signal came.

    On stdio, stdout carries only the protocol from the start. Messages of the client wait until the cells have run. The
    output and logs of cells and calls go to stderr.

    Raises:
        McpNotebookError: It cannot be read, run, or served.
    """
    with ExitStack() as stack:
        ended = stack.enter_context(ended_by_signals())
        try:
            if service.transport == "stdio":
                stdio = stack.enter_context(closing(Stdio(ended.hung_up)))
            else:
                stdio = None
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # as for a kernel: nobody types
                os.dup2(2, 1)
            notebook = stack.enter_context(
                run(path, only=service.only, timeout=service.timeout, stopped=ended.signal.done)
            )
            stack.enter_context(output.passed_on())
            stack.callback(notebook.session.registry.recorder.observe(partial(_tell_failure, notebook)))
            live = choose(notebook.session, service.server)
            _log_as_the_sdk_does(live)
            if stdio:
                _tell(f"{path.name}: {live.name!r} is served on stdio, with {_counts(live)}.")
            served = stdio.serve(live.server) if stdio else _listen(notebook, live, service)
            ended.serving = True
            _wait(
                notebook,
                [served, ended.signal],
                NotebookWatcher(notebook, service.only, _tell) if service.watch else None,
            )
            if served.done():
                served.result()
        except KeyboardInterrupt as stopped:
            if str(stopped):
                _tell(f"{path.name}: {stopped}")
        return ended.status


def _log_as_the_sdk_does(live: LiveServer) -> None:
    """Log to stderr, unless a cell set up logging; what a call raised is told by `_tell_failure`, so not once more."""
    configure_logging(live.server.settings.log_level)
    sdk = logging.getLogger(MCPServer.__module__)
    sdk.addFilter(lambda record: not (record.exc_info and current.get()))


def _tell(words: str) -> None:
    print(visible(words), file=sys.stderr, flush=True)


def _tell_failure(notebook: Headless, call: Call) -> None:
    if words := failure(notebook.notebook.path, call, notebook.ran):
        _tell(words)


def _wait(notebook: Headless, ends: list[Future[Any]], watch: NotebookWatcher | None) -> None:
    """Have the main thread do what runs there, until one of these is done."""
    ending = [asyncio.wrap_future(end, loop=notebook.loop) for end in ends]
    while not any(end.done() for end in ending):
        notebook.loop.run_until_complete(
            asyncio.wait(ending, timeout=LOOKS if watch else None, return_when=asyncio.FIRST_COMPLETED)
        )
        if watch:
            watch.look()


def _listen(notebook: Headless, live: LiveServer, service: Service) -> Future[Any]:
    """Listen as ``%mcp serve`` does; where a cell did that already, as the command line says."""
    listening = notebook.session.listening
    door = live.listener is None or live.listener.endpoint.door
    listening.stop(live)
    endpoint = listening.endpoint(
        live, port=service.port, no_token=service.no_token, allow_other_users=service.allow_other_users, door=door
    )
    listener = listening.serve(live, endpoint)
    _tell(f"{notebook.notebook.path.name}: {live.name!r} listens at {listener.url}, with {_counts(live)}.")
    address = listening.remembered(live)
    if address is not None:
        _tell(f"Hosts that start a process: mcp-notebook connect {address.name}")
    if listener.token is None:
        _tell("No token of ours is asked for.")
    else:
        _tell(f"Authorization: Bearer {listener.token}" if service.show_token else "The token: --show-token prints it.")
    return Future()


def _counts(live: LiveServer) -> str:
    counted = Counter(found.kind for found in definitions(live.server))
    return ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in counted.items()) or "nothing yet"
