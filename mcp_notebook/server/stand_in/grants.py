"""Keep what people have granted: the code, then the access token and the refresh token of each grant.

A code or token is ``ID.SECRET``. The id finds the grant; the secret is compared with the one that is valid now. So a
code or refresh token that was used before is recognized as such, and ends the grant (OAuth 2.1, sections 4.1.3, 4.3.1).
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from mcp.server.auth.provider import AuthorizationParams
from mcp.shared.auth import OAuthToken

__all__ = ["Grant", "Grants"]

CODE_SECONDS = 60.0
ACCESS_SECONDS = 600
REFRESH_SECONDS = 24 * 3600
MOST_GRANTS = 1000
"""Most grants that are kept; one more replaces the oldest."""


def _secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass
class Grant:
    """One person's permission for one client.

    Attributes:
        client_id: The client.
        person: The person who signed in.
        scopes: The scopes that they allowed.
        params: The authorization request.
        code: The secret of the code, valid until `code_expires`, in seconds since the epoch.
        redeemed: Whether the code was used.
        access: The secret of the access token, valid until `access_expires`; "" before there is one.
        access_scopes: The scopes of the access token.
        refresh: The secret of the refresh token, valid until `refresh_expires`.
    """

    client_id: str
    person: str
    scopes: list[str]
    params: AuthorizationParams
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    code: str = field(default_factory=_secret)
    code_expires: float = field(default_factory=lambda: time.time() + CODE_SECONDS)
    redeemed: bool = False
    access: str = ""
    access_expires: int = 0
    access_scopes: list[str] = field(default_factory=list)
    refresh: str = ""
    refresh_expires: int = 0

    def renew(self, scopes: Sequence[str]) -> OAuthToken:
        """Replace both tokens by new ones, the access token with these scopes."""
        self.redeemed = True
        self.access, self.refresh = _secret(), _secret()
        self.access_expires = int(time.time()) + ACCESS_SECONDS
        self.refresh_expires = int(time.time()) + REFRESH_SECONDS
        self.access_scopes = list(scopes)
        return OAuthToken(
            access_token=f"{self.id}.{self.access}",
            expires_in=ACCESS_SECONDS,
            scope=" ".join(scopes),
            refresh_token=f"{self.id}.{self.refresh}",
        )


class Grants:
    """The grants of one stand-in, in memory."""

    def __init__(self) -> None:
        self._grants: OrderedDict[str, Grant] = OrderedDict()

    def add(self, grant: Grant) -> str:
        """Keep a grant, and return its code."""
        self._grants[grant.id] = grant
        if len(self._grants) > MOST_GRANTS:
            self._grants.popitem(last=False)
        return f"{grant.id}.{grant.code}"

    def end(self, grant: Grant) -> None:
        """Make the code and the tokens of a grant invalid."""
        self._grants.pop(grant.id, None)

    def by_code(self, code: str, client_id: str) -> Grant | None:
        """Return the grant of a client's code; a code that was used before ends its grant."""
        grant, secret = self._named(code)
        if grant is None or grant.client_id != client_id or not _equal(secret, grant.code):
            return None
        if grant.redeemed:
            self.end(grant)
            return None
        return grant

    def by_access(self, token: str) -> Grant | None:
        """Return the grant of an access token that is valid now."""
        grant, secret = self._named(token)
        valid = grant is not None and grant.access and _equal(secret, grant.access)
        return grant if grant is not None and valid and grant.access_expires > time.time() else None

    def by_refresh(self, token: str, client_id: str) -> Grant | None:
        """Return the grant of a client's refresh token; one that was replaced ends its grant."""
        grant, secret = self._named(token)
        if grant is None or grant.client_id != client_id or not grant.redeemed:
            return None
        if _equal(secret, grant.refresh):
            return grant
        self.end(grant)
        return None

    def _named(self, written: str) -> tuple[Grant | None, str]:
        id_, _, secret = written.partition(".")
        return self._grants.get(id_), secret


def _equal(given: str, valid: str) -> bool:
    return hmac.compare_digest(given.encode(errors="surrogatepass"), valid.encode())
