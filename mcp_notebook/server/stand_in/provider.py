"""Answer the handlers of the SDK: which clients there are, what people allowed, and which tokens are valid."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from mcp.server.auth.provider import (
    AccessToken,
    AuthorizationCode,
    AuthorizationParams,
    AuthorizeError,
    OAuthAuthorizationServerProvider,
    RefreshToken,
    TokenError,
    construct_redirect_uri,
)
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from pydantic import AnyHttpUrl, ValidationError

from mcp_notebook.server.stand_in.clients import KnownClient, KnownClients
from mcp_notebook.server.stand_in.documents import DocumentError
from mcp_notebook.server.stand_in.grants import Grant, Grants

__all__ = ["PEOPLE", "ConsentRequest", "StandIn", "same_resource"]

PEOPLE = ("ada", "grace")
"""The invented people who can sign in."""

ASKED_SECONDS = 600.0
MOST_ASKED = 100
"""Seconds that a person has to answer, and most questions that wait; one more replaces the oldest."""

Scopes = Callable[[], Awaitable[Mapping[str, Sequence[str]]]]
"""Returns the scopes that exist, each with the tools that need it."""


@dataclass(frozen=True)
class ConsentRequest:
    """A question to a person: whether a client may have these scopes.

    Attributes:
        client: The client.
        params: Its request.
        scopes: The scopes that it asks for, each with the tools that need it.
        transaction: The secret name of the question, which is answered once.
        expires: When it is too late for an answer, on the monotonic clock.
    """

    client: KnownClient
    params: AuthorizationParams
    scopes: Mapping[str, Sequence[str]]
    transaction: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    expires: float = field(default_factory=lambda: time.monotonic() + ASKED_SECONDS)


class StandIn(OAuthAuthorizationServerProvider[AuthorizationCode, RefreshToken, AccessToken]):
    """The state of the stand-in, as a provider of the SDK.

    Args:
        issuer: Its URL.
        resource: The URL of the server that it issues tokens for, the only one.
        scopes: Returns the scopes that exist.
    """

    def __init__(self, issuer: str, resource: str, scopes: Scopes) -> None:
        self.issuer = issuer
        self.resource = resource
        self.clients = KnownClients()
        self.grants = Grants()
        self._scopes = scopes
        self._asked: OrderedDict[str, ConsentRequest] = OrderedDict()

    async def get_client(self, client_id: str) -> KnownClient | None:
        """Return a client; None if it is not known, or has no valid document."""
        try:
            return await self.clients.find(client_id)
        except DocumentError:
            return None

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        """Keep a client that registered.

        Raises:
            RegistrationError: It is not allowed.
        """
        self.clients.register(client_info)

    async def authorize(self, client: OAuthClientInformationFull, params: AuthorizationParams) -> str:
        """Return the page where a person answers.

        Raises:
            AuthorizeError: The request is for another server, or for scopes that do not exist.
        """
        assert isinstance(client, KnownClient)
        if params.resource is not None and not same_resource(params.resource, self.resource):
            raise AuthorizeError("invalid_target", f"This server issues tokens for {self.resource} only.")
        known = await self._scopes()
        if unknown := [scope for scope in params.scopes or () if scope not in known]:
            raise AuthorizeError("invalid_scope", f"{len(unknown)} of the scopes do not exist here.")
        asked = ConsentRequest(client, params, {scope: known[scope] for scope in params.scopes or ()})
        self._asked[asked.transaction] = asked
        if len(self._asked) > MOST_ASKED:
            self._asked.popitem(last=False)
        return f"{self.issuer}/consent?transaction={asked.transaction}"

    def asked(self, transaction: str) -> ConsentRequest | None:
        """Return the question of this name that waits for an answer."""
        asked = self._asked.get(transaction)
        return asked if asked is not None and asked.expires > time.monotonic() else None

    def answer(self, asked: ConsentRequest, person: str | None, scopes: Sequence[str] = ()) -> str:
        """Take the answer to a question, and return the URL that the browser goes to.

        Args:
            asked: The question.
            person: The person who allows it; None if it is denied.
            scopes: The scopes that they allow, of those in the question.
        """
        self._asked.pop(asked.transaction, None)
        back, state = str(asked.params.redirect_uri), asked.params.state
        if person is None:
            return construct_redirect_uri(back, error="access_denied", state=state, iss=self.issuer)
        code = self.grants.add(Grant(asked.client.client_id, person, list(scopes), asked.params))
        return construct_redirect_uri(back, code=code, state=state, iss=self.issuer)

    async def load_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: str
    ) -> AuthorizationCode | None:
        """Return a code of a client that was not used."""
        grant = self.grants.by_code(authorization_code, client.client_id)
        if grant is None:
            return None
        return AuthorizationCode(
            code=authorization_code,
            scopes=grant.scopes,
            expires_at=grant.code_expires,
            client_id=grant.client_id,
            code_challenge=grant.params.code_challenge,
            redirect_uri=grant.params.redirect_uri,
            redirect_uri_provided_explicitly=grant.params.redirect_uri_provided_explicitly,
            resource=self.resource,
            subject=grant.person,
        )

    async def exchange_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: AuthorizationCode
    ) -> OAuthToken:
        """Return the first tokens of a grant.

        Raises:
            TokenError: The code was used.
        """
        grant = self.grants.by_code(authorization_code.code, client.client_id)
        if grant is None:
            raise TokenError("invalid_grant", "authorization code does not exist")
        return grant.renew(grant.scopes)

    async def load_refresh_token(self, client: OAuthClientInformationFull, refresh_token: str) -> RefreshToken | None:
        """Return the refresh token of a client, if it is the current one."""
        grant = self.grants.by_refresh(refresh_token, client.client_id)
        if grant is None:
            return None
        return RefreshToken(
            token=refresh_token,
            client_id=grant.client_id,
            scopes=grant.scopes,
            expires_at=grant.refresh_expires,
            resource=self.resource,
            subject=grant.person,
        )

    async def exchange_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: RefreshToken, scopes: list[str]
    ) -> OAuthToken:
        """Return new tokens for a refresh token, which is then used.

        Raises:
            TokenError: It was used.
        """
        grant = self.grants.by_refresh(refresh_token.token, client.client_id)
        if grant is None:
            raise TokenError("invalid_grant", "refresh token does not exist")
        return grant.renew(scopes)

    async def load_access_token(self, token: str) -> AccessToken | None:
        """Return what an access token allows; None if it is not valid now."""
        grant = self.grants.by_access(token)
        if grant is None:
            return None
        return AccessToken(
            token=token,
            client_id=grant.client_id,
            scopes=grant.access_scopes,
            expires_at=grant.access_expires,
            resource=self.resource,
            subject=grant.person,
            claims={"iss": self.issuer, "sub": grant.person},
        )

    async def revoke_token(self, token: AccessToken | RefreshToken) -> None:
        """End the grant of a token.

        The SDK's protocol has this method. No endpoint calls it: the SDK's handler of revocation refuses clients that
        have no secret.
        """
        found = self.grants.by_access(token.token) or self.grants.by_refresh(token.token, token.client_id)
        if found is not None:
            self.grants.end(found)


def same_resource(asked: str, resource: str) -> bool:
    """Return whether a resource indicator is this resource; a slash at its end makes no difference."""
    try:
        return str(AnyHttpUrl(asked)).rstrip("/") == str(AnyHttpUrl(resource)).rstrip("/")
    except ValidationError:
        return False
