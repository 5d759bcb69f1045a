"""Tokens that nobody may let in, made from one that is let in, or with the keys of an issuer."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from cryptography.hazmat.primitives import serialization

from tests.support.issuer import Issuer, Key

__all__ = ["bad_jwts", "bad_tokens"]


def bad_tokens(token: str) -> list[str]:
    """Return texts that are nearly the token."""
    other = "A" if token[-1] != "A" else "B"
    return [
        token[:-1], token[1:], f"{token}x", f"x{token}", token[:-1] + other, token.swapcase(), f"{token}\x00", "x",
        f"{token} {token}", f"{token},{token}", f'"{token}"', f"{token}%00", "null", "undefined", token * 500, "",
    ]  # fmt: skip


def bad_jwts(issuer: Issuer) -> list[str]:
    """Return JWTs, each wrong in one thing."""
    now = time.time()
    key, stranger = issuer.keys[0], Key(issuer.keys[0].kid)
    good = issuer.token()
    header, claims, signature = good.split(".")
    public = key.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return [
        issuer.token(exp=now - 3_600),
        issuer.token(nbf=now + 3_600),
        issuer.token(aud="https://other.example/mcp"),
        issuer.token(iss="https://other.example"),
        issuer.token(stranger),
        issuer.token(exp=None),
        issuer.token(aud=None),
        unsigned(issuer.claims(), "none"),
        unsigned(issuer.claims(), "NonE"),
        shared(issuer.claims(), public),
        f"{header}.{claims}.",
        f"{header}.{_part({**issuer.claims(), 'scope': 'notes:write'})}.{signature}",
        f"{_part({'alg': 'RS256', 'kid': '../../dev/null'})}.{claims}.{signature}",
        f"{_part({'alg': 'RS256', 'jwk': key.public, 'jku': 'https://other.example'})}.{claims}.{signature}",
        f"{header}.{base64.urlsafe_b64encode(b'[' * 6_000).decode()}.{signature}",
        good.swapcase(),
    ]


def unsigned(claims: dict[str, Any], algorithm: str) -> str:
    """Return a token that says that it needs no signature."""
    return f"{_part({'alg': algorithm, 'typ': 'JWT'})}.{_part(claims)}."


def shared(claims: dict[str, Any], key: bytes) -> str:
    """Return a token signed with what everyone knows: the issuer's public key, taken for a shared one."""
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
    digest = hmac.new(key, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
