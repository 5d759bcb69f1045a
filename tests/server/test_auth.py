from __future__ import annotations

from typing import Any

import anyio
import httpx
import pytest
from starlette.responses import PlainTextResponse

from mcp_notebook.server.auth import Token, TokenGate

TOKEN = Token("s3cret-token")


def answer(*headers: tuple[str | bytes, str | bytes], token: Token = TOKEN) -> httpx.Response:
    gate = TokenGate(PlainTextResponse("behind the gate"), token)

    async def main() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(gate), base_url="http://127.0.0.1") as client:
            return await client.get("/mcp", headers=httpx.Headers(list(headers)))  # type: ignore[arg-type]

    return anyio.run(main)


@pytest.mark.parametrize(
    "header",
    [
        "Bearer s3cret-token",
        "bearer s3cret-token",
        "BEARER s3cret-token",
        "Bearer   s3cret-token",
    ],
)
def test_a_request_with_the_token_passes_however_its_scheme_is_written(header: str) -> None:
    response = answer(("Authorization", header))
    assert (response.status_code, response.text) == (200, "behind the gate")


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"Bearer",
        b"Bearer ",
        b"Bearer wrong",
        b"Bearer s3cret-toke",
        b"Bearer s3cret-token2",
        b"Bearer S3CRET-TOKEN",
        b"Basic s3cret-token",
        b"s3cret-token",
        b"Bearer s3cret-token s3cret-token",
        "Bearer s3cret-tokené".encode(),
        b"Bearer \xff\xfe",
    ],
)
def test_any_other_authorization_is_refused(header: Any) -> None:
    response = answer(("Authorization", header))
    assert response.status_code == 401
    assert "behind the gate" not in response.text


def test_a_request_without_authorization_is_told_what_to_send_but_not_the_token() -> None:
    response = answer()
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert "'Authorization: Bearer TOKEN'" in response.json()["error"]
    assert TOKEN not in response.text


def test_the_token_counts_in_the_authorization_header_only() -> None:
    assert answer(("X-Token", TOKEN), ("Cookie", f"authorization=Bearer {TOKEN}")).status_code == 401


def test_the_lifespan_of_the_app_needs_no_token() -> None:
    reached: list[str] = []

    async def app(scope, receive, send):
        reached.append(scope["type"])

    anyio.run(TokenGate(app, TOKEN), {"type": "lifespan"}, None, None)  # type: ignore[arg-type]
    assert reached == ["lifespan"]


def test_a_token_hides_itself_where_it_is_shown() -> None:
    assert repr(TOKEN) == "<token, 12 characters, hidden: use it as text, or show it with %mcp token --show>"
    assert "s3cret" not in f"{TOKEN!r} {[TOKEN]} {{'token': {TOKEN!r}}}"


def test_a_token_used_as_text_is_the_secret() -> None:
    assert str(TOKEN) == f"{TOKEN}" == "{}".format(TOKEN) == "s3cret-token"  # noqa: UP032
    assert "Bearer " + TOKEN == "Bearer s3cret-token"
    assert TOKEN.encode() == b"s3cret-token"


def test_each_made_token_is_another_one_that_fits_into_a_header() -> None:
    made = {Token.make() for _ in range(20)}
    assert len(made) == 20
    for token in made:
        assert isinstance(token, Token)
        assert len(token) == 43
        assert answer(("Authorization", f"Bearer {token}"), token=token).status_code == 200
