"""Let in those who have one of a few tokens, which the operator has handed out."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

from mcp.server.auth.provider import AccessToken

from .claims import LONGEST_TOKEN

__all__ = ["NamedTokens"]

SHORTEST = 20
"""The fewest characters of a token: a shorter one can be guessed."""

MOST = 100
"""The most tokens, because each request is compared with all of them."""


class NamedTokens:
    """A `TokenVerifier` of the SDK for a small number of tokens that do not expire."""

    def __init__(self, tokens: Mapping[str, tuple[str, Sequence[str]]]) -> None:
        """Take the tokens.

        Args:
            tokens: By the name of who has it, a token and the scopes that it allows.

        Raises:
            ValueError: A token is short, or two have the same.
        """
        if not tokens or len(tokens) > MOST:
            raise ValueError(f"There must be 1 to {MOST} tokens, and there are {len(tokens)}.")
        for name, (token, _) in tokens.items():
            if len(token) < SHORTEST or not token.isascii() or not token.isprintable() or " " in token:
                raise ValueError(f"The token of {name} must have {SHORTEST} characters or more, without spaces.")
        if len({token for token, _ in tokens.values()}) < len(tokens):
            raise ValueError("Two have the same token, so that nobody knows who calls.")
        self._known = [(_digest(token), name, list(scopes)) for name, (token, scopes) in tokens.items()]

    @classmethod
    def from_json(cls, text: str) -> NamedTokens:
        """Read tokens such as ``{"ada": {"token": "...", "scopes": ["notes:write"]}}`` or ``{"ada": "..."}``.

        Raises:
            ValueError: It is not such a text; the error does not have the tokens in it.
        """
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            raise ValueError("The tokens are not JSON.") from None
        if not isinstance(found, dict):
            raise ValueError("The tokens are not an object with names.")
        return cls({name: _one(name, value) for name, value in found.items()})

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return what a token allows; None if nobody has it. All are compared, in constant time."""
        if len(token) > LONGEST_TOKEN:
            return None
        digest, found = _digest(token), None
        for known, name, scopes in self._known:
            if hmac.compare_digest(digest, known):
                found = AccessToken(token=token, client_id=name, scopes=scopes, subject=name)
        return found

    async def check(self) -> None:
        """Do nothing: nobody else is needed."""


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()


def _one(name: str, value: Any) -> tuple[str, Sequence[str]]:
    given = {"token": value} if isinstance(value, str) else value
    token, scopes = (given.get("token"), given.get("scopes", [])) if isinstance(given, dict) else (None, None)
    if not isinstance(token, str) or not isinstance(scopes, list) or not all(isinstance(one, str) for one in scopes):
        raise ValueError(f'The token of {name} is not {{"token": "...", "scopes": ["..."]}}.')
    return token, scopes
