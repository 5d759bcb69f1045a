"""The public keys of an issuer (JWKS), fetched when they are needed and kept for a while."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

import anyio
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from .services import Unavailable, answer_of, checked_url

__all__ = ["IssuerKeys"]

METADATA_PATHS = ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")

FRESH_SECONDS = 600
"""Seconds for which keys are used without asking again."""

AGAIN_SECONDS = 30
"""The fewest seconds between two requests, so that tokens with invented key ids do not make requests."""

MOST_KEYS = 100

log = logging.getLogger(__name__)


class IssuerKeys:
    """The keys of one issuer.

    Attributes:
        issuer: The issuer.
        url: The URL of its keys; found in the issuer's metadata if not given.
    """

    def __init__(self, issuer: str, url: str | None = None) -> None:
        """Take the issuer; nothing is fetched yet.

        Raises:
            ValueError: A URL is not https.
        """
        self.issuer = checked_url(issuer, "the issuer")
        self.url = checked_url(url, "the URL of the keys") if url else None
        self._keys: list[PyJWK] = []
        self._fetched = self._asked = -float("inf")
        self._why: Unavailable | None = None
        self._lock = anyio.Lock()

    async def matching(self, header: Mapping[str, Any]) -> list[PyJWK]:
        """Return the keys that a token with this header can be signed with.

        Keys that were replaced are found by asking again, once in `AGAIN_SECONDS`. While the issuer does not answer,
        the last keys that it gave are used.

        Raises:
            Unavailable: There are no keys yet, and the issuer does not give any.
        """
        if time.monotonic() - self._fetched > FRESH_SECONDS or not _matching(self._keys, header):
            await self._refresh()
        return _matching(self._keys, header)

    async def ready(self) -> None:
        """Fetch the keys if there are none.

        Raises:
            Unavailable: The issuer does not give any.
        """
        if not self._keys:
            await self._refresh()

    async def _refresh(self) -> None:
        begun = time.monotonic()
        async with self._lock:
            if self._asked < begun - AGAIN_SECONDS:
                self._asked = time.monotonic()
                try:
                    self._keys = await self._fetch()
                    self._fetched, self._why = self._asked, None
                except Unavailable as error:
                    self._why = error
                    log.warning("The keys of %s cannot be fetched: %s", self.issuer, error)
            if self._why is not None and not self._keys:
                raise self._why

    async def _fetch(self) -> list[PyJWK]:
        url = self.url or await self._find()
        listed = (await answer_of(url)).get("keys")
        if not isinstance(listed, list):
            raise Unavailable(f"{url} has no keys")
        keys = []
        for one in listed[:MOST_KEYS]:
            # A symmetric key in a public list would let everyone sign.
            if isinstance(one, dict) and one.get("kty") in ("RSA", "EC", "OKP") and one.get("use", "sig") == "sig":
                try:
                    keys.append(PyJWK(one))
                except (PyJWTError, ValueError, TypeError):
                    log.warning("A key of %s cannot be used: %r", self.issuer, one.get("kid"))
        if not keys:
            raise Unavailable(f"{url} has no key that can be used")
        return keys

    async def _find(self) -> str:
        """Return the URL of the keys, as the issuer's metadata gives it (RFC 8414, OpenID Connect Discovery)."""
        why: Unavailable | None = None
        for url in self._metadata_urls():
            try:
                found = await answer_of(url)
            except Unavailable as error:
                why = why or error
                continue
            if found.get("issuer") != self.issuer:
                raise Unavailable(f"{url} is the metadata of {found.get('issuer')!r}, not of {self.issuer!r}")
            try:
                return checked_url(str(found.get("jwks_uri")), "jwks_uri")
            except ValueError as error:
                raise Unavailable(str(error)) from None
        raise why or Unavailable(f"{self.issuer} has no metadata")

    def _metadata_urls(self) -> list[str]:
        scheme, _, rest = self.issuer.partition("://")
        host, slash, path = rest.partition("/")
        path = f"{slash}{path}".rstrip("/")
        inserted = [f"{scheme}://{host}{known}{path}" for known in METADATA_PATHS]
        return [*inserted, f"{self.issuer.rstrip('/')}{METADATA_PATHS[1]}"] if path else inserted


def _matching(keys: list[PyJWK], header: Mapping[str, Any]) -> list[PyJWK]:
    """Return the keys with the id of the header; all of them that have the type of its algorithm, if it names none."""
    kid = header.get("kid")
    return [key for key in keys if key.algorithm_name == header.get("alg") and (kid is None or key.key_id == kid)]
