"""What names say of the values that they are given: whether those are secrets, and whether they only stand for one."""

from __future__ import annotations

import re
from itertools import pairwise

__all__ = ["is_filling", "is_key", "is_placeholder", "is_word", "says_secret", "says_secrets", "words"]

SECRET = {
    "password", "passwd", "passphrase", "passcode", "pwd", "secret", "token", "apikey", "credential",
    "credentials", "authorization", "bearer", "cookie",
}  # fmt: skip
KEYS = {
    "api", "access", "auth", "private", "secret", "signing", "signature", "encryption", "master", "account",
    "subscription", "session", "client", "license", "service", "admin", "webhook",
}  # fmt: skip
"""What makes a key one that opens something, where it stands before the word ``key``."""

INNOCENT = {
    "url", "uri", "path", "file", "filename", "dir", "name", "names", "env", "var", "variable", "header",
    "type", "kind", "field", "fields", "label", "prompt", "title", "description", "text", "message", "hint",
    "help", "error", "regex", "pattern", "param", "parameter", "length", "size", "min", "max", "limit", "count",
    "budget", "id", "ids", "prefix", "suffix", "format", "policy", "rule", "rules", "required", "lifetime",
    "ttl", "expiry", "expires", "scope", "scopes", "endpoint", "issuer", "audience", "example", "placeholder",
    "template", "schema", "class", "mode", "status", "state", "store", "table", "column", "index", "algorithm",
    "encoding", "separator", "provider", "manager", "sock",
}  # fmt: skip
"""Last words that say of a name that it is about a secret and holds none."""

FILLING = SECRET | KEYS | {
    "key", "keys", "your", "yours", "the", "a", "an", "some", "here", "goes", "insert", "put", "replace",
    "with", "this", "me", "change", "changeme", "changeit", "todo", "tbd", "fixme", "none", "null", "nil",
    "undefined", "unset", "empty", "missing", "invalid", "unknown", "default", "string", "str", "int", "bool",
    "text", "value", "type", "required", "optional", "true", "false", "yes", "no", "on", "off", "dummy", "fake",
    "mock", "test", "testing", "example", "sample", "demo", "placeholder", "redacted", "hidden", "masked",
    "basic", "digest", "refresh", "user", "username", "oauth", "oauth2", "jwt", "header", "hash", "openai",
    "anthropic", "github", "google", "aws", "azure", "slack",
}  # fmt: skip
"""Words that make no secret, in whatever order."""

INSERTED = re.compile(r"^[<\[{(].*[>\]})]$|\$\{|\$\(|\{\{|\{\w*\}|^\$\w+$|^%\w*%|^%\(?\w|\.\.\.|…|\*{3}|x{4}|X{3}")
"""How a value is marked that something else is put in place of."""


def words(name: str) -> list[str]:
    """Return the words of a name, in lower case: ``githubAPIKey`` and ``github-api-key`` have the same three."""
    parts = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3 \2\4", name)
    return [word for word in re.split(r"[^A-Za-z0-9]+", parts.lower()) if word]


def says_secret(name: str) -> bool:
    """Whether what has this name is a secret: ``db_password``, ``X-API-Key``; not ``token_url``."""
    found = words(name)
    if not found or found[-1] in INNOCENT or found[0] in ("is", "has", "use", "num", "max", "min"):
        return False
    keys = any(second == "key" and first in KEYS for first, second in pairwise(found))
    return keys or not SECRET.isdisjoint(found)


def says_secrets(name: str) -> bool:
    """Whether what has this name is several secrets: ``api_keys``, ``VALID_TOKENS``."""
    return name.lower().endswith("s") and not says_secret(name) and says_secret(name[:-1])


def is_key(name: str) -> bool:
    """Whether what has this name is a key of some kind, which its value must tell: ``WEATHER_KEY``, ``CACHE_KEY``."""
    return words(name)[-1:] == ["key"]


def is_placeholder(value: str, name: str = "") -> bool:
    """Whether a value only shows where a secret goes: ``changeme``, ``<your key>``, ``${TOKEN}``, an option's name."""
    value = value.strip()
    if len(value) < (4 if "pass" in name.lower() else 6) or len(set(value)) < 4 or INSERTED.search(value):
        return True
    return "example" in value.lower() or value.lower() == name.lower() or is_filling(value)


def is_filling(value: str) -> bool:
    """Whether a value has only words that make no secret: ``none``, ``your-api-key``."""
    found = words(value)
    return bool(found) and FILLING.issuperset(found)


def is_word(value: str) -> bool:
    """Whether a value is one word of a language, which may stand in a text by chance."""
    return value.isalpha() and (value.islower() or value.istitle())
