"""The published schemas of two files: ``manifest.json`` of a bundle (MCPB), and ``server.json`` of the MCP Registry."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from jsonschema import validators

__all__ = ["MANIFEST_VERSION", "SERVER_SCHEMA", "problems"]

MANIFEST_VERSION = "0.4"
"""The version of the manifest, the first with servers that uv runs."""

SERVER_SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"

File = Literal["manifest.json", "server.json"]

_SCHEMAS: dict[File, str] = {
    "manifest.json": f"mcpb-manifest-v{MANIFEST_VERSION}.schema.json",
    "server.json": "server-2025-12-11.schema.json",
}


def problems(file: File, text: str) -> tuple[str, ...]:
    """Return what a schema has against a file: each place, as a JSON pointer, and why."""
    try:
        document = json.loads(text)
    except ValueError as error:
        return (f"it is not JSON: {error}",)
    found = _validator(file).iter_errors(document)
    return tuple(f"/{'/'.join(map(str, one.absolute_path))}: {one.message}"[:300] for one in found)


@cache
def _validator(file: File) -> Any:
    schema = json.loads((files(__package__) / _SCHEMAS[file]).read_text(encoding="utf-8"))
    kind = validators.validator_for(schema, validators.Draft7Validator)
    return kind(schema, format_checker=kind.FORMAT_CHECKER)
