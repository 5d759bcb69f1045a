"""Connections over HTTP: what is refused is one clear line, and what was lost is connected to again."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from mcp.server.mcpserver import Context
from mcp_types import CallToolResult
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from mcp_notebook import Live, Url, connect
from mcp_notebook.client import Connection, EraChoice
from mcp_notebook.client.refusals import unreachable
from mcp_notebook.errors import RequestError, UnknownNameError
from tests.support.echoes import server
from tests.support.served import DEADLINE, Served, run
from tests.support.waiting import until

ERAS: list[EraChoice] = ["modern", "legacy"]


@contextmanager
def web(app: Any, port: int = 0) -> Iterator[int]:
    """An ASGI app that listens on loopback; its port."""
    listener = socket.create_server(("127.0.0.1", port))
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, ws="none", lifespan="auto", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=run, args=(server, listener))
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        thread.join(DEADLINE)


@pytest.fixture(autouse=True)
def no_other_notebooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))


@pytest.fixture
def sales(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path / "sales.ipynb")
    yield served
    served.stop()


def url(port: int) -> str:
    return f"http://127.0.0.1:{port}/mcp"


def refusal(target: Any, **options: Any) -> str:
    with pytest.raises((RequestError, UnknownNameError)) as raised:
        connect(target, **{"deadline": 5.0, **options}).close()
    line = str(raised.value)
    assert "\n" not in line
    assert raised.value.__cause__ is None, "a traceback of it would begin with the SDK's"
    return line


@pytest.mark.parametrize("era", ["auto", "modern", "legacy"])
def test_a_server_over_http_is_called_in_either_era(sales: Served, era: EraChoice) -> None:
    with connect(url(sales.port), token=str(sales.token), era=era) as connection:
        assert connection.era == ("legacy" if era == "legacy" else "modern")
        assert connection.call("add", {"a": 1, "b": 2}).result.structured_content == {"result": 3}
        assert (
            connection.call("asks" if era == "legacy" else "resolves", answers=[{"name": "Ada"}]).result.is_error
            is False
        )
        call = connection.call("steps").call
        assert call is not None
        assert [event.value["progress"] for event in call.events if event.kind == "progress"] == [0, 1, 2]
        assert str(sales.token) not in repr([connection, connection.target, *connection.wire.frames])


def test_a_live_notebook_is_connected_to_by_its_name_with_its_token(sales: Served) -> None:
    with connect("sales") as connection:
        assert (connection.name, connection.target) == ("sales", Live("sales"))
        assert connection.call("add", {"a": 1, "b": 2}).result.structured_content == {"result": 3}


@pytest.mark.parametrize("era", ["auto", "modern", "legacy"])
def test_a_missing_and_a_wrong_token_are_told_apart(sales: Served, era: EraChoice) -> None:
    where = url(sales.port)
    assert refusal(where, era=era) == (
        f"{where} requires a token, and none was sent (401). Give it with --token VAR (token=... in Python), or "
        "sign in with --oauth."
    )
    assert refusal(where, era=era, token="wrong-secret") == (
        f"{where} does not accept the token that was sent (401). Give the right one, or one that has not expired."
    )


def test_a_host_that_is_not_allowed_is_said(sales: Served) -> None:
    line = refusal(url(sales.port), token=str(sales.token), headers={"Host": "elsewhere.example"})
    assert "does not answer for the host name" in line
    assert "(421)" in line


def test_a_page_is_no_stream_of_events() -> None:
    with web(HTMLResponse("<h1>Shop</h1>")) as port:
        assert "opens no event stream" in refusal(Url(url(port), transport="sse"))


@pytest.mark.parametrize(
    ("response", "line"),
    [
        (HTMLResponse("<h1>Shop</h1>"), "answers with a web page, so it is not an MCP server. Check the path"),
        (PlainTextResponse("hi"), "answers with text/plain, so it is not an MCP server."),
        (HTMLResponse("gone", 404), "There is no MCP server at {url} (404). Check the path: it is often /mcp."),
        (PlainTextResponse("no", 405), "accepts no messages (405), so it is not an MCP server, or an old one"),
        (PlainTextResponse("not for you", 403), "refuses (403: not for you)."),
        (
            PlainTextResponse("oh\nno", 500),
            "answered 500: oh without an MCP message. See the server's log for the reason.",
        ),
        (JSONResponse({"items": []}), "answers with JSON that is not an MCP message."),
        (
            Response(status_code=302, headers={"Location": "https://login.example/?key=1"}),
            "redirects to https://login.example/. If that is the server you mean, connect to it.",
        ),
    ],
)
@pytest.mark.parametrize("era", ["auto", "legacy"])
def test_what_is_no_mcp_server_is_said(response: Response, line: str, era: EraChoice) -> None:
    with web(response) as port:
        assert line.format(url=url(port)) in refusal(url(port), era=era)


def test_ports_and_names_where_nothing_is_are_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert refusal(url(port)) == f"Nothing listens at {url(port)}. Start the server, or check host and port."
    assert refusal("http://no.such.host.invalid/mcp") == (
        "There is no host 'no.such.host.invalid', or no network to look it up. Check the spelling of "
        "http://no.such.host.invalid/mcp."
    )
    assert refusal("nosuchnotebook").startswith("No server 'nosuchnotebook' has been served on this machine.")


def test_what_takes_connections_and_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        assert "does not answer" in refusal(url(mute.getsockname()[1]), deadline=0.5)


def test_the_wrong_scheme_is_said(sales: Served) -> None:
    assert "does not speak TLS" in refusal(url(sales.port).replace("http:", "https:"))


def test_a_certificate_that_is_not_trusted_is_said() -> None:
    bad = ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate")
    bad.verify_message = "self-signed certificate"
    error = httpx2.ConnectError("no")
    error.__cause__ = bad
    assert unreachable(error, httpx2.URL("https://me:secret@host/mcp?key=secret")).line == (
        "The certificate of 'host' is not trusted: self-signed certificate. Nothing was sent to https://host/mcp."
    )


def add(connection: Connection) -> Any:
    result: CallToolResult = connection.call("add", {"a": 1, "b": 2}).result
    return result.structured_content


@pytest.mark.parametrize("era", ERAS)
def test_a_restarted_server_is_connected_to_again_by_the_next_request(tmp_path: Path, era: EraChoice) -> None:
    notices: list[str] = []
    first = Served(tmp_path / "sales.ipynb")
    with connect(url(first.port), token=str(first.token), era=era, notice=notices.append) as connection:
        assert add(connection) == {"result": 3}
        first.stop()
        with pytest.raises(RequestError, match="Nothing listens at"):
            add(connection)
        second = Served(tmp_path / "sales.ipynb", first.port, first.token)
        try:
            assert add(connection) == {"result": 3}
        finally:
            second.stop()
    assert notices == (["'notebook' was gone; connected again."] if era == "legacy" else [])


@pytest.mark.parametrize("era", ERAS)
def test_a_live_notebook_is_found_again_on_another_port_with_another_token(tmp_path: Path, era: EraChoice) -> None:
    notices: list[str] = []
    first = Served(tmp_path / "sales.ipynb")
    with connect("sales", era=era, notice=notices.append) as connection:
        first.stop()
        second = Served(tmp_path / "sales.ipynb")
        try:
            assert add(connection) == {"result": 3}
            assert notices == ["'sales' was gone; connected again."]
        finally:
            second.stop()


@pytest.mark.parametrize("era", ERAS)
def test_a_call_that_was_under_way_fails_and_is_not_made_again(tmp_path: Path, era: EraChoice) -> None:
    first = Served(tmp_path / "sales.ipynb")
    with connect("sales", era=era) as connection:
        waiting = connection.start_call("forever")
        assert first.tools.started.wait(DEADLINE)
        first.stop()
        second = Served(tmp_path / "sales.ipynb")
        try:
            with pytest.raises(RequestError, match=r"broke before the answer came|answered 500"):
                waiting.result(DEADLINE)
            assert add(connection) == {"result": 3}
            assert not second.tools.started.is_set()
        finally:
            second.stop()


@pytest.mark.parametrize("era", ERAS)
def test_cancelling_a_call_reaches_the_server(sales: Served, era: EraChoice) -> None:
    with connect("sales", era=era) as connection:
        call = connection.start_call("forever")
        assert sales.tools.started.wait(DEADLINE)
        call.cancel()
        assert sales.tools.cancelled.wait(DEADLINE)


def test_a_transport_that_raises_at_its_end_is_closed_with_a_line(
    sales: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    connection = connect("sales")
    close = connection._sessions.close

    async def disorderly() -> None:
        await close()
        raise RuntimeError("Attempted to exit a cancel scope that is not the current one")

    monkeypatch.setattr(connection._sessions, "close", disorderly)
    connection.close()
    assert connection.closed
    assert "its transport raised RuntimeError('Attempted to exit" in "".join(capsys.readouterr())


@pytest.mark.parametrize(("era", "updates"), [("modern", "tells"), ("legacy", "updates")])
def test_followers_hear_of_resources_and_lists_over_http(sales: Served, era: EraChoice, updates: str) -> None:
    @sales.tools.server.tool()
    async def tells(ctx: Context) -> None:
        await ctx.notify_resource_updated("test://text")

    heard: list[str] = []
    with connect("sales", era=era) as connection:
        leave = connection.follow(lambda message: heard.append(message.method), uris=["test://text"])
        connection.call(updates)
        connection.call("changes")
        until(lambda: {"notifications/resources/updated", "notifications/tools/list_changed"} <= set(heard))
        leave()


def test_sse_is_spoken_where_it_is_asked_for() -> None:
    with web(server.sse_app()) as port:
        with connect(Url(f"http://127.0.0.1:{port}/sse", transport="sse")) as connection:
            assert connection.call("add", {"a": 1, "b": 2}).result.structured_content == {"result": 3}
            assert (connection.era, connection.transport) == ("modern", "sse")
        assert "answered 404" in refusal(Url(f"http://127.0.0.1:{port}/nothing", transport="sse"))
