"""Time each request for OpenTelemetry, and name it in the log.

The names of the metric and its attributes are those of OpenTelemetry's conventions for MCP. Nothing is measured until
the process has a meter provider: until then, OpenTelemetry's own instruments do nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError
from mcp_types import METHOD_NOT_FOUND
from opentelemetry import metrics, trace

__all__ = ["BOUNDARIES", "DURATION", "Measured", "log_fields"]

DURATION = "mcp.server.operation.duration"

BOUNDARIES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300)
"""The upper ends of the histogram's buckets, in seconds: the convention's, and three more for fast tools."""

OTHER = "_OTHER"
"""The label of methods and tools that the server does not have: metrics must not grow with what clients send."""

AGAIN_SECONDS = 1
"""The fewest seconds between two looks at the names of the tools."""

_request: ContextVar[str] = ContextVar("request", default="")


def log_fields() -> dict[str, str]:
    """Return what tells to which request a line of the log belongs: its id, and its trace if there is one."""
    span = trace.get_current_span().get_span_context()
    found = {"request": _request.get(), "trace": trace.format_trace_id(span.trace_id) if span.is_valid else ""}
    return {name: value for name, value in found.items() if value}


class Measured:
    """Middleware of a server, the outermost, so that what others take and refuse counts."""

    def __init__(self, server: MCPServer[Any]) -> None:
        self._server = server
        self._names: frozenset[str] = frozenset()
        self._looked = -float("inf")
        meter = metrics.get_meter(__name__)
        self._duration = meter.create_histogram(DURATION, unit="s", description="Time from a request to its result")

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Handle a request."""
        if ctx.request_id is None:
            return await call_next(ctx)
        begun, failure, method = time.perf_counter(), "", ctx.method
        tool = await self._tool(ctx) if method == "tools/call" else ""
        with _named(str(ctx.request_id)):
            try:
                result = await call_next(ctx)
                # Of a tool that fails, the result says so.
                failure = "tool_error" if isinstance(result, dict) and result.get("isError") is True else ""
                return result
            except MCPError as error:
                failure = str(error.error.code)
                method = OTHER if error.error.code == METHOD_NOT_FOUND else method
                raise
            except BaseException as error:
                failure = type(error).__qualname__
                raise
            finally:
                about = {"mcp.method.name": method, "mcp.protocol.version": ctx.protocol_version}
                about |= {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool} if tool else {}
                about |= {"error.type": failure} if failure else {}
                self._duration.record(time.perf_counter() - begun, about)

    async def _tool(self, ctx: ServerRequestContext[Any, Any]) -> str:
        name = (ctx.params or {}).get("name")
        if not isinstance(name, str):
            return OTHER
        if name not in self._names and time.monotonic() - self._looked > AGAIN_SECONDS:
            self._looked = time.monotonic()
            self._names = frozenset(tool.name for tool in await self._server.list_tools())
        return name if name in self._names else OTHER


@contextmanager
def _named(request: str) -> Iterator[None]:
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)
