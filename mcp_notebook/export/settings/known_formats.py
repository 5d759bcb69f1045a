"""Find keys by the formats that services give them: gitleaks' rules, and more of our own.

`scripts/secret_formats.py` writes ``secret_formats.json`` from gitleaks' rules; ``more_formats.tsv`` has the rest. The
rules tell how the keys of each service begin and how long they are. A key of another length is a key too, so a known
beginning followed by random characters counts as well. A rule that needs the name beside the key ("32 characters given
to something called adafruit") is also tried with the name that a literal is given to.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import NamedTuple

__all__ = ["SecretPart", "by_form", "by_name", "is_random"]

TAIL = r"[A-Za-z0-9][\w+/=.~|%-]{14,}"
"""The characters behind a known beginning: 15 and more."""

GIVEN = r"""[ \t\w.-]{0,20}[\s'"\\]{0,3}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[`'"\s=\\]{0,5}"""
"""The characters between a name and its value, in a text of any kind."""


class SecretPart(NamedTuple):
    """A part of a text that is a secret.

    Attributes:
        start: Where it begins in the text.
        end: Where it ends.
        why: A description.
        field: The name of a setting for it.
    """

    start: int
    end: int
    why: str
    field: str


@dataclass(frozen=True, eq=False)
class _Rule:
    """One format; its pattern is compiled when a text has one of its words.

    Attributes:
        what: A description of the key.
        field: The name of a setting for it.
        words: Words of which one is in every text that has the key, in small letters.
        form: The pattern of the key, with the name before it if the rule needs one.
        names: The pattern of the names that the rule needs; "" for none.
        value: The pattern of the key behind such a name.
        entropy: The bits that a character of the key has at least.
        allowed: Patterns of texts that are not keys.
        random: Whether the key was made by chance.
    """

    what: str
    field: str
    words: tuple[str, ...]
    form: str
    names: str = ""
    value: str = ""
    entropy: float = 0
    allowed: tuple[str, ...] = ()
    random: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(self.form, re.ASCII | (re.IGNORECASE if self.names else 0))

    def takes(self, value: str) -> bool:
        """Return whether the rule takes a text for a key that has its form."""
        if any(re.search(each, value) for each in self.allowed) or _entropy(value) < self.entropy:
            return False
        return _is_mixed(value) if self.names else not self.random or is_random(value)

    def named(self, value: str, name: str) -> bool:
        """Return whether a whole text is a key, by the name that it is given to."""
        flags = re.ASCII | re.IGNORECASE
        return bool(
            any(word in name.lower() for word in self.words)
            and re.search(self.names, name, flags)
            and re.fullmatch(self.value, value, flags)
        )


class _Formats(NamedTuple):
    by_word: list[tuple[str, _Rule]]
    named: list[_Rule]
    prefixes: re.Pattern[str]
    beginnings: tuple[str, ...]


@cache
def _known() -> _Formats:
    data = json.loads((files(__package__) / "secret_formats.json").read_text(encoding="utf-8"))
    rules, beginnings = [], {*data["prefixes"]}
    for line in (files(__package__) / "more_formats.tsv").read_text(encoding="utf-8").splitlines():
        if line.startswith("prefixes\t"):
            beginnings |= set(line.split()[1:])
        elif not line.startswith("#"):
            field, what, words, pattern, *random = line.split("\t")
            form = rf"(?<![A-Za-z0-9_])(?:{pattern})"
            rules.append(_Rule(what, field, tuple(words.split("|")), form, random=bool(random)))
    for each in (*data["forms"], *data["named"]):
        names, value = each.get("names", ""), each.get("value", "")
        form = each.get("pattern") or rf"(?:{names}){GIVEN}(?P<secret>{value})(?![\w-])"
        kind = each["id"].replace("personnal", "personal")
        what, field = f"a value in the form of a {kind.replace('-', ' ')}", kind.replace("-", "_")
        allowed = tuple(each.get("allowed", ()))
        rules.append(_Rule(what, field, tuple(each["keywords"]), form, names, value, each.get("entropy", 0), allowed))
    ordered = tuple(sorted(beginnings, key=lambda prefix: (-len(prefix), prefix)))
    prefixes = re.compile(rf"(?<!\w)(?P<prefix>{'|'.join(map(re.escape, ordered))})(?P<tail>{TAIL})", re.ASCII)
    return _Formats([(w, r) for r in rules for w in r.words], [r for r in rules if r.names], prefixes, ordered)


def by_form(text: str) -> Iterator[SecretPart]:
    """Yield the parts of a text that have the format of a known key, whatever name they are given to."""
    known, lower = _known(), text.lower()
    for rule in dict.fromkeys([rule for word, rule in known.by_word if word in lower]):
        for match in rule.pattern.finditer(text):
            start, end = _secret(match)
            if rule.takes(text[start:end]):
                yield SecretPart(start, end, rule.what, rule.field)
    if any([beginning in text for beginning in known.beginnings]):  # noqa: C419 - a list is faster here
        for match in known.prefixes.finditer(text):
            if is_random(match["tail"].rstrip("=.~|%-")):
                words = "_".join(re.findall(r"[a-z]+", match["prefix"].lower()))
                kind = f"{words}_token" if len(words) > 1 else "service_token"
                what = f"a value in the form of a {kind.replace('_', ' ')}"
                yield SecretPart(match.start(), match.end("tail"), what, kind)


def by_name(text: str, name: str) -> str:
    """Return the description of the key that a whole text is, by the name that it is given to; "" for none."""
    rule = next((rule for rule in _known().named if rule.named(text, name)), None)
    return rule.what.replace("a value in", "in") if rule and rule.takes(text) else ""


def is_random(text: str) -> bool:
    """Return whether a text was made by chance: unlike words and versions, it has long pieces of mixed characters."""
    if any(_is_mixed(piece) for piece in re.findall(r"[A-Za-z0-9+/]{12,}", text)):
        return True
    letters = re.sub(r"[^A-Za-z]", "", text)
    if len(text) >= 20 and text.isalpha() and _entropy(text) >= 3.7:  # letters alone: in both cases, unlike words
        return len(re.findall(r"[a-z][A-Z]", text)) >= len(text) / 8
    return len(text) >= 20 and _is_mixed(text) and _entropy(text) >= 3.7 and not letters.islower()


def _entropy(text: str) -> float:
    """Return the bits that a character of a text has."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


def _is_mixed(text: str) -> bool:
    return any(map(str.isalpha, text)) and sum(map(str.isdigit, text)) >= 2


def _secret(match: re.Match[str]) -> tuple[int, int]:
    """Return where the key is in a match: its group, if that is at least half of it."""
    if "secret" in match.re.groupindex:
        return match.span("secret")
    spans = [match.span(n) for n in range(1, match.re.groups + 1) if match[n]]
    longest = max(spans, key=lambda span: span[1] - span[0], default=match.span())
    return longest if 2 * (longest[1] - longest[0]) >= match.end() - match.start() else match.span()
