"""Tokens with names."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
from mcp.server.auth.provider import AccessToken

from mcp_notebook.server.sign_in import NamedTokens

ADA, BOB = "ada-token-0123456789", "bob-token-0123456789"


def verified(by: NamedTokens, *tokens: str) -> list[AccessToken | None]:
    async def main() -> list[AccessToken | None]:
        return [await by.verify_token(token) for token in tokens]

    return anyio.run(main)


def test_each_token_has_its_name_and_scopes() -> None:
    by = NamedTokens.from_json(json.dumps({"ada": {"token": ADA, "scopes": ["a", "b"]}, "bob": BOB}))
    ada, bob = verified(by, ADA, BOB)
    assert ada is not None
    assert bob is not None
    assert [(each.client_id, each.subject, each.scopes) for each in (ada, bob)] == [
        ("ada", "ada", ["a", "b"]),
        ("bob", "bob", []),
    ]
    anyio.run(by.check)


@pytest.mark.parametrize("token", ["", ADA[:-1], f"{ADA}x", ADA.upper(), f" {ADA}", "\udcff", "é" * 20, "x" * 100_000])
def test_other_tokens_are_nobodys(token: str) -> None:
    assert verified(NamedTokens({"ada": (ADA, [])}), token) == [None]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * 100_000,
        "{}",
        '{"ada": 5}',
        '{"ada": {}}',
        '{"ada": {"token": 5}}',
        json.dumps({"ada": {"token": ADA, "scopes": "a"}}),
        json.dumps({"ada": {"token": ADA, "scopes": [1]}}),
        json.dumps({"ada": "short"}),
        json.dumps({"ada": f"{ADA} with spaces"}),
        json.dumps({"ada": "ü" * 20}),
        json.dumps({"ada": ADA, "bob": ADA}),
        json.dumps({str(number): f"{ADA}{number}" for number in range(101)}),
    ],
)
def test_what_is_no_list_of_tokens_is_refused_without_showing_them(text: Any) -> None:
    with pytest.raises(ValueError, match=r"tokens?\b") as caught:
        NamedTokens.from_json(text)
    assert ADA not in str(caught.value)
    assert caught.value.__cause__ is None
