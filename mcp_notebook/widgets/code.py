"""Write the call of a tool as code: a line of a cell, and Python."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from mcp_notebook.schema import Schema, accepts_null, accepts_text_only, parameters
from mcp_notebook.widgets.json_text import json_line

__all__ = ["magic_line", "python_line"]

QUOTE: Final = "\\u0027"
"""A single quote, escaped in JSON."""


def magic_line(line: str, arguments: Mapping[str, Any], schema: Schema) -> str:
    """Write a call as a magic that parses to exactly these arguments."""
    known = {parameter.name: parameter.schema for parameter in parameters(schema)}
    words = [_word(name, value, known.get(name), schema) for name, value in arguments.items()]
    if all(words):
        return " ".join([line, *(word for word in words if word)])
    # A quote would end the word. In JSON it occurs only in texts, where it can be escaped.
    return f"{line} --json '{json_line(arguments).replace(chr(39), QUOTE)}'"


def _word(name: str, value: Any, schema: Schema | None, root: Schema) -> str | None:
    """Write ``name=value``; return None if that would be read as something else."""
    if schema is None or not re.fullmatch(r"[A-Za-z_]\w*", name):
        return None
    if (
        accepts_text_only(schema, root)
        and not isinstance(value, str)
        and not (value is None and accepts_null(schema, root))
    ):
        return None
    return f"{name}={json_line(value)}"


def python_line(tool: str, arguments: Mapping[str, Any]) -> str:
    """Write a call as Python code on an open connection."""
    return f"connection.call({tool!r}, {dict(arguments)!r}).result"
