"""The stand-in for the town archive, the library's papers, and calls to an application in this process."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx
import pytest
from mcp import MCPError, StdioServerParameters
from mcp.client import Client
from mcp.client.stdio import stdio_client
from mcp.server.mcpserver import MCPServer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route

from mcp_notebook.course.archive import DRIP, TownArchive, Trouble
from mcp_notebook.course.papers import lay_out_papers
from mcp_notebook.course.processes import archive_server
from mcp_notebook.course.web_app import AppCalls, calls_to


@pytest.fixture
def archive() -> Iterator[TownArchive]:
    with TownArchive() as archive:
        yield archive


def get(archive: TownArchive, path: str, timeout: float = 5) -> httpx.Response:
    return httpx.get(archive.url + path, timeout=timeout)


def test_it_knows_the_copies_of_titles_and_the_hours_of_days(archive: TownArchive) -> None:
    assert get(archive, "/copies/Dune").json() == {"copies": 3}
    assert get(archive, "/hours/2026-11-02").json() == {"hours": None}
    assert get(archive, "/hours/2026-11-03").json() == {"hours": "10 to 17"}
    statuses = [
        get(archive, path).status_code for path in ("/copies/Ulysses", "/hours/soon", "/", "/copies/..%2Fhours")
    ]
    assert statuses == [404] * 4
    assert archive.asked[:2] == ["/copies/Dune", "/hours/2026-11-02"]


def test_trouble_is_for_the_next_requests_one_each(archive: TownArchive) -> None:
    get(archive, "/copies/Dune")
    archive.begin(Trouble(status=503, retry_after="7"), Trouble(slow=5))
    busy = get(archive, "/copies/Dune")
    assert (busy.status_code, busy.headers["retry-after"]) == (503, "7")
    with pytest.raises(httpx.ReadTimeout):
        get(archive, "/copies/Dune", timeout=0.1)
    assert get(archive, "/copies/Dune").json() == {"copies": 3}
    assert archive.asked == ["/copies/Dune"] * 3


def test_an_answer_that_drips_takes_longer_than_the_timeout(archive: TownArchive) -> None:
    archive.begin(Trouble(drip=True))
    begun = time.monotonic()
    answer = get(archive, "/copies/Dune", timeout=4 * DRIP)
    assert answer.json() == {"copies": 3}
    assert time.monotonic() - begun > 8 * DRIP


def test_a_closed_archive_does_not_listen(archive: TownArchive) -> None:
    archive.close()
    with pytest.raises(httpx.TransportError):
        get(archive, "/copies/Dune")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MCP_NOTEBOOK_COURSE", str(tmp_path))
    return lay_out_papers()


def test_the_papers_are_laid_out_again_as_on_the_first_day(folder: Path) -> None:
    (folder / "mine.txt").write_text("mine")
    (folder / "rules.txt").write_text("no rules")
    assert lay_out_papers() == folder
    assert sorted(path.name for path in folder.rglob("*") if path.is_file() and not path.is_symlink()) == [
        "may.txt",
        "rules.txt",
        "stamp.png",
        "visitors.log",
    ]
    assert (folder / "rules.txt").read_bytes() == b"Be quiet.\nBring books back.\n"


def test_two_links_lead_out_of_the_papers(folder: Path) -> None:
    links = [path for path in folder.iterdir() if path.is_symlink()]
    if not links:
        pytest.skip("this system allows no links")
    assert sorted(path.name for path in links) == ["door.txt", "old"]
    assert not any(path.resolve().is_relative_to(folder) for path in links)


def application(*, enter: bool = True) -> Starlette:
    server = MCPServer("desk", log_level="WARNING")

    @server.tool()
    def double(number: int) -> int:
        return 2 * number

    inner = server.streamable_http_app()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if not enter:
            yield
            return
        async with inner.router.lifespan_context(inner):
            yield

    async def echo(request: Request) -> JSONResponse:
        return JSONResponse(await request.json(), 201)

    async def plain(_: Request) -> PlainTextResponse:
        return PlainTextResponse("plain")

    routes = [Route("/echo", echo, methods=["POST"]), Route("/plain", plain), Mount("/", inner)]
    return Starlette(routes=routes, lifespan=lifespan)


def test_an_application_is_called_by_http_and_by_mcp() -> None:
    async def use(calls: AppCalls) -> object:
        return (
            await calls.http("POST", "/echo", {"a": 1}),
            await calls.http("GET", "/plain"),
            await calls.tool("double", {"number": 4}),
        )

    assert anyio.run(calls_to, application, use) == ((201, {"a": 1}), (200, "plain"), {"result": 8})


def test_the_first_exception_of_a_group_is_raised_alone() -> None:
    async def use(calls: AppCalls) -> object:
        return await calls.tool("double", {"number": 4})

    with pytest.raises(RuntimeError, match="Task group is not initialized"):
        anyio.run(calls_to, lambda: application(enter=False), use)


def test_the_archive_on_stdio_answers_and_can_break_down() -> None:
    async def use() -> tuple[object, str]:
        parameters = StdioServerParameters(command=sys.executable, args=[archive_server.__file__])
        with Path(os.devnull).open("w") as nowhere:
            async with Client(stdio_client(parameters, errlog=nowhere)) as client:
                found = await client.call_tool("copies", {"title": "Dune"})
                try:
                    await client.call_tool("break_down", {})
                except MCPError as error:
                    return found.structured_content, error.message
        raise AssertionError("it did not break down")

    assert anyio.run(use) == ({"result": 3}, "Connection closed")
