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


def bad_tokens(token: str) -> dict[str, str]:
    """Return texts that are nearly the token, by what is wrong with each."""
    return {
        "no end": token[:-1],
        "no beginning": token[1:],
        "more": f"{token}x",
        "more before": f"x{token}",
        "another end": token[:-1] + ("A" if token[-1] != "A" else "B"),
        "case": token.swapcase(),
        "NUL": f"{token}\x00",
        "short": "x",
        "twice": f"{token} {token}",
        "comma": f"{token},{token}",
        "quotes": f'"{token}"',
        "percent": f"{token}%00",
        "null": "null",
        "long": token * 500,
        "empty": "",
    }


def bad_jwts(issuer: Issuer) -> dict[str, str]:
    """Return JWTs, by the one thing that is wrong with each."""
    now = time.time()
    key, stranger = issuer.keys[0], Key(issuer.keys[0].kid)
    good = issuer.token()
    header, claims, signature = good.split(".")
    public = key.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return {
        "expired": issuer.token(exp=now - 3_600),
        "not yet valid": issuer.token(nbf=now + 3_600),
        "another audience": issuer.token(aud="https://other.example/mcp"),
        "another issuer": issuer.token(iss="https://other.example"),
        "another key": issuer.token(stranger),
        "no end": issuer.token(exp=None),
        "no audience": issuer.token(aud=None),
        "alg none": unsigned(issuer.claims(), "none"),
        "alg NonE": unsigned(issuer.claims(), "NonE"),
        "key confusion": shared(issuer.claims(), public),
        "no signature": f"{header}.{claims}.",
        "other claims": f"{header}.{_part({**issuer.claims(), 'scope': 'notes:write'})}.{signature}",
        "path as key id": f"{_part({'alg': 'RS256', 'kid': '../../dev/null'})}.{claims}.{signature}",
        "key in the token": issuer.token(stranger, headers={"jwk": stranger.public, "jku": "https://other.example"}),
        "deep": f"{header}.{base64.urlsafe_b64encode(b'[' * 6_000).decode()}.{signature}",
        "case": good.swapcase(),
    }


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
