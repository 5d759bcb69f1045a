"""A stand-in for cryptography, for tests only: what is sealed with it can be read by anybody, but not changed."""

from __future__ import annotations

import hashlib
import hmac
import sys
from types import ModuleType
from typing import Any

__path__: list[str] = []


class InvalidTag(Exception):
    """What was sealed has been changed, or sealed with another key."""


class SHA256:
    """The name of a hash."""


class HKDF:
    """RFC 5869 with SHA-256, for one block."""

    def __init__(self, algorithm: SHA256, length: int, salt: bytes | None, info: bytes) -> None:
        self._length, self._salt, self._info = length, salt or bytes(32), info

    def derive(self, secret: bytes) -> bytes:
        extracted = hmac.digest(self._salt, secret, hashlib.sha256)
        return hmac.digest(extracted, self._info + b"\x01", hashlib.sha256)[: self._length]


class AESGCM:
    """Has the methods of the cipher, and only adds a tag."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def encrypt(self, nonce: bytes, data: bytes, associated: bytes | None) -> bytes:
        return data + self._tag(nonce, data, associated)

    def decrypt(self, nonce: bytes, sealed: bytes, associated: bytes | None) -> bytes:
        data, tag = sealed[:-16], sealed[-16:]
        if not hmac.compare_digest(tag, self._tag(nonce, data, associated)):
            raise InvalidTag
        return data

    def _tag(self, nonce: bytes, data: bytes, associated: bytes | None) -> bytes:
        return hmac.digest(self._key, nonce + (associated or b"") + b"\0" + data, hashlib.sha256)[:16]


def __getattr__(name: str) -> Any:
    # PyJWT asks for x509 first, and does without the package if a module is missing.
    raise ModuleNotFoundError(name) if name == "x509" else AttributeError(name)


def _module(name: str, **members: Any) -> None:
    module = sys.modules[f"{__name__}.{name}"] = ModuleType(f"{__name__}.{name}")
    module.__path__ = []
    for key, value in members.items():
        setattr(module, key, value)


_module("exceptions", InvalidTag=InvalidTag)
for _package in ("hazmat", "hazmat.primitives", "hazmat.primitives.ciphers", "hazmat.primitives.kdf"):
    _module(_package)
_module("hazmat.primitives.ciphers.aead", AESGCM=AESGCM)
_module("hazmat.primitives.hashes", SHA256=SHA256)
_module("hazmat.primitives.kdf.hkdf", HKDF=HKDF)
