"""Requests as no client of the SDK sends them: JSON-RPC over HTTP, built by hand, in both eras."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import httpx2

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
ACCEPT = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}


def envelope(params: Any, client: str = "raw") -> Any:
    """Return parameters with what each request of a modern client carries; others than objects as they are."""
    if not isinstance(params, dict):
        return params
    meta = {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}},
        "io.modelcontextprotocol/clientInfo": {"name": client, "version": "1"},
    }
    return {"_meta": meta, **params}


def modern_headers(method: str, params: Any) -> dict[str, str]:
    """Return the headers by which a modern request is routed."""
    headers = {**ACCEPT, "MCP-Protocol-Version": MODERN, "Mcp-Method": method}
    name = params.get(NAMED.get(method, "")) if isinstance(params, dict) else None
    if isinstance(name, str):
        headers["Mcp-Name"] = f"=?base64?{b64encode(name.encode('utf-8', 'replace')).decode()}?="
    return headers


class RawClient:
    """Sends one message at a time, and returns the answer as it came.

    Args:
        url: Of the server's endpoint.
        token: What it is let in with.
        legacy: Whether to open a session, and to be a client of before 2026-07-28.
    """

    def __init__(self, url: str, token: str | None, *, legacy: bool = False, client: str = "raw") -> None:
        self.url = url
        self.legacy = legacy
        self.client = client
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.http = httpx2.Client(timeout=30, headers=self.headers)
        self.session: dict[str, str] = {}
        if legacy:
            self.session = {"Mcp-Session-Id": self.open_session(), "MCP-Protocol-Version": LEGACY}
            self.post({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def open_session(self) -> str:
        """Open a session of a legacy client, and return its id."""
        who = {"name": self.client, "version": "1"}
        params = {"protocolVersion": LEGACY, "capabilities": {"elicitation": {}}, "clientInfo": who}
        opened = self.post({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params})
        return opened.headers["mcp-session-id"]

    def __enter__(self) -> RawClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def post(self, message: Any, headers: Mapping[str, str] | None = None) -> httpx2.Response:
        """Send anything: bytes as they are, the rest as JSON."""
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        return self.http.post(self.url, content=body, headers={**ACCEPT, **self.session, **(headers or {})})

    def request(self, method: str, params: Any) -> httpx2.Response:
        """Send a request with these parameters, whatever they are."""
        params = params if self.legacy else envelope(params, self.client)
        headers = {} if self.legacy else modern_headers(method, params)
        return self.post({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}, headers)


def answer(response: httpx2.Response) -> dict[str, Any]:
    """Return the JSON-RPC message of an answer, from JSON or from the last event of a stream."""
    if response.headers["content-type"].startswith("text/event-stream"):
        data = [line.removeprefix("data:") for line in response.text.splitlines() if line.startswith("data:")]
        found: dict[str, Any] = json.loads(data[-1])
        return found
    message: dict[str, Any] = response.json()
    return message
