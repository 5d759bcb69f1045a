"""Signing in: which issuers are one, how often a person is asked, which client signs in, whose answer is taken."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from IPython.core.error import UsageError
from mcp.shared.auth import OAuthClientInformationFull
from pydantic import AnyUrl

from mcp_notebook import Url, connect
from mcp_notebook.client import EraChoice, callback
from mcp_notebook.errors import RequestError
from tests.client.test_connection_web import url, web
from tests.support.shells import running_shell
from tests.support.sign_in import Approves, guarded

Change = Callable[[str, dict[str, Any]], dict[str, Any]]


class Site:
    """The guarded server, its metadata as a test wants them, and a browser that notes where it goes."""

    def __init__(self, port: int, provider: Approves) -> None:
        self.where = url(port)
        self.base = f"http://127.0.0.1:{port}"
        self.provider = provider
        self.change: Change = lambda path, metadata: metadata
        self.opened: list[str] = []
        self.pages: list[httpx2.Response] = []
        self.before: Callable[[str, str], object] = lambda redirect, state: None
        self.adds: dict[str, str] = {}

    def browse(self, link: str) -> None:
        """Do as a browser does, by hand: what comes back may be changed on its way."""
        self.opened.append(link)
        asked = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
        self.before(asked["redirect_uri"], asked["state"])
        back = httpx2.get(link, trust_env=False).headers["location"]
        self.pages.append(self.get(f"{back}&{urlencode(self.adds)}" if self.adds else back))

    @staticmethod
    def get(link: str, method: str = "GET", **options: Any) -> httpx2.Response:
        return httpx2.request(method, link, trust_env=False, **options)

    def sign_in(self, **options: Any) -> int:
        with connect(self.where, oauth=self.browse, notice=lambda _: None, **options) as connection:
            structured = connection.call("add", {"a": 1, "b": 2}).result.structured_content
            assert structured is not None
            return int(structured["result"])


def changing(app: Any, site: Callable[[], Site]) -> Any:
    """Let a test change the metadata that an app gives."""

    async def changed(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or "/.well-known/" not in scope["path"]:
            await app(scope, receive, send)
            return
        start: dict[str, Any] = {}

        async def changing_send(message: Any) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif start["status"] == 200:
                body = json.dumps(site().change(scope["path"], json.loads(message["body"]))).encode()
                headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                await send({**message, "body": body})
            else:
                await send(start)
                await send(message)

        # The metadata of a tenant are where those of the whole are.
        await app({**scope, "path": scope["path"].removesuffix("/tenant")}, receive, changing_send)

    return changed


@pytest.fixture
def site() -> Iterator[Site]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server, provider = guarded(port)
    made = Site(port, provider)
    with web(changing(server.streamable_http_app(), lambda: made), port):
        yield made


def issuers(resource: str, metadata: str) -> Change:
    """Name the issuer in one way in the resource's metadata, in another in its own."""

    def change(path: str, body: dict[str, Any]) -> dict[str, Any]:
        if "protected-resource" in path:
            return {**body, "authorization_servers": [resource]}
        return {**body, "issuer": metadata}

    return change


@pytest.mark.parametrize("told", [None, "", "/"])
@pytest.mark.parametrize("metadata", ["", "/"])
@pytest.mark.parametrize("resource", ["", "/"])
def test_an_issuer_with_and_without_its_final_slash_is_one(site: Site, resource: str, metadata: str, told: Any) -> None:
    site.change = issuers(site.base + resource, site.base + metadata)
    site.adds = {} if told is None else {"iss": site.base + told}
    assert site.sign_in() == 3
    assert len(site.opened) == 1


@pytest.mark.parametrize(
    "other",
    [
        "http://evil.example",
        "{base}/tenant",
        "https{rest}",
        "http://127.0.0.1:1",
        "{base}//",
        "{base}/?",
        "{base}@evil.example",
    ],
)
def test_another_issuer_is_refused_before_anybody_signs_in(site: Site, other: str) -> None:
    other = other.format(base=site.base, rest=site.base.removeprefix("http"))
    site.change = issuers(site.base, other)
    with pytest.raises(RequestError, match=r"issuer|Signing in") as refused:
        site.sign_in()
    assert "\n" not in str(refused.value)
    assert (site.opened, site.provider.tokens) == ([], {})


def test_a_path_tells_tenants_apart_its_final_slash_included(site: Site) -> None:
    site.change = issuers(f"{site.base}/tenant", f"{site.base}/tenant/")
    with pytest.raises(RequestError, match="issuer mismatch"):
        site.sign_in()
    site.change = issuers(f"{site.base}/tenant", f"{site.base}/tenant")
    assert site.sign_in() == 3


def test_an_answer_of_another_issuer_is_not_taken(site: Site) -> None:
    site.adds = {"iss": "https://evil.example"}
    with pytest.raises(RequestError, match="iss mismatch"):
        site.sign_in()
    assert site.provider.tokens == {}


@pytest.mark.parametrize("era", ["auto", "modern", "legacy"])
def test_who_says_no_is_asked_once_and_reads_one_line(site: Site, era: EraChoice) -> None:
    site.provider.denies = True
    with pytest.raises(RequestError) as refused:
        site.sign_in(era=era)
    assert str(refused.value) == f"{site.where}: Not signed in: access_denied. Connect again to get another try."
    assert len(site.opened) == 1
    site.provider.denies = False
    assert site.sign_in(era=era) == 3


def test_a_sign_in_page_that_is_no_web_page_is_not_opened(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from mcp_notebook.client.signing_in import SignIn

    async def show_another(self: SignIn, link: str) -> None:
        await shown(self, link.replace("http:", "javascript:", 1))

    shown = SignIn._show
    monkeypatch.setattr(SignIn, "_show", show_another)
    with pytest.raises(RequestError, match="names a sign-in page that is not a web page, so it was not opened"):
        site.sign_in()
    assert site.opened == []


# Clients, secrets, scopes.


def register(site: Site, secret: str | None, how: str | None) -> None:
    """Register a client by hand, at whatever port it comes back to."""

    def before(redirect: str, state: str) -> None:
        site.provider._clients["my-client"] = OAuthClientInformationFull(
            client_id="my-client",
            client_secret=secret,
            redirect_uris=[AnyUrl(redirect)],
            token_endpoint_auth_method=how,
            scope="notes:read notes:write",
        )

    site.before = before


SECRET = "not-a-" + "real-secret"


@pytest.mark.parametrize("how", ["client_secret_basic", "client_secret_post", None])
def test_a_client_that_was_registered_signs_in_by_its_id_and_secret(site: Site, how: str | None) -> None:
    register(site, SECRET if how else None, how or "none")
    site.change = lambda path, body: (
        {**body, "token_endpoint_auth_methods_supported": [how]} if how and "authorization-server" in path else body
    )
    secret = SECRET if how else None
    assert site.sign_in(client_id="my-client", client_secret=secret, scope="notes:read") == 3
    asked = parse_qs(urlsplit(site.opened[0]).query)
    assert (asked["client_id"], asked["scope"]) == (["my-client"], ["notes:read"])
    assert [token.scopes for token in site.provider.tokens.values()] == [["notes:read"]]
    assert SECRET not in site.opened[0]


def test_a_wrong_secret_ends_with_one_line_that_does_not_have_it(site: Site) -> None:
    register(site, "another", "client_secret_post")
    with pytest.raises(RequestError) as refused:
        site.sign_in(client_id="my-client", client_secret=SECRET, scope="notes:read")
    assert "Signing in at" in str(refused.value)
    assert SECRET not in str(refused.value)
    assert len(site.opened) == 1


def test_neither_id_nor_secret_nor_scope_is_shown() -> None:
    target = Url("https://a.example/mcp", oauth=True, client_id="my-client", client_secret=SECRET)
    assert SECRET not in repr(target)
    assert SECRET not in str(target)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"client_id": "x"}, "are for signing in: add oauth=True"),
        ({"scope": "x"}, "are for signing in: add oauth=True"),
        ({"oauth": True, "client_secret": "x"}, "A client secret goes with the client's id"),
        ({"oauth": True, "scope": 'a" b'}, "is not a scope"),
        ({"oauth": True, "scope": "a  b"}, "is not a scope"),
        ({"oauth": True, "scope": "a\r\nX: y"}, "is not a scope"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], line: str) -> None:
    with pytest.raises(RequestError, match=line):
        Url("https://a.example/mcp", **options)


def test_the_magic_takes_the_secret_from_a_variable_only(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    register(site, SECRET, "client_secret_post")
    site.change = lambda path, body: (
        {**body, "token_endpoint_auth_methods_supported": ["client_secret_post"]} if "server" in path else body
    )
    monkeypatch.setattr("webbrowser.open", site.browse)
    with running_shell() as shell:
        shell.shell.user_ns["MY_SECRET"] = SECRET
        line = f'connect {site.where} --oauth --client-id my-client --scope "notes:read notes:write" --as notes'
        with pytest.raises(UsageError, match="takes the name of a variable") as refused:
            shell.shell.run_line_magic("mcp", f"{line} --client-secret {SECRET}")
        assert SECRET not in str(refused.value)
        shell.shell.run_line_magic("mcp", f"{line} --client-secret MY_SECRET")
        assert shell.shell.run_line_magic("mcp", "call add a=1 b=2 --on notes").structured_content == {"result": 3}
        with pytest.raises(UsageError, match="only for a URL"):
            shell.shell.run_line_magic("mcp", "connect --client-id x -- echo")
    assert parse_qs(urlsplit(site.opened[0]).query)["scope"] == ["notes:read notes:write"]


@pytest.mark.parametrize("iss", ["https://evil.example", "{base}/tenant"])
@pytest.mark.parametrize("denies", [True, False])
def test_an_answer_or_error_of_another_issuer_is_not_shown(site: Site, iss: str, denies: bool) -> None:
    site.provider.denies = denies
    site.adds = {"iss": iss.format(base=site.base), "error_description": "call this number"}
    with pytest.raises(RequestError, match="iss mismatch: the answer is from another issuer") as refused:
        site.sign_in()
    assert "call this number" not in str(refused.value)
    assert "access_denied" not in str(refused.value)
    assert site.pages[0].status_code == 400
    assert "another authorization server" in site.pages[0].text
    assert site.provider.tokens == {}


# The callback.


def raw(link: str, request: bytes) -> bytes:
    """Send bytes to where a link leads, and return the answer."""
    parts = urlsplit(link)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=20) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(4096), b""))


NOT_TAKEN = {
    "an error without the state": (lambda redirect, state: Site.get(f"{redirect}?error=access_denied"), 400),
    "an error with another state": (lambda redirect, state: Site.get(f"{redirect}?error=x&state=wrong"), 400),
    "an error with an empty state": (lambda redirect, state: Site.get(f"{redirect}?error=x&state="), 400),
    "a code without the state": (lambda redirect, state: Site.get(f"{redirect}?code=evil"), 400),
    "a code with another state": (lambda redirect, state: Site.get(f"{redirect}?code=evil&state=wrong"), 400),
    "two states": (lambda redirect, state: Site.get(f"{redirect}?code=evil&state={state}&state=wrong"), 400),
    "nothing": (lambda redirect, state: Site.get(redirect), 400),
    "an icon": (lambda redirect, state: Site.get(redirect.replace("/callback", "/favicon.ico")), 404),
    "another path": (lambda redirect, state: Site.get(f"{redirect}/x?code=evil&state={state}"), 404),
    "the root": (lambda redirect, state: Site.get(f"{redirect.replace('callback', '')}?error=x&state={state}"), 404),
    "a post": (lambda redirect, state: Site.get(f"{redirect}?code=evil&state={state}", "POST"), 405),
    "a head": (lambda redirect, state: Site.get(f"{redirect}?error=x&state={state}", "HEAD"), 405),
    "another host": (
        lambda redirect, state: Site.get(f"{redirect}?error=x&state={state}", headers={"Host": "evil.example"}),
        421,
    ),
    "another name": (
        lambda redirect, state: Site.get(
            f"{redirect}?error=x&state={state}", headers={"Host": f"localhost:{urlsplit(redirect).port}"}
        ),
        421,
    ),
}


@pytest.mark.parametrize(("request_", "status"), NOT_TAKEN.values(), ids=NOT_TAKEN)
def test_what_is_not_the_answer_neither_ends_nor_changes_the_sign_in(site: Site, request_: Any, status: int) -> None:
    answers: list[int] = []
    site.before = lambda redirect, state: answers.append(request_(redirect, state).status_code)
    assert site.sign_in() == 3
    assert answers == [status]
    assert "Signed in." in site.pages[0].text


@pytest.mark.parametrize(
    "request_",
    [
        b"\r\n",
        b"hello\r\n\r\n",
        b"GET /callback HTTP/1.1\r\n" + b"a: b\r\n" * 200,
        b"GET /" + b"a" * 100_000,
        b"\xff\xfe\r\n",
    ],
    ids=["empty", "no HTTP", "no text", "headers without end", "a long line"],
)
def test_what_is_no_request_is_answered_and_forgotten(site: Site, request_: bytes) -> None:
    answers: list[bytes] = []
    site.before = lambda redirect, state: answers.append(raw(redirect, request_))
    assert site.sign_in() == 3
    assert answers[0].startswith(b"HTTP/1.1 400 ")


def test_the_answer_is_taken_once(site: Site) -> None:
    redirects: list[tuple[str, str]] = []
    site.before = lambda redirect, state: redirects.append((redirect, state))
    with connect(site.where, oauth=site.browse, notice=lambda _: None):
        ((redirect, state),) = redirects
        again = site.get(f"{redirect}?code=evil&state={state}")
        assert (again.status_code, "already over" in again.text) == (409, True)
    assert len(site.provider.tokens) == 1


def test_an_answer_without_a_code_is_one_line(site: Site) -> None:
    site.before = lambda redirect, state: site.get(f"{redirect}?state={state}")
    with pytest.raises(RequestError, match=r"Not signed in: no code came\. Connect again"):
        site.sign_in()
    assert len(site.opened) == 1


def test_what_a_server_says_of_a_refusal_is_one_bounded_line_without_markup(site: Site) -> None:
    pages: list[str] = []
    words = "<b>no</b>\n\x1b[31m" + "x" * 5000

    def before(redirect: str, state: str) -> None:
        pages.append(
            site.get(f"{redirect}?{urlencode({'error': 'x', 'error_description': words, 'state': state})}").text
        )

    site.before = before
    with pytest.raises(RequestError) as refused:
        site.sign_in()
    line = str(refused.value)
    assert len(line.splitlines()) == 1
    assert len(line) < 600
    assert "\x1b" not in line
    assert "<b>" not in pages[0]


def test_answers_to_something_else_alone_end_the_wait(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callback, "AFTER_ANOTHER_STATE", 0.2)
    site.provider.forges_state = True
    with pytest.raises(RequestError, match=r"Signing in at .* failed: State parameter mismatch"):
        site.sign_in()
    assert len(site.opened) == 1
