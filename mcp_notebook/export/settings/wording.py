"""Tell from a name, and from the words of a value, whether the value is a secret or a placeholder."""

from __future__ import annotations

import re
from itertools import pairwise

__all__ = [
    "is_filling", "is_key", "is_login", "is_made_up", "is_mixed", "is_phrase", "is_placeholder", "is_shouted",
    "is_word", "says_secret", "says_secrets", "words",
]  # fmt: skip

SECRET = {
    "password", "passwd", "passphrase", "passcode", "pwd", "secret", "token", "apikey", "credential",
    "credentials", "authorization", "authorisation", "bearer", "cookie", "passkey", "pswd", "passwort", "contrasena",
    "mnemonic",
}  # fmt: skip
ENDS = (
    "password", "passwd", "passphrase", "secret", "token", "apikey", "authkey", "accesskey", "secretkey", "privatekey",
    "sharedkey", "signingkey", "encryptionkey", "masterkey", "accountkey", "storagekey", "credentials", "pwd",
)  # fmt: skip
"""Ends of words without a gap: ``pgpassword``, ``authtoken``."""

WEAK = {"pass", "pw", "creds", "cred", "auth", "passcode", "pat", "login", "psw", "otp", "pin"}
"""Words whose value is a secret if it was made up: ``pass`` is also a result."""

CHANCE = {"session", "sessionid", "sid", "jwt", "signature", "hmac", "salt", "seed", "sas", "licence", "license", "dsn"}
"""Words whose value is a secret if it was made by chance."""

KEYS = {
    "api", "access", "auth", "private", "secret", "signing", "signature", "encryption", "master", "account",
    "subscription", "session", "client", "license", "licence", "service", "admin", "webhook", "functions", "function",
    "app", "application", "consumer", "user", "host", "storage", "shared", "server", "ssh", "write", "ingest", "dsn",
}  # fmt: skip
"""Words before ``key`` that make it a key to something."""

INNOCENT = {
    "url", "uri", "path", "file", "filename", "dir", "name", "names", "env", "var", "variable", "header",
    "type", "kind", "field", "fields", "label", "prompt", "title", "description", "text", "message", "hint",
    "help", "error", "regex", "pattern", "param", "parameter", "length", "size", "min", "max", "limit", "count",
    "budget", "id", "ids", "prefix", "suffix", "format", "policy", "rule", "rules", "required", "lifetime",
    "ttl", "expiry", "expires", "scope", "scopes", "endpoint", "issuer", "audience", "example", "placeholder",
    "template", "schema", "class", "mode", "status", "state", "store", "table", "column", "index", "algorithm",
    "encoding", "separator", "provider", "manager", "sock", "stdin", "fd", "command", "cmd", "helper", "version",
    "source", "backend", "service", "strategy", "realm", "tokenizer", "generator", "validator", "hasher",
}  # fmt: skip
"""Last words of names that are about a secret, and do not hold one."""

FILLING = SECRET | KEYS | {
    "key", "keys", "your", "yours", "the", "a", "an", "some", "here", "goes", "insert", "put", "replace",
    "with", "this", "me", "change", "changeme", "changeit", "todo", "tbd", "fixme", "none", "null", "nil",
    "undefined", "unset", "empty", "missing", "invalid", "unknown", "default", "string", "str", "int", "bool",
    "text", "value", "type", "required", "optional", "true", "false", "yes", "no", "on", "off", "dummy", "fake",
    "mock", "test", "testing", "example", "sample", "demo", "placeholder", "redacted", "hidden", "masked",
    "basic", "digest", "refresh", "user", "username", "oauth", "oauth2", "jwt", "header", "hash", "post", "secrets",
    "tokens", "passwords", "openai", "anthropic", "github", "google", "aws", "azure", "slack",
}  # fmt: skip
"""Words that do not make a secret in any order."""

INSERTED = re.compile(
    r"^[<\[{(].*[>\]})]$|\$\{|\$\(|\{\{|\{\w*\}|^\$\w+$"
    r"|^:\w+$|^%\w*%|^%\(?\w|\.\.\.|…|\*{3}|x{4}|X{3}"
)
"""Marks of a value that something replaces later."""

NOT_ITSELF = {
    "is", "has", "use", "num", "max", "min", "no", "without", "with", "require", "ask", "show", "allow", "skip",
}  # fmt: skip
"""First words of names that are about a secret, and do not hold one."""

PROSE = {
    "of", "for", "is", "to", "enter", "please", "must", "be", "and", "or", "in", "on", "are", "was", "not", "by",
    "from", "that", "which", "it", "its", "if", "as", "at", "new", "old", "current", "forgot", "wrong", "incorrect",
    "bad", "again", "confirm", "reset", "can", "cannot", "should", "will", "may", "no", "any", "each", "only",
    "used", "use", "recipe", "word", "words", "length", "characters", "rotated", "expired", "matches", "match",
    "policy",
}  # fmt: skip
"""Words of sentences about a secret."""


def words(name: str) -> list[str]:
    """Return the words of a name, in lower case: ``githubAPIKey`` and ``github-api-key`` have the same three."""
    parts = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3 \2\4", name)
    return [word for word in re.split(r"[^A-Za-z0-9]+", parts.lower()) if word]


def says_secret(name: str) -> bool:
    """Return whether this is the name of a secret: ``db_password``, ``X-API-Key``; not ``token_url``."""
    found = words(name)
    if not found or found[-1] in INNOCENT or found[0] in NOT_ITSELF:
        return False
    keys = any(second == "key" and first in KEYS for first, second in pairwise(found))
    return keys or not SECRET.isdisjoint(found) or found[-1].endswith(ENDS)


def says_secrets(name: str) -> bool:
    """Return whether this is the name of several secrets: ``api_keys``, ``VALID_TOKENS``."""
    return name.lower().endswith("s") and not says_secret(name) and says_secret(name[:-1])


def is_key(name: str) -> bool:
    """Return whether this is the name of some key, and its value tells which: ``WEATHER_KEY``, ``CACHE_KEY``."""
    found = words(name)[-1:]
    return found == ["key"] or not (CHANCE | WEAK).isdisjoint(found)


def is_mixed(value: str, name: str) -> bool:
    """Return whether the value of a weak word (``pass``, ``auth``) is a password: it has letters and digits."""
    is_weak = not WEAK.isdisjoint(words(name)[-1:])
    return is_weak and len(value) >= 6 and any(map(str.isalpha, value)) and any(map(str.isdigit, value))


def is_login(name: str) -> bool:
    """Return whether this is the name of a user with a password: ``auth``, ``credentials``."""
    return words(name)[-1:] in (["auth"], ["credentials"], ["creds"], ["login"], ["credential"], ["cred"])


def is_phrase(value: str, name: str) -> bool:
    """Return whether a value is a password of several words, not a sentence about one."""
    found = words(name)
    is_named = found[-1:] and (
        found[-1] in ("password", "passphrase", "passwd", "mnemonic")
        or found[-2:] in (["seed", "phrase"], ["recovery", "phrase"])
    )
    said = words(value)
    is_plain = " ".join(said) == " ".join(value.lower().replace("-", " ").split())
    return bool(is_named) and len(said) >= 3 and is_plain and (PROSE | FILLING).isdisjoint(said)


def is_shouted(name: str) -> bool:
    """Return whether a text is in capitals, as names of variables and placeholders are."""
    return (
        name.isupper()
        and bool(re.fullmatch(r"[A-Z][A-Z_0-9]*", name))
        and name.count("_") * 2 <= len(name)
        and (not any(map(str.isdigit, name)) or "_" in name)
    )


def is_placeholder(value: str, name: str = "") -> bool:
    """Return whether a value is a placeholder: ``changeme``, ``<your key>``, ``${TOKEN}``, its own name."""
    value = value.strip()
    if len(value) < (4 if "pass" in name.lower() else 6) or len(set(value)) < 4 or INSERTED.search(value):
        return True
    return "example" in value.lower() or value.lower() == name.lower() or is_filling(value)


def is_filling(value: str) -> bool:
    """Return whether a value has only words that do not make a secret: ``none``, ``your-api-key``."""
    found = words(value)
    return bool(found) and FILLING.issuperset(found)


def is_word(value: str) -> bool:
    """Return whether a value is one word of a language, which may be in a text by chance."""
    return value.isalpha() and (value.islower() or value.istitle())


def is_made_up(value: str) -> bool:
    """Return whether a text is not a word of a language: some letters and digits."""
    return len(value) >= 8 and any(map(str.isalpha, value)) and any(map(str.isdigit, value))
