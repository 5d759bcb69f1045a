"""HTTP inside the process: a response arrives in parts, and an app that fails is a failed request."""

from __future__ import annotations

import asyncio

import httpx2
import pytest
from starlette.types import Receive, Scope, Send

from mcp_notebook.client.in_process import InProcess


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = (await receive())["body"]
    await send({"type": "http.response.start", "status": 201, "headers": [(b"x-path", scope["raw_path"])]})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    assert (await receive())["type"] == "http.disconnect"


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    raise LookupError("no such book")


def test_the_first_part_of_a_response_arrives_before_the_app_ends() -> None:
    async def main() -> None:
        async with (
            httpx2.AsyncClient(transport=InProcess(echo)) as client,
            client.stream("POST", "http://127.0.0.1/books/a%20b?x=1", content=b"Dune") as response,
        ):
            assert response.status_code == 201
            assert response.headers["x-path"] == "/books/a%20b"
            async for part in response.aiter_bytes():
                assert part == b"Dune"
                break

    asyncio.run(main())


def test_an_app_that_raises_is_a_request_that_failed_with_the_reason() -> None:
    async def main() -> None:
        async with httpx2.AsyncClient(transport=InProcess(broken)) as client:
            await client.get("http://127.0.0.1/")

    with pytest.raises(httpx2.ReadError) as error:
        asyncio.run(main())
    assert isinstance(error.value.__cause__, LookupError)
