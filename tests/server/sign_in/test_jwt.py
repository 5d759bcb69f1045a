"""Attack the verifier of JWTs: each token that must not be let in, and what an issuer may do wrong."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from cryptography.hazmat.primitives import serialization
from mcp.server.auth.provider import AccessToken
from starlette.responses import JSONResponse, RedirectResponse, Response

from mcp_notebook.server.sign_in import JwtVerifier, Unavailable, keys
from tests.support.issuer import AUDIENCE, Issuer, Key, running_issuer


@pytest.fixture(scope="module")
def shared() -> Iterator[Issuer]:
    with running_issuer() as issuer:
        yield issuer


@pytest.fixture
def issuer(shared: Issuer) -> Issuer:
    shared.__init__(shared.url)  # type: ignore[misc]
    return shared


def verifier(issuer: Issuer, **options: Any) -> JwtVerifier:
    return JwtVerifier(issuer.url, [AUDIENCE], **options)


def verified(issuer: Issuer, *tokens: str, by: JwtVerifier | None = None) -> list[AccessToken | None]:
    by = by or verifier(issuer)

    async def main() -> list[AccessToken | None]:
        return [await by.verify_token(token) for token in tokens]

    return anyio.run(main)


def one(issuer: Issuer, token: str) -> AccessToken | None:
    (found,) = verified(issuer, token)
    return found


def part(value: Any) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")


def forged(issuer: Issuer, key: bytes, **header: Any) -> str:
    """Return a token that is signed with a text as the shared key."""
    signed = part({"alg": "HS256", "kid": "one", **header}) + b"." + part(issuer.claims())
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return (signed + b"." + base64.urlsafe_b64encode(digest).rstrip(b"=")).decode()


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_valid_token_says_who_calls(issuer: Issuer, algorithm: str) -> None:
    issuer.keys.append(Key("two", algorithm))
    found = one(issuer, issuer.token(issuer.keys[-1], scope="notes:read notes:write"))
    assert found is not None
    assert (found.client_id, found.subject, found.resource) == ("app", "ada", AUDIENCE)
    assert found.scopes == ["notes:read", "notes:write"]
    assert (found.claims or {})["iss"] == issuer.url


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": AUDIENCE},
        {"aud": ["https://other.example", AUDIENCE]},
        {"aud": f"{AUDIENCE}/"},
        {"exp": time.time() - 10},  # within the skew
        {"nbf": time.time() + 10},
        {"iat": time.time() + 10},
        {"iat": None, "nbf": None},
        {"sub": None},
    ],
)
def test_what_is_valid_is_let_in(issuer: Issuer, claims: dict[str, Any]) -> None:
    if "exp" in claims or "nbf" in claims or "iat" in claims:
        claims = {name: value and time.time() + (-10 if name == "exp" else 10) for name, value in claims.items()}
    assert one(issuer, issuer.token(**claims)) is not None


@pytest.mark.parametrize(
    ("claims", "client", "scopes"),
    [
        ({"client_id": None, "azp": "web"}, "web", []),
        ({"client_id": None, "cid": "okta", "scp": ["a", "b"]}, "okta", ["a", "b"]),
        ({"client_id": None, "appid": "entra", "scp": "a b"}, "entra", ["a", "b"]),
        ({"client_id": None}, "ada", []),
        ({"client_id": None, "sub": None}, "", []),
        ({"client_id": 5, "scope": 7}, "ada", []),
        ({"client_id": ["app"], "scope": ["a", 1, None, "a"]}, "ada", ["a"]),
        ({"scope": " a  b a ", "scp": ["c"]}, "app", ["a", "b", "c"]),
    ],
)
def test_clients_and_scopes_are_found_where_issuers_write_them(
    issuer: Issuer, claims: dict[str, Any], client: str, scopes: list[str]
) -> None:
    found = one(issuer, issuer.token(**claims))
    assert found is not None
    assert (found.client_id, found.scopes) == (client, scopes)


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"exp": 1}, "ExpiredSignatureError"),
        ({"exp": None}, 'missing the "exp"'),
        ({"exp": "soon"}, "DecodeError"),
        ({"exp": float("inf")}, ""),
        ({"nbf": 9e9}, "ImmatureSignatureError"),
        ({"iat": 9e9}, "ImmatureSignatureError"),
        ({"iss": "https://evil.example"}, "InvalidIssuerError"),
        ({"iss": None}, 'missing the "iss"'),
        ({"iss": ["https://evil.example"]}, "InvalidIssuerError"),
        ({"aud": "https://other.example"}, "for another server"),
        ({"aud": ["https://other.example", 5, None]}, "for another server"),
        ({"aud": []}, "for another server"),
        ({"aud": None}, 'missing the "aud"'),
        ({"aud": f"{AUDIENCE}/admin"}, "for another server"),
        ({"aud": AUDIENCE[:-1]}, "for another server"),
        ({"aud": {AUDIENCE: 1}}, "for another server"),
    ],
)
def test_what_is_not_valid_is_refused(
    issuer: Issuer, claims: dict[str, Any], why: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    token = issuer.token(**claims)
    assert one(issuer, token) is None
    assert why in caplog.text
    assert token not in caplog.text


def test_a_signature_must_be_that_of_the_issuer(issuer: Issuer) -> None:
    other = Key("one")
    good = issuer.token()
    head, body, signature = good.split(".")
    changed = part(issuer.claims(sub="admin")).decode()
    tokens = [
        issuer.token(other),  # the same id, another key
        issuer.token(Key("none")),  # an id that the issuer does not have
        issuer.token(Key(None)),  # no id
        f"{head}.{changed}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"{good}.more",
    ]
    assert verified(issuer, *tokens) == [None] * len(tokens)
    assert one(issuer, good) is not None


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", None, 5, "HS256", "RS257"])
def test_the_algorithm_is_not_the_callers_choice(issuer: Issuer, algorithm: Any) -> None:
    header = part({"alg": algorithm, "kid": "one", "typ": "JWT"})
    body = part(issuer.claims())
    signature = issuer.token().rpartition(".")[2].encode()
    for end in (b"", signature):
        assert one(issuer, (header + b"." + body + b"." + end).decode()) is None


def test_a_public_key_is_no_shared_key(issuer: Issuer) -> None:
    public = issuer.keys[0].private.public_key()
    kinds = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    pem = public.public_bytes(*kinds)
    shared = [pem, pem.strip(), json.dumps(issuer.keys[0].public).encode(), issuer.keys[0].public["n"].encode()]
    for key in shared:
        assert one(issuer, forged(issuer, key)) is None


def test_a_shared_key_in_the_list_is_not_used(issuer: Issuer) -> None:
    issuer.more = [{"kty": "oct", "k": "c2VjcmV0", "kid": "shared", "alg": "HS256", "use": "sig"}]
    assert one(issuer, forged(issuer, b"secret", kid="shared")) is None


def test_a_key_in_the_token_is_not_used(issuer: Issuer) -> None:
    own = Key("one")
    for headers in ({"jwk": own.public}, {"jku": "http://127.0.0.1:9/keys"}, {"x5u": "http://127.0.0.1:9/"}):
        assert one(issuer, issuer.token(own, headers=headers)) is None
    assert set(issuer.asked) <= {"/.well-known/oauth-authorization-server", "/keys"}


@pytest.mark.parametrize("kid", ["../../etc/passwd", "' OR 1=1", "one\x00", 5, ["one"], {"a": 1}])
def test_a_strange_id_finds_no_key(issuer: Issuer, kid: Any) -> None:
    head = part({"alg": "RS256", "kid": kid})
    body, signature = issuer.token().split(".")[1:]
    assert one(issuer, f"{head.decode()}.{body}.{signature}") is None


@pytest.mark.parametrize(
    "token", ["", ".", "..", "a.b.c", "é.ü.ö", "\udcff", "x" * 100_000, "=" * 30, part([]).decode() + ".x.y"]
)
def test_what_is_no_token_is_refused(issuer: Issuer, token: str) -> None:
    assert one(issuer, token) is None
    assert issuer.asked == []


def test_a_deeply_nested_token_is_refused(issuer: Issuer) -> None:
    deep = base64.urlsafe_b64encode(b"[" * 7_000).decode()
    assert one(issuer, f"{deep}.{deep}.x") is None
    assert one(issuer, f"{part({'alg': 'RS256', 'kid': 'one'}).decode()}.{deep[:6000]}.x") is None


def test_critical_headers_that_are_not_known_are_refused(issuer: Issuer) -> None:
    assert one(issuer, issuer.token(headers={"crit": ["exp2"], "exp2": 1})) is None


def test_replaced_keys_are_found_and_old_ones_forgotten(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    by = verifier(issuer)
    old = issuer.token()
    assert verified(issuer, old, by=by) != [None]
    issuer.keys = [Key("two")]
    monkeypatch.setattr(keys, "AGAIN_SECONDS", 0)
    assert verified(issuer, issuer.token(), by=by) != [None]
    assert verified(issuer, old, by=by) == [None]


def test_invented_ids_make_no_requests(issuer: Issuer) -> None:
    by = verifier(issuer)
    tokens = [issuer.token(issuer.keys[0], headers={"kid": f"new {number}"}) for number in range(20)]
    assert verified(issuer, *tokens, by=by) == [None] * 20
    assert issuer.asked == ["/.well-known/oauth-authorization-server", "/keys"]


def test_many_tokens_at_once_fetch_the_keys_once(issuer: Issuer) -> None:
    by = verifier(issuer)
    found = []

    async def verify(token: str) -> None:
        found.append(await by.verify_token(token))

    async def main() -> None:
        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(verify, issuer.token(sub=f"user {number}"))

    anyio.run(main)
    assert len({each.subject for each in found if each}) == 20
    assert issuer.asked.count("/keys") == 1


def test_without_an_id_each_key_of_the_type_is_tried(issuer: Issuer) -> None:
    issuer.keys = [Key(None), Key(None), Key(None, "ES256")]
    assert None not in verified(issuer, *map(issuer.token, issuer.keys))


BROKEN: dict[str, Response] = {
    "500": Response(status_code=500),
    "a redirect": RedirectResponse("http://127.0.0.1:9/keys"),
    "no JSON": Response("<html>"),
    "a list": JSONResponse([]),
    "deep JSON": Response("[" * 100_000),
    "too much": Response(b" " * 2_000_000 + b"{}"),
    "no keys": JSONResponse({"keys": []}),
    "nonsense": JSONResponse({"keys": [5, {"kty": "RSA"}, {"kty": "EC", "crv": "P-256", "x": "a", "y": "b"}]}),
    "another issuer": JSONResponse({"issuer": "https://evil.example", "jwks_uri": "https://evil.example/keys"}),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_while_the_issuer_is_broken_nobody_is_let_in_or_turned_away(issuer: Issuer, broken: str) -> None:
    by = verifier(issuer)
    token = issuer.token()
    issuer.broken = BROKEN[broken]
    with pytest.raises(Unavailable):
        verified(issuer, token, by=by)
    with pytest.raises(Unavailable):
        anyio.run(by.check)


def test_the_last_keys_are_used_while_the_issuer_is_broken(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    by = verifier(issuer)
    assert verified(issuer, issuer.token(), by=by) != [None]
    issuer.broken = Response(status_code=500)
    monkeypatch.setattr(keys, "FRESH_SECONDS", 0)
    monkeypatch.setattr(keys, "AGAIN_SECONDS", 0)
    assert verified(issuer, issuer.token(), by=by) != [None]
    assert issuer.asked.count("/keys") == 1
    anyio.run(by.check)


def test_the_url_of_the_keys_may_be_given(issuer: Issuer) -> None:
    by = verifier(issuer, jwks_url=f"{issuer.url}/keys")
    assert verified(issuer, issuer.token(), by=by) != [None]
    assert issuer.asked == ["/keys"]


@pytest.mark.parametrize(
    ("issuer", "audiences", "jwks"),
    [
        ("http://issuer.example", ["a"], None),
        ("https://issuer.example", [], None),
        ("https://issuer.example", [""], None),
        ("https://issuer.example", ["a"], "http://issuer.example/keys"),
        ("https://user@issuer.example", ["a"], None),
        ("ftp://issuer.example", ["a"], None),
        ("issuer.example", ["a"], None),
        ("", ["a"], None),
        ("http://127.0.0.1.evil.example", ["a"], None),
    ],
)
def test_settings_that_are_not_safe_are_refused(issuer: str, audiences: list[str], jwks: str | None) -> None:
    with pytest.raises(ValueError, match=r"https|audience|is not a URL"):
        JwtVerifier(issuer, audiences, jwks_url=jwks)
