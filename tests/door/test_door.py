"""The door in a plain Jupyter Server: what passes in each direction, and what becomes of a request that goes wrong."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from mcp_notebook import addresses
from mcp_notebook.addresses import Address, Door
from mcp_notebook.door import door_of
from mcp_notebook.door.handlers import MOST_BODY
from mcp_notebook.door.notebooks import Notebooks
from mcp_notebook.errors import UnknownNameError
from mcp_notebook.server import http_limits
from tests.support.jupyter import TOKEN, running_jupyter
from tests.support.outside import connected
from tests.support.raw_http import RawClient, answer
from tests.support.served import Served, process

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="signals and modes are POSIX's")]


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the door."""
    with running_jupyter(tmp_path_factory.mktemp("jupyter")) as told:
        yield f"{told['url']}mcp-notebook/"


@pytest.fixture
def notebook(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "sales.ipynb"
    path.write_text("{}")
    yield path
    # Nothing of one test is found by the next.
    for file in addresses.runtime_dir().glob("mcp-notebook-*.json"):
        file.unlink()


@pytest.fixture
def served(notebook: Path) -> Iterator[Served]:
    served = Served(notebook)
    yield served
    with suppress(AssertionError):
        served.stop()


@pytest.fixture
def url(jupyter: str, served: Served) -> str:
    return f"{jupyter}sales/mcp"


def address(notebook: str, url: str = "http://127.0.0.1:9/mcp", **other: Any) -> Address:
    return Address("notebook", notebook, None, url, "secret", **other)


def message(response: httpx2.Response) -> str:
    text = response.json()["message"]
    assert "\n" not in text
    return str(text)


def test_the_headers_of_the_protocol_pass_and_others_do_not(url: str, served: Served) -> None:
    with RawClient(url, TOKEN, client="me") as client:
        client.http.headers.update(
            {"Cookie": "a=b", "X-Secret": "s", "User-Agent": "me/1", "Mcp-Param-Region": "north"}
        )
        response = client.request("tools/list", {})
    assert response.status_code == 200
    seen = served.seen[-1]
    assert seen["mcp-method"] == "tools/list"
    assert seen["mcp-param-region"] == "north"
    assert seen["user-agent"] == "me/1"
    assert seen["authorization"] == f"Bearer {served.token}"
    assert seen["host"] == f"127.0.0.1:{served.port}"
    assert not {"cookie", "x-secret", "connection", "accept-encoding"} & set(seen)


def test_answers_keep_their_type_and_are_not_compressed(url: str) -> None:
    with RawClient(url, TOKEN, legacy=True) as client:
        opened = client.post({"jsonrpc": "2.0", "id": 9, "method": "ping"}, {"Accept-Encoding": "gzip"})
        assert opened.headers["content-type"] == "text/event-stream"
        assert "content-encoding" not in opened.headers
        assert answer(opened)["result"] == {}
    with RawClient(url, TOKEN) as client:
        found = client.request("tools/list", {})
        assert found.headers["content-type"].startswith("application/json")


class Odd(BaseHTTPRequestHandler):
    """A server that answers with headers for the browser."""

    def do_GET(self) -> None:
        self.send_response(200)
        for name, value in (("Content-Type", "text/html"), ("Set-Cookie", "a=b"), ("X-Other", "1"), ("Mcp-Own", "2")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"<script>")

    def log_message(self, *_: object) -> None:
        pass


def test_the_headers_of_a_notebook_are_not_jupyters(jupyter: str, notebook: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), Odd) as odd, ThreadPoolExecutor() as threads:
        addresses.publish(address(str(notebook), f"http://127.0.0.1:{odd.server_port}/mcp"))
        threads.submit(odd.handle_request)
        response = httpx2.get(f"{jupyter}sales/mcp", headers={"Authorization": f"token {TOKEN}"})
    assert response.text == "<script>"
    assert response.headers["mcp-own"] == "2"
    assert "a=b" not in response.headers.get("set-cookie", "")
    assert "x-other" not in response.headers
    # A page from a notebook must not run scripts with Jupyter's cookies.
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"


def once(answer: bytes, listening: socket.socket) -> None:
    """Answer one request with these bytes, and close."""
    connection, _ = listening.accept()
    with connection:
        connection.recv(1 << 16)
        connection.sendall(answer)


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"


@pytest.mark.parametrize(
    ("answer", "begins"),
    [
        (b"what is this\r\n\r\n", False),
        (OK + b"no header\r\n\r\n", False),
        (OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", True),
        (OK + CHUNKED + b"ZZ\r\n", True),
        (OK + b"Content-Type: text/event-stream\r\n" + CHUNKED + b"ZZ\r\n", True),
        (OK + b"Content-Length: 100\r\n\r\nhello", True),
    ],
    ids=["status", "header", "two lengths", "chunk", "chunk of a stream", "short"],
)
def test_an_answer_that_cannot_be_read_is_never_taken_for_a_whole_one(
    jupyter: str, notebook: Path, answer: bytes, begins: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor() as threads:
        port = listening.getsockname()[1]
        addresses.publish(address(str(notebook), f"http://127.0.0.1:{port}/mcp"))
        threads.submit(once, answer, listening)
        headers = {"Authorization": f"token {TOKEN}"}
        if begins:
            with pytest.raises(httpx2.TransportError):
                httpx2.post(f"{jupyter}sales/mcp", json={}, headers=headers)
        else:
            response = httpx2.post(f"{jupyter}sales/mcp", json={}, headers=headers)
            assert response.status_code == 502
            assert "gave no whole answer" in message(response)


def test_a_large_body_is_refused(url: str, served: Served) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    before = len(served.seen)
    response = httpx2.post(url, content=b"x" * (MOST_BODY + 1), headers=headers)
    assert response.status_code == 413
    assert message(response) == "The body of a request may have 4 MiB."
    assert len(served.seen) == before


def test_a_body_as_large_as_the_notebook_takes_passes(url: str) -> None:
    text = "x" * (MOST_BODY - 2000)
    with RawClient(url, TOKEN) as client:
        response = client.request("tools/call", {"name": "echo", "arguments": {"text": text}})
    assert answer(response)["result"]["structuredContent"]["result"] == text


def test_the_limit_is_that_of_the_notebooks_server() -> None:
    assert MOST_BODY == http_limits.MOST_BODY


def test_jupyters_own_checks_apply(url: str) -> None:
    assert httpx2.post(url, json={}).status_code == 403
    assert httpx2.get(url, follow_redirects=False).status_code == 403
    assert "Bearer" in message(httpx2.post(url, json={}))
    foreign = {"Host": "evil.example.org", "Authorization": f"Bearer {TOKEN}"}
    assert httpx2.post(url, json={}, headers=foreign).status_code == 403


def test_a_client_that_goes_away_ends_its_call(url: str, served: Served) -> None:
    with RawClient(url, TOKEN) as client:
        client.http.timeout = httpx2.Timeout(30, read=0.5)
        with pytest.raises(httpx2.ReadTimeout):
            client.request("tools/call", {"name": "forever", "arguments": {}})
    assert served.tools.started.wait(30)
    assert served.tools.cancelled.wait(30)


def test_a_kernel_that_dies_breaks_the_answer_off(jupyter: str, notebook: Path) -> None:
    with process(notebook) as kernel, connected(f"{jupyter}sales/mcp", TOKEN) as client:
        call = client.start("waits")
        assert client.call("add", a=1, b=2) == 3
        kernel.kill()
        with pytest.raises(Exception, match=r".") as failed:
            call.result(30)
    assert not isinstance(failed.value, TimeoutError)


@pytest.mark.platform("lab", "door")
def test_a_kernel_that_is_away_and_comes_back(url: str, served: Served, notebook: Path) -> None:
    with RawClient(url, TOKEN) as client:
        assert client.request("tools/list", {}).status_code == 200
        served.stop()
        away = client.request("tools/list", {})
        assert away.status_code == 503
        assert (
            message(away)
            == "'sales' is away: nothing answers at its address. Run %mcp serve in the notebook, then try again."
        )
        addresses.withdraw(served.address)
        stopped = client.request("tools/list", {})
        assert stopped.status_code == 503
        assert message(stopped).startswith("'sales' is away: its server was stopped.")
        again = Served(notebook, served.port, served.token)
        try:
            assert client.request("tools/list", {}).status_code == 200
        finally:
            again.stop()


def test_a_token_that_does_not_fit_is_not_blamed_on_the_client(url: str, served: Served) -> None:
    addresses.publish(replace(served.address, token="another"))
    with RawClient(url, TOKEN) as client:
        response = client.request("tools/list", {})
    assert response.status_code == 502
    assert message(response) == "'sales' refused its own token. Run %mcp stop, then %mcp serve."


def test_the_list_and_unknown_names(jupyter: str, url: str) -> None:
    headers = {"Authorization": f"token {TOKEN}"}
    for address in (jupyter, jupyter.rstrip("/")):
        assert httpx2.get(address, headers=headers).json() == {"sales": "/mcp-notebook/sales/mcp"}
    unknown = httpx2.get(f"{jupyter}sale/mcp", headers=headers)
    assert unknown.status_code == 404
    assert "Did you mean 'sales'?" in message(unknown)
    assert message(unknown).endswith("Served here: sales.")


def test_notebooks_of_one_name_have_addresses_of_their_own(jupyter: str, notebook: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "sales.ipynb"
    other.write_text("{}")
    for path in (notebook, other):
        addresses.publish(address(str(path)))
    headers = {"Authorization": f"token {TOKEN}"}
    listed = httpx2.get(jupyter, headers=headers).json()
    assert set(listed) == {str(notebook), str(other)}
    # Nothing listens there, but the door knows which is meant.
    assert httpx2.get(jupyter.replace("/mcp-notebook/", listed[str(other)]), headers=headers).status_code == 503
    assert "ambiguous" in message(httpx2.get(f"{jupyter}sales/mcp", headers=headers))


@pytest.mark.parametrize(
    "other",
    [
        {"door": False},
        {"transport": "sse", "url": "http://127.0.0.1:9/sse"},
        {"url": "http://192.0.2.1:9/mcp"},
        {"url": "https://127.0.0.1:9/mcp"},
    ],
    ids=["off", "sse", "another address", "another scheme"],
)
def test_only_what_listens_on_loopback_is_served(notebook: Path, other: dict[str, Any]) -> None:
    addresses.publish(address(str(notebook), **other))
    found = Notebooks()
    with pytest.raises(UnknownNameError, match=r"not served here.* Served here: nothing now"):
        found.find("sales")
    assert found.live() == []


def test_a_name_is_looked_up_again_when_its_files_change(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    find = addresses.find
    monkeypatch.setattr("mcp_notebook.addresses.find", lambda name: reads.append(name) or find(name))
    monkeypatch.setattr("mcp_notebook.door.notebooks.SETTLED", -(10**12))
    addresses.publish(address(str(notebook)))
    found = Notebooks()
    assert found.find("sales") == found.find("sales")
    assert len(reads) == 1
    addresses.publish(address(str(notebook), "http://127.0.0.1:10/mcp"))
    assert found.find("sales").url.endswith(":10/mcp")
    assert len(reads) == 2


def test_a_change_just_now_is_not_remembered(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_notebook.door.notebooks.SETTLED", 10**15)
    found = Notebooks()
    for port in (9, 10):
        addresses.publish(address(str(notebook), f"http://127.0.0.1:{port}/mcp"))
        assert found.find("sales").url.endswith(f":{port}/mcp")


HUB = {"JUPYTERHUB_SERVICE_PREFIX": "/user/ada/", "JUPYTERHUB_BASE_URL": "/"}
PUBLIC = {
    "JUPYTERHUB_PUBLIC_URL": "https://hub.example.org/user/ada/",
    "JUPYTERHUB_PUBLIC_HUB_URL": "https://hub.example.org/hub/",
}


def app(*, own_token: str = "", ip: str = "localhost", base: str = "/", display: str = "", sock: str = "") -> Any:
    provider = SimpleNamespace(token=own_token)
    return SimpleNamespace(identity_provider=provider, ip=ip, base_url=base, custom_display_url=display, sock=sock)


@pytest.mark.parametrize(
    ("server", "environ", "wanted"),
    [
        (app(own_token="t"), {}, ("/", None, False)),
        (app(own_token="t", ip="::1", base="/lab/"), {}, ("/lab/", None, False)),
        (app(own_token="t", ip="0.0.0.0"), {}, ("/", None, True)),
        (app(own_token="t", ip=""), {}, ("/", None, True)),
        (app(own_token="t", display="https://x.org/me"), {}, ("https://x.org/me/", None, True)),
        (app(base="/user/ada/"), HUB, ("/user/ada/", "/hub/", True)),
        (app(base="/user/a%40b/"), HUB | {"JUPYTERHUB_SERVICE_PREFIX": "/user/a@b/"}, ("/user/a%40b/", "/hub/", True)),
        (app(own_token="t"), HUB | PUBLIC, ("/", None, False)),
        (app(base="/user/ada/"), HUB | PUBLIC, (*PUBLIC.values(), True)),
        (app(base="/user/ada/", own_token="of Binder", ip="0.0.0.0"), HUB, ("/user/ada/", None, True)),
    ],
    ids=[
        "at home",
        "IPv6",
        "all addresses",
        "no address",
        "named",
        "hub",
        "a name with @",
        "in a terminal of a hub",
        "hub with its address",
        "Binder",
    ],
)
def test_the_door_of_a_place(server: Any, environ: dict[str, str], wanted: tuple[str, str | None, bool]) -> None:
    door = door_of(server, environ)
    assert (door.base, door.hub, door.remote) == wanted


def test_the_door_is_told_in_the_environment() -> None:
    environ: dict[str, str] = {}
    door = Door("/", None, False, 1)
    door.tell(environ)
    assert Door.told(environ) == door
    assert Door.told({}) is None
    assert Door.told({"MCP_NOTEBOOK_DOOR": "[1]"}) is None
    assert Door.told({"MCP_NOTEBOOK_DOOR": '{"base": 1, "hub": null, "remote": true, "pid": 1}'}) is None


def test_the_extension_is_light() -> None:
    script = "import sys, mcp_notebook.door; print([n for n in ('mcp', 'IPython', 'pydantic') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
