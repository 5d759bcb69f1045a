"""A web API on loopback: it answers with what it was asked."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from tests.support.waiting import until


async def echo(request: Request) -> Response:
    """Answer with the request; the path decides on the status and the kind of the answer."""
    body = (await request.body()).decode()
    path = request.scope["raw_path"].decode()
    if path.endswith("/missing"):
        return JSONResponse({"detail": "no such thing"}, status_code=404)
    if path.endswith("/moved"):
        return Response(status_code=302, headers={"Location": "http://127.0.0.1:9/elsewhere"})
    if "/labels/" in path or request.method == "DELETE":
        return PlainTextResponse(path if request.method != "DELETE" else "")
    said: dict[str, Any] = {"method": request.method, "path": path, "query": request.url.query, "body": body}
    said |= {"headers": {name: value for name, value in request.headers.items() if name in HEADERS}}
    if request.method == "GET" and path.endswith("/pets"):
        return JSONResponse([said])
    return JSONResponse([json.dumps(said)] if path.endswith("/search") else said)


HEADERS = ("authorization", "content-type", "cookie", "x-api-key", "x-trace")


@contextmanager
def serving(answer: Callable[[Request], Any] = echo) -> Iterator[str]:
    """Serve, and yield the URL."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await answer(Request(scope, receive))
        await response(scope, receive, send)

    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        until(lambda: server.started)
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
