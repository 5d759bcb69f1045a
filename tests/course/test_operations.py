"""The helpers of the chapter on operating: replicas, counters, traces, alerts, and the forms of a package."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import anyio
import pytest
from mcp.server.mcpserver import Context, Elicit, MCPServer, Resolve
from mcp.server.request_state import RequestStateSecurity
from mcp.server.subscriptions import InMemorySubscriptionBus, SubscriptionBus
from mcp_types import ElicitResult
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import BaseModel

from mcp_notebook.course.alerts import a_day, paged
from mcp_notebook.course.checking.bench import Bench
from mcp_notebook.course.checking.versions import changed, schema
from mcp_notebook.course.environments import build_wheel
from mcp_notebook.course.exercises import exercises
from mcp_notebook.course.failing import TOOLS, counted, counts, visit
from mcp_notebook.course.handover import after_a_restart, answered_elsewhere, at_once, heard_elsewhere, in_turn, tickets
from mcp_notebook.course.library import reset_library
from mcp_notebook.course.observing import points, tree
from mcp_notebook.course.running_replicas import RunningReplicas, missing_programs
from mcp_notebook.export import project
from tests.support.packages import package, texts, write

PYTHON = Path(sys.executable)
KEY = "k" * 32


class Sure(BaseModel):
    sure: bool


def ask(title: str) -> Elicit[Sure]:
    return Elicit(f"Lend {title}?", Sure)


def desk(key: str | None = None, bus: SubscriptionBus | None = None) -> MCPServer[Any]:
    security = RequestStateSecurity(keys=[key]) if key else None
    server: MCPServer[Any] = MCPServer("desk", request_state_security=security, subscriptions=bus, log_level="CRITICAL")

    @server.tool()
    async def lend(title: str, answer: Annotated[Sure, Resolve(ask)], ctx: Context) -> str:
        await ctx.notify_resource_updated("library://loans")
        return f"{title}: {answer.sure}"

    return server


def test_a_call_goes_on_at_another_replica_only_with_its_key() -> None:
    async def main() -> list[str]:
        return [await answered_elsewhere(desk(key), desk(key), "lend", title="Dune") for key in (None, KEY)]

    refused, lent = anyio.run(main)
    assert refused.startswith("protocol error -32602")
    assert lent == "Dune: True"


def test_a_notice_reaches_another_replica_only_over_its_bus() -> None:
    async def main() -> list[str]:
        found = []
        for bus in (None, InMemorySubscriptionBus()):
            found.append(await heard_elsewhere(desk(bus=bus), desk(bus=bus), "library://loans", "lend", title="Dune"))
        return found

    assert anyio.run(main) == ["heard nothing", "heard that library://loans changed"]


def bench_of(tmp_path: Path, source: str, name: str) -> Bench:
    """Run a cell, as a kernel that keeps its text for tracebacks does."""
    import linecache

    file = tmp_path / "library.sqlite3"
    reset_library(file)
    namespace: dict[str, Any] = {"MCPServer": MCPServer, "LIBRARY": str(file)}
    linecache.cache["<cell>"] = (len(source), None, source.splitlines(keepends=True), "<cell>")
    exec(compile(source, "<cell>", "exec"), namespace)
    return Bench(None, name, None, namespace, file)  # type: ignore[arg-type]


def test_each_replica_of_a_check_has_variables_of_its_own(tmp_path: Path) -> None:
    source = """
from itertools import count

numbers = count(1)

def replica():
    server = MCPServer("desk", log_level="ERROR")
    server.add_tool(lambda: next(numbers), name="ticket", description="A number.")
    return server
"""
    bench = bench_of(tmp_path, source, "replica")
    assert anyio.run(tickets(in_turn), bench) == [1, 1, 2, 2]
    assert anyio.run(tickets(after_a_restart), bench) == [1, 2, 1]
    assert anyio.run(tickets(at_once), bench) == [number for number in range(1, 11) for _ in range(2)]


def test_the_failing_server_fails_in_each_way() -> None:
    seen = anyio.run(visit, [*TOOLS, "nothing"])
    assert [line.partition(": ")[2].partition(": ")[0] for line in seen] == [
        "result",
        "error result",
        "error result",
        "protocol error 4001",
        "error result",
    ]


def test_the_solution_of_the_counter_counts_each_outcome() -> None:
    namespace: dict[str, Any] = {}
    exec("from mcp import MCPError\n" + exercises()["11.3"].solution, namespace)
    bench = Bench(None, "counting", None, namespace)  # type: ignore[arg-type]
    assert anyio.run(counted("search", "move", "abc"), bench) == counts(
        search_ok=1, move_protocol_error=1, other_tool_error=1
    )


def test_points_and_trees_are_read_from_memory() -> None:
    reader, spans = InMemoryMetricReader(), InMemorySpanExporter()
    meter = MeterProvider([reader]).get_meter("test")
    assert points(reader, "calls") == {}
    meter.create_counter("calls").add(2, {"tool": "search", "outcome": "ok"})
    meter.create_histogram("seconds").record(0.5, {})
    assert points(reader, "calls") == {"outcome=ok, tool=search": 2}
    assert points(reader, "seconds") == {"": 1}
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("all"):
        with tracer.start_as_current_span("first", attributes={"error.type": "tool_error"}):
            pass
        with tracer.start_as_current_span("second"), tracer.start_as_current_span("inner"):
            pass
    assert tree(spans.get_finished_spans()).splitlines() == [
        "all",
        "  first  [error.type=tool_error]",
        "  second",
        "    inner",
    ]


def test_the_invented_day_pages_once_in_the_morning_and_not_in_the_evening() -> None:
    namespace: dict[str, Any] = {}

    def burn(minutes: Sequence[tuple[int, int]], objective: float = 0.99) -> float:
        calls, errors = sum(c for c, _ in minutes), sum(e for _, e in minutes)
        return errors / calls / (1 - objective) if calls else 0.0

    namespace["burn"] = burn
    exec(exercises()["11.4"].solution, namespace)
    bench, day = Bench(None, "should_page", None, namespace), a_day()  # type: ignore[arg-type]
    alarms = [m for m in range(len(day)) if paged(*((1, pair) for pair in day[: m + 1]))(bench)]
    assert alarms == list(range(9 * 60 + 48, 10 * 60 + 4))
    assert burn(day) > 1


def test_a_change_is_made_on_copies() -> None:
    bench = Bench(None, "bump", None, {"bump": lambda before, after: (before, after)})  # type: ignore[arg-type]
    before, after = changed(lambda tools: schema(tools)["required"].append("subject"))(bench)
    assert (schema(before)["required"], schema(after)["required"]) == (["count"], ["count", "subject"])
    assert changed(lambda _: None)(bench)[0] == before


@pytest.mark.slow
def test_a_wheel_is_built(tmp_path: Path) -> None:
    folder = write(tmp_path / "shop", texts(project.files(package())))
    assert build_wheel(folder, tmp_path / "dist").name == "bookshop-0.1.0-py3-none-any.whl"
    with pytest.raises(RuntimeError, match="The wheel cannot be built"):
        build_wheel(tmp_path / "nothing", tmp_path / "dist")


def test_missing_programs_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_notebook.course.running_replicas.PLACES", "")
    assert set(missing_programs()) >= ({"redis-server", "nginx"} if os.name != "nt" else set())


@pytest.mark.slow
def test_replicas_answer_behind_nginx_and_share_notices(tmp_path: Path) -> None:
    if missing := missing_programs():
        if os.environ.get("REQUIRE_REDIS") == "1" and os.environ.get("REQUIRE_NGINX") == "1":
            pytest.fail(f"missing: {missing}")
        pytest.skip(f"NO {missing}")
    folder = write(tmp_path / "shop", texts(project.files(package(deploy=True))))

    async def yes(context: Any, params: Any) -> ElicitResult:
        return ElicitResult(action="accept", content={"ok": True})

    async def main(replicas: RunningReplicas) -> None:
        async with replicas.client() as client:
            for _ in range(4):
                assert not (await client.call_tool("price", {"title": "Emma"})).is_error
        assert all(count > 0 for count in replicas.answered())
        replicas.replicas[0].process.kill()
        async with replicas.client(elicitation_callback=yes) as client:
            assert not (await client.call_tool("buy", {"title": "Emma"})).is_error

    with RunningReplicas(folder, PYTHON) as replicas:
        anyio.run(main, replicas)
