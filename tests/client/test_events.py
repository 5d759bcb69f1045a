"""Following the events of other servers: over HTTP, through losses, and from servers that break the rules."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from mcp.server.extension import Extension, MethodBinding
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError
from mcp_types import Notification, RequestParams
from pydantic import ConfigDict

from mcp_notebook import NotebookServer, Url, connect
from mcp_notebook.client import event_following
from mcp_notebook.client.extensions import events as client_events
from mcp_notebook.errors import RequestError
from mcp_notebook.portal import Portal
from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.auth import Token
from mcp_notebook.server.endpoint import Endpoint
from mcp_notebook.server.hosting import Listener
from tests.support.waiting import until

TOKEN = Token("test-token")
TICK = {"name": "tick", "delivery": ["push", "poll"]}


class AnyParams(RequestParams):
    model_config = ConfigDict(extra="allow")


class Odd(Extension):
    """Answers as a test says."""

    identifier = "io.modelcontextprotocol/events"

    def __init__(self, listed: Any = None, poll: Any = None, stream: Callable[[Any], Any] | None = None) -> None:
        self._listed = {"events": [TICK]} if listed is None else listed
        self._poll = poll
        self._stream = stream
        self.opened: list[Any] = []

    def methods(self) -> list[MethodBinding]:
        return [
            MethodBinding("events/list", AnyParams, self._list),
            MethodBinding("events/poll", AnyParams, self._answer_poll),
            MethodBinding("events/stream", AnyParams, self._answer_stream),
        ]

    async def _list(self, ctx: Any, params: Any) -> Any:
        return self._listed

    async def _answer_poll(self, ctx: Any, params: Any) -> Any:
        return self._poll(params) if callable(self._poll) else self._poll

    async def _answer_stream(self, ctx: Any, params: Any) -> Any:
        self.opened.append(params.model_dump().get("cursor"))

        async def send(what: str, subscription: Any = None, **fields: Any) -> None:
            meta = {"io.modelcontextprotocol/subscriptionId": subscription or ctx.request_id}
            message = Notification[dict[str, Any], str](
                method=f"notifications/events/{what}", params={**fields, "_meta": meta}
            )
            await ctx.session.send_notification(message, related_request_id=ctx.request_id)

        assert self._stream is not None
        await self._stream(send)
        return {"resultType": "complete"}


def server_of(odd: Odd) -> MCPServer[Any]:
    with sdk_gaps.quiet_construction():
        return MCPServer("odd", extensions=[odd])


def occurrence(n: int, **more: Any) -> dict[str, Any]:
    return {"eventId": f"e{n}", "name": "tick", "timestamp": "2026-11-29T12:00:00Z", "data": {"n": n}, **more}


def test_events_are_pushed_over_http_and_several_types_at_once() -> None:
    shop, portal = NotebookServer("shop"), Portal()
    for name in ("one", "two"):
        shop.emit(name, {"n": 0})
    listener = Listener(portal, shop, name="shop", endpoint=Endpoint(TOKEN))
    with (
        connect(Url(listener.url, token=TOKEN)) as client,
        client.follow_events("one", seconds=20) as one,
        client.follow_events("two", {"n": 2}, seconds=20) as two,
    ):
        until(lambda: one.cursor and two.cursor)
        for n in (1, 2):
            shop.emit("two", {"n": n})
            shop.emit("one", {"n": n})
        assert [next(one).data["n"], next(one).data["n"], next(two).data["n"]] == [1, 2, 2]
        assert client.tools() == []
    listener.stop()
    portal.close()


def test_a_server_that_is_away_for_a_moment_loses_no_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_following, "PAUSE", 0.05)
    shop, portal = NotebookServer("shop"), Portal()
    shop.emit("tick", {"n": 0})
    listener = Listener(portal, shop, name="shop", endpoint=Endpoint(TOKEN))
    with connect(Url(listener.url, token=TOKEN)) as client, client.follow_events("tick", seconds=30) as followed:
        until(lambda: followed.cursor)
        listener.stop()
        shop.emit("tick", {"n": 1})
        listener = Listener(portal, shop, name="shop", endpoint=Endpoint(TOKEN, port=listener.endpoint.port))
        assert next(followed).data == {"n": 1}
    listener.stop()
    portal.close()


def test_a_client_that_does_not_declare_the_extension_polls() -> None:
    shop = NotebookServer("shop")
    shop.emit("tick", {"n": 0})
    with connect(shop, extensions="none") as client, client.follow_events("tick", cursor="old", seconds=20) as followed:
        assert followed.delivery == "poll"
        assert next(followed).data == {"n": 0}


def test_a_type_that_is_only_posted_cannot_be_followed() -> None:
    odd = Odd(listed={"events": [{"name": "tick", "delivery": ["webhook"]}]})
    with connect(server_of(odd)) as client, pytest.raises(RequestError, match="can only be had by webhook"):
        client.follow_events("tick")


@pytest.mark.parametrize(
    "listed", [{}, {"events": 5}, {"events": [{}]}, {"events": [{"name": "x", "delivery": ["push"], "inputSchema": 5}]}]
)
def test_a_list_that_does_not_follow_the_extension_is_one_line(listed: Any) -> None:
    words = r"The answer to events/list does not follow the extension: events"
    with connect(server_of(Odd(listed=listed))) as client, pytest.raises(RequestError, match=words):
        client.events()


def test_pages_without_an_end_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_events, "MOST_PAGES", 3)
    counted = iter(range(100))

    class Endless(Odd):
        async def _list(self, ctx: Any, params: Any) -> Any:
            return {"events": [TICK], "nextCursor": str(next(counted))}

    with connect(server_of(Endless())) as client:
        assert len(client.events()) == 3


def test_events_that_come_twice_are_shown_once_and_malformed_ones_are_left_out() -> None:
    notices: list[str] = []

    async def stream(send: Any) -> None:
        await send("event", subscription="another", **occurrence(9))
        await send("active", cursor="a")
        for n in (1, 1, 2):
            await send("event", **occurrence(n, cursor=f"c{n}"))
        await send("event", eventId=5)
        await send("event", **occurrence(3, cursor="c3"))
        await send("terminated", error={"code": -32024, "message": "no\nmore\x1b[0m" + "x" * 9_000})

    odd = Odd(stream=stream)
    with connect(server_of(odd)) as client:
        followed = client.follow_events("tick", notice=notices.append, seconds=20)
        assert [next(followed).data["n"] for _ in range(3)] == [1, 2, 3]
        with pytest.raises(RequestError, match=r"has ended the subscription to 'tick': no\\nmore\\u001b\[0mx+$") as end:
            next(followed)
    assert len(str(end.value)) < 400
    assert notices == ["an event of tick does not follow the extension, and was left out."]


def test_a_flood_that_nobody_reads_is_bounded_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_following, "REMEMBERED", 5)
    monkeypatch.setattr(client_events, "MOST_WAITING", 5)
    notices: list[str] = []
    sent = anyio.Event()

    async def stream(send: Any) -> None:
        await send("active", cursor="a")
        for n in range(200):
            await send("event", **occurrence(n, cursor=f"c{n}"))
        await anyio.sleep(0.3)
        sent.set()
        await anyio.sleep(30)

    with connect(server_of(Odd(stream=stream))) as client:
        followed = client.follow_events("tick", notice=notices.append, seconds=20)
        until(sent.is_set)
        found = [next(followed).data["n"] for _ in range(8)]
    assert found[-1] > 190
    assert set(notices) == {"events of tick may be missing here: the server no longer has them."}


def test_a_stream_that_says_nothing_counts_as_lost_and_is_opened_again_at_its_cursor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_following, "SILENCE", 0.2)
    monkeypatch.setattr(event_following, "PAUSE", 0.01)

    async def stream(send: Any) -> None:
        await send("active", cursor=f"opened {len(odd.opened)} times")
        await anyio.sleep(30)

    odd = Odd(stream=stream)
    with connect(server_of(odd)) as client, client.follow_events("tick", seconds=20):
        until(lambda: len(odd.opened) >= 3)
    assert odd.opened[:3] == [None, "opened 1 times", "opened 2 times"]


def test_a_server_that_never_confirms_a_stream_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_events, "OPENING", 0.2)

    async def stream(send: Any) -> None:
        await anyio.sleep(30)

    with connect(server_of(Odd(stream=stream))) as client:
        followed = client.follow_events("tick", seconds=20)
        with pytest.raises(RequestError, match="did not confirm"):
            next(followed)


def test_entering_waits_until_the_server_has_confirmed_the_subscription() -> None:
    confirming = threading.Event()

    async def stream(send: Any) -> None:
        await anyio.to_thread.run_sync(until, confirming.is_set)
        await send("active", cursor="begun")
        await anyio.sleep(30)

    def confirm() -> None:
        until(lambda: odd.opened)
        confirming.set()

    odd = Odd(stream=stream)
    with connect(server_of(odd)) as client:
        threading.Thread(target=confirm).start()
        with client.follow_events("tick", seconds=20):
            assert confirming.is_set()


def test_a_server_cannot_make_a_client_poll_without_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_following, "LEAST_PAUSE", 0.2)
    asked: list[Any] = []

    def poll(params: Any) -> Any:
        asked.append(params.model_dump().get("cursor"))
        return {"events": [], "cursor": "c", "truncated": False, "hasMore": True, "nextPollMs": -5}

    with connect(server_of(Odd(poll=poll))) as client, client.follow_events("tick", delivery="poll", seconds=1) as one:
        assert list(one) == []
    assert 2 <= len(asked) <= 7
    assert asked[:2] == [None, "c"]


def test_a_refused_subscription_is_the_servers_error() -> None:
    def poll(params: Any) -> Any:
        raise MCPError(-32024, "Not for you")

    async def stream(send: Any) -> None:
        raise MCPError(-32024, "Not for you")

    with connect(server_of(Odd(poll=poll, stream=stream))) as client:
        for delivery in ("push", "poll"):
            followed = client.follow_events("tick", delivery=delivery, seconds=20)
            with pytest.raises(RequestError, match="Not for you") as refused:
                next(followed)
            assert refused.value.code == -32024
            with pytest.raises(RequestError, match="Not for you"), client.follow_events("tick", delivery=delivery):
                pytest.fail("a refused subscription was entered")
