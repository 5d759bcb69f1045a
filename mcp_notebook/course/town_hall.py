"""A stand-in for an issuer of tokens that are JWTs, and the forgeries that attackers bring in place of them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from mcp_notebook.course.local_site import LocalSite, SiteReply, SiteRequest

__all__ = ["TownHall"]

SECONDS = 8 * 3600
"""Seconds for which a token is valid: a lesson takes time. A real issuer says a few minutes."""


class TownHall(LocalSite):
    """Issues tokens, and publishes the key that verifies them.

    Attributes:
        url: The name of the issuer, an address of this machine. It has the metadata (RFC 8414) and, at `keys`, the
            public key (a JWK set, RFC 7517).
        keys: The URL of the public keys.
    """

    def __init__(self) -> None:
        from cryptography.hazmat.primitives.asymmetric import ec  # a browser tab does not have it
        from jwt.algorithms import ECAlgorithm

        self._key = ec.generate_private_key(ec.SECP256R1())
        public = json.loads(ECAlgorithm.to_jwk(self._key.public_key()))
        self._published = {"keys": [{**public, "kid": "town-hall", "alg": "ES256", "use": "sig"}]}
        super().__init__("town-hall")
        self.keys = f"{self.url}/keys"
        self.listen()

    def answer(self, request: SiteRequest) -> SiteReply:
        """Publish the keys, and for any other path the metadata."""
        return SiteReply(self._published if request.path == "/keys" else {"issuer": self.url, "jwks_uri": self.keys})

    def claims(self, **claims: Any) -> dict[str, Any]:
        """Return the claims of a token that this issuer would write; None leaves a claim out."""
        whole = {"iss": self.url, "exp": int(time.time()) + SECONDS, **claims}
        return {name: value for name, value in whole.items() if value is not None}

    def sign(self, **claims: Any) -> str:
        """Issue a token with these claims; None leaves one out."""
        return self._signed(self.claims(**claims), self._key)

    def forgeries(self, audience: str) -> Mapping[str, str]:
        """Return tokens that a server with this audience must refuse, by what is wrong with them."""
        import jwt
        from cryptography.hazmat.primitives.asymmetric import ec

        good = {"sub": "ada", "aud": audience, "client_id": "reading-app", "scope": "loans:read"}
        own_key = ec.generate_private_key(ec.SECP256R1())
        wanted = self.claims(**{**good, "scope": "loans:write"})
        head, _, signature = self.sign(**good).split(".")
        body = self._signed(wanted, own_key).split(".")[1]
        return {
            "claims changed": f"{head}.{body}.{signature}",
            "signed with another key": self._signed(wanted, own_key),
            "not signed (alg: none)": jwt.encode(wanted, "", "none", headers={"kid": "town-hall"}),
            "HMAC with the public key": _hmac_signed(wanted, self.public_key()),
            "expired a minute ago": self.sign(**good, exp=int(time.time()) - 60),
            "without an expiry": self.sign(**good, exp=None),
            "for the swimming pool": self.sign(**{**good, "aud": "https://pool.example/mcp"}),
            "for a list without us": self.sign(**{**good, "aud": ["https://pool.example/mcp", "https://gym.example"]}),
            "from another issuer": self.sign(**good, iss="https://other-town.example"),
            "not a token": "sesame",
        }

    def public_key(self) -> bytes:
        """Return the public key as a text (PEM), as everybody can have it."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def _signed(self, claims: Mapping[str, Any], key: Any) -> str:
        import jwt

        return jwt.encode(dict(claims), key, "ES256", headers={"kid": "town-hall"})


def _hmac_signed(claims: Mapping[str, Any], secret: bytes) -> str:
    """Sign a token by hand: PyJWT refuses a public key as the secret of HMAC."""
    parts = [{"alg": "HS256", "typ": "JWT", "kid": "town-hall"}, claims]
    text = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.digest(secret, text, hashlib.sha256)).rstrip(b"=")
    return (text + b"." + signature).decode()
