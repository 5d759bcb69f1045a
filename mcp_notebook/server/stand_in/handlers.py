"""Answer the HTTP requests to the stand-in: the SDK's handlers, with the checks that they leave out."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from mcp.server.auth.handlers.authorize import AuthorizationHandler
from mcp.server.auth.handlers.metadata import MetadataHandler
from mcp.server.auth.handlers.register import RegistrationHandler
from mcp.server.auth.handlers.token import TokenHandler
from mcp.server.auth.middleware.client_auth import ClientAuthenticator
from mcp.server.auth.provider import construct_redirect_uri
from mcp.server.auth.routes import build_metadata, cors_middleware
from mcp.server.auth.settings import ClientRegistrationOptions, RevocationOptions
from pydantic import AnyHttpUrl, AnyUrl, ConfigDict, TypeAdapter
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from mcp_notebook.server.stand_in.clients import is_loopback
from mcp_notebook.server.stand_in.documents import DocumentError
from mcp_notebook.server.stand_in.page import consent_page, fault_page
from mcp_notebook.server.stand_in.provider import PEOPLE, StandIn, same_resource

__all__ = ["Handlers"]

LONGEST_STATE = 2000
MOST_WORDS = 300
CHALLENGE = re.compile(r"[\w-]{43}", re.ASCII)
"""The SHA-256 of a verifier in base64url (RFC 7636, section 4.2)."""

OVER = "This question was answered already, or it has waited too long. Start again in the program that sent you here."
FORM = "application/x-www-form-urlencoded"
NEVER_KEPT = {"Cache-Control": "no-store"}

_url = TypeAdapter(AnyHttpUrl, config=ConfigDict(url_preserve_empty_path=True)).validate_python


class Handlers:
    """The endpoints of a stand-in.

    Args:
        provider: Its state.
        name: The notebook's name for the server that it guards.
    """

    def __init__(self, provider: StandIn, name: str) -> None:
        self._provider = provider
        self._name = name
        authenticator = ClientAuthenticator(provider)
        options = ClientRegistrationOptions(enabled=True)
        metadata = build_metadata(_url(provider.issuer), None, options, RevocationOptions()).model_copy(
            update={
                "client_id_metadata_document_supported": True,
                "authorization_response_iss_parameter_supported": True,
                # A client with a document has no secret. By Basic, the SDK takes it only with the id in the form, too.
                "token_endpoint_auth_methods_supported": ["none", "client_secret_post"],
            }
        )
        self._metadata = MetadataHandler(metadata)
        self._authorize = AuthorizationHandler(provider)
        self._token = TokenHandler(provider, authenticator)
        self._register = RegistrationHandler(provider, options)

    @property
    def routes(self) -> list[Route]:
        """The routes of all endpoints."""
        shared: list[tuple[str, Callable[[Request], Any], str]] = [
            ("/.well-known/oauth-authorization-server", self._metadata.handle, "GET"),
            ("/token", self.token, "POST"),
            ("/register", self._register.handle, "POST"),
        ]
        return [
            # Clients that are web pages of this machine, such as an inspector, ask with CORS.
            *(
                Route(path, cors_middleware(answer, [method, "OPTIONS"]), methods=[method, "OPTIONS"])
                for path, answer, method in shared
            ),
            Route("/authorize", self.authorize, methods=["GET"]),
            Route("/consent", self.ask, methods=["GET"]),
            Route("/consent", self.answer, methods=["POST"]),
        ]

    async def authorize(self, request: Request) -> Response:
        """Begin a sign-in: send the browser to the question, or say what is wrong."""
        given = request.query_params
        try:
            client = await self._provider.clients.find(given.get("client_id", ""))
        except DocumentError as why:
            return fault_page(f"The metadata document of the client cannot be used: {why}.")
        if client is None:
            return fault_page(
                "This client is not known here. Clients that registered are forgotten when the notebook's kernel "
                "stops: make yours forget its sign-in to this server, then try again."
            )
        wrong = _fault(given)
        response = await self._authorize.handle(request) if wrong is None else None
        if response is None or response.status_code != 302:
            return fault_page(wrong or _description(response))
        location = response.headers["location"]
        if location.startswith(f"{self._provider.issuer}/consent?"):
            return response
        # An error for the client. RFC 9207 wants the issuer in it, which the SDK leaves out.
        back = construct_redirect_uri(location, iss=self._provider.issuer)
        to = AnyUrl(location)
        if is_loopback(to):
            return RedirectResponse(back, 302)
        # Anyone can make a document with a redirect URI, and this server must not send people there by itself.
        reason = parse_qs(to.query or "").get("error_description", [""])[0][:MOST_WORDS]
        return fault_page(f"The client sent you here with a request that this server refuses. {reason}", (back, to))

    async def ask(self, request: Request) -> Response:
        """Show the question to the person."""
        asked = self._provider.asked(request.query_params.get("transaction", ""))
        if asked is None:
            return fault_page(OVER)
        return consent_page(asked, self._name, self._provider.resource)

    async def answer(self, request: Request) -> Response:
        """Take the person's answer, once, and only from the page of this server."""
        if not _from_own_page(request) or not _is_form(request):
            return fault_page("This answer does not come from the page of this server.", status=403)
        form = await request.form()
        asked = self._provider.asked(str(form.get("transaction", "")))
        if asked is None:
            return fault_page(OVER)
        person, decision = form.get("person"), form.get("decision")
        if decision not in ("allow", "deny") or person not in PEOPLE:
            return fault_page("This answer is not one that the page offers.")
        allowed = [scope for scope in asked.scopes if scope in form.getlist("scope")]
        to = self._provider.answer(asked, str(person) if decision == "allow" else None, allowed)
        return RedirectResponse(to, 303)

    async def token(self, request: Request) -> Response:
        """Exchange a code or a refresh token for tokens."""
        if not _is_form(request):
            return _refused("invalid_request", f"a request for tokens has the media type {FORM}")
        form = await request.form()
        if repeated := _repeated(form):
            return _refused("invalid_request", f"{repeated} occurs more than once")
        resource = form.get("resource")
        if resource is not None and not same_resource(str(resource), self._provider.resource):
            return _refused("invalid_target", f"This server issues tokens for {self._provider.resource} only.")
        answered: Awaitable[Response] = self._token.handle(request)
        return await answered


def _fault(given: QueryParams) -> str | None:
    """Return what is wrong with an authorization request, where the SDK would let it pass."""
    if repeated := _repeated(given):
        return f"The parameter {repeated} occurs more than once."
    if given.get("code_challenge_method") != "S256":
        return "This server wants PKCE with code_challenge_method=S256, and this request has another method or none."
    if not CHALLENGE.fullmatch(given.get("code_challenge", "")):
        return "The code_challenge of this request is not a SHA-256 in base64url."
    if len(given.get("state", "")) > LONGEST_STATE:
        return f"The state of this request has more than {LONGEST_STATE} characters."
    return None


def _repeated(given: QueryParams | FormData) -> str | None:
    """Return a parameter that occurs more than once (RFC 6749, section 3.1), if it is one of the protocol's."""
    names = [name for name, _ in given.multi_items()]
    return next((name for name in PARAMETERS if names.count(name) > 1), None)


PARAMETERS = (
    "client_id", "client_secret", "code", "code_challenge", "code_challenge_method", "code_verifier", "grant_type",
    "redirect_uri", "refresh_token", "resource", "response_type", "scope", "state",
)  # fmt: skip


def _is_form(request: Request) -> bool:
    """Return whether a request has a form in the one encoding of OAuth; others could have files in them."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM


def _from_own_page(request: Request) -> bool:
    """Return whether a browser says that a form of this very origin was sent; it says so for each POST."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site", "same-origin")
    return origin == f"http://{request.headers.get('host')}" and site == "same-origin"


def _description(response: Response | None) -> str:
    """Return the words of an error that the SDK answers with, in place of a redirect."""
    try:
        said = json.loads(bytes(response.body)) if response is not None else {}
    except ValueError:
        said = {}
    return str(said.get("error_description") or "This is not a request of a client.")


def _refused(error: str, description: str) -> JSONResponse:
    return JSONResponse({"error": error, "error_description": description}, status_code=400, headers=NEVER_KEPT)
