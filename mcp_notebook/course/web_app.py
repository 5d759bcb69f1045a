"""Calls to a web application in this process, through its routes and through MCP, as the check of an exercise needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from starlette.applications import Starlette

__all__ = ["AppCalls", "calls_to"]

HERE = "http://127.0.0.1:8000"
"""An address that the application accepts; nothing listens there."""


class AppCalls:
    """Calls to an application without a port.

    Args:
        app: The application.
    """

    def __init__(self, app: Starlette) -> None:
        self._app = app

    def _client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(self._app), base_url=HERE)

    async def http(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Make a request, and return the status and the JSON of the answer; its text if it is not JSON."""
        async with self._client() as http:
            response = await http.request(method, path, json=body)
        try:
            return response.status_code, response.json()
        except ValueError:
            return response.status_code, response.text

    async def tool(self, name: str, arguments: dict[str, Any]) -> Any:
        """Call a tool at ``/mcp``, and return its structured content."""
        async with self._client() as http, Client(streamable_http_client(f"{HERE}/mcp", http_client=http)) as client:
            return (await client.call_tool(name, arguments)).structured_content


async def calls_to(make_app: Callable[[], Starlette], use: Callable[[AppCalls], Awaitable[Any]]) -> Any:
    """Make a new application, enter its lifespan as a web server would, and use it.

    Raises:
        Exception: The first exception, if several come together in a group.
    """
    app = make_app()
    try:
        async with app.router.lifespan_context(app):
            return await use(AppCalls(app))
    except Exception as error:
        while (inner := getattr(error, "exceptions", None)) is not None:
            error = inner[0]
        raise error from None
