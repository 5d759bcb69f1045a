"""Let the people of a class in with a short code, which they type, and make it useless to guess."""

from __future__ import annotations

import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_notebook.server.auth import Token

__all__ = ["CODE_HEADER", "GUEST_HEADER", "CodeGate", "as_code", "in_groups", "new_code"]

ALPHABET: Final = "23456789BCDFGHJKMNPQRSTVWXYZ"
"""Characters that are not mistaken for each other, and spell no words."""

LENGTH: Final = 8
"""Characters of a code: 28^8 are 378 billion codes."""

CODE_HEADER: Final = "Mcp-Class-Code"
"""The header with the code. The door passes it on; `Authorization` it keeps for Jupyter."""

GUEST_HEADER: Final = "Mcp-Class-Guest"
"""The header with the id of one who may be in already."""

AT_ONCE, A_SECOND = 30, 1.0
"""Wrong codes from one address that are answered at once, and how many more each second."""

ALL_AT_ONCE, ALL_A_SECOND = 300, 10.0
"""The same for all addresses together."""

MOST_ADDRESSES: Final = 1_000


def new_code() -> Token:
    """Return a new random code."""
    return Token("".join(secrets.choice(ALPHABET) for _ in range(LENGTH)))


def as_code(typed: str) -> Token:
    """Return a code as it is compared, from what a person typed."""
    return Token("".join(typed.upper().replace("-", " ").split()))


def in_groups(code: str) -> str:
    """Write a code in two groups, as people read it."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


class _Bucket:
    """A number that grows with time, up to a limit, and of which some is taken."""

    def __init__(self, most: float, a_second: float, now: float) -> None:
        self._most, self._a_second = most, a_second
        self._left, self._seen = float(most), now

    def left(self, now: float) -> float:
        """Return how much is left now."""
        self._left = min(self._most, self._left + (now - self._seen) * self._a_second)
        self._seen = now
        return self._left

    def take(self, now: float) -> None:
        """Take one out."""
        self._left = max(self.left(now) - 1, 0)


class CodeGate:
    """Lets requests with the code pass, and answers others with 401.

    After many wrong codes, a code is not even compared for a while (429), so that trying codes tells nothing. Those who
    are in already are compared always: they know the code, and nobody can keep them out by sending wrong ones.

    Args:
        app: The app behind the gate.
        code: The code.
        knows: Returns whether an id is that of a guest who is in already.
        clock: Returns seconds.
    """

    def __init__(
        self, app: ASGIApp, code: Token, knows: Callable[[str], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.app = app
        self._expected = code.encode()
        self._knows = knows
        self._clock = clock
        self._all = _Bucket(ALL_AT_ONCE, ALL_A_SECOND, clock())
        self._wrong: OrderedDict[str, _Bucket] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as an ASGI app."""
        if scope["type"] != "http" or (refusal := self._refusal(scope)) is None:
            await self.app(scope, receive, send)
        else:
            await refusal(scope, receive, send)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        headers = dict(scope["headers"])
        given = _given(headers)
        if given is None:
            return _answer(401, f"This server needs the class code: send the header '{CODE_HEADER}: CODE'.")
        now, bucket = self._clock(), self._bucket(scope)
        known = self._knows(headers.get(GUEST_HEADER.lower().encode(), b"").decode("latin-1"))
        if not known and min(bucket.left(now), self._all.left(now)) < 1:
            return _answer(429, "Many wrong codes came, so codes are not compared for a moment. Try again in a minute.")
        if hmac.compare_digest(given, self._expected):
            return None
        bucket.take(now)
        self._all.take(now)
        return _answer(401, "This is not the class code.")

    def _bucket(self, scope: Scope) -> _Bucket:
        client = scope.get("client")
        address = client[0] if client else ""
        bucket = self._wrong.pop(address, None) or _Bucket(AT_ONCE, A_SECOND, self._clock())
        self._wrong[address] = bucket
        if len(self._wrong) > MOST_ADDRESSES:
            self._wrong.popitem(last=False)
        return bucket


def _given(headers: dict[bytes, bytes]) -> bytes | None:
    """Return the code that a request carries: in its own header, or as a token, as any client can send it."""
    if (code := headers.get(CODE_HEADER.lower().encode())) is not None:
        return _compact(code)
    scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
    return _compact(token) if scheme.lower() == b"bearer" and token.strip() else None


def _compact(code: bytes) -> bytes:
    return code.upper().replace(b"-", b"").strip()


def _answer(status: int, words: str) -> JSONResponse:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {"Retry-After": "60"}
    return JSONResponse({"error": words}, status_code=status, headers=headers)
