"""Write the headers that the modern era requires with a message, so that proxies can route without reading it.

The protocol's streamable HTTP transport, 2026-07-28, specifies them. Values are encoded as in the SDK's
`mcp.shared.inbound`, and a test compares the two.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping

__all__ = ["ParameterHeaders", "field", "modern_headers", "modern_version"]

VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
NAMED_BY = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}

PLAIN = re.compile(r"[\x20-\x7E]*")
ENCODED = re.compile(r"=\?base64\?.*\?=")
TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")

Path = tuple[str, ...]


def modern_version(message: Mapping[str, object]) -> str | None:
    """Return the protocol version in a modern message; None for a legacy one.

    ``initialize`` is always legacy, because the modern era has no such request.
    """
    parameters = message.get("params")
    meta = parameters.get("_meta") if isinstance(parameters, dict) else None
    if message.get("method") == "initialize" or not isinstance(meta, dict) or VERSION_KEY not in meta:
        return None
    return str(meta[VERSION_KEY])


def field(name: str, value: str) -> bytes:
    """Return a header line, with the value in base64 if a header cannot contain it directly."""
    if not PLAIN.fullmatch(value) or value != value.strip() or ENCODED.fullmatch(value):
        value = f"=?base64?{b64encode(value.encode('utf-8', 'surrogatepass')).decode()}?="
    return f"{name}: {value}\r\n".encode()


def modern_headers(message: Mapping[str, object], version: str) -> bytes:
    """Return the header lines of every modern message."""
    method, parameters = str(message["method"]), message.get("params")
    lines = field("mcp-protocol-version", version) + field("mcp-method", method)
    name = parameters.get(NAMED_BY.get(method)) if isinstance(parameters, dict) else None
    return lines + field("mcp-name", name) if isinstance(name, str) else lines


class ParameterHeaders:
    """The parameters of tools that are also sent as headers: those whose schemas have ``x-mcp-header``."""

    def __init__(self) -> None:
        self._of: dict[str, dict[Path, str]] = {}

    def learn(self, listing: object) -> None:
        """Read the result of ``tools/list``."""
        tools = listing.get("tools") if isinstance(listing, dict) else None
        for tool in tools if isinstance(tools, list) else ():
            if isinstance(tool, dict):
                self._of[str(tool.get("name"))] = dict(_annotated(tool.get("inputSchema"), ()))

    def lines(self, message: Mapping[str, object]) -> bytes:
        """Return the header lines for a call; none for an unknown tool."""
        parameters = message.get("params")
        if message.get("method") != "tools/call" or not isinstance(parameters, dict):
            return b""
        headers = self._of.get(str(parameters.get("name")), {})
        values = ((name, _text(_at(parameters.get("arguments"), path))) for path, name in headers.items())
        return b"".join(field(f"Mcp-Param-{name}", text) for name, text in values if text is not None)


def _annotated(schema: object, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the annotated properties; annotations count only in nested ``properties``."""
    properties = schema.get("properties") if isinstance(schema, dict) else None
    for name, inner in properties.items() if isinstance(properties, dict) else ():
        if isinstance(inner, dict):
            header = inner.get("x-mcp-header")
            if isinstance(header, str) and TOKEN.fullmatch(header):
                yield (*path, name), header
            yield from _annotated(inner, (*path, name))


def _at(arguments: object, path: Path) -> object:
    for key in path:
        arguments = arguments.get(key) if isinstance(arguments, dict) else None
    return arguments


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else None
