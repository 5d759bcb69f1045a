"""The stand-in for n8n answers as n8n was seen to answer, and signs what it sends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mcp_notebook.course.n8n import StandInForN8n, recorded_tools

ORDER = {"members": ["Ada", "Omar"]}


@pytest.fixture
def n8n() -> Iterator[StandInForN8n]:
    made = StandInForN8n()
    yield made
    made.close()


def post(n8n: StandInForN8n, path: str = "/webhook/reminders", timeout: float = 10, **headers: str) -> httpx.Response:
    given = {"X-Library-Key": n8n.key, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return httpx.post(n8n.url + path, json=ORDER, headers=given, timeout=timeout)


def test_a_webhook_wants_its_header_and_has_to_be_published(n8n: StandInForN8n) -> None:
    refused = post(n8n, X_Library_Key="guessed")
    assert (refused.status_code, refused.text) == (403, "Authorization data is wrong!")
    assert post(n8n, "/webhook/none").status_code == 404
    assert httpx.post(f"{n8n.url}/webhook/reminders", json=[], headers={"X-Library-Key": n8n.key}).status_code == 500
    assert n8n.letters == []


def test_the_same_key_sends_letters_once_and_no_key_each_time(n8n: StandInForN8n) -> None:
    assert post(n8n, Idempotency_Key="a").json() == {"letters": 2}
    assert post(n8n, Idempotency_Key="a").json() == {"duplicate": True}
    assert post(n8n, Idempotency_Key="b").json() == {"letters": 2}
    assert [post(n8n).json() for _ in range(2)] == [{"letters": 2}] * 2
    assert n8n.letters == ["Ada", "Omar"] * 4
    assert [key for _, key in n8n.requests] == ["a", "a", "b", "", ""]
    n8n.reset()
    assert (n8n.letters, n8n.requests) == ([], [])


def test_trouble_happens_to_the_next_requests(n8n: StandInForN8n) -> None:
    n8n.reset("busy", "error", "slow")
    assert [post(n8n, Idempotency_Key="a").status_code for _ in range(2)] == [503, 500]
    assert n8n.letters == []
    with pytest.raises(httpx.ReadTimeout):
        post(n8n, timeout=0.2, Idempotency_Key="a")
    assert post(n8n, Idempotency_Key="a").json() == {"duplicate": True}
    assert n8n.letters == ["Ada", "Omar"]


def test_a_long_workflow_answers_at_once_and_calls_back_with_a_signature(n8n: StandInForN8n) -> None:
    assert post(n8n, "/webhook/report").json() == {"message": "Workflow was started"}
    assert n8n.started == [ORDER]
    seen: list[tuple[str, bytes]] = []

    async def finished(request: Request) -> Response:
        seen.append((request.headers["x-signature"], await request.body()))
        return Response(status_code=204)

    app = Starlette(routes=[Route("/n8n/finished", finished, methods=["POST"])])

    async def call_back() -> list[int]:
        return [await n8n.finished(app, {"a": 1}), await n8n.finished(app, {"a": 1}, secret=b"guessed")]

    assert anyio.run(call_back) == [204, 204]
    assert [body for _, body in seen] == [b'{"a":1}'] * 2
    assert len({signature for signature, _ in seen}) == 2


def test_the_recorded_lists_are_those_that_the_chapter_counts() -> None:
    counts = {server: Counter(tools.values()) for server, tools in recorded_tools().items()}
    assert counts == {
        "n8n-mcp 2.87.0, without a key": {"reads": 7},
        "n8n-mcp 2.87.0, with a key": {"reads": 14, "changes": 6, "destroys": 8},
        "n8n 2.41.1, instance-level": {"reads": 28, "changes": 10, "destroys": 12},
    }
