"""Verify tokens by asking their issuer (RFC 7662)."""

from __future__ import annotations

import base64
import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote_plus

import anyio
from mcp.server.auth.provider import AccessToken

from .claims import LONGEST_TOKEN, access, audience_of
from .services import answer_of, checked_url

__all__ = ["IntrospectionVerifier"]

KEPT_SECONDS = 30
"""Seconds for which an answer is used again. A token that is withdrawn is let in for so long."""

MOST_KEPT = 10_000
MOST_AT_ONCE = 20
"""The most answers that are kept, and the most requests at a time."""

log = logging.getLogger(__name__)


class IntrospectionVerifier:
    """A `TokenVerifier` of the SDK that asks the authorization server about each token."""

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str,
        audiences: Sequence[str],
        *,
        issuer: str | None = None,
        kept: float = KEPT_SECONDS,
    ) -> None:
        """Take where to ask, and for whom tokens must be.

        Args:
            url: The introspection endpoint.
            client_id: The id of this server at the authorization server.
            client_secret: Its secret.
            audiences: The names of this server; one must be in the ``aud`` of an answer.
            issuer: The ``iss`` that an answer must have if it has one.
            kept: Seconds for which an answer is used again; 0 to ask each time.

        Raises:
            ValueError: There is no audience, or the URL is not https.
        """
        if not any(audiences):
            raise ValueError("A token must be for somebody: give the audience.")
        self.url = checked_url(url, "the introspection endpoint")
        self.audiences = [audience for audience in audiences if audience]
        self.issuer = issuer
        self.kept = kept
        # The id and the secret are form-encoded before they are joined (RFC 6749, 2.3.1).
        pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
        self._headers = {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        self._answers: OrderedDict[bytes, tuple[float, AccessToken | None]] = OrderedDict()
        self._limiter = anyio.CapacityLimiter(MOST_AT_ONCE)

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return what a token allows; None if it is not valid.

        Raises:
            Unavailable: The authorization server does not answer as it should.
        """
        if len(token) > LONGEST_TOKEN:
            return None
        digest = hashlib.sha256(token.encode(errors="surrogateescape")).digest()
        kept_until, found = self._answers.get(digest, (0.0, None))
        if kept_until > time.monotonic():
            return found
        async with self._limiter:
            answer = await answer_of(
                self.url, {"token": token, "token_type_hint": "access_token"}, headers=self._headers
            )
        found = self._read(token, answer)
        until = time.monotonic() + self.kept
        if found is not None and found.expires_at is not None:
            until = min(until, time.monotonic() + found.expires_at - time.time())
        self._answers[digest] = (until, found)
        self._answers.move_to_end(digest)
        if len(self._answers) > MOST_KEPT:
            self._answers.popitem(last=False)
        return found

    async def check(self) -> None:
        """Ask about a token that nobody has, so that it is known whether the authorization server answers.

        Raises:
            Unavailable: It does not.
        """
        await self.verify_token("")

    def _read(self, token: str, claims: Mapping[str, Any]) -> AccessToken | None:
        if claims.get("active") is not True:
            return None
        now = time.time()
        for claim, late in (("exp", False), ("nbf", True)):
            said = claims.get(claim)
            if said is not None and (not isinstance(said, (int, float)) or isinstance(said, bool)):
                return None
            if said is not None and ((said > now) if late else (said <= now)):
                return None
        if self.issuer is not None and claims.get("iss", self.issuer) != self.issuer:
            return None
        audience = audience_of(claims, self.audiences)
        if audience is None:
            log.info("A token is refused: it is for another server")
            return None
        return access(token, claims, audience)
