"""What must not be written: keys, passwords and tokens, found by their form, by their name, and by the environment.

The formats of services' keys are gitleaks' rules, as data (`known_formats`). The rest is own code, because scanners
read text line by line, and here it is known what a literal is given to: gitleaks is a program in Go; detect-secrets
1.5.0 keeps its settings in one object for the process, and its last release was in May 2024.
Text of high entropy alone is not reported: in notebooks that is mostly data.
"""

from __future__ import annotations

import ast
import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import quote

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.ran import RanCell
from mcp_notebook.export.settings.formats import ASSIGNED, Part, formatted, is_made_up, named, told
from mcp_notebook.export.settings.headers import credentials, is_header
from mcp_notebook.export.settings.literals import literals
from mcp_notebook.export.settings.wording import (
    is_filling,
    is_key,
    is_phrase,
    is_placeholder,
    is_word,
    says_secret,
    says_secrets,
)
from mcp_notebook.recording import Call

__all__ = ["Secret", "brief", "cell_of", "find", "found_at", "has", "hide", "parts", "refuse", "secrets_of", "withheld"]

NO_SECRET = re.compile(r"#\s*not a secret\b", re.IGNORECASE)
"""A comment that says of its line that what looks like a secret there is none."""

COMMENT = re.compile(r"(?:^[ \t]*#[^\n]*(?:\n|\Z)){2,}|#[^\n]*", re.MULTILINE)
"""What may be a comment in Python: one line, or several that have nothing else."""


@dataclass(frozen=True, order=True)
class Secret:
    """A secret in a file.

    Attributes:
        line: From 1.
        column: From 0.
        value: The secret itself, which is in no ``repr``.
        why: What it is.
        last: The last line of the literal that it is in; 0 where it is in none.
    """

    line: int
    column: int
    value: str = field(repr=False)
    why: str
    last: int = 0

    def __str__(self) -> str:
        return f"{self.why} ({brief(self.value)})"


def brief(value: str) -> str:
    """Return all that may be shown of a secret: how it begins."""
    return f"{value[:2]}..." if len(value) >= 8 else "..."


def find(text: str, environment: Mapping[str, str], path: str = "server.py") -> list[Secret]:
    """Return the secrets in a file, in order.

    Args:
        text: Python's source, or any other text.
        environment: Where the value of a variable whose name says that it is a secret is in the text, that is one too.
        path: The name of the file, which says whether it is Python.
    """
    hidden = secrets_of(environment)
    tree = _parsed(text) if path.endswith(".py") else None
    given = _in_text(text, hidden) if tree is None else _in_python(text, tree, hidden)
    marked = {n for n, line in enumerate(text.split("\n"), 1) if NO_SECRET.search(line)}
    found: list[Secret] = []
    for secret in given:
        same = any(s.line == secret.line and (s.value in secret.value or secret.value in s.value) for s in found)
        if marked.isdisjoint((secret.line, secret.last)) and not same:
            found.append(secret)
    return sorted(found)


def hide(text: str, environment: Mapping[str, str], known: Iterable[str] = (), path: str = "") -> str:
    """Return a text with no more of each secret than its beginning; the arguments are as of `find` and `refuse`."""
    for value in sorted({*known, *(secret.value for secret in find(text, environment, path))}, key=len, reverse=True):
        for form in sorted(_forms(value), key=len):
            text = text.replace(form, brief(value))
    return text


def parts(text: str, name: str, hidden: Mapping[str, str]) -> list[Part]:
    """Return which parts of a text are secrets, in order and apart from each other.

    Args:
        text: All of a literal, or of a file.
        name: What a literal is given to; "" where that is not known.
        hidden: The `secrets_of` an environment.
    """
    if name and not _is_address(text) and (why := _whole(text, name)):
        return [Part(0, len(text), why, name)]
    in_header = credentials(name, text) if is_header(name) else ()
    headers = [Part(start, end, f"what a literal for {name!r} has", name) for start, end in in_header]
    found = [*_known(text, hidden), *formatted(text), *headers, *told(text)]
    found.sort(key=lambda part: (part.start, -part.end))
    return [part for i, part in enumerate(found) if all(part.start >= earlier.end for earlier in found[:i])]


def _whole(text: str, name: str) -> str:
    """Return why all of a text is a secret, by what it is given to; "" where it is none."""
    if is_phrase(text, name):
        return f"a literal for {name!r}"
    if says_secrets(name) and is_made_up(text) and " " not in text.strip() and not is_placeholder(text, name):
        return f"a literal for {name!r}"
    return named(text, name)


def refuse(
    files: Mapping[str, str], environment: Mapping[str, str], known: Iterable[str], cells: Sequence[RanCell] = ()
) -> list[Finding]:
    """Look at every file of a package before it is written; each secret that is in one stops, and is named once.

    Args:
        files: The text of each by its path.
        environment: As for `find`.
        known: Secrets that were lifted out, which are in no file in any form.
        cells: Where the files came from; of those that have the secret, the one that ran last is named.
    """
    known = list(known)
    forms = sorted({form for value in known for form in _forms(value)})
    places: dict[str, tuple[Secret, list[str]]] = {}
    for path in sorted(files, key=lambda path: (not path.startswith("src/"), path)):
        for secret in [
            *find(files[path], environment, path),
            *_lifted(files[path], forms),
            *_pieces(files[path], path, known),
        ]:
            _, found = places.setdefault(secret.value, (secret, []))
            found.append(f"{path}, line {secret.line}")
    return [_refused(secret, found, cells) for secret, found in places.values()]


def _refused(secret: Secret, places: Sequence[str], cells: Sequence[RanCell]) -> Finding:
    more = f" and {len(places) - 1} more" if len(places) > 1 else ""
    return Finding(
        "stops",
        cell_of(secret.value, cells),
        places[0] + more,
        f"has {secret}, and no setting can stand there.",
        "Take it out of the comment, docstring or pattern, or make it a constant marked with '# secret'; where it is "
        "none, end its line with '# not a secret'.",
    )


def cell_of(value: str, cells: Sequence[RanCell]) -> int | None:
    """Return the number of the cell that has this text, as it is or as a literal; of several, the one that ran last."""
    pieces = max(value.split("{}"), key=len)  # what was put together is in the cell in parts
    forms = [form for form in (pieces, repr(pieces)[1:-1]) if form]
    return next((c.number for c in reversed(cells) if any(form in c.source for form in forms)), None)


def has(text: str, value: str) -> bool:
    """Whether a secret is in a text, in one of the forms in which it may be written down."""
    return any(True for _ in _lifted(text, _forms(value)))


def withheld(call: Call, environment: Mapping[str, str], known: Iterable[str] = ()) -> str | None:
    """Say that a recorded call has a secret in it, so that it must be in no test; None where it has none.

    Args:
        call: Its arguments, result and what it was asked and answered are looked at.
        environment: As for `find`.
        known: Secrets that were lifted out of the module.
    """
    events = [event.value for event in call.events if event.kind in ("question", "answer")]
    values = {
        "its arguments have": [call.name, call.arguments],
        "its result has": [call.result, call.error],
        "an answer to it has": events,
    }
    known = list(known)
    for which, value in values.items():
        # As Python, in which a name and its value are told apart.
        if find(repr(value), environment) or any(has(repr(value), secret) for secret in known):
            return f"{which} a secret in it"
    return None


def secrets_of(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of an environment that hold a secret, by what their names say."""
    return {
        name: value
        for name, value in environment.items()
        if len(value) >= 8
        and (says_secret(name) or (is_key(name) and not is_word(value)))
        and not is_placeholder(value, name)
        and not _is_address(value)
    }


def _known(text: str, hidden: Mapping[str, str]) -> Iterator[Part]:
    for name, value in hidden.items():
        if value == text or not is_word(value):
            for start in _places(text, value):
                yield Part(start, start + len(value), f"the value of the environment variable {name}", name)


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return None


def _in_text(text: str, hidden: Mapping[str, str]) -> Iterator[Secret]:
    """Yield the secrets in a file that is no Python: what has their form, and what stands behind a name."""
    yield from (_secret(text, part.start, text[part.start : part.end], part.why) for part in parts(text, "", hidden))
    for match in ASSIGNED.finditer(text):
        value = match[2] or match[3] or match[4]
        if parts(value, match[1], {}):
            yield _secret(text, match.start(), value, f"a value for {match[1]!r}")


def _in_python(text: str, tree: ast.Module, hidden: Mapping[str, str]) -> Iterator[Secret]:
    """Yield the secrets in literals and comments; in what is code around them, names only look like values."""
    for literal in literals(tree):
        first, last = literal.node.lineno, literal.node.end_lineno or literal.node.lineno
        for part in parts(literal.value, literal.name, hidden):
            line = min(first + literal.value.count("\n", 0, part.start), last)
            yield Secret(line, literal.node.col_offset, literal.value[part.start : part.end], part.why, last)
    for match in COMMENT.finditer(text):
        for part in parts(match[0], "", hidden):
            yield _secret(text, match.start() + part.start, match[0][part.start : part.end], part.why)


def _secret(text: str, start: int, value: str, why: str) -> Secret:
    return Secret(text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start) - 1, value, why)


def _is_address(text: str) -> bool:
    """Whether a text says where something is: a path, or a URL, which is looked at as such."""
    return "://" in text or text.startswith(("/", "./", "~/", "C:\\"))


def found_at(text: str, value: str) -> Iterator[tuple[int, int]]:
    """Yield where a value begins and ends in a text, not as a part of a longer word."""
    yield from ((start, start + len(value)) for start in _places(text, value))


def _places(text: str, value: str) -> Iterator[int]:
    """Yield where a value stands in a text, not as a part of a longer word."""
    if value in text:  # which is far faster than the pattern, and mostly false
        yield from (match.start() for match in re.finditer(rf"(?<!\w){re.escape(value)}(?!\w)", text))


def _lifted(text: str, forms: Iterable[str]) -> Iterator[Secret]:
    for form in forms:
        for start in _places(text, form):
            yield _secret(text, start, form, "a secret of the notebook")


def _pieces(text: str, path: str, known: Sequence[str]) -> Iterator[Secret]:
    """Yield the literals that are the greater part of a secret: a program may put it together of several."""
    tree = _parsed(text) if known and path.endswith(".py") else None
    for literal in literals(tree) if tree else ():
        value = literal.value
        is_long = len(value) >= 8 and not is_word(value) and not is_filling(value)
        if is_long and any(value in secret and 2 * len(value) >= len(secret) and value != secret for secret in known):
            yield Secret(literal.node.lineno, literal.node.col_offset, value, "a part of a secret of the notebook")


@cache
def _forms(value: str) -> frozenset[str]:
    """Return how a value may be written down.

    A short one, which may stand there by chance, only as a literal; one that only stands for a secret not at all.
    """
    if is_filling(value):
        return frozenset()
    escaped = {repr(value), json.dumps(value)}
    if len(value) < 6 or is_word(value):
        return frozenset(escaped)
    coded = base64.b64encode(value.encode(errors="replace")).decode()
    return frozenset({value, quote(value, safe=""), coded, *(text[1:-1] for text in escaped)})
