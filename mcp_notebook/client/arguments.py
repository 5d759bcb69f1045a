"""Parse the arguments of a request as a person types them, ``key=value``."""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from mcp_notebook.errors import UnknownNameError, UsageError, did_you_mean
from mcp_notebook.plain_json import as_json
from mcp_notebook.schema import Parameter, Schema, accepts_null, accepts_text, accepts_text_only, parameters

__all__ = ["jsonable", "named_values", "parted", "quoted_key", "unquote"]


def unquote(word: str) -> str:
    """Remove the quotes around a word."""
    if len(word) >= 2 and word[0] == word[-1] and word[0] in "\"'":
        return word[1:-1]
    return word


_QUOTED_KEY = re.compile(r"""(?P<key>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')=""", re.DOTALL)
_PLAIN_KEY = re.compile(r"[^\s=\"'\[\](){},:\\-][^\s=\"'\[\](){},\\]*")


def parted(word: str) -> tuple[str, str, str]:
    """Split ``key=value`` at its equals sign; a key with spaces or an equals sign must be in quotes."""
    found = _QUOTED_KEY.match(word)
    if found is None:
        return word.partition("=")
    key = _literal(found["key"])
    return key if isinstance(key, str) else unquote(found["key"]), "=", word[found.end() :]


def quoted_key(name: str) -> str:
    """Return the name of an argument as it must be typed before ``=``."""
    return name if _PLAIN_KEY.fullmatch(name) and name.isprintable() else json.dumps(name, ensure_ascii=False)


def named_values(
    words: Sequence[str], schema: Schema, namespace: Mapping[str, Any] | None, owner: str
) -> dict[str, Any]:
    """Turn ``key=value`` words into arguments, according to the input schema.

    A value is read as JSON, a Python literal or the name of a variable in the namespace, in this order. For a
    parameter that accepts only text, it is the text itself, unless it is quoted or names a variable with a text. For a
    parameter that accepts no text, the content of a quoted value is read in the same way.

    Raises:
        UnknownNameError: The schema does not have the key.
        UsageError: A word is not key=value, or its value is not usable.
    """
    known = {parameter.name: parameter for parameter in parameters(schema)}
    closed = schema.get("additionalProperties", False) is False
    values: dict[str, Any] = {}
    for word in words:
        key, equals, text = parted(word)
        takes = ", ".join(map(quoted_key, known)) or "none"
        if not equals:
            raise UsageError(f"{word!r} is not key=value. {owner} takes: {takes}.")
        if key not in known and closed:
            raise UnknownNameError(f"{owner} has no parameter {key!r} (it takes: {takes}).{did_you_mean(key, known)}")
        parameter = known.get(key)
        if parameter is not None and text in ("null", "None") and accepts_null(parameter.schema, schema):
            values[key] = None
        else:
            values[key] = jsonable(_value(key, text, namespace, parameter, schema), key)
    return values


def _value(key: str, text: str, variables: Mapping[str, Any] | None, parameter: Parameter | None, root: Schema) -> Any:
    namespace = variables or {}
    if parameter is not None and accepts_text_only(parameter.schema, root):
        found = namespace.get(text)
        literal = _literal(text) if text[:1] in ("'", '"') else None
        if isinstance(literal, str):
            return literal
        return found if isinstance(found, str) else text
    literal = _literal(text)
    if isinstance(literal, str) and parameter is not None and not accepts_text(parameter.schema, root):
        spelled = _literal(literal)
        return literal if spelled is _NOTHING else spelled
    if literal is not _NOTHING:
        return literal
    if text in namespace:
        return namespace[text]
    public = [name for name in namespace if not name.startswith("_")]
    written = f"{quoted_key(key)}={json.dumps(text)}"
    forms = "JSON or a Python literal" if variables is None else "JSON, a Python literal or a variable"
    raise UsageError(
        f"{key}={text} is not {forms}.{did_you_mean(text, public)} "
        f"Put text in quotes: {written if variables is not None else shlex.quote(written)}."
    )


_NOTHING = object()


def _literal(text: str) -> Any:
    """Read JSON or a Python literal; NaN and infinity too, so that the error can name their place."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return _NOTHING


def jsonable(value: Any, name: str) -> Any:
    """Return a value as plain JSON data.

    Raises:
        UsageError: JSON cannot represent it.
    """
    try:
        return as_json(value, (name,))
    except ValueError as error:
        raise UsageError(f"{error}.") from None
