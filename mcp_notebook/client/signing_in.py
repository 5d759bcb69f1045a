"""Sign in by OAuth: the SDK runs the flow, a browser shows the sign-in page and returns to a port here."""

from __future__ import annotations

import json
import re
import webbrowser
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import anyio.to_thread
import httpx2
from mcp.client.auth import OAuthClientProvider, OAuthFlowError
from mcp.client.auth.utils import issuers_match, validate_authorization_response_iss
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyUrl

from mcp_notebook import browser_tab
from mcp_notebook.client.callback import Callback, why_not
from mcp_notebook.client.targets import Browser, Url, in_words
from mcp_notebook.errors import RequestError
from mcp_notebook.urls import address_of

__all__ = ["SignIn"]

PATIENCE = 300.0
"""Seconds that a person has to sign in."""


class SignIn:
    """The sign-in of one connection. Tokens stay in memory, and are gone with this object.

    Args:
        target: The server to sign in to.
        notice: Called with the link, in case no browser opens.
        patience: Seconds to wait for the person.

    Raises:
        RequestError: This is a browser tab.
    """

    def __init__(self, target: Url, notice: Callable[[str], None], patience: float | None = None) -> None:
        if browser_tab.HERE:
            raise RequestError(browser_tab.elsewhere("a page cannot receive the answer of a sign-in"))
        self._where = in_words(target)
        self._open: Browser = target.oauth if callable(target.oauth) else webbrowser.open
        self._notice = notice
        self._patience = PATIENCE if patience is None else patience
        self._callback = Callback()
        self._once = False
        redirect = AnyUrl(self._callback.url)
        self.auth = _Provider(
            target,
            OAuthClientMetadata(
                client_name="mcp-notebook", redirect_uris=[redirect], token_endpoint_auth_method="none"
            ),
            _Memory(_registered(target, redirect)),
            redirect_handler=self._show,
            callback_handler=self._wait,
        )

    def close(self) -> None:
        """Release the port."""
        self._callback.close()

    @contextmanager
    def once(self) -> Iterator[None]:
        """Ask a person only once while the context is open: opening tries one era after the other."""
        self._once, self.auth.failed = True, None
        try:
            yield
        finally:
            self._once = False

    async def _show(self, link: str) -> None:
        if self._once and self.auth.failed is not None:
            raise self.auth.failed
        address = address_of(link)
        if address.href is None:
            raise RequestError(
                f"{self._where} names a sign-in page that is not a web page, so it was not opened: {address.written}."
            )
        (state,) = parse_qs(urlsplit(link).query)["state"]
        await self._callback.expect(state, self.auth.is_from_issuer)
        self._notice(
            f"sign in to {self._where} in the browser. If none opened, this is the link: {address.href} "
            f"(at {address.host})"
        )
        await anyio.to_thread.run_sync(self._open, address.href)

    async def _wait(self) -> AuthorizationCodeResult:
        try:
            with anyio.fail_after(self._patience):
                said = await self._callback.answer()
        except TimeoutError:
            raise RequestError(
                f"Nobody signed in to {self._where} within {self._patience:g} seconds. Connect again to get another "
                "try."
            ) from None
        if not said.get("code"):
            raise RequestError(f"{self._where}: Not signed in: {why_not(said)}. Connect again to get another try.")
        return AuthorizationCodeResult(
            code=said["code"], state=said.get("state"), iss=self.auth.issuer_as_known(said.get("iss"))
        )


class _Provider(OAuthClientProvider):
    """The SDK's flow, with the scopes that a person chose and a tolerant comparison of issuers.

    RFC 8414, section 3.3, requires the issuer in a server's metadata to be identical to the one used to look the
    metadata up, and RFC 9207 requires the same of the issuer in its answer. The SDK compares strings. This class also
    accepts what RFC 3986, section 6.2.3, calls equal for http and https: an issuer without a path, with or without its
    final slash. ``https://accounts.example`` and ``https://accounts.example/`` always were one origin. A path, its
    final slash included, distinguishes tenants of one host, so it is compared literally.

    Attributes:
        failed: Why the latest flow did not end in a token; None if it did, or if there was none.
    """

    failed: Exception | None = None

    def __init__(self, target: Url, *options: Any, **handlers: Any) -> None:
        super().__init__(target.url, *options, **handlers)
        self._scope = target.scope

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Run the flow, as httpx calls it."""
        flow = super().async_auth_flow(request)
        try:
            outgoing = await flow.__anext__()
            while True:
                response = yield outgoing
                outgoing = await flow.asend(await self._read(response))
        except StopAsyncIteration:
            return
        except Exception as error:
            self.failed = error
            raise
        finally:
            await flow.aclose()

    def issuer_as_known(self, issuer: str | None) -> str | None:
        """Return an issuer as the server's metadata spell it, if it is the same one."""
        metadata = self.context.oauth_metadata
        known = str(metadata.issuer) if metadata is not None else None
        return known if issuer is not None and known is not None and issuers_match(issuer, known) else issuer

    def is_from_issuer(self, said: Mapping[str, str]) -> bool:
        """Return whether an answer, or an error, is from the issuer that a person was sent to (RFC 9207)."""
        try:
            validate_authorization_response_iss(self.issuer_as_known(said.get("iss")), self.context.oauth_metadata)
        except OAuthFlowError:
            return False
        return True

    async def _read(self, response: httpx2.Response) -> httpx2.Response:
        """Return a response as the SDK should read it."""
        if response.status_code == 401 and self._scope:
            # The SDK prefers the scopes in the server's refusal to all others.
            said = re.sub(r',?\s*\bscope=("[^"]*"|[^\s,]*)', "", response.headers.get("WWW-Authenticate", "Bearer"))
            asked = f'{said}{"," if "=" in said else ""} scope="{self._scope}"'
            response.headers["WWW-Authenticate"] = asked
        if response.status_code != 200 or "/.well-known/" not in response.request.url.path:
            return response
        try:
            metadata = json.loads(await response.aread())
        except ValueError:
            return response
        return self._metadata(response, metadata) if isinstance(metadata, dict) else response

    def _metadata(self, response: httpx2.Response, metadata: dict[str, Any]) -> httpx2.Response:
        issuer, expected = metadata.get("issuer"), self.context.auth_server_url
        if not isinstance(issuer, str):
            return response
        self._authenticate_by(metadata.get("token_endpoint_auth_methods_supported"))
        if expected is None or issuer == expected or not issuers_match(issuer, expected):
            return response
        return httpx2.Response(200, json={**metadata, "issuer": expected}, request=response.request)

    def _authenticate_by(self, supported: Any) -> None:
        """Make a client send its secret in a way that the server accepts; by RFC 8414, the default is Basic."""
        client = self.context.client_info
        if client is not None and client.client_secret and client.token_endpoint_auth_method is None:
            ways = supported if isinstance(supported, list) else ["client_secret_basic"]
            post = "client_secret_post" in ways and "client_secret_basic" not in ways
            client.token_endpoint_auth_method = "client_secret_post" if post else "client_secret_basic"


def _registered(target: Url, redirect: AnyUrl) -> OAuthClientInformationFull | None:
    """Return the client that a person registered; None to have the server register one."""
    if target.client_id is None:
        return None
    return OAuthClientInformationFull(
        client_id=target.client_id,
        client_secret=target.client_secret,
        redirect_uris=[redirect],
        token_endpoint_auth_method=None if target.client_secret else "none",
    )


class _Memory:
    """Keeps what the SDK stores between two requests, in memory only."""

    def __init__(self, client: OAuthClientInformationFull | None) -> None:
        self._tokens: OAuthToken | None = None
        self._client = client

    async def get_tokens(self) -> OAuthToken | None:
        return self._tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self._tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self._client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self._client = client_info
