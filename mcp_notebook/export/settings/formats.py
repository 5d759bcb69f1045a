"""The forms by which a secret is known in any text: keys of services, URLs with a password, headers, what is told."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from mcp_notebook.export.settings.command_lines import in_commands
from mcp_notebook.export.settings.headers import HEADER, credentials, has_pairs
from mcp_notebook.export.settings.known_formats import by_form, by_name, is_random
from mcp_notebook.export.settings.wording import is_key, is_mixed, is_placeholder, is_shouted, says_secret

__all__ = ["ASSIGNED", "RANDOM", "Part", "formatted", "is_made_up", "named", "told"]

FORMATS: tuple[tuple[str, str, tuple[str, ...], re.Pattern[str]], ...] = tuple(
    (what, field, tuple(words.split("|")), re.compile(rf"(?<![A-Za-z0-9_]){pattern}"))
    for what, field, words, pattern in [
        ("an Anthropic key", "anthropic_api_key", "sk-ant", r"sk-ant-[\w-]{16,}"),
        ("an OpenAI key", "openai_api_key", "sk-", r"sk-(?=[\w-]*[0-9A-Z])[\w-]{16,}"),
        ("a GitHub token", "github_token", "gh|github_pat", r"(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,})"),
        ("an AWS key", "aws_access_key_id", "akia|asia", r"A(?:KIA|SIA)[0-9A-Z]{16}(?![0-9A-Za-z])"),
        ("an AWS session token", "aws_session_token", "iqojb3|fwogzx|fqogzx",
         r"(?:IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz)[\w+/=%]{40,}"),
        ("a Google key", "google_api_key", "aiza|gocspx|ya29",
         r"(?:AIza[\w-]{35}|GOCSPX-[\w-]{20,}|ya29\.[\w-]{20,})"),
        ("a Slack token", "slack_token", "xox|xapp", r"xox[a-z]-[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{10,}"),
        ("a Stripe key", "stripe_api_key", "k_live|k_test|whsec",
         r"(?:(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/]{20,})"),
        ("a Telegram token", "telegram_token", ":aa", r"\d{8,10}:AA[\w-]{33}"),
        ("a Discord token", "discord_token", ".", r"[MNO][A-Za-z0-9_-]{22,28}\.[\w-]{6,7}\.[\w-]{27,40}(?![\w-])"),
        ("an Airtable token", "airtable_token", "pat", r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}"),
        ("a Mailchimp key", "mailchimp_api_key", "-us", r"[0-9a-f]{32}-us\d{1,2}(?!\w)"),
        ("a Mailgun key", "mailgun_api_key", "-", r"[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}(?![\w-])"),
        ("an Asana token", "asana_token", "1/|2/", r"[12]/\d{12,17}(?:/\d{12,17})?:[0-9a-f]{32}"),
        ("a LaunchDarkly key", "launchdarkly_key", "sdk-|api-|mob-",
         r"(?:sdk|api|mob)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        ("a Hubspot token", "hubspot_token", "pat-",
         r"pat-(?:na|eu|ap)\d-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        ("a key with an identifier behind its service", "service_api_key", "-",
         r"[A-Za-z]{2,12}[-_][0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?:_\w{8,})"),
        ("a key of Azure", "azure_key", "+a|azfu|azse|azca|acdb|apim|jqqj99",
         r"[A-Za-z0-9+/]{30,90}(?:\+A(?:St|Sb|Eh|IoT|Ri|RmB)|AzFu|AzSe|AzCa|ACDb|APIM|JQQJ99)[\w+/]{4,40}={0,2}"),
        ("an Azure AD secret", "azure_client_secret", "q~", r"[\w~.]{3}\dQ~[\w~.-]{31,34}(?![\w~-])"),
        ("a Twitter bearer token", "twitter_token", "aaaaaaaaaaaaaaa", r"A{15,}[A-Za-z0-9%]{40,}"),
        ("a JSON Web Token", "token", "ey", r"ey[JI][\w-]{8,}\.ey[JI][\w-]{8,}\.[\w-]*"),
        ("an encrypted JSON Web Token", "token", "eyj", r"eyJ[\w-]{8,}\.[\w-]*\.[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"),
        ("a private key", "private_key", "-----begin",
         r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:(?!-----END)[\s\S])+(?:-----END[A-Z0-9 ]*-----)?"),
        ("a private key of PuTTY", "private_key", "putty-",
         r"PuTTY-User-Key-File-\d:[\s\S]+?Private-MAC: ?[0-9a-f]+"),
        ("an age key", "age_key", "age-secret", r"AGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]{20,}"),
        ("an Azure key", "azure_key", "accountkey|sharedaccess",
         r"(?:AccountKey|SharedAccess(?:Key|Signature))=(?P<secret>[\w+/%&=.;-]{16,})"),
        ("a token in a header", "token", "bearer|basic",
         r"(?i:bearer|basic)[ ]+(?P<secret>(?=[\w.~+/-]*\d)[\w.~+/-]{16,}=*)"),
        ("a token behind its scheme", "token", "token|key|ssws|splunk|ntlm|negotiate|dpop|bot|hmac",
         r"(?i:(?:[\w-]+-)?(?:token|api-?key|key|ssws|splunk|ntlm|negotiate|dpop|bot|hmac|geniekey|sharedkey|oauthtoken))"
         r"[ ]+(?P<secret>(?=\S*\d)(?:[\w.+-]+:)?[\w.~+/-]{20,}=*)"),
        ("a login in a header", "token", "basic", r"(?i:basic)[ ]+(?P<secret>[A-Za-z0-9+/]{12,}={1,2})"),
        ("a key in a URL", "api_key", "=",
         r"(?i:[\w-]{0,24}(?:api_?key|access_?key|token|secret|password|passwd|pwd|sig|signature|jwt|credential))="
         r"(?P<secret>[\w.~%+/-]{12,}=*)"),
        ("a key in a URL", "api_key", "=",
         r"(?<=[?&])(?i:key|code|auth|hapikey|session|sessionid|sid|k|sv_?key|subscription-key)="
         r"(?P<secret>(?=[\w.~%+/-]*\d)(?=[\w.~%+/-]*[A-Za-z])[\w.~%+/-]{20,}=*)"),
        ("a line of .pgpass", "db_password", ":",
         r"(?<![^\n'\"])[\w.*-]{1,80}:(?:\d{2,5}|\*):[\w.*-]+:[\w.*@-]+:(?P<secret>[^\s:'\"]{6,})"),
        ("a login of .netrc", "password", "machine", r"machine\s+\S+\s+login\s+\S+\s+password\s+(?P<secret>\S{4,})"),
        ("a login of Oracle", "db_password", "oracle:|sqlplus",
         r"(?:jdbc:oracle:\w+:|sqlplus\s+(?:-\w+\s+)?)\w+/(?P<secret>[^\s@/'\"]{4,})@"),
        ("a key of WireGuard", "private_key", "privatekey|presharedkey",
         r"(?:PrivateKey|PresharedKey)\s*=\s*(?P<secret>[A-Za-z0-9+/]{43}=)"),
    ]
)  # fmt: skip
"""Forms that are no service's own, or that a service has beside those of the list.

Each with what it is, what a setting of it may be called, and the words of which one is in every text that has it.
"""

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
"""Addresses that open something for everyone who knows them."""

URL = re.compile(
    r"(?<![\w+.-])[a-zA-Z][\w+.-]{0,40}://[^\s:/?#@\"'<>$]{0,200}:(?P<password>[^\s/@\"'<>{}]{1,400})@[^\s\"'<>]*"
)
"""A URL with a password in it, or its beginning."""

URL_KEY = re.compile(r"(?<![\w+.-])[a-zA-Z][\w+.-]{0,40}://(?P<key>[\w~%.-]{20,200}):?@[^\s\"'<>]+")
"""A URL with a key in the place of a user."""

ASSIGNED = re.compile(
    r"""(?<![\w-])([\w-]{3,80})["']?\s*[:=]\s*(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"',;#]+)\s*$)""", re.MULTILINE
)
"""A name and its value, in files that are no Python."""

TOLD = re.compile(
    r"""(?<![\w.-])([\w.-]{2,80})(?:\\*["']?\s*(?::=|=>|[:=])\s*(?:\\*"([^"\n\\]+)\\*"|\\*'([^'\n\\]+)\\*'|`([^`\n]+)`)"""
    r"""|(?:\s*=\s*|:\s+|\s+=>?\s+)([^\s"'`,;&(){}<>\[\]]{6,}))"""
)
"""A name and its value in a text of any kind, in quotes or without."""

BARE = 5
"""The group of `TOLD` with a value that is not in quotes."""

RANDOM = re.compile(r"(?=.*\d)(?:[0-9a-fA-F-]{24,}(?::\w+)?|(?=.*[A-Z])(?=.*[a-z])[\w+/=.~-]{20,})")
"""What is given to a key and was made by chance: much of hexadecimal digits, or of small and capital letters."""

CODED = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{24,4000}={0,2}(?![\w+/=-])")
"""What may be a text in base64."""

SHORTEST = 8
"""Characters that each of these forms has at least."""


class Part(NamedTuple):
    """A part of a text that is a secret.

    Attributes:
        start: Where it begins in the text.
        end: Where it ends.
        why: What it is.
        field: What a setting that holds it may be called.
    """

    start: int
    end: int
    why: str
    field: str


@lru_cache(2048)
def formatted(text: str) -> tuple[Part, ...]:
    """Return what has the form of a secret."""
    return tuple(_formatted(text)) if len(text) >= SHORTEST else ()


def _formatted(text: str) -> Iterator[Part]:
    lower = text.lower()
    if "://" in text:
        yield from _addresses(text)
    for what, field, words, pattern in FORMATS:
        if not [word for word in words if word in lower]:
            continue
        for match in pattern.finditer(text):
            group = "secret" if "secret" in pattern.groupindex else 0
            if _is_one(match[group]) and ("scheme" not in what or is_random(match[group])):
                yield Part(*match.span(group), what, field)
    for form in by_form(text, lower):
        if _is_one(text[form.start : form.end]):
            yield Part(form.start, form.end, f"a value in the form of a {form.kind.replace('_', ' ')}", form.kind)
    yield from _headers(text, lower)
    for start, end, option in in_commands(text):
        yield Part(start, end, f"a value for {option!r} on a command line", "password")
    yield from _coded(text)


def _headers(text: str, lower: str) -> Iterator[Part]:
    given = HEADER.finditer(text) if "authori" in lower or "cookie" in lower else ()
    for match in given:
        for start, end in credentials(match["name"], match["value"]):
            yield Part(match.start("value") + start, match.start("value") + end, "a token in a header", "token")
    if has_pairs(text):
        for start, end in credentials("Authorization", text):
            yield Part(start, end, "a signature in a header", "token")


def _addresses(text: str) -> Iterator[Part]:
    for match in URL.finditer(text):
        if not is_placeholder(match["password"], "pass"):
            yield Part(*match.span(), "a URL with a password", "connection_url")
    for match in URL_KEY.finditer(text):
        if is_random(match["key"]) and not is_placeholder(match["key"]):
            yield Part(*match.span(), "a URL with a key", "connection_url")
    for match in WEBHOOKS.finditer(text):
        if not is_placeholder(match[0].rpartition("/")[2]):
            yield Part(*match.span(), "a webhook", "webhook_url")


def _coded(text: str) -> Iterator[Part]:
    """Yield what is a secret once its base64 is read."""
    for match in CODED.finditer(text):
        coded = match[0].replace("-", "+").replace("_", "/").rstrip("=")
        try:
            plain = base64.b64decode(coded + "=" * (-len(coded) % 4), validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            continue
        if plain.isprintable() and (next(by_form(plain, plain.lower()), None) or URL.search(plain)):
            yield Part(*match.span(), "a key in base64", "encoded_key")


def _is_one(value: str) -> bool:
    if "EXAMPLE" in value:
        return False
    return not is_placeholder(value.rpartition("_")[2] or value) or is_random(value)


@lru_cache(2048)
def told(text: str) -> tuple[Part, ...]:
    """Return the values behind names that say that they are secret; those without quotes where they were made up."""
    return tuple(_told(text)) if len(text) >= SHORTEST else ()


def _told(text: str) -> Iterator[Part]:
    for match in TOLD.finditer(text):
        name, group = match[1], match.lastindex or 0
        value = match[group].rstrip(".") if group == BARE else match[group]
        is_bare = group == BARE and not (is_made_up(value) or (is_shouted(name) and "=" in match[0][: len(name) + 1]))
        if not is_bare and "://" not in value and (why := named(value, name)):
            yield Part(match.start(group), match.start(group) + len(value), why, name)


def named(value: str, name: str) -> str:
    """Return why a whole text is a secret, by the name that it is given to; "" where it is none."""
    if " " in value.strip() or value.endswith(" ") or is_placeholder(value, name):  # a scheme ends with a space
        return ""
    if says_secret(name) or (is_key(name) and (RANDOM.fullmatch(value) or is_mixed(value, name))):
        return f"a literal for {name!r}"
    kind = by_name(value, name)
    return f"a literal for {name!r}, in the form of a {kind.replace('_', ' ')}" if kind else ""


def is_made_up(value: str) -> bool:
    """Whether a text is no word of a language: letters and digits of some number."""
    return len(value) >= 8 and any(map(str.isalpha, value)) and any(map(str.isdigit, value))
