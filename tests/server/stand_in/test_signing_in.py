"""The whole sign-in, by the SDK's own client: with a metadata document, and by registering."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.auth import OAuthFlowError
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthToken
from mcp_types import ListToolsResult

from mcp_notebook.portal import Portal
from mcp_notebook.server.hosting import Listener
from mcp_notebook.server.sign_in import SCOPES
from tests.support.stand_in import (
    TIMEOUT,
    Attacker,
    DocumentHost,
    Memory,
    Person,
    base,
    document_host,
    get,
    listening,
    notes,
    post,
    said,
    sdk_auth,
)


@pytest.fixture
def listener(portal: Portal) -> Iterator[Listener]:
    with listening(portal) as listener:
        yield listener


@pytest.fixture
def documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DocumentHost]:
    with document_host(tmp_path, monkeypatch) as host:
        yield host


def use(
    url: str,
    person: Person,
    what: Callable[[Client], Awaitable[Any]],
    document: str | None = None,
    memory: Memory | None = None,
    era: Any = "auto",
) -> Any:
    """Connect by the SDK's client, which signs in, and do something."""

    async def main() -> Any:
        auth = sdk_auth(url, person, document, memory)
        async with (
            httpx2.AsyncClient(auth=auth, timeout=TIMEOUT, trust_env=False) as http,
            Client(streamable_http_client(url, http_client=http), mode=era, cache=None) as client,
        ):
            return await what(client)

    return anyio.run(main)


async def everything(client: Client) -> Any:
    names = [tool.name for tool in (await client.list_tools()).tools]
    return names, text(await client.call_tool("whoami")), text(await client.call_tool("write", {"text": "x"}))


def text(result: Any) -> str:
    return str(result.content[0].text)


@pytest.mark.parametrize("era", ["auto", "legacy"])
def test_a_client_with_a_document_signs_in_without_registering(
    listener: Listener, documents: DocumentHost, era: Any
) -> None:
    memory, person = Memory(), Person("grace")
    found = use(listener.url, person, everything, documents.url, memory, era)
    assert found == (["whoami", "write", "clear"], "grace", "grace wrote x")
    assert memory.client is not None
    assert memory.client.client_id == documents.url
    assert len(documents.asked) == 1  # kept for the token request
    assert documents.asked[0]["host"] in documents.url
    assert documents.asked[0][":path"] == "/client.json"
    (page,) = person.pages
    host = base(documents.url).removeprefix("https://")
    assert f"<strong>{host}</strong>, verified by TLS" in page
    assert "Example client" in page


@pytest.mark.parametrize("era", ["auto", "legacy"])
def test_a_client_without_one_registers(listener: Listener, era: Any) -> None:
    memory, person = Memory(), Person()
    assert use(listener.url, person, everything, memory=memory, era=era)[1] == "ada"
    assert memory.client is not None
    assert "://" not in memory.client.client_id
    assert "Nobody has verified this client." in person.pages[0]


def test_the_page_says_that_it_is_a_stand_in_and_where_the_browser_goes_afterwards(listener: Listener) -> None:
    person = Person()
    Attacker(listener.url, scope=None).tokens(person, scope="notes:write notes:admin")
    (page,) = person.pages
    for words in ("This is a stand-in.", "no password", "127.0.0.1:9", "a program on this machine", listener.url):
        assert words in page
    assert page.count("type=checkbox") == 2
    assert "<code>write</code>, <code>clear</code>" in page


def test_scopes_that_a_person_does_not_allow_are_asked_for_when_a_call_needs_them(listener: Listener) -> None:
    person = Person(scopes=[])

    async def step_up(client: Client) -> Any:
        before = [tool.name for tool in (await client.list_tools()).tools]
        person.scopes = None
        done = text(await client.call_tool("write", {"text": "x"}))
        return before, done, [tool.name for tool in (await client.list_tools()).tools]

    assert use(listener.url, person, step_up) == (["whoami"], "ada wrote x", ["whoami", "write", "clear"])
    assert len(person.pages) == 2


def test_a_tool_that_needs_more_is_answered_with_403_and_all_scopes_that_are_missing(listener: Listener) -> None:
    client = Attacker(listener.url)
    token = client.tokens(scope=None)["access_token"]
    refused = client.call(token, "clear")
    assert refused.status_code == 403
    challenge = refused.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="notes:write notes:admin"' in challenge
    assert f'resource_metadata="{base(listener.url)}/.well-known/oauth-protected-resource/mcp"' in challenge


def test_a_client_without_a_token_is_told_where_to_sign_in(listener: Listener) -> None:
    answer = Attacker(listener.url).call(None)
    assert answer.status_code == 401
    where = answer.headers["www-authenticate"].partition('resource_metadata="')[2].strip('"')
    about = get(where).json()
    assert about["resource"] == listener.url
    assert about["scopes_supported"] == ["notes:admin", "notes:write"]
    (issuer,) = about["authorization_servers"]
    metadata = get(f"{issuer}/.well-known/oauth-authorization-server").json()
    assert metadata["issuer"] == issuer
    assert metadata["client_id_metadata_document_supported"] is True
    assert metadata["authorization_response_iss_parameter_supported"] is True
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert metadata["token_endpoint_auth_methods_supported"][0] == "none"
    assert get(f"{issuer}/.well-known/openid-configuration").status_code == 404


def test_a_denial_reaches_the_client_with_the_state_and_the_issuer(listener: Listener) -> None:
    client = Attacker(listener.url)
    back = Person(decision="deny").answer(client.authorize().headers["location"])
    assert said(back) == {"error": "access_denied", "state": "st", "iss": base(listener.url)}


def test_a_client_refuses_an_answer_of_another_issuer(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Person.answer

    def mixed_up(self: Person, link: str) -> str:
        return answer(self, link).replace(f"iss={base(listener.url)[:4]}", "iss=https%3A%2F%2Fevil.example%2F")

    monkeypatch.setattr(Person, "answer", mixed_up)
    with pytest.raises(Exception) as raised:  # noqa: PT011 - a group, in which the flow's error is
        use(listener.url, Person(), everything)
    assert raised.group_contains(OAuthFlowError, match="iss mismatch")


def test_tokens_are_renewed_without_asking_again(listener: Listener) -> None:
    memory, person = Memory(), Person()
    auth = sdk_auth(listener.url, person, memory=memory)

    async def main() -> tuple[OAuthToken | None, OAuthToken | None]:
        async with (
            httpx2.AsyncClient(auth=auth, timeout=TIMEOUT, trust_env=False) as http,
            Client(streamable_http_client(listener.url, http_client=http), cache=None) as client,
        ):
            assert text(await client.call_tool("whoami")) == "ada"
            before, auth.context.token_expiry_time = memory.tokens, 1.0
            assert text(await client.call_tool("write", {"text": "x"})) == "ada wrote x"
            return before, memory.tokens

    before, after = anyio.run(main)
    assert before is not None
    assert after is not None
    assert before.refresh_token != after.refresh_token
    assert len(person.pages) == 1
    client = Attacker(listener.url)
    assert client.call(before.access_token).status_code == 401
    assert client.call(after.access_token).status_code == 200


def test_a_session_of_one_person_is_not_found_by_another(listener: Listener) -> None:
    client = Attacker(listener.url)
    ada, grace = (client.tokens(Person(name))["access_token"] for name in ("ada", "grace"))
    hello = {
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }  # fmt: skip
    headers = {"accept": "application/json, text/event-stream"}
    opened = post(listener.url, json=hello, headers={**headers, "authorization": f"Bearer {ada}"})
    session = {**headers, "mcp-session-id": opened.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25"}
    ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
    assert post(listener.url, json=ping, headers={**session, "authorization": f"Bearer {ada}"}).status_code == 200
    assert post(listener.url, json=ping, headers={**session, "authorization": f"Bearer {grace}"}).status_code == 404


def test_scopes_follow_the_cells(portal: Portal) -> None:
    server = notes()
    with listening(portal, server) as listener:
        client = Attacker(listener.url)
        token = client.tokens(scope="notes:write")["access_token"]
        assert client.call(token, "write").status_code == 200

        @server.tool(name="write", meta={SCOPES: ["notes:print"]})
        def write(text: str) -> str:
            return text

        refused = client.call(token, "write")
        assert (refused.status_code, 'scope="notes:print"' in refused.headers["www-authenticate"]) == (403, True)
        assert client.authorize(scope="notes:print").status_code == 302

        other = notes()
        listener.follow(other)
        assert client.call(token, "write").status_code == 200
        assert len(other.middleware) == len(server.middleware) + 1  # the earlier server is as it was


def test_the_sse_transport_is_guarded_too(portal: Portal) -> None:
    with listening(portal, transport="sse") as listener:
        assert get(listener.url).status_code == 401
        where = f"{base(listener.url)}/.well-known/oauth-protected-resource/sse"
        assert get(where).json()["resource"] == listener.url
        assert post(f"{base(listener.url)}/messages/?session_id=x", json={}).status_code == 401


def test_nothing_is_left_when_the_server_stops(portal: Portal) -> None:
    server = notes()
    layers = len(server.middleware)
    with listening(portal, server) as listener:
        client = Attacker(listener.url)
        token = client.tokens()["access_token"]
        port = listener.endpoint.port
    assert len(server.middleware) == layers
    with listening(portal, server, port=port):
        assert client.call(token).status_code == 401
        refused = client.authorize()
        assert (refused.status_code, "is not known here" in refused.text) == (400, True)


def test_a_tool_whose_scopes_cannot_be_read_is_for_nobody(portal: Portal) -> None:
    server = notes()
    for name, scopes in {"text": "notes:write", "mixed": ["notes:write", 7], "empty": [""]}.items():
        server.add_tool(lambda: "done", name=name, meta={SCOPES: scopes})

    async def names(client: Client) -> list[str]:
        return [tool.name for tool in (await client.list_tools()).tools]

    with listening(portal, server) as listener:
        assert use(listener.url, Person(), names) == ["whoami", "write", "clear"]
        client = Attacker(listener.url)
        token = client.tokens(scope="notes:write")["access_token"]
        for name in ("text", "mixed", "empty"):
            answer = client.call(token, name)
            assert "Nobody may call this tool" in answer.text, answer.text


@pytest.mark.parametrize("name", [["write"], {"a": 1}, 7, None, "", "w" * 10_000])
def test_a_call_of_something_that_is_no_name_is_an_error_of_the_protocol(listener: Listener, name: Any) -> None:
    client = Attacker(listener.url)
    token = client.tokens()["access_token"]
    for headers in ({}, {"mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "whoami"}):
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": {}}}
        given = {"authorization": f"Bearer {token}", "accept": "application/json, text/event-stream", **headers}
        assert 200 <= post(listener.url, json=body, headers=given).status_code < 500


def test_the_answers_of_the_authors_middleware_are_checked_too(portal: Portal) -> None:
    server = notes()

    async def answers(ctx: Any, call_next: Any) -> Any:
        if ctx.method == "tools/list":
            return ListToolsResult(tools=await server.list_tools())
        return await call_next(ctx)

    server.middleware.append(answers)

    async def names(client: Client) -> list[str]:
        return [tool.name for tool in (await client.list_tools()).tools]

    with listening(portal, server) as listener:
        assert use(listener.url, Person(scopes=[]), names) == ["whoami"]
