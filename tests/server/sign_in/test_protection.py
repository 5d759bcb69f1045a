"""The gate in front of a server: by the SDK's own client, and by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError
from starlette.applications import Starlette
from starlette.routing import Mount

from mcp_notebook.server.sign_in import JwtVerifier, NamedTokens, Resource, ToolScopes, protected, scopes_of
from mcp_notebook.server.sign_in.protection import Verifier
from tests.support.issuer import AUDIENCE, Issuer, running_issuer
from tests.support.served import serving

READER, WRITER, NOBODY = "reader-token-0123456789", "writer-token-0123456789", "nobody-token-0123456789"
TOKENS = NamedTokens({
    "reader": (READER, ["use"]),
    "writer": (WRITER, ["use", "notes:write", "notes:admin"]),
    "nobody": (NOBODY, []),
})  # fmt: skip
called: list[tuple[str, str]] = []


def server() -> MCPServer[Any]:
    made: MCPServer[Any] = MCPServer("notes")

    def note(name: str) -> str:
        token = get_access_token()
        called.append((name, token.client_id if token else ""))
        return called[-1][1]

    @made.tool()
    def read() -> str:
        return note("read")

    @made.tool(meta={"requiredScopes": ["notes:write"]})
    def write() -> str:
        return note("write")

    @made.tool(name="löschen", meta={"requiredScopes": ["notes:write", "notes:admin"]})
    def remove() -> str:
        return note("löschen")

    return made


@contextmanager
def served(verifier: Verifier, resource: Resource | None = None, *, only_middleware: bool = False) -> Iterator[str]:
    made = server()
    scopes = ToolScopes(made)
    made.middleware.append(scopes)
    endpoint = made.streamable_http_app()
    missing = None if only_middleware else scopes.missing
    inner = protected(endpoint, verifier, required=["use"], missing=missing, resource=resource)
    routes = [*(resource.routes if resource else []), Mount("/", inner)]
    with serving(Starlette(routes=routes, lifespan=lambda _: made.session_manager.run())) as url:
        called.clear()
        yield f"{url}/mcp"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(TOKENS) as found:
        yield found


def ask(url: str, token: str | None, what: Any, *, era: Any = "auto") -> Any:
    async def main() -> Any:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        async with (
            httpx2.AsyncClient(headers=headers) as http,
            Client(streamable_http_client(url, http_client=http), mode=era) as client,
        ):
            return await what(client)

    return anyio.run(main)


def names(client: Client) -> Any:
    async def main() -> list[str]:
        return [tool.name for tool in (await client.list_tools()).tools]

    return main()


@pytest.mark.parametrize("era", ["auto", "legacy"])
def test_callers_see_and_call_what_their_scopes_allow(url: str, era: Any) -> None:
    assert ask(url, READER, names, era=era) == ["read"]
    assert ask(url, WRITER, names, era=era) == ["read", "write", "löschen"]
    for token, tool, by in ((READER, "read", "reader"), (WRITER, "write", "writer"), (WRITER, "löschen", "writer")):
        result = ask(url, token, lambda client, tool=tool: client.call_tool(tool), era=era)
        assert result.content[0].text == by


def post(url: str, body: Any, token: str | None = READER, **headers: str) -> httpx2.Response:
    given = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
    if token is not None:
        given["authorization"] = f"Bearer {token}"
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx2.post(url, content=content, headers={**given, **headers}, timeout=20)


def call(tool: str, **more: Any) -> dict[str, Any]:
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "x", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": tool, "arguments": {}, "_meta": meta}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params, **more}


MODERN = {"mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call"}


def test_a_missing_scope_is_named(url: str) -> None:
    called.clear()
    for headers in ({**MODERN, "mcp-name": "write"}, {}):
        answer = post(url, call("write"), **headers)
        assert answer.status_code == 403
        assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="notes:write"'
        assert answer.json()["error"] == "insufficient_scope"
    assert 'scope="notes:write notes:admin"' in post(url, call("löschen")).headers["www-authenticate"]
    assert called == []


CALL = json.dumps(call("write"))
DEEP = f'"arguments": {"[" * 5000}{"]" * 5000}'
PARAMS = f'"params": {json.dumps(call("write")["params"])}, "params"'
BYPASSES: Mapping[str, tuple[bytes, dict[str, str]]] = {
    "headers name another tool": (CALL.encode(), {**MODERN, "mcp-name": "read"}),
    "headers name no tool": (CALL.encode(), {**MODERN, "mcp-method": "tools/list"}),
    "headers of the older era": (CALL.encode(), {"mcp-method": "ping", "mcp-name": "read"}),
    "an encoded name": (CALL.encode(), {**MODERN, "mcp-name": "=?base64?d3JpdGU=?="}),
    "an encoded other name": (CALL.encode(), {**MODERN, "mcp-name": "=?base64?cmVhZA==?="}),
    "two names": (json.dumps(call("read")).replace('"name": "read"', '"name": "read", "name": "write"').encode(), {}),
    "two names, other order": (
        CALL.replace('"name": "write"', '"name": "write", "name": "read"').encode(),
        {},
    ),
    "two params": (
        json.dumps(call("read")).replace('"params"', PARAMS).encode(),
        {},
    ),
    "an escaped name": (CALL.replace('"write"', '"\\u0077rite"').encode(), {}),
    "UTF-16": (CALL.encode("utf-16"), {}),
    "a BOM": (CALL.encode("utf-8-sig"), {}),
    "a batch": (json.dumps([call("write")]).encode(), {}),
    "with spaces": (json.dumps(call("write ")).encode(), {}),
    "large": (json.dumps(call("write", more="x" * 5_000_000)).encode(), {}),
    "deep": (CALL.replace('"arguments": {}', DEEP).encode(), {}),
}  # fmt: skip


@pytest.mark.parametrize("only_middleware", [False, True], ids=["both layers", "inner layer"])
def test_no_spelling_reaches_a_tool_without_its_scope(only_middleware: bool) -> None:
    with served(TOKENS, only_middleware=only_middleware) as url:
        for name, (body, headers) in BYPASSES.items():
            answer = post(url, body, **headers)
            assert answer.status_code < 500, name
            assert ("write", "reader") not in called, name


def test_the_inner_layer_refuses_alone() -> None:
    async def refused(client: Client) -> None:
        with pytest.raises(MCPError, match="needs the scope notes:write"):
            await client.call_tool("write")

    with served(TOKENS, only_middleware=True) as url:
        ask(url, READER, refused)
        assert called == []


@pytest.mark.parametrize(
    "given",
    [
        None,
        "Bearer",
        "Basic cmVhZGVyOng=",
        f"Token {READER}",
        READER,
        f"Bearer {READER}x",
        f"Bearer {READER} {READER}",
        f"Bearer {READER},{READER}",
        "Bearer é",
    ],
)
def test_without_a_valid_token_nothing_is_answered(url: str, given: str | None) -> None:
    headers = {} if given is None else {b"authorization": given.encode("latin-1")}
    for method, path in (("POST", url), ("GET", url), ("DELETE", url), ("GET", url.replace("/mcp", "/other"))):
        answer = httpx2.request(method, path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith('Bearer error="invalid_token"')
        assert "resource_metadata" not in answer.headers["www-authenticate"]


def test_a_token_needs_the_scopes_that_all_need(url: str) -> None:
    answer = post(url, call("read"), NOBODY)
    assert answer.status_code == 403
    assert "insufficient_scope" in answer.headers["www-authenticate"]


def test_a_session_is_its_callers(url: str) -> None:
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "x", "version": "1"},
        },
    }
    session = post(url, hello, WRITER).headers["mcp-session-id"]
    stolen = post(url, {"jsonrpc": "2.0", "id": 2, "method": "ping"}, READER, **{"mcp-session-id": session})
    assert stolen.status_code in (403, 404)
    own = post(url, {"jsonrpc": "2.0", "id": 2, "method": "ping"}, WRITER, **{"mcp-session-id": session})
    assert own.status_code == 200


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with running_issuer() as found:
        yield found


def test_clients_find_the_authorization_server(issuer: Issuer) -> None:
    resource = Resource(AUDIENCE, [issuer.url], ["use", "notes:write"])
    with served(JwtVerifier(issuer.url, [AUDIENCE]), resource) as url:
        answer = post(url, call("read"), None)
        metadata = "https://notes.example/.well-known/oauth-protected-resource/mcp"
        assert f'resource_metadata="{metadata}"' in answer.headers["www-authenticate"]
        found = httpx2.get(url.replace("/mcp", "/.well-known/oauth-protected-resource/mcp")).json()
        assert found["resource"] == AUDIENCE
        assert found["authorization_servers"] == [issuer.url]
        assert found["scopes_supported"] == ["use", "notes:write"]
        token = issuer.token(scope="use")
        step_up = post(url, call("write"), token).headers["www-authenticate"]
        assert 'scope="notes:write"' in step_up
        assert f'resource_metadata="{metadata}"' in step_up
        assert ask(url, token, names) == ["read"]
        assert ask(url, issuer.token(scope="use notes:write"), names) == ["read", "write"]


def test_an_issuer_that_is_down_is_no_invalid_token(issuer: Issuer) -> None:
    token = issuer.token(scope="use")
    with served(JwtVerifier(issuer.url, [AUDIENCE], jwks_url="http://127.0.0.1:9/keys")) as url:
        answer = post(url, call("read"), token)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
        assert token not in answer.text
        assert post(url, call("read"), "no jwt").status_code == 401


def test_a_list_that_is_filtered_is_private(url: str) -> None:
    body = call("x")
    body["method"] = "tools/list"
    del body["params"]["name"], body["params"]["arguments"]
    answer = post(url, body, **{**MODERN, "mcp-method": "tools/list"})
    assert answer.status_code == 200
    assert '"cacheScope":"private"' in answer.text.replace(" ", "")


@pytest.mark.parametrize("said", ["notes:write", 5, {"a": 1}, [5], [""], None])
def test_scopes_of_a_tool_are_a_list_of_texts(said: Any) -> None:
    with pytest.raises(ValueError, match="is a list of texts"):
        scopes_of({"requiredScopes": said})
