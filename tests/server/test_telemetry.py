"""What OpenTelemetry and the log are told of requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider

from mcp_notebook.server import telemetry
from mcp_notebook.server.telemetry import DURATION, OTHER, Measured, log_fields


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemoryMetricReader]:
    found = InMemoryMetricReader()
    provider = MeterProvider([found], shutdown_on_exit=False)
    monkeypatch.setattr(metrics, "get_meter", provider.get_meter)
    yield found
    provider.shutdown()


def points(reader: InMemoryMetricReader) -> list[tuple[dict[str, Any], int]]:
    data = reader.get_metrics_data()
    every = [] if data is None else [m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics]
    return [
        (dict(point.attributes or {}), getattr(point, "count", 0))
        for metric in every
        if metric.name == DURATION
        for point in metric.data.data_points
    ]


def server() -> MCPServer[Any]:
    made: MCPServer[Any] = MCPServer("x")

    @made.tool()
    def add(a: int) -> int:
        return a + 1

    @made.tool()
    def fail() -> int:
        raise ValueError("no")

    made.middleware.insert(0, Measured(made))
    return made


@pytest.mark.parametrize("era", ["auto", "legacy"])
def test_calls_are_counted_by_tool_and_outcome(reader: InMemoryMetricReader, era: Any) -> None:
    async def main() -> None:
        async with Client(server(), mode=era) as client:
            for a in (1, 2, "x"):
                await client.call_tool("add", {"a": a})
            await client.call_tool("fail", {})

    anyio.run(main)
    calls = {
        (about["gen_ai.tool.name"], about.get("error.type", "")): count
        for about, count in points(reader)
        if about["mcp.method.name"] == "tools/call"
    }
    assert calls == {("add", ""): 2, ("add", "tool_error"): 1, ("fail", "tool_error"): 1}


def test_what_is_sent_makes_no_new_series(reader: InMemoryMetricReader) -> None:
    async def main() -> None:
        async with Client(server()) as client:
            for number in range(50):
                with suppress(MCPError):
                    await client.call_tool(f"junk {number}", {})
                with pytest.raises(MCPError):
                    await client.read_resource(f"junk://{number}")

    anyio.run(main)
    found = [about for about, _ in points(reader)]
    assert {about["gen_ai.tool.name"] for about in found if "gen_ai.tool.name" in about} == {OTHER}
    assert len(found) < 8


def test_a_tool_that_is_new_is_known_by_its_name(reader: InMemoryMetricReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "AGAIN_SECONDS", 0)

    async def main() -> None:
        made = server()
        async with Client(made) as client:
            await client.call_tool("add", {"a": 1})
            made.add_tool(lambda: 5, name="new")
            await client.call_tool("new", {})

    anyio.run(main)
    assert {about.get("gen_ai.tool.name") for about, _ in points(reader)} >= {"add", "new"}


def test_a_line_of_the_log_names_its_request_and_trace() -> None:
    tracer, seen = TracerProvider(shutdown_on_exit=False).get_tracer("test"), []
    made = server()

    @made.tool()
    def log() -> str:
        seen.append(log_fields())
        with tracer.start_as_current_span("inner") as span:
            seen.append({**log_fields(), "same": trace.format_trace_id(span.get_span_context().trace_id)})
        return ""

    async def main() -> None:
        async with Client(made) as client:
            await client.call_tool("log", {})
            await client.call_tool("log", {})

    assert log_fields() == {}
    anyio.run(main)
    assert seen[0]["request"] == seen[1]["request"] != seen[2]["request"]
    assert [each.get("trace", "") == each.get("same", "") for each in seen] == [True] * 4
