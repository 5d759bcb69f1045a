"""The door on a real JupyterHub, behind its proxy: who gets in, and all that a client does with a notebook there."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from tests.support.hub import Hub, RemoteKernel, UserServer, running_hub
from tests.support.outside import connected
from tests.support.raw_http import RawClient, answer
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.outside]

TOOLS = """%%mcp_tool
import time
import anyio
from mcp.server.mcpserver import Context

EVENTS = 6
PAUSE = 0.06
state = {}

def add(a: int, b: int) -> int:
    return a + b

def headers(ctx: Context) -> dict[str, str]:
    return dict(ctx.headers or {})

async def progresses(ctx: Context) -> list[float]:
    sent = []
    for number in range(EVENTS):
        sent.append(time.monotonic())
        await ctx.report_progress(number, EVENTS)
        await anyio.sleep(PAUSE)
    return sent

async def announces(ctx: Context) -> list[float]:
    sent = []
    for _ in range(EVENTS):
        sent.append(time.monotonic())
        await ctx.notify_tools_changed()
        await ctx.session.send_tool_list_changed()
        await anyio.sleep(PAUSE)
    return sent

async def forever() -> None:
    state['forever'] = 'started'
    try:
        await anyio.sleep_forever()
    except BaseException:
        state['forever'] = 'cancelled'
        raise
"""
ERAS = pytest.mark.parametrize("era", ["legacy", "auto"], ids=["legacy", "modern"])
LISTS = "notifications/tools/list_changed"
HELD_BACK = 0.1
"""Seconds after which an event counts as held back."""


@dataclass
class World:
    """A hub with two users, each with a notebook that listens; Ada has a second one, which is not behind the door."""

    hub: Hub
    ada: UserServer
    bob: UserServer
    kernel: RemoteKernel

    @property
    def url(self) -> str:
        return self.ada.door("sales")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running_hub(tmp_path_factory.mktemp("hub")) as hub, ThreadPoolExecutor() as threads:
        ada, bob = hub.start("ada", "bob")
        serving = [threads.submit(served, ada, "sales.ipynb"), threads.submit(served, bob, "notes.ipynb")]
        hidden = threads.submit(served, ada, "hidden.ipynb", "--no-door")
        kernel = serving[0].result()
        serving[1].result()
        hidden.result()
        yield World(hub, ada, bob, kernel)


def served(user: UserServer, notebook: str, *options: str) -> RemoteKernel:
    kernel = user.open(notebook)
    serve(kernel, *options)
    return kernel


def serve(kernel: RemoteKernel, *options: str) -> None:
    kernel.run("%load_ext mcp_notebook")
    kernel.run(TOOLS)
    kernel.run(f"%mcp serve {' '.join(options)}")


def lists(url: str, token: str | None = None, **headers: str) -> httpx2.Response:
    """Ask a notebook for its tools."""
    with RawClient(url, token) as client:
        client.http.headers.update(headers)
        return client.request("tools/list", {})


def test_the_owners_token_gets_in(world: World) -> None:
    response = lists(world.url, world.ada.token)
    assert response.status_code == 200, response.text
    assert "add" in [tool["name"] for tool in answer(response)["result"]["tools"]]


def test_a_token_for_only_this_server_gets_in(world: World) -> None:
    assert lists(world.url, world.hub.token("ada", "access:servers!server=ada/")).status_code == 200


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(lambda world: None, id="none"),
        pytest.param(lambda world: world.bob.token, id="of another user"),
        pytest.param(lambda world: world.hub.token("bob"), id="of another user, with all they may do"),
        pytest.param(lambda world: "0" * 32, id="wrong"),
        pytest.param(lambda world: world.hub.token("ada", "read:users!user=ada"), id="with another scope only"),
    ],
)
@pytest.mark.parametrize("verb", ["GET", "POST", "DELETE"])
def test_other_tokens_are_refused(world: World, token: Callable[[World], str | None], verb: str) -> None:
    given = token(world)
    headers = {"Authorization": f"Bearer {given}"} if given else {}
    response = httpx2.request(verb, world.url, headers=headers, json={} if verb == "POST" else None)
    assert response.status_code == 403
    assert "needs a token" in response.json()["message"]


def test_a_revoked_token_is_refused(world: World) -> None:
    token = world.hub.token("ada", "access:servers!user=ada")
    assert lists(world.url, token).status_code == 200
    world.hub.revoke("ada", token)
    # Jupyter asks the hub again after a while, which the tests make short.
    until(lambda: lists(world.url, token).status_code == 403)


def test_the_token_of_the_notebook_is_not_one_of_the_hub(world: World) -> None:
    own = world.kernel.run("%mcp token --show").text.strip()
    assert lists(world.url, own).status_code == 403


def test_a_foreign_host_is_fine(world: World) -> None:
    assert lists(world.url, world.ada.token, Host="hub.example.org").status_code == 200


def test_cookies_get_in_only_from_jupyters_own_pages(world: World) -> None:
    listing = f"{world.ada.url}/mcp-notebook/"
    with closing(world.hub.signed_in("ada")) as browser:
        known = {"X-XSRFToken": browser.cookies.get("_xsrf", path="/user/ada/") or ""}
        own = {"Origin": world.hub.url, "Sec-Fetch-Mode": "cors"}
        foreign = {"Origin": "https://evil.example.org", "Sec-Fetch-Mode": "cors"}
        assert browser.get(listing, headers=own | known).status_code == 200
        for headers in (own, foreign, foreign | known):
            assert browser.get(listing, headers=headers).status_code in (403, 404)
            assert browser.post(world.url, json={}, headers=headers).status_code in (403, 404)


def test_the_kernel_gets_no_token_or_cookie_of_the_hub(world: World) -> None:
    with RawClient(f"{world.url}?token={world.ada.token}", world.ada.token) as client:
        client.http.headers["Cookie"] = "jupyterhub-user-ada=secret"
        client.http.headers["X-Forwarded-For"] = "192.0.2.1"
        response = client.request("tools/call", {"name": "headers", "arguments": {}})
        seen = answer(response)["result"]["structuredContent"]
    assert world.ada.token not in json.dumps(seen)
    assert not {"cookie", "origin", "x-forwarded-for", "x-forwarded-host"} & set(seen)
    assert seen["host"].startswith("127.0.0.1:")


def test_each_user_finds_their_own_notebooks(world: World) -> None:
    found = [
        httpx2.get(f"{user.url}/mcp-notebook/", headers={"Authorization": f"token {user.token}"}).json()
        for user in (world.ada, world.bob)
    ]
    assert found == [{"sales": "/user/ada/mcp-notebook/sales/mcp"}, {"notes": "/user/bob/mcp-notebook/notes/mcp"}]


@pytest.mark.parametrize("name", ["hidden", "nothing"])
def test_other_names_are_not_found(world: World, name: str) -> None:
    response = lists(world.ada.door(name), world.ada.token)
    assert response.status_code == 404
    assert response.json()["message"].endswith("Served here: sales.")


@pytest.mark.platform("hub", "cells", "door")
@ERAS
def test_a_client_calls_tools(world: World, era: str) -> None:
    with connected(world.url, world.ada.token, era) as client:
        assert "add" in client.tools()
        assert client.call("add", a=1, b=2) == 3
    assert "door" in world.kernel.run("%mcp log").text


@ERAS
def test_progress_arrives_as_it_is_sent(world: World, era: str) -> None:
    with connected(world.url, world.ada.token, era) as client:
        arrives_in_time(lambda: client.progress("progresses"))


@ERAS
def test_notices_arrive_as_they_are_sent(world: World, era: str) -> None:
    with connected(world.url, world.ada.token, era, listen=True) as client:

        def notices() -> tuple[list[float], list[float]]:
            call = client.start("announces")
            arrived: list[float] = []
            while len(arrived) < 6:
                client.hears(LISTS)
                arrived.append(time.monotonic())
            return arrived, result(call)

        arrives_in_time(notices)


@ERAS
def test_a_client_hears_of_a_cell_that_runs_again(world: World, era: str) -> None:
    with connected(world.url, world.ada.token, era, listen=True) as client:
        world.kernel.run("%%mcp_tool\ndef later() -> str:\n    return 'first'")
        client.hears(LISTS)
        assert client.call("later") == "first"
        world.kernel.run("%%mcp_tool\ndef later() -> str:\n    'Changed.'\n    return 'second'")
        client.hears(LISTS)
        assert client.call("later") == "second"


@ERAS
def test_cancelling_reaches_the_tool(world: World, era: str) -> None:
    with connected(world.url, world.ada.token, era) as client:
        call = client.start("forever")
        until(lambda: state(world) == "started", step=0.1)
        call.cancel()
        until(lambda: state(world) == "cancelled", step=0.1)
        world.kernel.run("state.clear()")


@pytest.mark.platform("hub", "card", "serve")
def test_the_card_and_the_configuration_name_the_door(world: World) -> None:
    path = "https://YOUR-HUB/user/ada/mcp-notebook/sales/mcp"
    for cell in ("%mcp serve", "%mcp", "%mcp clients vscode", "%mcp clients claude-code"):
        ran = world.kernel.run(cell)
        assert path in ran.text, cell
        assert path in ran.html.replace("<wbr>", ""), cell
        assert world.ada.token not in ran.text + ran.html
    assert "https://YOUR-HUB/hub/token" in world.kernel.run("%mcp clients claude-code").text
    assert "connect" in world.kernel.run("%mcp clients claude-code --local").text
    assert "door: Jupyter Server has it" in world.kernel.run("%mcp doctor").text


def test_a_restart_of_the_kernel(world: World) -> None:
    world.kernel.restart()
    away = lists(world.url, world.ada.token)
    assert away.status_code == 503
    assert "is away: its kernel is not running. Run %mcp serve" in away.json()["message"]
    serve(world.kernel)
    with connected(world.url, world.ada.token) as client:
        assert client.call("add", a=1, b=2) == 3


def arrives_in_time(run: Callable[[], tuple[list[float], list[float]]]) -> None:
    """Compare the times at which events arrived with those at which they were sent, on the one clock of this machine.

    Another program may keep a core for longer than the limit, so three runs have to be late, not one.
    """
    late: list[float] = []
    for _ in range(3):
        arrived, sent = run()
        assert len(arrived) == len(sent) == 6
        late.append(max(there - here for there, here in zip(arrived, sent, strict=True)))
        if late[-1] < HELD_BACK:
            return
    raise AssertionError(f"events arrived late, at worst by {late} s")


def result(call: Future[Any]) -> Any:
    return call.result(30).structured_content["result"]


def state(world: World) -> str:
    return world.kernel.run("print(state.get('forever'))").text.strip()


def test_a_learner_reports_to_the_board_of_a_teacher_without_a_right_on_their_server(world: World) -> None:
    teacher = world.ada.open("lesson.ipynb")
    teacher.run("%load_ext mcp_notebook\n%mcp board")
    address, code, note = teacher.run("%mcp board --show-code").text.splitlines()[:3]
    assert address == "https://YOUR-HUB/user/ada/mcp-notebook-guests/lesson/board/mcp"
    assert "https://YOUR-" in note
    url = address.replace("https://YOUR-HUB", world.hub.url)
    learner = world.bob.open("mine.ipynb")
    learner.run(f"import os\nos.environ['CLASS_CODE'] = {code.removeprefix('class code: ')!r}\n%load_ext mcp_notebook")
    said = learner.run(f"%mcp progress --share {url} --as Bob --class-code CLASS_CODE").text
    assert "sent: the name 'Bob'" in said
    rows = "[row.name for row in get_ipython()._mcp_notebook.session.board.reports.standing().rows]"
    assert teacher.run(f"print({rows})").text.strip() == "['Bob']"
    assert lists(url).status_code == 401
    assert lists(url, world.bob.token).status_code == 401
    assert lists(url.replace("lesson/board", "sales"), None, **{"Mcp-Class-Code": code[-9:]}).status_code == 404
    assert lists(world.ada.door("lesson/board"), world.bob.token).status_code == 403
