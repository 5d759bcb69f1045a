"""The cases of the exercises about tokens: headers, the answers of a sign-in, good tokens and forgeries."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlencode

from mcp_notebook.course.checking.bench import Bench, entries
from mcp_notebook.course.checking.cases import Probe

__all__ = ["ADA", "GRACE", "ISSUER", "OTHER", "arguments_of", "back", "forged", "header", "issued", "ways_to_compare"]


class _Seen(bytes):
    """The bytes of a token, which note that `==` compares them."""

    def __eq__(self, other: object) -> bool:
        _Token.compared.append("==")
        return bytes.__eq__(self, other)

    __hash__ = bytes.__hash__


class _Token(str):
    """A token, which notes that `==` compares it, also in a list or a dict."""

    compared: ClassVar[list[str]] = []

    def __eq__(self, other: object) -> bool:
        _Token.compared.append("==")
        return str.__eq__(self, other)

    __hash__ = str.__hash__

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return _Seen(str.encode(self, encoding, errors))


ADA, GRACE = "the-token-of-ada", "the-token-of-grace"


def _called(bench: Bench, header: str | None) -> Any:
    """Call the learner's function with callers of the check."""
    callers: dict[str, str] = bench.namespace["CALLERS"]
    kept = dict(callers)
    callers.clear()
    callers.update(ada=_Token(ADA), grace=_Token(GRACE))
    _Token.compared.clear()
    try:
        return bench.namespace["caller_of"](header)
    finally:
        callers.clear()
        callers.update(kept)


def header(value: str | None, about: str, result: str | None) -> Probe:
    """Return the case of one header for `caller_of`."""
    return Probe(f"caller_of({value!r})", about, lambda bench: _called(bench, value), result)


def ways_to_compare(bench: Bench) -> list[str]:
    """Return the ways, other than in constant time, in which `caller_of` compares tokens."""
    _called(bench, f"Bearer {GRACE}")
    return sorted(set(_Token.compared))


ISSUER, OTHER = "https://town-hall.example", "https://mallory.example"


def _answered(bench: Bench, came: dict[str, str], promised: bool, says: str | None) -> str:
    sent = {"state": "s-81", "issuer": ISSUER, "iss_promised": promised}
    try:
        found = bench.namespace["code_from"](f"http://127.0.0.1:5173/back?{urlencode(came)}", sent)
    except ValueError as error:
        if says is None or says in str(error):
            return "refused"
        return f"ValueError({str(error)!r}), without the word {says!r}"
    return str(found)


def back(about: str, result: str, says: str | None = None, promised: bool = True, **came: str | None) -> Probe:
    """Return the case of one address; parameters that are None are left out."""
    whole = {"code": "c-27", "state": "s-81", "iss": ISSUER, **came}
    found = {name: value for name, value in whole.items() if value is not None}
    words = f"?{urlencode(found, safe=':/')}{'' if promised else ', iss not promised'}"
    return Probe(words, about, lambda bench: _answered(bench, found, promised, says), result)


async def arguments_of(bench: Bench) -> list[str]:
    """Return the names of the arguments of the tool, as clients see them."""
    return sorted((await entries(bench.client))[bench.name]["inputSchema"]["properties"])


GOOD: dict[str, Any] = {"sub": "ada", "client_id": "reading-app", "scope": "loans:read loans:write"}


def _verified(bench: Bench, token: str) -> str:
    found = bench.namespace["verify"](token)
    if found is None:
        return "refused"
    return f"{found.subject} by {found.client_id}, scopes {' '.join(found.scopes) or 'none'}"


def issued(words: str, about: str, result: str, **claims: Any) -> Probe:
    """Return the case of a token that the issuer signs with these claims, beside those of a good one."""

    def look(bench: Bench) -> str:
        whole = {**GOOD, "aud": bench.namespace["AUDIENCE"], **claims}
        if claims.get("aud") == "a list":
            whole["aud"] = ["https://pool.example/mcp", bench.namespace["AUDIENCE"]]
        return _verified(bench, bench.namespace["town_hall"].sign(**whole))

    return Probe(words, about, look, result)


def forged(name: str, about: str) -> Probe:
    """Return the case of one of the forgeries."""

    def look(bench: Bench) -> str:
        return _verified(bench, bench.namespace["town_hall"].forgeries(bench.namespace["AUDIENCE"])[name])

    return Probe(name, about, look, "refused")
