"""The formats of keys that services give out: gitleaks' rules as data, which `scripts/secret_formats.py` writes.

The rules say how each service's keys begin and how long they are. A key of another length is a key too, so a rule's
beginning with characters made by chance behind it is taken as well. What a rule knows only by the name beside it
("the 32 characters given to something called adafruit") is looked for with the name that a literal is given to.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, NamedTuple

__all__ = ["Form", "by_form", "by_name", "is_random"]

MORE_PREFIXES = (
    "sk-ant-", "sk-or-", "sk-proj-", "sk-svcacct-", "sk-admin-", "sk-lf-", "gsk_", "xai-", "pplx-", "r8_", "tvly-",
    "nvapi-", "fw_", "tgp_v1_", "pcsk_", "lsv2_pt_", "lsv2_sk_", "jina_", "e2b_", "wandb_v1_", "hf_", "api_org_",
    "sbp_", "sb_secret_", "sbs_", "pscale_", "neon_api_", "napi_", "ep_", "xata_", "vercel_", "vcp_", "nfp_", "rnd_",
    "dckr_pat_", "dckr_oat_", "CCIPAT_", "bkua_", "bkct_", "tskey-", "ngrok_", "fo1_", "fm1r_", "fm1a_", "FlyV1 fm",
    "ghu_", "ghs_", "gho_", "ghr_", "ATATT3", "ATCTT3", "ATBB", "NRAA-", "NRRA-", "NRIQ-", "nrk_", "dp.st.", "dp.ct.",
    "dp.sa.", "dp.scim.", "dp.audit.", "sntrys_", "sntryi_", "phx_", "phs_", "figd_", "figu_", "secret_", "CFPAT-",
    "cfut_", "cfat_", "cfk_", "pat-na1-", "pat-eu1-", "EAAA", "EAAl", "sq0csp-", "sq0idp-", "rzp_live_", "rzp_test_",
    "FLWSECK-", "access_token$production$", "access_token$sandbox$", "whsec_", "re_", "xsmtpsib-", "sgp_", "sgt_",
    "sqp_", "squ_", "sqa_", "snyk_uat.", "snyk_sat.", "hcaik_", "hcxik_", "hcaic_", "glpat-", "OPS-", "cio", "oy2",
    "HRKU-", "do_v1_", "LTAI", "AKCp", "ops_eyJ", "hvr.", "Atza|", "Atzr|", "amzn.mws.", "ya29.", "GOCSPX-", "1//0",
    "AKID", "lin_oauth_", "ptr_", "apify_api_", "bb_live_", "uat_", "patd_", "xoxc-", "xoxd-", "xoxb-", "xoxp-",
    "xoxa-", "xoxr-", "xoxs-", "xapp-1-", "zpka_", "ddapp_", "ddapi_", "pub_live_", "Zoho-", "shpua_", "shptka_",
    "eyJrIjoi", "QVJU", "EZAK", "EZTK", "AQVN", "t1.9eu", "y0_", "ctx7sk-", "fc-", "exa_", "composio_", "pypi-AgEI",
    "rk_live_", "sk_live_", "sk_test_", "rk_test_", "sk_prod_", "rk_prod_", "pk_live_", "SG.", "dapi", "dkea", "dsapi",
    "PMAK-", "PMAT-", "ico-", "cda_",
)  # fmt: skip
"""Beginnings of keys that the list does not have, or has with one length only."""

FIRST = r"(?<![A-Za-z0-9_])"
TAIL = r"[A-Za-z0-9][\w+/=.~|%-]{14,}"
"""What is behind a beginning: 15 characters and more."""


class Form(NamedTuple):
    """What has the form of a key: where it begins and ends, and what it is, in words with `_` between."""

    start: int
    end: int
    kind: str


class _Rule:
    """One rule of the list; its pattern is compiled when a text has one of its words."""

    def __init__(self, rule: dict[str, Any]) -> None:
        self.kind = re.sub(r"personnal", "personal", rule["id"]).replace("-", "_")
        self.keywords: list[str] = rule["keywords"]
        self._rule = rule

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        if "pattern" in self._rule:
            return re.compile(self._rule["pattern"], re.ASCII)
        given = r"""[ \t\w.-]{0,20}[\s'"\\]{0,3}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[`'"\s=\\]{0,5}"""
        return re.compile(
            rf"(?:{self._rule['names']}){given}(?P<secret>{self._rule['value']})(?![\w-])", re.ASCII | re.I
        )

    @cached_property
    def names(self) -> re.Pattern[str]:
        return re.compile(self._rule["names"], re.ASCII | re.I)

    @cached_property
    def value(self) -> re.Pattern[str]:
        return re.compile(self._rule["value"], re.ASCII | re.I)

    def takes(self, value: str) -> bool:
        """Whether the rule takes a text for a key that has its form."""
        if any(re.search(each, value) for each in self._rule.get("allowed", ())):
            return False
        return entropy(value) >= self._rule.get("entropy", 0) and ("pattern" in self._rule or _is_mixed(value))


class _List(NamedTuple):
    rules: list[tuple[str, _Rule]]
    named: list[_Rule]
    prefixes: re.Pattern[str]
    beginnings: tuple[str, ...]


@cache
def _known() -> _List:
    data = json.loads((files(__package__) / "secret_formats.json").read_text(encoding="utf-8"))
    beginnings = sorted({*data["prefixes"], *MORE_PREFIXES}, key=lambda prefix: (-len(prefix), prefix))
    prefixes = re.compile(rf"{FIRST}(?P<prefix>{'|'.join(map(re.escape, beginnings))})(?P<tail>{TAIL})", re.ASCII)
    forms, named = [_Rule(rule) for rule in data["forms"]], [_Rule(rule) for rule in data["named"]]
    return _List([(word, r) for r in (*forms, *named) for word in r.keywords], named, prefixes, tuple(beginnings))


def by_form(text: str, lower: str) -> Iterator[Form]:
    """Yield what a text has in the form of a known key, whatever it is called.

    Args:
        text: The text.
        lower: The same in small letters, in which a rule's words are looked for.
    """
    known = _known()
    for rule in dict.fromkeys([rule for word, rule in known.rules if word in lower]):
        for match in rule.pattern.finditer(text):
            start, end = _secret(match)
            if rule.takes(text[start:end]):
                yield Form(start, end, rule.kind)
    if [beginning for beginning in known.beginnings if beginning in text]:
        for match in known.prefixes.finditer(text):
            if is_random(match["tail"].rstrip("=.~|%-")):
                yield Form(match.start(), match.end("tail"), _kind(match["prefix"]))


def by_name(text: str, name: str) -> str:
    """Return which key a whole text is, by what it is called: a service's name beside its form; "" for none."""
    lower = name.lower()
    for rule in _known().named:
        if any(word in lower for word in rule.keywords) and rule.names.search(name) and rule.value.fullmatch(text):
            return rule.kind if rule.takes(text) else ""
    return ""


def is_random(text: str) -> bool:
    """Whether a text was made by chance: a long piece of letters and digits, which words and versions have not."""
    if any(_is_mixed(piece) for piece in re.findall(r"[A-Za-z0-9+/]{12,}", text)):
        return True
    letters = re.sub(r"[^A-Za-z]", "", text)
    if len(text) >= 20 and text.isalpha() and entropy(text) >= 3.7:  # letters alone: in both cases, not as words have
        return len(re.findall(r"[a-z][A-Z]", text)) >= len(text) / 8
    return len(text) >= 20 and _is_mixed(text) and entropy(text) >= 3.7 and not letters.islower()


def entropy(text: str) -> float:
    """Return the bits that a character of a text has."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


def _is_mixed(text: str) -> bool:
    return any(map(str.isalpha, text)) and sum(map(str.isdigit, text)) >= 2


def _secret(match: re.Match[str]) -> tuple[int, int]:
    """Return where the key is in what a rule found: its group, if that is more than a part."""
    if "secret" in match.re.groupindex:
        return match.span("secret")
    spans = [match.span(n) for n in range(1, match.re.groups + 1) if match[n]]
    longest = max(spans, key=lambda span: span[1] - span[0], default=match.span())
    return longest if 2 * (longest[1] - longest[0]) >= match.end() - match.start() else match.span()


def _kind(prefix: str) -> str:
    """Return what a setting for a key of this beginning may be called."""
    words = "_".join(re.findall(r"[a-z]+", prefix.lower()))
    return f"{words}_token" if len(words) > 1 else "service_token"
