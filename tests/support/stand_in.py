"""A notebook's server with the stand-in in front of it, its clients, and a person in front of a browser."""

from __future__ import annotations

import base64
import datetime
import hashlib
import html
import ipaddress
import re
import secrets
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from mcp.client.auth import OAuthClientProvider
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyUrl
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mcp_notebook.portal import Portal
from mcp_notebook.server.endpoint import Endpoint
from mcp_notebook.server.hosting import Listener
from mcp_notebook.server.notebook_server import NotebookServer
from mcp_notebook.server.sign_in import SCOPES
from tests.support.served import run

TIMEOUT = 20


def notes() -> NotebookServer:
    """A server with tools for everyone, for writers and for administrators."""
    server = NotebookServer("notes")

    @server.tool()
    def whoami() -> str:
        token = get_access_token()
        return (token.subject or "") if token else ""

    @server.tool(meta={SCOPES: ["notes:write"]})
    def write(text: str) -> str:
        return f"{whoami()} wrote {text}"

    @server.tool(meta={SCOPES: ["notes:write", "notes:admin"]})
    def clear() -> str:
        return f"{whoami()} cleared"

    return server


@contextmanager
def listening(portal: Portal, server: NotebookServer | None = None, **options: Any) -> Iterator[Listener]:
    listener = Listener(portal, server or notes(), name="notes", endpoint=Endpoint(None, oauth=True, **options))
    try:
        yield listener
    finally:
        listener.stop()


def base(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def request(method: str, url: str, **options: Any) -> httpx2.Response:
    # Reading the certificates of authorities takes most of the time of a request, and nothing here is TLS.
    return httpx2.request(method, url, timeout=TIMEOUT, trust_env=False, verify=False, **options)


def get(url: str, **options: Any) -> httpx2.Response:
    return request("GET", url, **options)


def post(url: str, **options: Any) -> httpx2.Response:
    return request("POST", url, **options)


@dataclass
class Person:
    """Somebody who answers the questions of the stand-in, as a browser does it.

    Attributes:
        name: Who they sign in as.
        decision: Their answer.
        scopes: The scopes that they allow; None for all that the page offers.
        pages: The pages that they saw.
    """

    name: str = "ada"
    decision: str = "allow"
    scopes: Sequence[str] | None = None
    pages: list[str] = field(default_factory=list)

    def browse(self, link: str) -> bool:
        """Open a link, answer, and go where the browser is sent."""
        get(self.answer(link))
        return True

    def answer(self, link: str) -> str:
        """Open a link and answer; return where the browser is sent."""
        page = get(link, follow_redirects=True)
        self.pages.append(page.text)
        assert page.status_code == 200, page.text
        offered = [html.unescape(found) for found in re.findall(r'name=scope value="([^"]*)"', page.text)]
        form = {
            "transaction": transaction_of(page.text),
            "person": self.name,
            "decision": self.decision,
            "scope": offered if self.scopes is None else list(self.scopes),
        }
        back = post(f"{base(str(page.url))}/consent", data=form, headers={"Origin": base(str(page.url))})
        assert back.status_code == 303, back.text
        return str(back.headers["location"])


def transaction_of(page: str) -> str:
    found = re.search(r'name=transaction value="([^"]+)"', page)
    assert found, page
    return found[1]


def said(url: str) -> dict[str, str]:
    """Return the parameters in the query of a URL, each once."""
    return {name: value for name, (value,) in parse_qs(urlsplit(url).query, keep_blank_values=True).items()}


class Memory:
    """The storage of the SDK's client."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


REDIRECT = "http://127.0.0.1:9/callback"


def sdk_auth(
    url: str, person: Person, document: str | None = None, memory: Memory | None = None
) -> OAuthClientProvider:
    """The SDK's own sign-in: by a metadata document if there is one, otherwise by registering."""
    came: list[str] = []

    async def open_link(link: str) -> None:
        came.append(person.answer(link))

    async def wait() -> AuthorizationCodeResult:
        back = said(came[-1])
        return AuthorizationCodeResult(code=back.get("code", ""), state=back.get("state"), iss=back.get("iss"))

    return OAuthClientProvider(
        url,
        OAuthClientMetadata(client_name="a test", redirect_uris=[AnyUrl(REDIRECT)], token_endpoint_auth_method="none"),
        memory or Memory(),
        redirect_handler=open_link,
        callback_handler=wait,
        client_metadata_url=document,
    )


class Attacker:
    """A client that makes each request by hand, so that it can be wrong.

    Attributes:
        site: The URL of the stand-in.
        resource: The URL of the server.
        client_id: Its own id; it has registered.
    """

    def __init__(self, url: str, redirects: Sequence[str] = (REDIRECT,), **metadata: Any) -> None:
        self.site, self.resource = base(url), url
        about = {
            "client_name": "by hand", "redirect_uris": list(redirects), "token_endpoint_auth_method": "none", **metadata
        }  # fmt: skip
        answer = post(f"{self.site}/register", json=about)
        assert answer.status_code == 201, answer.text
        self.client_id: str = answer.json()["client_id"]
        self.redirect = redirects[0]
        self.verifier = secrets.token_urlsafe(48)

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def authorize(self, **changed: Any) -> httpx2.Response:
        """Make an authorization request, with some parameters changed; None leaves one out."""
        params = {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": self.redirect, "state": "st",
            "code_challenge": self.challenge, "code_challenge_method": "S256", "resource": self.resource, **changed,
        }  # fmt: skip
        return get(f"{self.site}/authorize", params={k: v for k, v in params.items() if v is not None})

    def code(self, person: Person | None = None, **changed: Any) -> str:
        """Have a person allow a request, and return the code."""
        asked = self.authorize(**changed)
        assert asked.status_code == 302, asked.text
        return said((person or Person()).answer(asked.headers["location"]))["code"]

    def token(self, code: str, **changed: Any) -> httpx2.Response:
        """Exchange a code, with some parameters changed."""
        form = {
            "grant_type": "authorization_code", "code": code, "client_id": self.client_id,
            "redirect_uri": self.redirect, "code_verifier": self.verifier, "resource": self.resource, **changed,
        }  # fmt: skip
        return post(f"{self.site}/token", data={k: v for k, v in form.items() if v is not None})

    def refresh(self, token: str, **changed: Any) -> httpx2.Response:
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": self.client_id, **changed}
        return post(f"{self.site}/token", data={k: v for k, v in form.items() if v is not None})

    def tokens(self, person: Person | None = None, **changed: Any) -> dict[str, Any]:
        """Sign in, and return the answer with the tokens."""
        answer = self.token(self.code(person, **changed))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def call(self, token: str | None, tool: str = "whoami", **headers: str) -> httpx2.Response:
        """Call a tool in the modern era."""
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "x", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        arguments = {"text": "x"} if tool == "write" else {}
        params = {"name": tool, "arguments": arguments, "_meta": meta}
        given = {
            "accept": "application/json, text/event-stream", "mcp-protocol-version": "2026-07-28",
            "mcp-method": "tools/call", "mcp-name": tool, **headers,
        }  # fmt: skip
        if token is not None:
            given["authorization"] = f"Bearer {token}"
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        return post(self.resource, json=body, headers=given)


# A host of metadata documents, over TLS on loopback.


class DocumentHost:
    """Gives metadata documents over TLS.

    Attributes:
        url: Where the document is.
        document: The document; a test may change it.
        answer: An answer in place of the document.
        asked: How often it was asked for.
    """

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.url = f"https://{host}:{port}/client.json"
        self.document: Any = {
            "client_id": self.url,
            "client_name": "Example client",
            "redirect_uris": [REDIRECT],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
        }
        self.answer: Response | None = None
        self.asked: list[dict[str, str]] = []

    async def give(self, request: Request) -> Response:
        self.asked.append({**request.headers, ":path": request.url.path})
        return self.answer or JSONResponse(self.document)


@contextmanager
def document_host(folder: Path, patch: Any) -> Iterator[DocumentHost]:
    """Serve a metadata document; `patch` is pytest's, and makes the notebook trust the certificate."""
    authority, chain = _certificates(folder)
    patch.setenv("SSL_CERT_FILE", str(authority))
    listener = socket.create_server(("127.0.0.1", 0))
    host = DocumentHost(listener.getsockname()[1])
    app = Starlette(routes=[Route("/{path:path}", host.give)])
    config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none", timeout_graceful_shutdown=1)
    config.load()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    config.ssl = context
    server = uvicorn.Server(config)
    thread = threading.Thread(target=run, args=(server, listener))
    thread.start()
    try:
        yield host
    finally:
        server.should_exit = server.force_exit = True
        thread.join()


def _certificates(folder: Path) -> tuple[Path, Path]:
    """Make an authority, and a certificate of it for this machine; return the files."""
    now = datetime.datetime.now(datetime.timezone.utc)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("an authority", "this machine")]

    def made(of: int, extensions: Sequence[tuple[Any, bool]]) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(names[of])
            .issuer_name(names[0])
            .public_key(keys[of].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(keys[of].public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[0].public_key()), critical=False)
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(keys[0], hashes.SHA256())

    may_sign = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    hosts: list[x509.GeneralName] = [
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        x509.DNSName("localhost"),
    ]
    authority = made(0, [(x509.BasicConstraints(ca=True, path_length=0), True), (may_sign, True)])
    machine = made(1, [(x509.SubjectAlternativeName(hosts), False)])
    key = keys[1].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = serialization.Encoding.PEM
    paths = folder / "authority.pem", folder / "chain.pem"
    paths[0].write_bytes(authority.public_bytes(pem))
    paths[1].write_bytes(machine.public_bytes(pem) + key)
    return paths
