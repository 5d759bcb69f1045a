"""Choose tools by the words of their descriptions, in place of a language model.

A saved test has this module's code in it, so it imports only the standard library.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = ["choose"]

COMMON = frozenset(
    re.findall(
        r"\w+",
        "a about all an and any are as at be by can do does for from get give have has how i if in into is it its "
        "let me my of on or our please so some that the their them then there these this those to tool us use user "
        "want was we were what when where which who will with would you your",
    )
)
"""Words that say nothing about a tool."""

OVERLOOKED = 0.2
"""The share of the words of a tool that it overlooks in each run, so that runs differ as those of a model do."""


def choose(prompt: str, tools: Sequence[tuple[str, str, Any]], seed: object = None) -> list[tuple[str, dict[str, Any]]]:
    """Return the calls that it makes: for each sentence, one of the tool that shares the most words with it.

    Args:
        prompt: The person's text.
        tools: The name, the description and the schema of the input of each tool.
        seed: Decides which words it overlooks; it overlooks none if this is None.
    """
    calls = []
    draw = None if seed is None else f"{seed}\n{prompt}"  # the runs of two cases have nothing to do with each other
    for sentence in re.split(r"(?<=[.?!;])\s+|\bthen\b", prompt):
        wanted = _words(sentence)
        scores = [len(wanted & _noticed(name, description, draw)) for name, description, _ in tools]
        if any(scores):
            name, _, schema = tools[scores.index(max(scores))]
            calls.append((name, _arguments(sentence, schema)))
    return calls


def _noticed(name: str, description: str, draw: str | None) -> set[str]:
    words = _words(f"{name} {description}")
    if draw is None:
        return words
    digests = {word: hashlib.sha256(f"{draw}\n{name}\n{word}".encode("utf-8", "replace")).digest() for word in words}
    return {word for word in words if int.from_bytes(digests[word][:4], "big") >= OVERLOOKED * 2**32}


def _words(text: str) -> set[str]:
    """Return the words of a text without their endings, so that books and book are the same."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    words = set(re.findall(r"[^\W_]+", parted.lower())) - COMMON
    return {re.sub(r"(?<=\w{3})(?:ing|ed|es|e|s)$", "", word) for word in words}


def _arguments(sentence: str, schema: Any) -> dict[str, Any]:
    """Return the required arguments for which the sentence seems to have values."""
    values = _Values(sentence)
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    if not isinstance(properties, Mapping):
        return {}
    required = schema.get("required")
    names = [name for name in properties if isinstance(required, list) and name in required]
    found = {name: values.of(properties[name]) for name in names}
    return {name: value for name, value in found.items() if value is not None}


class _Values:
    """The values in a sentence: its numbers, and its names and quoted texts. Each is used once."""

    def __init__(self, sentence: str) -> None:
        self._sentence = sentence
        self._numbers = iter(re.findall(r"-?\b[0-9]{1,15}(?:\.[0-9]{1,15})?\b", sentence))
        self._texts = self._found()

    def of(self, schema: Any) -> Any:
        """Return a value that fits the schema; None if there is none."""
        schema = schema if isinstance(schema, Mapping) else {}
        choices = schema.get("enum")
        if isinstance(choices, list):
            return next((each for each in choices if str(each).lower() in self._sentence.lower()), None)
        either = schema.get("anyOf")
        kinds = [schema, *(either if isinstance(either, list) else [])]
        kind = next((one["type"] for one in kinds if isinstance(one, Mapping) and isinstance(one.get("type"), str)), "")
        if kind == "array":
            return [value for value in [self.of(schema.get("items"))] if value is not None]
        if kind in ("integer", "number"):
            return self._number(whole=kind == "integer")
        if kind == "boolean":
            return True
        return next(self._texts, None) if kind == "string" else None

    def _number(self, *, whole: bool) -> int | float | None:
        number = next(self._numbers, None)
        if number is None:
            return None
        return int(number.partition(".")[0]) if whole or "." not in number else float(number)

    def _found(self) -> Iterator[str]:
        """Yield quoted texts, then names, then the last word."""
        quoted = [one or other for one, other in re.findall(r'"([^"]+)"|\u201c([^\u201d]+)\u201d', self._sentence)]
        yield from quoted
        rest = re.sub(r'"[^"]+"|\u201c[^\u201d]+\u201d', " ", self._sentence).strip()
        names = re.findall(r"(?<=\s)[A-Z]\w*(?:\s[A-Z]\w*)*", rest)
        yield from names
        words = re.findall(r"\w+", rest)
        if not quoted and not names and words:
            yield words[-1]
