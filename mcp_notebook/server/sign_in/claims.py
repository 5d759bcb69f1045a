"""Read what a token says: for whom it is, who has it, and what it allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mcp.server.auth.provider import AccessToken

__all__ = ["LONGEST_TOKEN", "access", "audience_of"]

LONGEST_TOKEN = 16 * 1024
"""The most characters of a token; longer ones are not read."""

CLIENT_CLAIMS = ("client_id", "azp", "cid", "appid")
"""The claims with the client, as authorization servers name them: RFC 9068 and 7662, OpenID Connect, Okta, Entra."""

SCOPE_CLAIMS = ("scope", "scp")
"""The claims in which they name the scopes: RFC 9068 and 7662; Okta and Microsoft Entra."""


def audience_of(claims: Mapping[str, Any], audiences: Sequence[str]) -> str | None:
    """Return the audience of a token that is one of the server's; None if there is none.

    A trailing slash makes no difference, because clients write the URL of a server with and without it.
    """
    said = claims.get("aud")
    listed = said if isinstance(said, list) else [said]
    own = {audience.rstrip("/") for audience in audiences}
    return next((one for one in listed if isinstance(one, str) and one.rstrip("/") in own), None)


def access(token: str, claims: Mapping[str, Any], audience: str) -> AccessToken:
    """Return what a verified token allows.

    A token without a client is taken as that of its subject, so that sessions and the state of calls, which belong to
    the client, the issuer and the subject together, are nobody else's.
    """
    subject = _text(claims.get("sub"))
    client = next((text for text in map(_text, map(claims.get, CLIENT_CLAIMS)) if text), subject or "")
    expires = claims.get("exp")
    return AccessToken(
        token=token,
        client_id=client,
        scopes=_scopes(claims),
        expires_at=int(expires) if isinstance(expires, (int, float)) else None,
        resource=audience,
        subject=subject,
        claims=dict(claims),
    )


def _scopes(claims: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for claim in SCOPE_CLAIMS:
        said = claims.get(claim)
        listed = said.split() if isinstance(said, str) else said if isinstance(said, list) else []
        found += [one for one in listed if isinstance(one, str)]
    return list(dict.fromkeys(found))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
