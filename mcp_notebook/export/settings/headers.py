"""Secrets in the headers of HTTP: what follows a scheme such as ``Token``, and what cookies hold."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mcp_notebook.export.settings.wording import is_filling, is_placeholder, is_word, words

__all__ = ["HEADER", "credentials", "has_pairs", "is_header"]

HEADER = re.compile(
    r"""(?i)(?<![\w-])(?P<name>(?:proxy-|x-[\w-]{0,20})?authori[sz]ation|(?:set-)?cookie)\\*["']?\s*[:=]\s*\\*["']?"""
    r"""(?P<value>[A-Za-z][^\n\\'"`]{6,}(?:"[^\n"]*"[^\n\\'"`]*)*)"""
)
"""A header in a text: in a request that is written out, on a command line, in a dict."""

SCHEMES = {
    "basic", "bearer", "token", "apikey", "api-key", "api_key", "key", "digest", "hawk", "ntlm", "negotiate", "ssws",
    "splunk", "hmac", "oauth", "googlelogin", "dpop", "mutual", "privatetoken", "private-token", "jwt", "bot", "user",
    "client-id", "sharedkey", "sharedkeylite", "sharedaccesssignature", "aws", "aws4-hmac-sha256", "snowflake",
    "genie", "geniekey", "discogs", "mediabrowser", "scram-sha-256", "scram-sha-1", "vapid", "webpush", "session",
    "zoho-oauthtoken", "klaviyo-api-key", "pve", "pveapitoken", "wsse", "usernametoken", "kerberos", "secret",
}  # fmt: skip
"""Words before what is secret. A word that is none of them is taken for one where what follows was made up."""

CREDENTIAL = re.compile(r"(?P<scheme>[A-Za-z][\w-]{1,30})(?:\s+|=(?=\w+!))(?P<rest>\S.*?)\s*$", re.DOTALL)
PAIR = re.compile(r"""[\w.!-]+=(?P<value>"[^"]*"|[^\s;,]+)""")
ONE = re.compile(r"[^\s\"'<>{}]+")


PAIRED = (
    "oauth ",
    "digest ",
    "hawk ",
    "aws4-hmac-sha256 ",
    "vapid ",
    "signature ",
    "mediabrowser ",
    "acs3-hmac-sha256 ",
)
"""Schemes that pairs of names and values follow: a text that begins so is a header, whatever it is given to."""


def has_pairs(text: str) -> bool:
    """Whether a text is the value of a header with pairs in it."""
    return text[:20].lower().startswith(PAIRED) and "=" in text


def is_header(name: str) -> bool:
    """Whether what has this name is the value of a header with a scheme or pairs in it."""
    return not {"authorization", "authorisation", "cookie", "auth", "bearer"}.isdisjoint(words(name))


def credentials(name: str, value: str) -> Iterator[tuple[int, int]]:
    """Yield where the secrets are in the value of a header.

    Args:
        name: The header, or a variable that holds one.
        value: All of it.
    """
    if "cookie" in name.lower():
        yield from _cookies(value)
        return
    match = CREDENTIAL.match(value)
    if match is None:
        return
    rest = match["rest"]
    pairs = [pair["value"].strip('"') for pair in PAIR.finditer(rest)]
    if " " in rest.strip() or (pairs and "=" in rest.rstrip("=")):
        if "=" in rest and any(_is_secret(each, known=False) for each in pairs):
            yield match.span("rest")
        elif (first := ONE.match(rest)) and _is_secret(first[0], known=False) and match["scheme"].lower() in SCHEMES:
            yield match.start("rest"), match.start("rest") + first.end()
    elif _is_secret(rest.rstrip(",.;)"), known=match["scheme"].lower() in SCHEMES):
        yield match.start("rest"), match.start("rest") + len(rest.rstrip(",.;)"))


def _cookies(value: str) -> Iterator[tuple[int, int]]:
    for pair in PAIR.finditer(value):
        if _is_secret(pair["value"], known=False):
            yield pair.span("value")


def _is_secret(text: str, *, known: bool) -> bool:
    if is_placeholder(text, "pass") or is_filling(text) or "{}" in text:
        return False
    if known and len(text) >= 6 and (not is_word(text) or len(text) >= 16):
        return True
    return len(text) >= 8 and any(map(str.isalpha, text)) and any(map(str.isdigit, text))
