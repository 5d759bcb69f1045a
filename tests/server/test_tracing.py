"""Spans of the SDK: made while they are collected, and only then."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.server.mcpserver import MCPServer
from opentelemetry import trace

from mcp_notebook.server import NotebookServer
from mcp_notebook.server.tracing import SpansWhereCollected


def spans_of_a_call(monkeypatch: pytest.MonkeyPatch, provider: Any) -> list[str]:
    made: list[str] = []

    class Spans:
        async def __call__(self, ctx: Any, call_next: Any) -> Any:
            made.append(ctx.method)
            return await call_next(ctx)

    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    server = NotebookServer()
    server.tool()(add)
    server.middleware.append(SpansWhereCollected(Spans()))

    async def main() -> None:
        async with Client(server, mode="2026-07-28", cache=None) as client:
            result = await client.session.call_tool("add", {"a": 1})
            assert result.structured_content == {"result": 2}

    anyio.run(main)
    return made


def add(a: int) -> int:
    return a + 1


def test_without_a_provider_no_span_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    assert spans_of_a_call(monkeypatch, trace.ProxyTracerProvider()) == []


def test_with_a_provider_spans_are_made_as_the_sdk_makes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "tools/call" in spans_of_a_call(monkeypatch, object())


def test_the_sdk_makes_spans_unasked_and_our_servers_have_its_middleware_wrapped() -> None:
    # Where the first fails, the SDK has a switch for it or makes none by itself, and the wrapping can go.
    assert next(type(m).__name__ for m in MCPServer().middleware) == "OpenTelemetryMiddleware"
    assert [type(m) for m in NotebookServer().middleware].count(SpansWhereCollected) == 1
