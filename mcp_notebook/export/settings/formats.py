"""The forms by which a secret is known in any text: those of keys, URLs with a password, what is told behind a name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from mcp_notebook.export.settings.wording import is_key, is_placeholder, says_secret

__all__ = ["ASSIGNED", "RANDOM", "Part", "formatted", "is_made_up", "told"]

FORMATS: tuple[tuple[str, str, re.Pattern[str]], ...] = tuple(
    (what, field, re.compile(rf"(?<![A-Za-z0-9_]){pattern}"))
    for what, field, pattern in [
        ("an Anthropic key", "anthropic_api_key", r"sk-ant-[\w-]{16,}"),
        ("an OpenRouter key", "openrouter_api_key", r"sk-or-[\w-]{16,}"),
        ("an OpenAI key", "openai_api_key", r"sk-(?=[\w-]*[0-9A-Z])[\w-]{16,}"),
        ("a GitHub token", "github_token", r"(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,})"),
        ("a GitLab token", "gitlab_token", r"gl(?:pat|rt|ptt|dt)-[\w-]{18,}"),
        ("an AWS key", "aws_access_key_id", r"A(?:KIA|SIA)[0-9A-Z]{16}(?![0-9A-Za-z])"),
        ("a Google key", "google_api_key", r"(?:AIza[\w-]{35}|GOCSPX-[\w-]{20,}|ya29\.[\w-]{20,})"),
        ("a Slack token", "slack_token", r"xox[a-z]-[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{10,}"),
        ("a webhook", "webhook_url", r"https://hooks\.slack\.com/(?:services|workflows)/[\w/]{20,}"),
        ("a webhook", "webhook_url", r"https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d+/[\w-]{20,}"),
        ("a Stripe key", "stripe_api_key", r"(?:(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/]{20,})"),
        ("a Hugging Face token", "hf_token", r"hf_[A-Za-z0-9]{30,}"),
        ("an npm token", "npm_token", r"npm_[A-Za-z0-9]{36}"),
        ("a PyPI token", "pypi_token", r"pypi-[\w-]{50,}"),
        ("a SendGrid key", "sendgrid_api_key", r"SG\.[\w-]{20,}\.[\w-]{20,}"),
        ("a Twilio key", "twilio_api_key", r"SK[0-9a-f]{32}(?![0-9a-f])"),
        ("a Telegram token", "telegram_token", r"\d{8,10}:AA[\w-]{33}"),
        ("a key of a model's provider", "model_api_key", r"(?:gsk_|xai-|pplx-|r8_|tvly-|nvapi-)[\w-]{24,}"),
        ("a key of a web service", "service_api_key",
         r"(?:shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|do[op]_v1_[0-9a-f]{40,}|dapi[0-9a-f]{32}|lin_api_\w{30,}|ntn_\w{30,})"),
        ("a JSON Web Token", "token", r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*"),
        ("a private key", "private_key",
         r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:(?!-----END)[\s\S])+(?:-----END[A-Z0-9 ]*-----)?"),
        ("an Azure key", "azure_key", r"(?:AccountKey|SharedAccessKey)=(?P<secret>[A-Za-z0-9+/]{30,}={0,2})"),
        ("a token in a header", "token", r"(?i:bearer|basic)[ ]+(?P<secret>(?=[\w.~+/-]*\d)[\w.~+/-]{16,}=*)"),
        ("a key in a URL", "api_key",
         r"(?i:api_?key|access_token|auth_token|token|secret|password|sig)=(?P<secret>[\w.~%+/-]{12,})"),
    ]
)  # fmt: skip

URL = re.compile(r"[a-zA-Z][\w+.-]*://[^\s:/?#@\"'<>$]*:(?P<password>[^\s/@\"'<>{}]+)@[^\s\"'<>]*")
"""A URL with a password in it, or its beginning."""

ASSIGNED = re.compile(r"""([\w-]{3,40})["']?\s*[:=]\s*(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"',;#]+)\s*$)""", re.MULTILINE)
"""A name and its value, in files that are no Python."""

TOLD = re.compile(
    r"""([\w-]{3,40})(?:["']?\s*[:=]\s*(?:"([^"\n]+)"|'([^'\n]+)')|(?:\s*=\s*|:\s+)(\w[^\s"',;&(){}<>\[\]]{7,}))"""
)
"""A name and its value in a text of any kind, in quotes or without."""

RANDOM = re.compile(r"(?=.*\d)(?:[0-9a-fA-F-]{24,}(?::\w+)?|(?=.*[A-Z])(?=.*[a-z])[\w+/=-]{20,})")
"""What is given to a key and was made by chance: much of hexadecimal digits, or of small and capital letters."""


SHORTEST = 12
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


def formatted(text: str) -> Iterator[Part]:
    """Yield what has the form of a secret."""
    if len(text) < SHORTEST:
        return
    for match in URL.finditer(text):
        if not is_placeholder(match["password"], "pass"):
            yield Part(*match.span(), "a URL with a password", "connection_url")
    for what, field, pattern in FORMATS:
        for match in pattern.finditer(text):
            group = "secret" if "secret" in pattern.groupindex else 0
            if not is_placeholder(match[group].rpartition("_")[2] or match[group]) and "EXAMPLE" not in match[group]:
                yield Part(*match.span(group), what, field)


def told(text: str) -> Iterator[Part]:
    """Yield the values behind names that say that they are secret; those without quotes where they were made up."""
    if len(text) < SHORTEST:
        return
    for match in TOLD.finditer(text):
        name, group = match[1], match.lastindex or 0
        value = match[group]
        by_name = says_secret(name) or (is_key(name) and RANDOM.fullmatch(value))
        is_one = " " not in value.strip() and "://" not in value and not is_placeholder(value, name)
        if by_name and is_one and (group != 4 or is_made_up(value)):
            yield Part(*match.span(group), f"a literal for {name!r}", name)


def is_made_up(value: str) -> bool:
    """Whether a text is no word of a language: letters and digits of some number."""
    return len(value) >= 8 and any(map(str.isalpha, value)) and any(map(str.isdigit, value))
