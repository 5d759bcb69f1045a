"""What a person types after a magic: words, and ``key=value`` with the value's meaning."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import to_jsonable_python

from mcp_notebook.errors import UnknownNameError, did_you_mean
from mcp_notebook.schema import Schema, accepts_null, accepts_text_only, parameters

__all__ = ["jsonable", "named_values", "quoted", "split", "unquote"]

_CLOSING = {"[": "]", "{": "}", "(": ")"}


def split(line: str) -> list[str]:
    """Split at white space outside quotes and brackets; quotes stay, so that a value keeps its type.

    `shlex` drops the quotes, and cuts ``tags=["a", "b"]`` in two. A quote or bracket that is never closed
    counts as an ordinary character: ``text=don't`` and ``text=:(`` are single words.
    """
    words: list[str] = []
    start = 0
    while start < len(line):
        if line[start].isspace():
            start += 1
            continue
        end = _end_of_word(line, start, nested=True) or _end_of_word(line, start, nested=False) or len(line)
        words.append(line[start:end])
        start = end
    return words


def _end_of_word(line: str, start: int, *, nested: bool) -> int | None:
    """Return where the word from `start` ends; None where a quote or bracket is left open."""
    quote = ""
    closing: list[str] = []
    escaped = False
    for i in range(start, len(line)):
        character = line[i]
        if quote:
            if character == quote and not escaped:
                quote = ""
            escaped = character == "\\" and not escaped
        elif nested and character in "\"'" and (i == start or line[i - 1] in "=[{(,: "):
            quote = character
        elif nested and character in _CLOSING:
            closing.append(_CLOSING[character])
        elif closing and character == closing[-1]:
            closing.pop()
        elif character.isspace() and not closing:
            return i
    return None if quote or closing else len(line)


def unquote(word: str) -> str:
    """Return a word without the quotes around it."""
    if len(word) >= 2 and word[0] == word[-1] and word[0] in "\"'":
        return word[1:-1]
    return word


def quoted(name: str) -> str:
    """Return a name as it can be typed on the line of a magic."""
    return f'"{name}"' if any(character.isspace() for character in name) else name


def named_values(words: Sequence[str], schema: Schema, namespace: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """Turn ``key=value`` words into arguments, led by the input schema.

    A value is JSON, a Python literal, or the name of a variable, in this order; where only text fits, it is
    the text itself, unless it is quoted or names a variable that holds text.

    Raises:
        UnknownNameError: A key that the schema does not have, or a value that is none of these.
    """
    known = {parameter.name: parameter for parameter in parameters(schema)}
    closed = schema.get("additionalProperties", False) is False
    values: dict[str, Any] = {}
    for word in words:
        key, equals, text = word.partition("=")
        takes = ", ".join(known) or "none"
        if not equals:
            raise UnknownNameError(f"{word!r} is not key=value. {owner} takes: {takes}.")
        if key not in known and closed:
            raise UnknownNameError(f"{owner} has no parameter {key!r} (it takes: {takes}).{did_you_mean(key, known)}")
        parameter = known.get(key)
        text_only = parameter is not None and accepts_text_only(parameter.schema, schema)
        if parameter is not None and text in ("null", "None") and accepts_null(parameter.schema, schema):
            values[key] = None
        else:
            values[key] = _value(key, text, namespace, text_only=text_only)
    return values


def _value(key: str, text: str, namespace: Mapping[str, Any], *, text_only: bool) -> Any:
    if text_only:
        found = namespace.get(text)
        literal = _literal(text) if text[:1] in ("'", '"') else None
        if isinstance(literal, str):
            return literal
        return found if isinstance(found, str) else text
    literal = _literal(text)
    if literal is not _NOTHING:
        return literal
    if text in namespace:
        return jsonable(namespace[text], text)
    public = [name for name in namespace if not name.startswith("_")]
    raise UnknownNameError(
        f"{key}={text}: that is no JSON, no Python literal and no variable.{did_you_mean(text, public)} "
        f"A text goes in quotes: {key}={json.dumps(text)}."
    )


_NOTHING = object()


def _literal(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_json)
    except ValueError:
        pass
    try:
        return json.loads(json.dumps(ast.literal_eval(text), allow_nan=False))
    except (ValueError, SyntaxError, TypeError):
        return _NOTHING


def _no_json(constant: str) -> Any:
    raise ValueError(f"{constant} is Python's; JSON has no such number")


def jsonable(value: Any, name: str) -> Any:
    """Return a variable's value as JSON has it.

    Raises:
        UnknownNameError: It holds something that JSON cannot carry.
    """
    try:
        return to_jsonable_python(value)
    except ValueError as error:
        raise UnknownNameError(
            f"{name} is a {type(value).__name__}, which does not go into JSON ({error}). Pass what is in it: a "
            "list, a dict, a text or a number."
        ) from error
