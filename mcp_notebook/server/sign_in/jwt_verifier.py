"""Verify access tokens that are JWTs, with the keys of their issuer (RFC 9068)."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import jwt
from jwt.exceptions import PyJWTError
from mcp.server.auth.provider import AccessToken

from .claims import LONGEST_TOKEN, access, audience_of
from .keys import IssuerKeys

__all__ = ["ALGORITHMS", "JwtVerifier"]

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""The algorithms that are accepted: those with a public key. With a shared key, the server could sign tokens itself."""

SKEW = 30
"""Seconds by which the clocks of the issuer and of this machine may differ."""

MOST_KEYS_TRIED = 5

log = logging.getLogger(__name__)


class _RefusedError(Exception):
    """A token is not valid."""


class JwtVerifier:
    """A `TokenVerifier` of the SDK for JWTs."""

    def __init__(
        self, issuer: str, audiences: Sequence[str], *, jwks_url: str | None = None, skew: float = SKEW
    ) -> None:
        """Take whose tokens are accepted, and for whom they must be.

        Args:
            issuer: The ``iss`` of the tokens, exactly.
            audiences: The names of this server; one must be in the ``aud`` of a token.
            jwks_url: The URL of the issuer's keys; found in its metadata if not given.
            skew: Seconds by which clocks may differ.

        Raises:
            ValueError: There is no audience, or a URL is not https.
        """
        if not any(audiences):
            raise ValueError("A token must be for somebody: give the audience.")
        self.audiences = [audience for audience in audiences if audience]
        self.skew = skew
        self.keys = IssuerKeys(issuer, jwks_url)

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return what a token allows; None if it is not valid. The reason is in the log.

        Raises:
            Unavailable: The issuer's keys cannot be fetched.
        """
        try:
            return await self._verified(token)
        except _RefusedError as why:
            log.info("A token is refused: %s", why)
            return None

    async def _verified(self, token: str) -> AccessToken:
        if len(token) > LONGEST_TOKEN:
            raise _RefusedError("it is too long")
        try:
            header = jwt.get_unverified_header(token)
        except (PyJWTError, ValueError, RecursionError):
            raise _RefusedError("it is not a JWT") from None
        if header.get("alg") not in ALGORITHMS:
            raise _RefusedError(f"its algorithm is {header.get('alg')!r}")
        why = "no key of the issuer has its id and algorithm"
        for key in (await self.keys.matching(header))[:MOST_KEYS_TRIED]:
            try:
                claims = jwt.decode(
                    token,
                    key,
                    algorithms=[key.algorithm_name],
                    issuer=self.keys.issuer,
                    leeway=self.skew,
                    # The audience is compared below: PyJWT's comparison knows no trailing slash.
                    options={"require": ["exp", "iss", "aud"], "verify_aud": False, "verify_sub": False},
                )
            except (PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
                why = f"{type(error).__name__}: {error}"
                continue
            audience = audience_of(claims, self.audiences)
            if audience is None:
                raise _RefusedError("it is for another server")
            return access(token, claims, audience)
        raise _RefusedError(why)

    async def check(self) -> None:
        """Fetch the keys if there are none.

        Raises:
            Unavailable: The issuer does not give any.
        """
        await self.keys.ready()
