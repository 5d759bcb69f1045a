"""Find secrets in a text of any kind: keys of services, URLs with a password, headers, values given to a name."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from functools import lru_cache

from mcp_notebook.export.settings.command_lines import in_commands
from mcp_notebook.export.settings.known_formats import SecretPart, by_form, by_name, is_random
from mcp_notebook.export.settings.wording import (
    is_filling,
    is_key,
    is_made_up,
    is_mixed,
    is_placeholder,
    is_shouted,
    is_word,
    says_secret,
    words,
)  # fmt: skip

__all__ = ["ASSIGNED", "credentials", "formatted", "is_header", "named", "told"]

WEBHOOKS = re.compile(
    r"https?://(?:"
    r"hooks\.slack\.com/(?:services|workflows|triggers)/[\w/]{20,}"
    r"|(?:[\w-]+\.)?discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d+/[\w-]{20,}"
    r"|[\w-]+\.webhook\.office\.com/\S{30,}|outlook\.office(?:365)?\.com/webhook/\S{30,}"
    r"|hooks\.zapier\.com/hooks/\S{8,}|maker\.ifttt\.com/\S*/key/[\w-]{8,}|hook\.[\w.]*make\.com/\w{16,}"
    r"|chat\.googleapis\.com/v1/spaces/\S*(?:key|token)=\S{8,}|api\.telegram\.org/bot\d+:[\w-]{20,}"
    r"|open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook/[\w-]{16,}|oapi\.dingtalk\.com/robot/send\S{16,}"
    r"|qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\S{12,}|events\.pagerduty\.com/integration/\w{16,}"
    r"|hc-ping\.com/[0-9a-f-]{20,}|webhook\.site/[0-9a-f-]{20,}|[\w.-]+/hooks/(?:\w+/)?[A-Za-z0-9]{24,}"
    r"|(?:api\.)?opsgenie\.com/\S*apiKey=\S{16,}|[\w.-]+/(?:webhook|webhooks)/[0-9a-f]{8}-[0-9a-f-]{27}"
    r"|calendar\.google\.com/calendar/ical/\S+/private-[0-9a-f]{16,}\S*"
    r")[^\s\"'<>`]*"
)
"""Addresses that give access to anyone who knows them."""

URL = re.compile(
    r"(?<![\w+.-])[a-zA-Z][\w+.-]{0,40}://[^\s:/?#@\"'<>$]{0,200}:(?P<password>[^\s/@\"'<>{}]{1,400})@[^\s\"'<>]*"
)
"""A URL with a password in it, or its beginning."""

URL_KEY = re.compile(r"(?<![\w+.-])[a-zA-Z][\w+.-]{0,40}://(?P<key>[\w~%.-]{20,200}):?@[^\s\"'<>]+")
"""A URL with a key instead of a user."""

ASSIGNED = re.compile(
    r"""(?<![\w-])([\w-]{3,80})["']?\s*[:=]\s*(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"',;#]+)\s*$)""", re.MULTILINE
)
"""A name and its value, in files other than Python."""

TOLD = re.compile(
    r"""(?<![\w.-])([\w.-]{2,80})(?:\\*["']?\s*(?::=|=>|[:=])\s*(?:\\*"([^"\n\\]+)\\*"|\\*'([^'\n\\]+)\\*'|`([^`\n]+)`)"""
    r"""|(?:\s*=\s*|:\s+|\s+=>?\s+)([^\s"'`,;&(){}<>\[\]]{6,}))"""
)
"""A name and its value in a text of any kind, in quotes or without."""

BARE = 5
"""The group of `TOLD` with a value that is not in quotes."""

RANDOM = re.compile(r"(?=.*\d)(?:[0-9a-fA-F-]{24,}(?::\w+)?|(?=.*[A-Z])(?=.*[a-z])[\w+/=.~-]{20,})")
"""A long text of hexadecimal digits, or of digits, small and capital letters: a key made by chance."""

CODED = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{24,4000}={0,2}(?![\w+/=-])")
"""A text that may be base64."""

SHORTEST = 8
"""Characters that a secret of each of these forms has at least."""

HEADER = re.compile(
    r"""(?i)(?<![\w-])(?P<name>(?:proxy-|x-[\w-]{0,20})?authori[sz]ation|(?:set-)?cookie)\\*["']?\s*[:=]\s*\\*["']?"""
    r"""(?P<value>[A-Za-z][^\n\\'"`]{6,}(?:"[^\n"]*"[^\n\\'"`]*)*)"""
)
"""A header in a text: in an HTTP request, on a command line, in a dict."""

SCHEMES = {
    "basic", "bearer", "token", "apikey", "api-key", "api_key", "key", "digest", "hawk", "ntlm", "negotiate", "ssws",
    "splunk", "hmac", "oauth", "googlelogin", "dpop", "mutual", "privatetoken", "private-token", "jwt", "bot", "user",
    "client-id", "sharedkey", "sharedkeylite", "sharedaccesssignature", "aws", "aws4-hmac-sha256", "snowflake",
    "genie", "geniekey", "discogs", "mediabrowser", "scram-sha-256", "scram-sha-1", "vapid", "webpush", "session",
    "zoho-oauthtoken", "klaviyo-api-key", "pve", "pveapitoken", "wsse", "usernametoken", "kerberos", "secret",
}  # fmt: skip
"""Words before a secret. Any other word counts too if a made-up text follows it."""

CREDENTIAL = re.compile(r"(?P<scheme>[A-Za-z][\w-]{1,30})(?:\s+|=(?=\w+!))(?P<rest>\S.*?)\s*$", re.DOTALL)
PAIR = re.compile(r"""[\w.!-]+=(?P<value>"[^"]*"|[^\s;,]+)""")
ONE = re.compile(r"[^\s\"'<>{}]+")

PAIRED = (
    "oauth ", "digest ", "hawk ", "aws4-hmac-sha256 ", "vapid ", "signature ", "mediabrowser ", "acs3-hmac-sha256 ",
)  # fmt: skip
"""Schemes that are followed by pairs of names and values: a text that begins with one is a header under any name."""


@lru_cache(2048)
def formatted(text: str) -> tuple[SecretPart, ...]:
    """Return the parts of a text that have the form of a secret."""
    return tuple(_formatted(text)) if len(text) >= SHORTEST else ()


def _formatted(text: str) -> Iterator[SecretPart]:
    if "://" in text:
        yield from _addresses(text)
    yield from (part for part in by_form(text) if _is_one(text[part.start : part.end]))
    yield from _headers(text)
    yield from in_commands(text)
    yield from _coded(text)


def _addresses(text: str) -> Iterator[SecretPart]:
    for match in URL.finditer(text):
        if not is_placeholder(match["password"], "pass"):
            yield SecretPart(*match.span(), "a URL with a password", "connection_url")
    for match in URL_KEY.finditer(text):
        if is_random(match["key"]) and not is_placeholder(match["key"]):
            yield SecretPart(*match.span(), "a URL with a key", "connection_url")
    for match in WEBHOOKS.finditer(text):
        if not is_placeholder(match[0].rpartition("/")[2]):
            yield SecretPart(*match.span(), "a webhook", "webhook_url")


def _coded(text: str) -> Iterator[SecretPart]:
    """Yield the parts whose base64 has a secret."""
    for match in CODED.finditer(text):
        coded = match[0].replace("-", "+").replace("_", "/").rstrip("=")
        try:
            plain = base64.b64decode(coded + "=" * (-len(coded) % 4), validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            continue
        if plain.isprintable() and (any(True for _ in by_form(plain)) or URL.search(plain)):
            yield SecretPart(*match.span(), "a key in base64", "encoded_key")


def _is_one(value: str) -> bool:
    if "EXAMPLE" in value:
        return False
    return not is_placeholder(value.rpartition("_")[2] or value) or is_random(value)


@lru_cache(2048)
def told(text: str) -> tuple[SecretPart, ...]:
    """Return the values behind names of secrets; those without quotes only if they were made up."""
    return tuple(_told(text)) if len(text) >= SHORTEST else ()


def _told(text: str) -> Iterator[SecretPart]:
    for match in TOLD.finditer(text):
        name, group = match[1], match.lastindex or 0
        value = match[group].rstrip(".") if group == BARE else match[group]
        is_bare = group == BARE and not (is_made_up(value) or (is_shouted(name) and "=" in match[0][: len(name) + 1]))
        if not is_bare and "://" not in value and (why := named(value, name)):
            yield SecretPart(match.start(group), match.start(group) + len(value), why, name)


def named(value: str, name: str) -> str:
    """Return why a whole text is a secret, by the name that it is given to; "" if it is not."""
    if " " in value.strip() or value.endswith(" ") or is_placeholder(value, name):  # a scheme ends with a space
        return ""
    if says_secret(name) or (is_key(name) and (RANDOM.fullmatch(value) or is_mixed(value, name))):
        return f"a literal for {name!r}"
    kind = by_name(value, name)
    return f"a literal for {name!r}, {kind}" if kind else ""


# --- headers


def _headers(text: str) -> Iterator[SecretPart]:
    for match in HEADER.finditer(text):
        for start, end in credentials(match["name"], match["value"]):
            yield SecretPart(match.start("value") + start, match.start("value") + end, "a token in a header", "token")
    if text[:20].lower().startswith(PAIRED) and "=" in text:
        for start, end in credentials("Authorization", text):
            yield SecretPart(start, end, "a signature in a header", "token")


def is_header(name: str) -> bool:
    """Return whether this is the name of a header with a scheme or with pairs."""
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
    return is_made_up(text)
