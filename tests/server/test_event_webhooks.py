"""Webhooks of Events (SEP-3415): who may subscribe, where it may post, what it signs, and how it tries again."""

from __future__ import annotations

import base64
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import urlsplit

import anyio
import pytest
from standardwebhooks.webhooks import Webhook

from mcp_notebook import Url, connect
from mcp_notebook.client import Connection
from mcp_notebook.client.extensions.events import Subscribed
from mcp_notebook.course import EventReceiver
from mcp_notebook.course.event_receiver import new_secret
from mcp_notebook.errors import RequestError
from mcp_notebook.portal import Portal
from mcp_notebook.server import NotebookServer
from mcp_notebook.server.auth import Token
from mcp_notebook.server.endpoint import Endpoint
from mcp_notebook.server.extended import extended
from mcp_notebook.server.extensions.events import Events, Webhooks, delivering, posting, webhooks
from mcp_notebook.server.hosting import Listener
from tests.support.waiting import until

TOKEN = Token("test-token")


@pytest.fixture
def receiver() -> Iterator[EventReceiver]:
    with EventReceiver() as found:
        yield found


@pytest.fixture
def shop() -> NotebookServer:
    return NotebookServer("shop")


@pytest.fixture
def connection(shop: NotebookServer) -> Iterator[Connection]:
    """A client with the token of a served notebook that posts events."""
    shop.emit("tick", {"n": 0})
    portal = Portal()
    listener = Listener(portal, shop, name="shop", endpoint=Endpoint(TOKEN, webhooks=True))
    try:
        with connect(Url(listener.url, token=TOKEN)) as found:
            yield found
    finally:
        listener.stop()
        portal.close()


def posting_of(shop: NotebookServer) -> Webhooks:
    found = extended(shop, Events).webhooks
    assert found is not None
    return found


def test_events_are_posted_and_signed_as_standard_webhooks_has_it(
    shop: NotebookServer, connection: Connection, receiver: EventReceiver
) -> None:
    assert connection.events()[0].delivery == ["push", "poll", "webhook"]
    seen: list[tuple[dict[str, str], bytes]] = []
    take = receiver._take
    receiver._take = lambda headers, body: (seen.append((dict(headers), body)), take(headers, body))[1]  # type: ignore
    granted = receiver.subscribe(connection, "tick", seconds=600)
    shop.emit("tick", {"n": 1, "word": "Größe"}, id="mine")
    (message,) = receiver.wait()
    assert (message["eventId"], message["name"], message["data"]) == ("mine", "tick", {"n": 1, "word": "Größe"})
    assert message["cursor"] != granted.cursor
    assert receiver.refused == []
    (_, verification), (headers, body) = seen[0], seen[1]
    assert b'"type":"verification"' in verification
    assert Webhook(receiver.secret).verify(body, headers) == message  # the library that receivers use
    given = {name.lower(): value for name, value in headers.items()}
    assert (given["webhook-id"], given["x-mcp-subscription-id"]) == ("mine", granted.id)
    assert given["content-type"] == "application/json"


def test_a_subscription_is_refreshed_under_its_key_and_ended(
    shop: NotebookServer, connection: Connection, receiver: EventReceiver
) -> None:
    first = receiver.subscribe(connection, "tick", {"n": 1})
    again = receiver.subscribe(connection, "tick", {"n": 1})
    other = receiver.subscribe(connection, "tick", {"n": 2})
    assert first.id == again.id != other.id
    assert (first.delivery_status, again.delivery_status) == (
        None,
        {"active": True, "lastDeliveryAt": None, "lastError": None},
    )
    shop.emit("tick", {"n": 2})
    assert receiver.wait()[0]["data"] == {"n": 2}
    connection.unsubscribe_events("tick", {"n": 1}, url=receiver.url)
    with pytest.raises(RequestError, match="There is no such subscription"):
        connection.unsubscribe_events("tick", {"n": 1}, url=receiver.url)
    shop.emit("tick", {"n": 1})
    shop.emit("tick", {"n": 2, "last": True})
    assert [one["data"]["n"] for one in receiver.wait(2)] == [2, 2]


def test_a_new_secret_signs_beside_the_earlier_one(
    shop: NotebookServer, connection: Connection, receiver: EventReceiver
) -> None:
    receiver.subscribe(connection, "tick")
    earlier = receiver.secret
    connection.subscribe_events("tick", url=receiver.url, secret=new_secret())
    shop.emit("tick", {"n": 1})
    receiver.wait()
    receiver.secret = new_secret()
    receiver.subscribe(connection, "tick")
    shop.emit("tick", {"n": 2})
    receiver.wait(2)
    receiver.secret = earlier
    shop.emit("tick", {"n": 3})
    until(lambda: receiver.refused)
    assert receiver.refused[0] == "the signature is wrong"


@pytest.mark.parametrize(
    ("ttl", "least", "most"), [(1, 59, 61), (600, 599, 601), (10**9, 86_399, 86_401), (None, 3_599, 3_601)]
)
def test_the_server_grants_a_time_within_its_limits(
    connection: Connection, receiver: EventReceiver, ttl: float | None, least: float, most: float
) -> None:
    granted = receiver.subscribe(connection, "tick", seconds=ttl).refresh_before
    assert granted is not None
    seconds = (datetime.fromisoformat(granted.replace("Z", "+00:00")) - datetime.now(timezone.utc)).total_seconds()
    assert least - 5 < seconds <= most


def test_a_subscription_ends_with_its_time(
    shop: NotebookServer, connection: Connection, receiver: EventReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "LEAST_TTL", 0.3)
    receiver.subscribe(connection, "tick", seconds=0.3)
    until(lambda: not posting_of(shop)._subscriptions)
    assert extended(shop, Events).board.listeners == 0


def test_a_host_in_trouble_gets_the_event_again_with_the_same_identifier_and_then_it_is_given_up(
    shop: NotebookServer, connection: Connection, receiver: EventReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "RETRIES", (0.01, 0.02, 0.03))
    receiver.subscribe(connection, "tick")
    receiver.answers.extend([500, 302, 404])
    shop.emit("tick", {"n": 1}, id="first")
    assert receiver.wait()[0]["eventId"] == "first"
    receiver.answers.extend([503] * 4)
    shop.emit("tick", {"n": 2}, id="lost")
    until(lambda: not receiver.answers)
    shop.emit("tick", {"n": 3}, id="third")
    assert [one["eventId"] for one in receiver.wait(2)] == ["first", "third"]
    receiver.answers.append(410)
    shop.emit("tick", {"n": 4}, id="unwanted")
    until(lambda: _last_error(receiver.subscribe(connection, "tick")) == ("http_4xx", True))
    shop.emit("tick", {"n": 5}, id="fifth")
    assert [one["eventId"] for one in receiver.wait(3)] == ["first", "third", "fifth"]


def test_an_event_that_arrives_late_does_not_hide_that_a_later_one_failed(
    shop: NotebookServer, connection: Connection, receiver: EventReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    released, post = threading.Event(), posting.post

    async def slow(url: str, body: bytes, *, id: str, **options: Any) -> None:
        await post(url, body, id=id, **options)
        if id == "slow":
            await anyio.to_thread.run_sync(released.wait)

    monkeypatch.setattr(delivering, "post", slow)
    receiver.subscribe(connection, "tick")
    shop.emit("tick", {"n": 1}, id="slow")
    receiver.wait()
    receiver.answers.append(410)
    shop.emit("tick", {"n": 2}, id="unwanted")
    try:
        until(lambda: _last_error(receiver.subscribe(connection, "tick")) == ("http_4xx", True))
    finally:
        released.set()
    until(lambda: (receiver.subscribe(connection, "tick").delivery_status or {}).get("lastDeliveryAt"))
    assert _last_error(receiver.subscribe(connection, "tick")) == ("http_4xx", True)
    shop.emit("tick", {"n": 3}, id="third")
    until(lambda: _last_error(receiver.subscribe(connection, "tick")) == (None, False))


def _last_error(granted: Subscribed) -> tuple[Any, bool]:
    status = granted.delivery_status or {}
    return status.get("lastError"), "failedSince" in status


def test_the_cursor_in_a_message_never_passes_an_event_that_was_not_taken(
    shop: NotebookServer, connection: Connection, receiver: EventReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "RETRIES", (0.5,))
    start = receiver.subscribe(connection, "tick").cursor
    receiver.answers.append(500)
    shop.emit("tick", {"n": 1}, id="first")
    until(lambda: not receiver.answers)
    shop.emit("tick", {"n": 2}, id="second")
    second, first = receiver.wait(2)
    assert (second["eventId"], second["cursor"]) == ("second", start)
    assert (first["eventId"], first["cursor"]) != ("first", start)
    until(lambda: receiver.subscribe(connection, "tick").cursor not in (start, first["cursor"]))


def test_a_type_that_is_gone_ends_the_subscription_with_a_word(
    shop: NotebookServer, connection: Connection, receiver: EventReceiver
) -> None:
    receiver.subscribe(connection, "tick")
    extended(shop, Events).board.replace({})
    (message,) = receiver.wait()
    assert (message["type"], message["error"]["code"], message["error"]["data"]) == (
        "terminated",
        -32023,
        {"kind": "event"},
    )
    until(lambda: not posting_of(shop)._subscriptions)


def test_a_server_that_stops_posts_no_more(receiver: EventReceiver) -> None:
    shop, portal = NotebookServer("shop"), Portal()
    shop.emit("tick", {"n": 0})
    listener = Listener(portal, shop, name="shop", endpoint=Endpoint(TOKEN, webhooks=True))
    with connect(Url(listener.url, token=TOKEN)) as client:
        receiver.subscribe(client, "tick")
        events = extended(shop, Events)
        assert events.board.listeners == 1
        listener.stop()
        until(lambda: events.board.listeners == 0)
        assert events.webhooks is None
    portal.close()


# --- who may subscribe, and to what


def test_nobody_in_particular_may_not_subscribe(receiver: EventReceiver) -> None:
    shop, portal = NotebookServer("shop"), Portal()
    shop.emit("tick", {"n": 0})
    listener = Listener(portal, shop, name="shop", endpoint=Endpoint(None, webhooks=True))
    with connect(Url(listener.url)) as client, pytest.raises(RequestError, match="has identified itself") as refused:
        receiver.subscribe(client, "tick")
    assert refused.value.code == -32024
    listener.stop()
    portal.close()
    assert not receiver.messages
    assert not receiver.refused


def test_a_server_without_webhooks_says_so(shop: NotebookServer, receiver: EventReceiver) -> None:
    shop.emit("tick", {"n": 0})
    with connect(shop) as client, pytest.raises(RequestError, match="posts no events") as refused:
        receiver.subscribe(client, "tick")
    assert refused.value.code == -32026


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://example.com/hook", "has to begin with https://"),
        ("http://127.0.0.2/hook", "has to begin with https://"),
        ("ftp://127.0.0.1/hook", "has to begin with https://"),
        ("https://user:word@example.com/", "a plain URL"),
        ("https:///hook", "a plain URL"),
        ("https://example.com/#part", "a plain URL"),
        ("https://exämple.com/", "a plain URL"),
        ("https://example.com:99999/", "Port out of range"),
        ("https://[::1", "Invalid IPv6 URL"),
        ("https://example.com/\r\nX-Evil: 1", "a plain URL"),
    ],
)
def test_a_url_that_may_not_be_posted_to_is_refused(
    connection: Connection, receiver: EventReceiver, url: str, words: str
) -> None:
    with pytest.raises(RequestError, match=words) as refused:
        connection.subscribe_events("tick", url=url, secret=receiver.secret)
    assert refused.value.code == -32602


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "secret",
        "whsec_",
        "whsec_!!!!",
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        base64.b64encode(bytes(32)).decode(),
    ],
)
def test_a_weak_secret_is_refused_and_not_repeated(
    connection: Connection, receiver: EventReceiver, secret: str
) -> None:
    with pytest.raises(RequestError, match=r"delivery\.secret has to be whsec_") as refused:
        connection.subscribe_events("tick", url=receiver.url, secret=secret)
    assert refused.value.code == -32602
    assert len(secret) < 9 or secret not in str(refused.value)


def test_a_secret_is_kept_in_no_frame(shop: NotebookServer, connection: Connection, receiver: EventReceiver) -> None:
    shop.runtime.recorder.wire.on = True
    receiver.subscribe(connection, "tick")
    frames = repr(shop.runtime.recorder.wire.frames) + repr(connection.wire.frames)
    assert frames.count("(hidden)") == 2
    assert receiver.secret.removeprefix("whsec_") not in frames


@pytest.mark.parametrize(("answer", "reason"), [(b"{}", "challenge_failed"), (b"[", "challenge_failed")])
def test_a_receiver_that_does_not_want_messages_gets_none(
    shop: NotebookServer, connection: Connection, receiver: EventReceiver, answer: bytes, reason: str
) -> None:
    receiver._take = lambda given, body: (200, answer)  # type: ignore[method-assign]
    with pytest.raises(RequestError, match="did not confirm") as refused:
        receiver.subscribe(connection, "tick")
    assert refused.value.code == -32027
    assert not posting_of(shop)._subscriptions


def test_one_host_is_not_asked_again_and_again(connection: Connection, receiver: EventReceiver) -> None:
    receiver._take = lambda given, body: (200, b"{}")  # type: ignore[method-assign]
    for attempt in range(webhooks.MOST_VERIFICATIONS + 1):
        with pytest.raises(RequestError) as refused:
            receiver.subscribe(connection, "tick")
        assert refused.value.code == (-32025 if attempt == webhooks.MOST_VERIFICATIONS else -32027)


# --- where it may post


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "240.0.0.1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "2001:0:a00:1::1",
    ],
)
@pytest.mark.parametrize("loopback", [False, True])
def test_private_networks_are_refused_wherever_a_name_leads(
    monkeypatch: pytest.MonkeyPatch, address: str, loopback: bool
) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    place = (address, 443, 0, 0) if ":" in address else (address, 443)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(family, 1, 6, "", place)])
    with pytest.raises(OSError, match="no address that may be posted to"):
        posting._address("example.com", 443, loopback=loopback, plain=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_posted_to_only_where_that_was_asked_for(address: str) -> None:
    with pytest.raises(OSError, match="no address"):
        posting._address(address, 443, loopback=False, plain=False)
    assert posting._address(address, 443, loopback=True, plain=False).is_loopback


def test_a_public_address_is_chosen_and_never_for_plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    places = [(2, 1, 6, "", ("10.0.0.1", 443)), (2, 1, 6, "", ("93.184.216.34", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: places)
    found = posting._address("example.com", 443, loopback=False, plain=False)
    assert found == ipaddress.ip_address("93.184.216.34")
    with pytest.raises(OSError, match="no address"):
        posting._address("localhost", 80, loopback=True, plain=True)


def sent(url: str, **options: Any) -> bytes:
    async def main() -> bytes:
        return await posting.post(url, b"{}", id="i", subscription="s", keys=[bytes(32)], loopback=True, **options)

    return anyio.run(main)


@pytest.mark.parametrize(
    ("status", "reason", "final"),
    [(301, "http_4xx", False), (308, "http_4xx", False), (404, "http_4xx", False), (410, "http_4xx", True),
     (413, "http_4xx", True), (500, "http_5xx", False)],
)  # fmt: skip
def test_a_redirect_is_not_followed_and_no_answer_is_repeated(status: int, reason: str, final: bool) -> None:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(b"secret words")

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with pytest.raises(posting.NotDeliveredError) as failed:
        sent(f"http://127.0.0.1:{server.server_port}/hook?a=1")
    server.shutdown()
    server.server_close()
    assert (failed.value.reason, failed.value.final, asked) == (reason, final, ["/hook?a=1"])


def test_a_receiver_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(posting.NotDeliveredError, match="timeout"):
            sent(f"http://127.0.0.1:{port}/")
        with pytest.raises(posting.NotDeliveredError, match=r"timeout|tls_error"):
            sent(f"https://127.0.0.1:{port}/")
    with pytest.raises(posting.NotDeliveredError, match="connection_refused"):
        sent(f"http://127.0.0.1:{port}/")


def test_a_certificate_is_checked_for_the_name_in_the_url(receiver: EventReceiver) -> None:
    port = receiver.url.rpartition(":")[2].partition("/")[0]
    with pytest.raises(posting.NotDeliveredError, match="tls_error"):
        sent(f"https://localhost:{port}/")
    context = posting._Connection(urlsplit("https://example.com/"), "127.0.0.1", 1)._context
    assert context is not None
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
