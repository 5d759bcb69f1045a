"""Metadata documents of clients: which are fetched, from where, and what they may say."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from mcp_notebook.portal import Portal
from mcp_notebook.server.hosting import Listener
from mcp_notebook.server.stand_in import clients, documents
from mcp_notebook.server.stand_in.documents import DocumentError, fetch_document, url_fault
from tests.support.stand_in import REDIRECT, Attacker, DocumentHost, Person, document_host, listening

# Before 3.11, asyncio does not close a connection of the host over TLS that its client has cut.
pytestmark = pytest.mark.filterwarnings("ignore:.*_SSLProtocolTransport:pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DocumentHost]:
    with document_host(tmp_path, monkeypatch) as host:
        yield host


@pytest.fixture
def listener(portal: Portal) -> Iterator[Listener]:
    with listening(portal) as listener:
        yield listener


def why(url: str) -> str:
    with pytest.raises(DocumentError) as refused:
        anyio.run(fetch_document, url)
    return str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://app.example/client.json",
        "HTTPS://app.example/client.json",
        "https:/app.example/client.json",
        "https://app.example",
        "https://app.example/",
        "https:///client.json",
        "https://a@app.example/client.json",
        "https://a:b@app.example/client.json",
        "https://app.example/client.json#x",
        "https://app.example/a/../client.json",
        "https://app.example/a/%2e%2E/client.json",
        "https://app.example/./client.json",
        "https://app.example/a b",
        "https://app.example/a\r\nX: y",
        "https://app.example\\@evil.example/x",
        "https://äpp.example/client.json",
        "https://app.example:99999/client.json",
        "https://[::1/client.json",
        "https://app.example/" + "a" * 1000,
        "file:///etc/passwd",
        "ftp://app.example/x",
    ],
)
def test_some_urls_cannot_be_the_id_of_a_client(url: str) -> None:
    assert url_fault(url)
    assert why(url) == url_fault(url)


@pytest.mark.parametrize("url", ["https://app.example/c.json", "https://app.example:8443/a/b?c=d", "https://[::1]:1/c"])
def test_others_can(url: str) -> None:
    assert url_fault(url) is None


PRIVATE = [
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "255.255.255.255",
    "224.0.0.1", "192.0.2.1", "198.18.0.1", "240.0.0.1", "fe80::1", "fc00::1", "fd00:ec2::254", "::", "ff02::1",
    "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "2001:db8::1",
    "fe80::1%eth0",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_a_host_with_a_private_address_is_not_asked(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(host: Any, port: Any, *args: Any, **options: Any) -> list[Any]:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        public = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))
        return [public, (family, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(*args: Any, **options: Any) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(anyio, "connect_tcp", connect)
    assert "private network" in why("https://app.example/client.json")


@pytest.mark.parametrize("written", ["10.0.0.1", "0x0a000001", "167772161", "[::ffff:10.0.0.1]", "[fe80::1]"])
def test_an_address_in_the_url_is_checked_however_it_is_written(written: str) -> None:
    assert "private network" in why(f"https://{written}/client.json") or "no address" in why(f"https://{written}/c")


def test_the_address_that_was_checked_is_the_one_that_is_asked(
    host: DocumentHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads elsewhere the second time is asked for once."""
    asked: list[Any] = []

    def resolve(name: Any, port: Any, *args: Any, **options: Any) -> list[Any]:
        asked.append(name)
        address = "127.0.0.1" if len(asked) == 1 else "10.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    url = host.url.replace("127.0.0.1", "localhost")
    host.document["client_id"] = url
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert anyio.run(fetch_document, url)["client_name"] == "Example client"
    assert [name for name in asked if name in (b"localhost", "localhost")] == asked[:1]
    assert host.asked[0]["host"].startswith("localhost:")


def test_a_certificate_for_another_host_is_refused(host: DocumentHost, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(name: Any, port: Any, *args: Any, **options: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    url = host.url.replace("127.0.0.1", "bank.example")
    assert "did not answer over TLS" in why(url)
    assert host.asked == []


def test_a_certificate_of_an_unknown_authority_is_refused(host: DocumentHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    assert "did not answer over TLS" in why(host.url)
    assert host.asked == []


def test_no_proxy_is_used(host: DocumentHost, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "ALL_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert anyio.run(fetch_document, host.url)["client_id"] == host.url


def slowly() -> Any:
    async def pieces() -> Any:
        for _ in range(500):
            yield b" "
            await anyio.sleep(0.01)

    return StreamingResponse(pieces(), media_type="application/json")


def longer() -> Any:
    async def pieces() -> Any:
        for _ in range(1000):
            yield b" " * 1000
            await anyio.sleep(0)

    return StreamingResponse(pieces(), media_type="application/json")


ANSWERS: dict[str, tuple[Callable[[], Response], str]] = {
    "a redirect": (lambda: RedirectResponse("https://169.254.169.254/x"), "answered 307; redirects are not followed"),
    "an error": (lambda: JSONResponse({}, 500), "answered 500"),
    "another success": (lambda: JSONResponse({}, 201), "answered 201"),
    "a page": (lambda: Response("{}", media_type="text/html"), "media type"),
    "no media type": (lambda: Response("{}"), "media type"),
    "a large one": (lambda: Response(b" " * 5121, media_type="application/json"), "more than 5120 bytes"),
    "a longer one": (longer, "more than 5120 bytes"),
    "a slow one": (slowly, "within 0.5 seconds"),
    "a compressed one": (
        lambda: Response(gzip.compress(b"0" * 10_000_000), headers={"content-encoding": "gzip"},
                         media_type="application/json"),
        "compressed",
    ),
    "not JSON": (lambda: Response("{", media_type="application/json"), "not JSON"),
    "not UTF-8": (lambda: Response(b'{"a": "\xff"}', media_type="application/json"), "not JSON"),
    "a list": (lambda: JSONResponse([]), "not a JSON object"),
    "a deep one": (lambda: Response("[" * 5000, media_type="application/json"), "not JSON"),
    "a deep whole one": (lambda: Response("[" * 2500 + "]" * 2500, media_type="application/json"), "JSON"),
    "a name twice": (
        lambda: Response('{"client_id": "a", "client_id": "b"}', media_type="application/json"), "occurs twice"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_is_not_a_document_is_refused(
    host: DocumentHost, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    if name == "a slow one":
        monkeypatch.setattr(documents, "SECONDS", 0.5)
    make, words = ANSWERS[name]
    host.answer = make()
    assert words in why(host.url)
    assert len(host.asked) == 1


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "the id of another": ({"client_id": "https://bank.example/client.json"}, "client_id"),
    "an id with another spelling": ({"client_id": "https://127.0.0.1/client.json"}, "client_id"),
    "no id": ({"client_id": None}, "client_id"),
    "no name": ({"client_name": None}, "client_name"),
    "an empty name": ({"client_name": " "}, "client_name"),
    "a name of another type": ({"client_name": ["x"]}, "client_name"),
    "no redirects": ({"redirect_uris": None}, "redirect_uris"),
    "an empty list of redirects": ({"redirect_uris": []}, "redirect URIs"),
    "many redirects": ({"redirect_uris": [f"https://a.example/{n}" for n in range(21)]}, "redirect URIs"),
    "redirects of another type": ({"redirect_uris": [1]}, "another type"),
    "a redirect that is code": ({"redirect_uris": ["javascript:alert(1)"]}, "must begin with https://"),
    "a redirect without TLS": ({"redirect_uris": ["http://a.example/cb"]}, "must begin with https://"),
    "a secret": ({"client_secret": "x"}, "client secret"),
    "a secret's end": ({"client_secret_expires_at": 0}, "client secret"),
    "a method with a secret": ({"token_endpoint_auth_method": "client_secret_post"}, "token_endpoint_auth_method"),
    "a method with a key": ({"token_endpoint_auth_method": "private_key_jwt"}, "token_endpoint_auth_method"),
    "other grants": ({"grant_types": ["client_credentials"]}, "grant_types"),
    "grants of another type": ({"grant_types": 7}, "another type"),
    "grants that are a text": ({"grant_types": "authorization_code"}, "another type"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_document_must_say_what_a_client_needs(host: DocumentHost, listener: Listener, name: str) -> None:
    change, words = CHANGES[name]
    changed = {**host.document, **change}
    host.document = {key: value for key, value in changed.items() if value is not None}
    page = Attacker(listener.url).authorize(client_id=host.url)
    assert (page.status_code, "location" in page.headers) == (400, False)
    assert "metadata document of the client cannot be used" in page.text
    assert words in page.text


def test_a_document_cannot_say_that_it_was_verified_for_another_host(host: DocumentHost, listener: Listener) -> None:
    host.document |= {"document_host": "bank.example", "client_name": "bank.example"}
    person = Person()
    person.answer(Attacker(listener.url).authorize(client_id=host.url).headers["location"])
    assert "<strong>bank.example</strong>" not in person.pages[0]
    assert "<strong>127.0.0.1" in person.pages[0]


def test_a_document_that_is_valid_is_kept_for_a_while_and_an_error_never(
    host: DocumentHost, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Attacker(listener.url)
    client.client_id = host.url
    host.answer = JSONResponse({}, 500)
    assert client.authorize().status_code == 400
    host.answer = None
    assert client.authorize().status_code == 302
    host.document["redirect_uris"] = ["https://app.example/cb"]
    assert client.authorize().status_code == 302
    assert len(host.asked) == 2
    monkeypatch.setattr(clients, "DOCUMENT_SECONDS", -1.0)
    client.tokens()
    assert client.authorize(redirect_uri=REDIRECT).status_code == 302


def test_nothing_of_the_request_reaches_the_host_of_the_document(host: DocumentHost, listener: Listener) -> None:
    client = Attacker(listener.url)
    client.client_id = host.url
    client.authorize(state="secret-state")
    (headers,) = host.asked
    assert "secret-state" not in json.dumps(headers)
    assert not {"authorization", "cookie", "referer", "origin"} & headers.keys()
