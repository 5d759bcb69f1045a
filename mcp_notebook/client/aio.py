"""Offer the requests of a connection as coroutines, so that the kernel's own loop keeps running in a cell."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from mcp_types import CallToolResult, GetPromptResult, Prompt, ReadResourceResult, Resource, ResourceTemplate, Tool

from mcp_notebook.client.questions import Answerer, Answers
from mcp_notebook.client.reading import ItemList
from mcp_notebook.client.requests import OnProgress, Outcome, Reference, Requests
from mcp_notebook.portal import Portal

__all__ = ["Aio"]

HEARTBEAT = 0.2
"""Seconds after which an interrupt is noticed: in a kernel, it does not wake the loop of a cell that awaits."""

T = TypeVar("T")


class Aio:
    """The requests of `Connection` as coroutines; cancelling the await cancels the request at the server."""

    def __init__(self, portal: Portal, requests: Requests) -> None:
        self._portal = portal
        self._requests = requests

    async def tools(self, *, timeout: float | None = None) -> ItemList[Tool]:
        """Return all tools that the server lists."""
        return await self._ask(self._requests.every, "list_tools", "tools", timeout)

    async def prompts(self, *, timeout: float | None = None) -> ItemList[Prompt]:
        """Return all prompts that the server lists."""
        return await self._ask(self._requests.every, "list_prompts", "prompts", timeout)

    async def resources(self, *, timeout: float | None = None) -> ItemList[Resource]:
        """Return all resources that the server lists."""
        return await self._ask(self._requests.every, "list_resources", "resources", timeout)

    async def templates(self, *, timeout: float | None = None) -> ItemList[ResourceTemplate]:
        """Return all resource templates that the server lists."""
        return await self._ask(self._requests.every, "list_resource_templates", "resource_templates", timeout)

    async def call(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        answers: Answers = None,
        answerer: Answerer | None = None,
        on_progress: OnProgress | None = None,
        timeout: float | None = None,
    ) -> Outcome[CallToolResult]:
        """Call a tool."""
        return await self._ask(
            self._requests.call, name, dict(arguments or {}), answers, answerer, on_progress, timeout
        )

    async def read(
        self, uri: str, *, answers: Answers = None, answerer: Answerer | None = None, timeout: float | None = None
    ) -> Outcome[ReadResourceResult]:
        """Read a resource."""
        return await self._ask(self._requests.read, uri, answers, answerer, timeout)

    async def prompt(
        self,
        name: str,
        arguments: Mapping[str, str] | None = None,
        *,
        answers: Answers = None,
        answerer: Answerer | None = None,
        timeout: float | None = None,
    ) -> Outcome[GetPromptResult]:
        """Get a prompt, with its arguments filled in."""
        return await self._ask(self._requests.prompt, name, dict(arguments or {}), answers, answerer, timeout)

    async def complete(
        self,
        ref: Reference,
        argument: str,
        value: str,
        given: Mapping[str, str] | None = None,
        *,
        timeout: float | None = None,
    ) -> list[str]:
        """Return suggestions for an argument of a prompt or template."""
        return await self._ask(self._requests.complete, ref, argument, value, given or {}, timeout)

    async def _ask(self, request: Callable[..., Awaitable[T]], *args: object) -> T:
        if self._portal.here:
            return await request(*args)
        asked = asyncio.wrap_future(self._portal.start(request, *args))
        try:
            while not asked.done():
                await asyncio.wait([asked], timeout=HEARTBEAT)
            return asked.result()
        finally:
            asked.cancel()
