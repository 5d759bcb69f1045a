"""Find secrets by their format, by their name and by the environment, and stop an export before it writes one.

The formats are data (`known_formats`). The rest is own code, because scanners read text line by line, and a syntax tree
also tells the name that a literal is given to: gitleaks is a program in Go; detect-secrets 1.5.0 keeps its settings in
one object for the process, and its last release was in May 2024. High entropy alone is not reported: in notebooks that
is mostly data.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.ran import RanCell
from mcp_notebook.export.settings.formats import ASSIGNED, credentials, formatted, is_header, named, told
from mcp_notebook.export.settings.forms import forms
from mcp_notebook.export.settings.known_formats import SecretPart
from mcp_notebook.export.settings.literals import literals
from mcp_notebook.export.settings.wording import (
    is_filling,
    is_key,
    is_made_up,
    is_phrase,
    is_placeholder,
    is_word,
    says_secret,
    says_secrets,
)  # fmt: skip
from mcp_notebook.recording import Call

__all__ = ["Secret", "brief", "cell_of", "find", "has", "hide", "parts", "places", "refuse", "secrets_of", "withheld"]

NO_SECRET = re.compile(r"#\s*not a secret\b", re.IGNORECASE)
"""A comment that allows the literals of its line."""

COMMENT = re.compile(r"(?:^[ \t]*#[^\n]*(?:\n|\Z)){2,}|#[^\n]*", re.MULTILINE)
"""Text that may be a comment in Python: the end of a line, or several lines."""


@dataclass(frozen=True, order=True)
class Secret:
    """A secret in a file.

    Attributes:
        line: From 1.
        column: From 0.
        value: The secret itself, which no ``repr`` shows.
        why: A description.
        last: The last line of its literal; 0 if it is not in one.
    """

    line: int
    column: int
    value: str = field(repr=False)
    why: str
    last: int = 0

    def __str__(self) -> str:
        return f"{self.why} ({brief(self.value)})"


def brief(value: str) -> str:
    """Return the beginning of a secret, which is all that may be shown."""
    return f"{value[:2]}..." if len(value) >= 8 else "..."


def secrets_of(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of an environment that hold a secret, by their names."""
    return {
        name: value
        for name, value in environment.items()
        if len(value) >= 8
        and (says_secret(name) or (is_key(name) and not is_word(value)))
        and not is_placeholder(value, name)
        and not _is_address(value)
    }


# --- in one text


def find(text: str, environment: Mapping[str, str], path: str = "server.py") -> list[Secret]:
    """Return the secrets in a file, in order.

    Args:
        text: Python's source, or any other text.
        environment: The values of variables with the name of a secret are secrets too.
        path: The name of the file, which tells whether it is Python.
    """
    hidden = secrets_of(environment)
    tree = _parsed(text) if path.endswith(".py") else None
    given = _in_text(text, hidden) if tree is None else _in_python(text, tree, hidden)
    allowed = {n for n, line in enumerate(text.split("\n"), 1) if NO_SECRET.search(line)}
    found: list[Secret] = []
    for secret in given:
        same = any(s.line == secret.line and (s.value in secret.value or secret.value in s.value) for s in found)
        if allowed.isdisjoint((secret.line, secret.last)) and not same:
            found.append(secret)
    return sorted(found)


def hide(text: str, environment: Mapping[str, str], known: Iterable[str] = (), path: str = "") -> str:
    """Return a text with only the beginning of each secret; the arguments are those of `find` and `refuse`."""
    for value in sorted({*known, *(secret.value for secret in find(text, environment, path))}, key=len, reverse=True):
        for form in sorted(forms(value), key=len):
            text = text.replace(form, brief(value))
    return text


def parts(text: str, name: str, hidden: Mapping[str, str]) -> list[SecretPart]:
    """Return the parts of a text that are secrets, in order and without overlaps.

    Args:
        text: All of a literal, or of a file.
        name: The name that a literal is given to; "" if unknown.
        hidden: The `secrets_of` an environment.
    """
    if name and not _is_address(text) and (why := _whole(text, name)):
        return [SecretPart(0, len(text), why, name)]
    found = [*_from_environment(text, hidden), *formatted(text), *told(text)]
    if is_header(name):
        found += [
            SecretPart(start, end, f"a part of a literal for {name!r}", name) for start, end in credentials(name, text)
        ]
    found.sort(key=lambda part: (part.start, -part.end))
    return [part for i, part in enumerate(found) if all(part.start >= earlier.end for earlier in found[:i])]


def _whole(text: str, name: str) -> str:
    """Return why all of a text is a secret, by the name that it is given to; "" if it is not."""
    one_of_several = says_secrets(name) and is_made_up(text) and " " not in text.strip()
    if is_phrase(text, name) or (one_of_several and not is_placeholder(text, name)):
        return f"a literal for {name!r}"
    return named(text, name)


def _from_environment(text: str, hidden: Mapping[str, str]) -> Iterator[SecretPart]:
    for name, value in hidden.items():
        if value == text or not is_word(value):
            for start, end in places(text, value):
                yield SecretPart(start, end, f"the value of the environment variable {name}", name)


def _in_text(text: str, hidden: Mapping[str, str]) -> Iterator[Secret]:
    """Yield the secrets in a file other than Python: by their form, and by the name before them."""
    yield from (_secret(text, part.start, text[part.start : part.end], part.why) for part in parts(text, "", hidden))
    for match in ASSIGNED.finditer(text):
        value = match[2] or match[3] or match[4]
        if parts(value, match[1], {}):
            yield _secret(text, match.start(), value, f"a value for {match[1]!r}")


def _in_python(text: str, tree: ast.Module, hidden: Mapping[str, str]) -> Iterator[Secret]:
    """Yield the secrets in literals and comments; the code around them only looks like names and values."""
    for literal in literals(tree):
        first, last = literal.node.lineno, literal.node.end_lineno or literal.node.lineno
        for part in parts(literal.value, literal.name, hidden):
            line = min(first + literal.value.count("\n", 0, part.start), last)
            yield Secret(line, literal.node.col_offset, literal.value[part.start : part.end], part.why, last)
    for match in COMMENT.finditer(text):
        for part in parts(match[0], "", hidden):
            yield _secret(text, match.start() + part.start, match[0][part.start : part.end], part.why)


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return None


def _secret(text: str, start: int, value: str, why: str) -> Secret:
    return Secret(text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start) - 1, value, why)


def _is_address(text: str) -> bool:
    """Return whether a text is a path or a URL; URLs have formats of their own."""
    return "://" in text or text.startswith(("/", "./", "~/", "C:\\"))


# --- before writing


def refuse(
    files: Mapping[str, str | bytes],
    environment: Mapping[str, str],
    known: Iterable[str],
    cells: Sequence[RanCell] = (),
) -> list[Finding]:
    """Search every file of a package before it is written; each secret in one stops the export.

    Args:
        files: The content of each by its path; in one that is not a text, only known values are found.
        environment: As for `find`.
        known: Secrets that became settings, which no file may have in any form.
        cells: The notebook's cells; a finding names the last one that has the secret.
    """
    known = list(known)
    found: dict[str, tuple[Secret, list[str]]] = {}
    for path in sorted(files, key=lambda path: (not path.startswith("src/"), path)):
        for secret in _in_file(files[path], path, environment, known):
            found.setdefault(secret.value, (secret, []))[1].append(f"{path}, line {secret.line}")
    return [
        Finding(
            "stops", cell_of(secret.value, cells),
            where[0] + (f" and {len(where) - 1} more" if where[1:] else ""),
            f"has {secret}, and a setting cannot replace it there.",
            "Take it out of the comment, docstring or pattern, or make it a constant marked with '# secret'. If it is "
            "not a secret, end its line with '# not a secret'.",
        )
        for secret, where in found.values()
    ]  # fmt: skip


def _in_file(content: str | bytes, path: str, environment: Mapping[str, str], known: Sequence[str]) -> Iterator[Secret]:
    try:
        text = content if isinstance(content, str) else str(content, "utf-8")
    except UnicodeDecodeError:  # each byte is a character; in an image, chance makes what looks like a name and a value
        text = str(content, "latin-1")  # type: ignore[arg-type]  # a text does not raise this
        for part in _from_environment(text, secrets_of(environment)):
            yield _secret(text, part.start, text[part.start : part.end], part.why)
        yield from _lifted(text, known)
    else:
        yield from (*find(text, environment, path), *_lifted(text, known), *_pieces(text, path, known))


def withheld(call: Call, environment: Mapping[str, str], known: Iterable[str] = ()) -> str | None:
    """Tell why a recorded call must not be in a test: it has a secret; None if it has none.

    Args:
        call: Its arguments, result, questions and answers are searched.
        environment: As for `find`.
        known: Secrets that became settings.
    """
    values = {
        "its arguments have": [call.name, call.arguments],
        "its result has": [call.result, call.error],
        "an answer to it has": [event.value for event in call.events if event.kind in ("question", "answer")],
    }
    known = list(known)
    for which, value in values.items():
        text = repr(value)  # as Python, which tells names and values apart
        if find(text, environment) or any(_lifted(text, known)):
            return f"{which} a secret in it"
    return None


def has(text: str, value: str) -> bool:
    """Return whether a secret is in a text, in any of its forms."""
    return any(_lifted(text, [value]))


def cell_of(value: str, cells: Sequence[RanCell]) -> int | None:
    """Return the number of the last cell that has this text, as it is or as a literal."""
    longest = max(value.split("{}"), key=len)  # the text of an f-string has more than its cell
    written = [form for form in (longest, repr(longest)[1:-1]) if form]
    return next((c.number for c in reversed(cells) if any(form in c.source for form in written)), None)


def places(text: str, value: str) -> Iterator[tuple[int, int]]:
    """Yield where a value begins and ends in a text, not as a part of a longer word."""
    if value in text:  # much faster than the pattern, and mostly false
        yield from (match.span() for match in re.finditer(rf"(?<!\w){re.escape(value)}(?!\w)", text))


def _lifted(text: str, known: Iterable[str]) -> Iterator[Secret]:
    """Yield the known secrets in a text, in any of their forms."""
    for form in sorted({form for value in known for form in forms(value)}):
        yield from (_secret(text, start, form, "a secret of the notebook") for start, _ in places(text, form))


def _pieces(text: str, path: str, known: Sequence[str]) -> Iterator[Secret]:
    """Yield the literals that are half of a known secret or more: code may put it together."""
    tree = _parsed(text) if known and path.endswith(".py") else None
    for literal in literals(tree) if tree else ():
        value = literal.value
        is_long = len(value) >= 8 and not is_word(value) and not is_filling(value)
        if is_long and any(value in secret and 2 * len(value) >= len(secret) and value != secret for secret in known):
            yield Secret(literal.node.lineno, literal.node.col_offset, value, "a part of a secret of the notebook")
