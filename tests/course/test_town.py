"""The stand-ins of the lessons about signing in: people, an application, an issuer, and calls in a person's name."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Any

import anyio
import httpx2
import pytest
from mcp.client import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.server.auth.middleware.auth_context import get_access_token

from mcp_notebook import NotebookServer
from mcp_notebook.course import check
from mcp_notebook.course.checking.call_cases import SignedIn
from mcp_notebook.course.checking.cases import Case
from mcp_notebook.course.people import signed_in as in_memory
from mcp_notebook.course.town import Citizen, Town, Wallet
from mcp_notebook.course.town_hall import TownHall
from mcp_notebook.portal import Portal
from mcp_notebook.server.sign_in import JwtVerifier
from tests.support.stand_in import listening

AUDIENCE = "https://library.example/mcp"


@pytest.fixture
def town(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    monkeypatch.setenv("SSL_CERT_FILE", "")  # the application's authority is trusted in this test only
    with listening(portal) as listener:
        town = Town(listener.url)
        yield town
        town.close()


async def signed_in(town: Town, person: Citizen, wallet: Wallet, tool: str, **options: Any) -> str:
    auth = OAuthClientProvider(
        town.url, town.client, wallet, redirect_handler=person.open, callback_handler=person.come_back, **options
    )
    async with (
        httpx2.AsyncClient(auth=auth, event_hooks={"response": [town.note]}) as http,
        Client(streamable_http_client(town.url, http_client=http)) as client,
    ):
        return str((await client.call_tool(tool)).content[0].text)  # type: ignore[union-attr]


def test_a_person_signs_in_with_the_document_of_the_application(town: Town) -> None:
    ada, wallet = town.person("ada", allows=[]), Wallet()
    assert anyio.run(lambda: signed_in(town, ada, wallet, "whoami", client_metadata_url=town.app.url)) == "ada"
    assert "town hall GET  https://reading-app/client.json" in "\n".join(town.steps)
    assert "reading-app, verified by TLS." in ada.page
    assert wallet.tokens is not None
    assert "127.0.0.1:" not in "\n".join([*town.steps, ada.page, town.shown(ada.link.partition("?")[0])])
    refused = anyio.run(lambda: town.call(wallet.tokens.access_token, "clear"))  # type: ignore[union-attr]
    assert (refused.status, refused.said) == (403, "This tool needs the scope notes:write notes:admin.")
    assert 'scope="notes:write notes:admin"' in str(refused)


def test_without_a_document_the_application_registers(town: Town) -> None:
    grace = town.person("grace")
    assert anyio.run(lambda: signed_in(town, grace, Wallet(), "clear")) == "grace cleared"
    assert "app       POST http://library/register" in "\n".join(town.steps)
    assert "Nobody has verified this client." in grace.page


def test_the_authority_of_the_application_is_trusted_beside_the_others(town: Town) -> None:
    before = len(ssl.create_default_context().get_ca_certs())
    assert town.app.url.startswith("https://127.0.0.1:")
    names = [certificate["subject"] for certificate in ssl.create_default_context().get_ca_certs()]
    assert len(names) > before
    assert ((("commonName", "an authority"),),) in names


def test_each_forgery_is_refused_and_what_the_issuer_signs_is_not() -> None:
    hall = TownHall()

    async def verdicts() -> dict[str, bool]:
        verifier = JwtVerifier(hall.url, [AUDIENCE])
        good = hall.sign(sub="ada", aud=["https://pool.example", AUDIENCE])
        tokens = {"good": good, **hall.forgeries(AUDIENCE)}
        return {name: await verifier.verify_token(token) is not None for name, token in tokens.items()}

    try:
        found = anyio.run(verdicts)
    finally:
        hall.close()
    assert len(found) == 11
    assert [name for name, is_let_in in found.items() if is_let_in] == ["good"]


def whose() -> NotebookServer:
    server = NotebookServer("library")

    @server.tool(meta={"requiredScopes": ["loans:write"]})
    def whose_call() -> str:
        token = get_access_token()
        return f"{token.subject} {token.scopes}" if token else "nobody"

    return server


def test_a_case_is_asked_in_the_name_of_a_person_with_the_scopes_of_the_token() -> None:
    refused = 'scope="loans:write"'
    cases = [
        SignedIn({}, "with the scope", result="grace ['loans:write']", person="grace", scopes=["loans:write"]),
        SignedIn({}, "without it", error=refused, person="ada", scopes=["loans:read"]),
        Case({}, "without a sign-in", result="nobody"),
        SignedIn({}, "this fails", result="ada ['loans:write']", person="ada", scopes=[]),
    ]
    outcome = anyio.run(lambda: check(whose(), "whose_call", cases, read="this part"))
    assert [case.holds for case in outcome.cases] == [True, True, True, False]
    assert outcome.cases[0].request == "grace calls whose_call() with loans:write"
    assert 'HTTP 403, scope="loans:write"' in outcome.cases[3].got


def test_a_name_ends_with_its_context() -> None:
    with in_memory("ada"):
        assert get_access_token() is not None
    assert get_access_token() is None
