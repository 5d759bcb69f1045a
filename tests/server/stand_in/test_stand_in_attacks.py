"""Requests of clients and pages that mean harm."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest

from mcp_notebook.portal import Portal
from mcp_notebook.server.hosting import Listener
from mcp_notebook.server.stand_in import clients, grants, provider
from tests.support.stand_in import REDIRECT, Attacker, Person, base, get, listening, post, request, said, transaction_of


@pytest.fixture
def listener(portal: Portal) -> Iterator[Listener]:
    with listening(portal) as listener:
        yield listener


@pytest.fixture
def client(listener: Listener) -> Attacker:
    return Attacker(listener.url)


def error(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


# Where the browser is sent.


@pytest.mark.parametrize(
    "redirect",
    [
        "http://127.0.0.1:9/other",
        "http://127.0.0.1:9/callback/",
        "http://127.0.0.1:9/callback?x=1",
        "http://127.0.0.1:9/callback#x",
        "http://127.0.0.2:9/callback",
        "http://localhost:9/callback",
        "https://127.0.0.1:9/callback",
        "http://127.0.0.1.evil.example:9/callback",
        "http://127.0.0.1:9@evil.example/callback",
        "http://evil.example/callback",
        "//evil.example/callback",
        "javascript:alert(1)",
        "not a url",
        "",
    ],
)
def test_nobody_is_sent_to_a_redirect_uri_that_the_client_did_not_register(client: Attacker, redirect: str) -> None:
    for changed in ({}, {"scope": "nonsense"}, {"resource": "https://evil.example"}, {"response_type": "token"}):
        answer = client.authorize(redirect_uri=redirect, **changed)
        assert answer.status_code == 400
        assert "location" not in answer.headers
        assert "href" not in answer.text


def test_a_loopback_redirect_may_have_another_port(client: Attacker) -> None:
    other = REDIRECT.replace(":9/", ":54321/")
    back = Person().answer(client.authorize(redirect_uri=other).headers["location"])
    assert back.startswith(f"{other}?code=")
    assert client.token(said(back)["code"], redirect_uri=other).status_code == 200


def test_a_code_is_only_exchanged_with_the_redirect_uri_of_its_request(client: Attacker) -> None:
    code = client.code(redirect_uri=REDIRECT.replace(":9/", ":54321/"))
    assert error(client.token(code))[0] == 400
    assert error(client.token(code, redirect_uri=None))[0] == 400


@pytest.mark.parametrize(
    "redirect",
    [
        "http://evil.example/cb", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "app:/cb",
        "https://a:b@c.example/cb", "https://c.example/cb#f", "http://127.0.0.1.evil.example/cb", "ftp://127.0.0.1/cb",
    ],
)  # fmt: skip
def test_a_client_cannot_register_a_redirect_to_somewhere_else(listener: Listener, redirect: str) -> None:
    about = {"redirect_uris": [REDIRECT, redirect], "token_endpoint_auth_method": "none"}
    answer = post(f"{base(listener.url)}/register", json=about)
    assert error(answer) == (400, "invalid_redirect_uri")


@pytest.mark.parametrize(
    "changed", [{"scope": "nonsense"}, {"resource": "https://evil.example/mcp"}, {"response_type": "token"}]
)
def test_a_client_elsewhere_gets_its_errors_by_a_link_and_one_on_this_machine_at_once(
    listener: Listener, client: Attacker, changed: dict[str, str]
) -> None:
    elsewhere = Attacker(listener.url, ["https://app.example/cb"])
    page = elsewhere.authorize(**changed)
    assert (page.status_code, "location" in page.headers) == (400, False)
    assert 'href="https://app.example/cb?error=' in page.text
    assert "tell app.example about it" in page.text
    back = client.authorize(**changed)
    assert back.status_code == 302
    told = said(back.headers["location"])
    assert told["iss"] == base(listener.url)
    assert told["state"] == "st"
    assert told["error"] in ("invalid_scope", "invalid_target", "unsupported_response_type")


# PKCE.


@pytest.mark.parametrize(
    "changed",
    [
        {"code_challenge": None},
        {"code_challenge": ""},
        {"code_challenge": "short"},
        {"code_challenge": "a" * 44},
        {"code_challenge": "+" * 43},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": "s256"},
    ],
)
def test_nothing_but_s256_begins_a_sign_in(client: Attacker, changed: dict[str, Any]) -> None:
    answer = client.authorize(**changed)
    assert answer.status_code == 400
    assert "Not signed in" in answer.text


def test_a_code_needs_its_verifier(client: Attacker) -> None:
    code = client.code()
    assert error(client.token(code, code_verifier=secrets.token_urlsafe(48))) == (400, "invalid_grant")
    assert error(client.token(code, code_verifier=client.challenge)) == (400, "invalid_grant")  # as with "plain"
    assert error(client.token(code, code_verifier=None))[0] == 400
    assert error(client.token(code, code_verifier=""))[0] == 400
    assert client.token(code).status_code == 200


# Codes and tokens.


def test_a_code_that_is_used_twice_ends_the_tokens_of_its_first_use(client: Attacker) -> None:
    code = client.code()
    tokens = client.token(code).json()
    assert client.call(tokens["access_token"]).status_code == 200
    assert error(client.token(code)) == (400, "invalid_grant")
    assert client.call(tokens["access_token"]).status_code == 401
    assert error(client.refresh(tokens["refresh_token"])) == (400, "invalid_grant")


def test_a_code_of_one_client_is_not_for_another(listener: Listener, client: Attacker) -> None:
    thief = Attacker(listener.url)
    code = client.code()
    assert error(thief.token(code, code_verifier=client.verifier)) == (400, "invalid_grant")
    assert client.token(code).status_code == 200


def test_a_code_expires(client: Attacker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grants, "CODE_SECONDS", -1.0)
    assert error(client.token(client.code())) == (400, "invalid_grant")


def test_a_token_expires(client: Attacker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grants, "ACCESS_SECONDS", -1)
    monkeypatch.setattr(grants, "REFRESH_SECONDS", -1)
    tokens = client.tokens()
    assert client.call(tokens["access_token"]).status_code == 401
    assert error(client.refresh(tokens["refresh_token"])) == (400, "invalid_grant")


def test_a_refresh_token_that_is_used_twice_ends_all_tokens(client: Attacker) -> None:
    first = client.tokens()
    second = client.refresh(first["refresh_token"]).json()
    assert client.call(first["access_token"]).status_code == 401
    assert client.call(second["access_token"]).status_code == 200
    assert error(client.refresh(first["refresh_token"])) == (400, "invalid_grant")
    assert client.call(second["access_token"]).status_code == 401
    assert error(client.refresh(second["refresh_token"])) == (400, "invalid_grant")


def test_a_refresh_token_is_only_for_its_client_and_its_scopes(listener: Listener, client: Attacker) -> None:
    tokens = client.tokens(scope="notes:write")
    thief = Attacker(listener.url)
    assert error(thief.refresh(tokens["refresh_token"])) == (400, "invalid_grant")
    assert error(client.refresh(tokens["refresh_token"], scope="notes:write notes:admin")) == (400, "invalid_scope")
    assert error(client.refresh(tokens["refresh_token"], resource="https://evil.example")) == (400, "invalid_target")
    assert client.refresh(tokens["refresh_token"]).json()["scope"] == "notes:write"


def test_scopes_that_were_not_offered_are_not_granted(client: Attacker) -> None:
    person = Person(scopes=["notes:write", "notes:admin", "nonsense"])
    assert client.tokens(person, scope="notes:write")["scope"] == "notes:write"


@pytest.mark.parametrize("token", ["x", "x.y", ".", "..", "null", "~~~", "a" * 10_000])
def test_an_invented_token_is_refused(client: Attacker, token: str) -> None:
    valid = client.tokens()["access_token"]
    id_, _, secret = valid.partition(".")
    for made in (token, f"{id_}.{token}", f"{id_}.", id_, f"{id_}.{secret}x", f"{id_}x.{secret}"):
        assert client.call(made).status_code == 401
    assert client.call(valid).status_code == 200
    assert client.call(valid, **{"host": "evil.example"}).status_code == 421
    assert client.call(valid, **{"origin": "https://evil.example"}).status_code == 403


def test_a_token_in_the_query_is_not_looked_at(client: Attacker) -> None:
    token = client.tokens()["access_token"]
    assert get(f"{client.resource}?access_token={token}").status_code == 401


def test_a_code_or_refresh_token_is_not_an_access_token(client: Attacker) -> None:
    assert client.call(client.code()).status_code == 401
    assert client.call(client.tokens()["refresh_token"]).status_code == 401


@pytest.mark.parametrize(
    "resource",
    ["https://evil.example/mcp", "http://127.0.0.1:1/mcp", "{base}/other", "{base}", "{base}/mcp?x", "nonsense", ""],
)
def test_a_token_is_for_this_server_only(client: Attacker, resource: str) -> None:
    written = resource.format(base=client.site)
    answer = client.authorize(resource=written)
    assert said(answer.headers["location"])["error"] == "invalid_target"
    code = client.code()
    assert error(client.token(code, resource=written)) == (400, "invalid_target")
    assert client.token(code, resource=f"{client.resource}/").status_code == 200


def test_the_token_of_one_server_is_not_for_another(portal: Portal, client: Attacker) -> None:
    token = client.tokens()["access_token"]
    with listening(portal) as other:
        assert Attacker(other.url).call(token).status_code == 401


# The consent.


def consent(client: Attacker, headers: dict[str, str] | None = None, **changed: Any) -> httpx2.Response:
    """Answer a question, with some parts of the answer changed."""
    page = get(client.authorize().headers["location"]).text
    form = {"transaction": transaction_of(page), "person": "ada", "decision": "allow", **changed}
    given = {"Origin": client.site} if headers is None else headers
    return post(f"{client.site}/consent", data={k: v for k, v in form.items() if v is not None}, headers=given)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "{site}", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "{site}", "Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example", "Host": "evil.example"},
    ],
)
def test_the_answer_must_come_from_the_page_itself(client: Attacker, headers: dict[str, str]) -> None:
    given = {name: value.format(site=client.site) for name, value in headers.items()}
    answer = consent(client, given)
    assert answer.status_code in (403, 421)
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "changed",
    [
        {"transaction": None},
        {"transaction": ""},
        {"transaction": "invented"},
        {"person": None},
        {"person": "mallory"},
        {"decision": None},
        {"decision": "yes"},
    ],
)
def test_an_answer_must_be_one_of_those_on_the_page(client: Attacker, changed: dict[str, Any]) -> None:
    answer = consent(client, **changed)
    assert (answer.status_code, "location" in answer.headers) == (400, False)


def test_a_question_is_answered_once_and_not_too_late(client: Attacker, monkeypatch: pytest.MonkeyPatch) -> None:
    link = client.authorize().headers["location"]
    Person().answer(link)
    assert get(link).status_code == 400
    monkeypatch.setattr(provider, "ASKED_SECONDS", -1.0)
    assert get(client.authorize().headers["location"]).status_code == 400


def test_a_page_of_another_site_cannot_frame_or_script_the_question(client: Attacker) -> None:
    answer = get(client.authorize().headers["location"])
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:9" in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-store"
    assert "<script" not in answer.text


def test_what_a_client_says_of_itself_is_only_text(listener: Listener) -> None:
    name = "</title><script>alert(1)</script>\"' onload=x \u202eevil\x1b[31m\u200b" + "x" * 500
    attacker = Attacker(listener.url, client_name=name, redirect_uris=["http://127.0.0.1:9/callback?a=%22%3E%3Cb"])
    attacker.redirect = "http://127.0.0.1:9/callback?a=%22%3E%3Cb"
    answer = get(attacker.authorize(state='"><b>').headers["location"])
    assert "<script" not in answer.text
    assert "<b>" not in answer.text
    assert "\u202e" not in answer.text
    assert "x" * 100 not in answer.text


@pytest.mark.parametrize("state", ["a\r\nSet-Cookie: x=1", "a&iss=https://evil.example&code=x", "ü \x00 #", "=&?"])
def test_a_state_comes_back_as_it_was_and_changes_nothing_else(client: Attacker, state: str) -> None:
    answer = client.authorize(state=state)
    back = Person().answer(answer.headers["location"])
    told = said(back)
    assert (told["state"], told["iss"]) == (state, client.site)
    assert "\r" not in back
    assert "\n" not in back
    error_ = said(client.authorize(state=state, scope="nonsense").headers["location"])
    assert (error_["state"], error_["iss"]) == (state, client.site)


def test_a_client_cannot_put_an_issuer_or_code_of_its_own_into_the_answer(listener: Listener) -> None:
    redirect = "http://127.0.0.1:9/callback?iss=https://evil.example&code=evil&x=1"
    answer = post(
        f"{base(listener.url)}/register", json={"redirect_uris": [redirect], "token_endpoint_auth_method": "none"}
    )
    assert error(answer) == (400, "invalid_redirect_uri")


# The edges.


@pytest.mark.parametrize(
    "path", ["/authorize", "/consent", "/token", "/register", "/.well-known/oauth-authorization-server"]
)
@pytest.mark.parametrize(
    ("header", "status"), [({"Host": "evil.example"}, 421), ({"Origin": "https://evil.example"}, 403)]
)
def test_another_host_or_origin_is_refused_everywhere(
    client: Attacker, path: str, header: dict[str, str], status: int
) -> None:
    assert get(f"{client.site}{path}", headers=header).status_code == status
    assert post(f"{client.site}{path}", data={}, headers=header).status_code == status


REPEATED = ["client_id", "redirect_uri", "scope", "state", "resource", "code_challenge"]


@pytest.mark.parametrize("name", REPEATED)
def test_a_parameter_that_is_repeated_is_refused(client: Attacker, name: str) -> None:
    url = str(client.authorize(scope="notes:write").request.url)
    answer = get(f"{url}&{urlencode({name: 'https://evil.example'})}")
    assert (answer.status_code, "location" in answer.headers) == (400, False)
    code = client.code()
    twice = [("code", code), ("code", code), ("grant_type", "authorization_code"), ("client_id", client.client_id)]
    body = urlencode(twice)
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert error(post(f"{client.site}/token", content=body, headers=form)) == (400, "invalid_request")
    assert client.token(code).status_code == 200


def test_no_request_to_the_stand_in_is_an_internal_error(client: Attacker) -> None:
    form = "application/x-www-form-urlencoded"
    bodies = [
        (b"", form), (b"\xff\xfe=\xff", form), (b"a" * 65_537, form), (b"&" * 5000, form), (b"client_id=%ff%00", form),
        (b"grant_type[]=x&client_id=" + client.client_id.encode(), form), (b"{", "application/json"),
        (b"[" * 60_000, "application/json"), (b'{"redirect_uris":' + b"[" * 30_000, "application/json"),
        (b'{"redirect_uris": [null]}', "application/json"), (b'{"redirect_uris": ["http://[::1"]}', "application/json"),
        (b'{"redirect_uris": ["http://127.0.0.1:99999/"]}', "application/json"), (b"\xff", "application/json"),
        (b'{"redirect_uris": ["http://127.0.0.1/"], "client_name": "\\ud800"}', "application/json"),
        (b"--x\r\n", "multipart/form-data; boundary=x"), (b"x", "multipart/form-data"),
        (b'--x\r\nContent-Disposition: form-data; name="client_id"; filename="a"\r\n\r\nb\r\n--x--\r\n',
         "multipart/form-data; boundary=x"),
        (b'--x\r\nContent-Disposition: form-data; name="client_secret"; filename="a"\r\n\r\nb\r\n--x--\r\n',
         "multipart/form-data; boundary=x"),
    ]  # fmt: skip
    for path in ("/token", "/register", "/consent", "/authorize"):
        for body, kind in bodies:
            for method in ("POST", "PUT"):
                answer = request(
                    method, f"{client.site}{path}", content=body,
                    headers={"content-type": kind, "origin": client.site},
                )  # fmt: skip
                assert 400 <= answer.status_code < 500, (path, body[:40], kind, answer.status_code, answer.text[:300])
    for query in (
        "",
        "?" + "a=b&" * 5000,
        "?client_id=%ff",
        "?client_id[]=x",
        "?transaction=%00",
        "?client_id=http://[",
    ):
        for path in ("/authorize", "/consent", "/token", "/register"):
            assert 400 <= get(f"{client.site}{path}{query}").status_code < 500


def test_a_client_that_is_too_large_is_refused(listener: Listener) -> None:
    about = {"redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none"}
    for large in ({"client_name": "x" * 6000}, {"redirect_uris": [f"{REDIRECT}{n}" for n in range(21)]}):
        answer = post(f"{base(listener.url)}/register", json={**about, **large})
        assert answer.status_code == 400


def test_few_clients_are_kept_and_the_one_unused_for_longest_goes(
    client: Attacker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "MOST_CLIENTS", 3)
    others = [Attacker(client.resource) for _ in range(2)]
    assert client.authorize().status_code == 302
    others.append(Attacker(client.resource))
    assert [one.authorize().status_code for one in (client, *others)] == [302, 400, 302, 302]


def test_a_client_that_was_not_used_for_long_is_forgotten(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "REGISTERED_SECONDS", -1.0)
    assert Attacker(listener.url).authorize().status_code == 400


def test_few_grants_and_questions_are_kept(client: Attacker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grants, "MOST_GRANTS", 2)
    monkeypatch.setattr(provider, "MOST_ASKED", 2)
    tokens = [client.tokens()["access_token"] for _ in range(3)]
    assert [client.call(token).status_code for token in tokens] == [401, 200, 200]
    links = [client.authorize().headers["location"] for _ in range(3)]
    assert [get(link).status_code for link in links] == [400, 200, 200]


@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_basic"])
def test_a_client_with_a_secret_must_know_it(listener: Listener, method: str) -> None:
    client = Attacker(listener.url, token_endpoint_auth_method=method)
    code = client.code()
    assert error(client.token(code)) == (401, "invalid_client")
    assert error(client.token(code, client_secret="wrong")) == (401, "invalid_client")
