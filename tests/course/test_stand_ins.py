"""The small programs of chapters 4 and 4b: a clock, an archive, a careless server, a storm and a plot."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from mcp.client import Client
from mcp.server.mcpserver.exceptions import ToolError

from mcp_notebook import NotebookServer
from mcp_notebook.course.pictures import LivePlot
from mcp_notebook.course.stand_ins import Archive, LessonClock, careless_server
from mcp_notebook.course.storm import Storm, storm


def test_the_archive_counts_calls_and_lines() -> None:
    archive = Archive()

    async def ask_all() -> None:
        async with anyio.create_task_group() as tasks:
            for title in ("Dune", "Emma", "Dune"):
                tasks.start_soon(archive.phone, title)

    anyio.run(ask_all)
    assert (archive.busy, archive.most, archive.calls) == (0, 3, {"Dune": 2, "Emma": 1})
    assert (archive.ask("Emma"), archive.ask("Ulysses")) == (0, None)
    with pytest.raises(LookupError, match="does not know 'Ulysses'"):
        anyio.run(archive.phone, "Ulysses")
    assert archive.busy == 0


def test_a_client_refuses_what_the_careless_server_sends() -> None:
    async def call() -> None:
        async with Client(careless_server()) as client:
            with pytest.raises(RuntimeError, match="free_copies"):
                await client.call_tool("free_copies")

    anyio.run(call)


def test_each_reader_of_a_storm_comes_back_until_there_is_an_answer() -> None:
    clock, server = LessonClock(100), NotebookServer("library")
    free_at = 100.0

    @server.tool()
    def desk() -> str:
        nonlocal free_at
        if clock() < free_at:
            raise ToolError(f"Wait {free_at - clock():.0f} s.")
        free_at = clock() + 2
        return "answered"

    async def run() -> Storm:
        async with Client(server) as client:
            return await storm(client, "desk", clock, lambda told, _tries: told, readers=3)

    outcome = anyio.run(run)
    assert outcome.latencies == [0, 2, 4]
    assert outcome.arrivals == [0, 0, 0, 2, 2, 4]
    assert outcome.percentile(50) == 2


def test_a_storm_counts_the_tries_and_asks_again_at_once_without_a_time() -> None:
    clock, server = LessonClock(), NotebookServer("library")
    tries: list[tuple[float, int]] = []

    @server.tool()
    def desk() -> str:
        if len(tries) < 2:
            raise ToolError("Not now.")
        return "answered"

    def wait(told: float, number: int) -> float:
        tries.append((told, number))
        return 1.0

    async def run() -> Storm:
        async with Client(server) as client:
            return await storm(client, "desk", clock, wait, readers=1)

    assert anyio.run(run).latencies == [2]
    assert tries == [(0, 0), (0, 1)]


def test_a_plot_is_one_output_that_grows() -> None:
    shown: list[dict[str, Any]] = []

    class Handle:
        def update(self, data: dict[str, Any], *, raw: bool) -> None:
            shown.append(data)

    def display(data: dict[str, Any], *, raw: bool, display_id: bool) -> Handle:
        assert not shown
        shown.append(data)
        return Handle()

    with LivePlot(display, "Tokens", "seconds", "tokens", until=(3, 3)) as plot:
        plot.add(0, 3, "passed")
        plot.add(1, 0, "refused")
        plot.add(2, 1)
    assert {data["text/plain"] for data in shown} == {"[plot: Tokens]"}
    assert shown[0]["image/png"] != shown[-1]["image/png"]
