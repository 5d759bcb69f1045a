"""Hide the secrets in JSON values, such as the calls and frames of a session."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from mcp_notebook.export.settings.forms import forms
from mcp_notebook.export.settings.secrets import brief, parts, secrets_of
from mcp_notebook.export.settings.wording import says_secret

__all__ = ["REDACTED", "without_secrets"]

REDACTED = "(redacted)"

NO_SECRET = ("progressToken",)
"""Fields of the protocol that only sound as if they held a secret."""

QUERY = re.compile(r"(?<=[?&])(?P<name>[\w.-]+)=(?P<value>[^&#\s\"'<>\\]+)")
"""A parameter of a URL."""

SHORT = 100
"""Characters of a text that may come again, such as a key; what was found in it is kept."""


def without_secrets(values: Iterable[Any], environment: Mapping[str, str]) -> list[Any]:
    """Return JSON values without their secrets: each that is found at one place is hidden at all others, too.

    Args:
        values: The values. A text with the name or the form of a secret is one.
        environment: The values of variables with the name of a secret are secrets too.
    """
    hiding = _Hiding(environment)
    found = [hiding.hidden(value) for value in values]
    pattern = _pattern(hiding.found)
    return found if pattern is None else [_replaced(value, pattern) for value in found]


class _Hiding:
    """Hides secrets by their names and forms, and keeps what it found."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = secrets_of(environment)
        self._short: dict[tuple[str, str], str] = {}
        self.found = set(self._environment.values())

    def hidden(self, value: Any, name: str = "") -> Any:
        if isinstance(value, Mapping):
            return {self._in_text(key, ""): self.hidden(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [self.hidden(each, name) for each in value]
        if isinstance(value, str):
            return self._in_text(value, name)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return REDACTED if is_number and _names_secret(name) else value

    def _in_text(self, text: str, name: str) -> str:
        if len(text) > SHORT:
            return self._searched(text, name)
        known = self._short.get((text, name))
        if known is None:
            known = self._short[text, name] = self._searched(text, name)
        return known

    def _searched(self, text: str, name: str) -> str:
        if text and _names_secret(name):
            self.found.add(text)
            return REDACTED
        for part in reversed(parts(text, name, self._environment)):
            text = f"{text[: part.start]}{self._beginning(text[part.start : part.end])}{text[part.end :]}"
        return QUERY.sub(self._in_query, text)

    def _in_query(self, match: re.Match[str]) -> str:
        return f"{match['name']}={self._beginning(match['value'])}" if _names_secret(match["name"]) else match[0]

    def _beginning(self, secret: str) -> str:
        if secret.endswith("..."):  # it is one already
            return secret
        self.found.add(secret)
        return brief(secret)


def _names_secret(name: str) -> bool:
    return bool(name) and name not in NO_SECRET and says_secret(name)


def _pattern(secrets: Iterable[str]) -> re.Pattern[str] | None:
    """Return a pattern of all forms of secrets, the longest first; None if there are none."""
    every = sorted({form for secret in secrets for form in forms(secret)}, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, every))})(?!\w)") if every else None


def _replaced(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, Mapping):
        return {_replaced(key, pattern): _replaced(each, pattern) for key, each in value.items()}
    if isinstance(value, list):
        return [_replaced(each, pattern) for each in value]
    return pattern.sub(lambda match: brief(match[0]), value) if isinstance(value, str) else value
