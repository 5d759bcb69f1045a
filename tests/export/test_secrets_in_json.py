"""The secrets in calls and frames are hidden wherever one of them is."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from mcp_notebook.export.settings.in_json import without_secrets

KEY = "gh" + "p_" + "1234567890abcdefghijABCDEFGHIJ123456"
ENVIRONMENT = {"DB_PASSWORD": 'pa"ss\\wörd\n4711', "SHOP_TOKEN": "abc123def456ghi7"}


def hidden(value: Any) -> str:
    return json.dumps(without_secrets([value], ENVIRONMENT)[0], ensure_ascii=False)


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        ({"arguments": {"password": "correct"}}, "correct"),
        ({"arguments": {"password": 12345678}}, "12345678"),
        ({"arguments": {"api_key": ["k1longvalue9"]}}, "k1longvalue9"),
        ({"text": json.dumps({"user": {"password": "hunter3xy"}})}, "hunter3xy"),
        ({"text": json.dumps(json.dumps({"password": "hunter4xy"}))}, "hunter4xy"),
        ({"text": f"It is {ENVIRONMENT['DB_PASSWORD']}."}, "4711"),
        ({"text": json.dumps({"it": ENVIRONMENT["DB_PASSWORD"]})}, "4711"),
        ({"text": base64.b64encode(b"abc123def456ghi7").decode()}, base64.b64encode(b"abc123def456ghi7").decode()),
        ({"name": "https://example.com/r?a=1&access_token=simple"}, "simple"),
        ({"head": "GET /mcp?token=simple HTTP/1.1"}, "simple"),
        ({"error": f"The key {KEY} is wrong"}, KEY),
        ({KEY: 1}, KEY),
        ({"events": [["stdout", 0.1, "password: hunter5xy\n"]]}, "hunter5xy"),
    ],
)
def test_a_secret_is_hidden(value: Any, secret: str) -> None:
    assert secret in json.dumps(value, ensure_ascii=False).replace("\\\\", "\\")
    assert secret not in hidden(value)


def test_a_secret_is_hidden_where_nothing_tells_that_it_is_one() -> None:
    values = [{"arguments": {"password": "hunter2xy"}}, {"text": "Hello hunter2xy, not hunter2xyz."}]
    assert without_secrets(values, {}) == [
        {"arguments": {"password": "(redacted)"}},
        {"text": "Hello hu..., not hunter2xyz."},
    ]


@pytest.mark.parametrize(
    "value",
    [
        {"inputSchema": {"properties": {"password": {"type": "string"}}, "required": ["password"]}},
        {"params": {"_meta": {"progressToken": "a-1"}}, "result": {"nextCursor": "abc"}, "password": None},
        {"text": "The password must be long.", "uri": "notes://today?page=2", "secret": True},
    ],
)
def test_what_only_sounds_like_a_secret_is_kept(value: Any) -> None:
    assert without_secrets([value], ENVIRONMENT) == [value]
