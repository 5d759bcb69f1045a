"""Signing in by OAuth: a browser that a test drives, against the SDK's own authorization routes."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx2
import pytest

from mcp_notebook import connect
from mcp_notebook.client import signing_in
from mcp_notebook.errors import RequestError
from tests.client.test_connection_web import url, web
from tests.support.sign_in import Approves, guarded


def browser(link: str) -> None:
    """Do as a browser does: go where the authorization server sends it."""
    page = httpx2.get(link, follow_redirects=True, trust_env=False)
    PAGES.append(page.text)


PAGES: list[str] = []


@pytest.fixture
def sign_in() -> Iterator[tuple[str, Approves]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server, provider = guarded(port)
    PAGES.clear()
    with web(server.streamable_http_app(), port):
        yield url(port), provider


def test_a_person_signs_in_once_and_the_connection_goes_on(sign_in: tuple[str, Approves]) -> None:
    where, provider = sign_in
    notices: list[str] = []
    with connect(where, oauth=browser, notice=notices.append) as connection:
        assert connection.call("add", {"a": 1, "b": 2}).result.structured_content == {"result": 3}
        assert connection.call("add", {"a": 2, "b": 2}).result.structured_content == {"result": 4}
        shown = repr([connection, connection.target, *connection.wire.frames])
    assert provider.signed_in == 1
    assert not [token for token in provider.tokens if token in shown]
    assert "Signed in. You can close this page" in PAGES[0]
    (notice,) = notices
    assert notice.startswith(f"sign in to {where} in the browser. If none opened, this is the link: http://127.0.0.1:")


def test_without_oauth_the_line_says_how(sign_in: tuple[str, Approves]) -> None:
    with pytest.raises(RequestError, match="sign in with --oauth"):
        connect(sign_in[0])


def test_who_is_turned_down_reads_so_in_the_notebook_and_in_the_browser(sign_in: tuple[str, Approves]) -> None:
    where, provider = sign_in
    provider.denies = True
    with pytest.raises(RequestError) as raised:
        connect(where, oauth=browser, notice=lambda _: None)
    assert str(raised.value) == f"{where}: Not signed in: access_denied. Connect again to get another try."
    assert "Not signed in: access_denied" in PAGES[0]


def test_an_answer_that_was_not_asked_for_is_not_taken(sign_in: tuple[str, Approves]) -> None:
    where, provider = sign_in
    provider.forges_state = True
    with pytest.raises(RequestError, match=r"Signing in at .* failed: State parameter mismatch"):
        connect(where, oauth=browser, notice=lambda _: None)
    assert provider.tokens == {}


def test_nobody_signing_in_ends_with_a_line(sign_in: tuple[str, Approves], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_in, "PATIENCE", 0.2)
    with pytest.raises(RequestError, match=r"Nobody signed in to .* within 0.2 seconds"):
        connect(sign_in[0], oauth=lambda link: None, notice=lambda _: None)
