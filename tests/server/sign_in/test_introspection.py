"""Ask an issuer about tokens, and attack what it answers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from mcp.server.auth.provider import AccessToken
from starlette.responses import JSONResponse, RedirectResponse, Response

from mcp_notebook.server.sign_in import IntrospectionVerifier, Unavailable, introspection
from tests.support.issuer import AUDIENCE, CLIENT, SECRET, Issuer, running_issuer


@pytest.fixture(scope="module")
def shared() -> Iterator[Issuer]:
    with running_issuer() as issuer:
        yield issuer


@pytest.fixture
def issuer(shared: Issuer) -> Issuer:
    shared.__init__(shared.url)  # type: ignore[misc]
    return shared


def verifier(issuer: Issuer, **options: Any) -> IntrospectionVerifier:
    given = {"client_id": CLIENT, "client_secret": SECRET, "audiences": [AUDIENCE], "issuer": issuer.url, **options}
    return IntrospectionVerifier(f"{issuer.url}/introspect", **given)


def verified(by: IntrospectionVerifier, *tokens: str) -> list[AccessToken | None]:
    async def main() -> list[AccessToken | None]:
        return [await by.verify_token(token) for token in tokens]

    return anyio.run(main)


def test_an_active_token_says_who_calls(issuer: Issuer) -> None:
    issuer.known["good"] = issuer.claims(active=True, scope="notes:read")
    (found,) = verified(verifier(issuer), "good")
    assert found is not None
    assert (found.client_id, found.subject, found.scopes, found.resource) == ("app", "ada", ["notes:read"], AUDIENCE)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": None},
        {"iss": None},
        {"aud": ["x", AUDIENCE]},
        {"client_id": None, "scope": None},
    ],
)
def test_what_an_answer_may_leave_out(issuer: Issuer, claims: dict[str, Any]) -> None:
    issuer.known["good"] = issuer.claims(active=True, **claims)
    assert verified(verifier(issuer), "good") != [None]


@pytest.mark.parametrize(
    "claims",
    [
        {"active": False},
        {"active": None},
        {"active": "true"},
        {"active": 1},
        {"exp": 1},
        {"exp": "later"},
        {"exp": True},
        {"nbf": 9e9},
        {"iss": "https://evil.example"},
        {"iss": 5},
        {"aud": None},
        {"aud": "https://other.example"},
        {"aud": []},
    ],
)
def test_what_is_not_valid_is_refused(issuer: Issuer, claims: dict[str, Any]) -> None:
    issuer.known["bad"] = issuer.claims(**{"active": True, **claims})
    assert verified(verifier(issuer), "bad", "unknown", "", "x" * 100_000) == [None] * 4


def test_an_answer_is_kept_for_a_while_and_only_for_its_token(issuer: Issuer) -> None:
    issuer.known["good"] = issuer.claims(active=True)
    by = verifier(issuer)
    assert verified(by, "good", "good", "bad", "bad", "good")[2:4] == [None, None]
    assert len(issuer.asked) == 2
    issuer.known.clear()
    assert verified(verifier(issuer, kept=0), "good") == [None]
    by = verifier(issuer, kept=0)
    verified(by, "good", "good")
    assert len(issuer.asked) == 5


def test_a_token_that_expires_is_not_kept_longer(issuer: Issuer) -> None:
    issuer.known["good"] = issuer.claims(active=True, exp=time.time() + 1.5)
    by = verifier(issuer)

    async def main() -> None:
        assert await by.verify_token("good") is not None
        with anyio.fail_after(10):
            while await by.verify_token("good") is not None:
                await anyio.sleep(0.05)

    anyio.run(main)


def test_the_answers_that_are_kept_are_bounded(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(introspection, "MOST_KEPT", 3)
    by = verifier(issuer)
    verified(by, *map(str, range(10)))
    assert len(by._answers) == 3


def test_many_ask_at_once_but_not_all(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    issuer.known |= {str(n): issuer.claims(active=True, sub=str(n)) for n in range(60)}
    by, found = verifier(issuer), []

    async def ask(token: str) -> None:
        found.append((token, await by.verify_token(token)))

    async def main() -> None:
        async with anyio.create_task_group() as group:
            for token in issuer.known:
                group.start_soon(ask, token)

    anyio.run(main)
    assert all(access is not None and access.subject == token for token, access in found)
    assert len(found) == 60


@pytest.mark.parametrize(
    "broken",
    [
        Response(status_code=500),
        RedirectResponse("http://127.0.0.1:9/"),
        Response("yes"),
        JSONResponse([1]),
        Response("[" * 100_000),
        Response(b" " * 2_000_000),
    ],
    ids=["500", "redirect", "text", "list", "deep", "long"],
)
def test_while_the_issuer_is_broken_nobody_is_let_in_or_turned_away(issuer: Issuer, broken: Response) -> None:
    issuer.broken = broken
    by = verifier(issuer)
    with pytest.raises(Unavailable):
        verified(by, "good")
    with pytest.raises(Unavailable):
        anyio.run(by.check)
    issuer.broken = None
    issuer.known["good"] = issuer.claims(active=True)
    assert verified(by, "good") != [None]
    anyio.run(by.check)


def test_wrong_credentials_are_not_an_invalid_token(issuer: Issuer) -> None:
    with pytest.raises(Unavailable, match="401"):
        verified(verifier(issuer, client_secret="wrong"), "good")


def test_nobody_listens() -> None:
    by = IntrospectionVerifier("http://127.0.0.1:9/introspect", CLIENT, SECRET, [AUDIENCE])
    with pytest.raises(Unavailable, match="did not answer"):
        verified(by, "good")


@pytest.mark.parametrize(
    ("url", "audiences"), [("http://issuer.example/x", ["a"]), ("https://issuer.example/x", []), ("", ["a"])]
)
def test_settings_that_are_not_safe_are_refused(url: str, audiences: list[str]) -> None:
    with pytest.raises(ValueError, match=r"https|audience|is not a URL"):
        IntrospectionVerifier(url, CLIENT, SECRET, audiences)
