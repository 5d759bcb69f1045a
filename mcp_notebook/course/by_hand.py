"""Send one request to a server of this notebook, as JSON: the answer is shown as it is on the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mcp.client import Client
from mcp.client.extension import advertise
from mcp.client.session import ClientRequestContext
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError
from mcp_types import ElicitRequestParams, ElicitResult, Request, Result
from mcp_types.version import LATEST_MODERN_VERSION
from pydantic import ConfigDict

from mcp_notebook.portal import Portal

__all__ = ["JsonAnswer", "ask", "asked"]

VARYING = {"createdAt", "cursor", "eventId", "lastUpdatedAt", "pollIntervalMs", "taskId", "timestamp", "ttlMs"}
"""The fields that differ in each run; dots replace their values."""

LONGEST = 100
"""Characters of a line, and of a text in it; longer ones are cut."""

OF_A_DIGEST = 20
"""Characters of a digest that are shown: enough to tell two apart."""

_portal = Portal()


class JsonAnswer(dict[str, Any]):
    """The answer to a request, or an object in it: a dict that is shown as JSON.

    Dots replace values that differ in each run, and the server's own name, which each result repeats in ``_meta``, is
    left out.
    """

    def __init__(self, fields: Mapping[str, Any]) -> None:
        super().__init__({name: _readable(part) for name, part in fields.items()})

    def __repr__(self) -> str:
        return "\n".join(_lines(_shown(self)))


def ask(
    server: MCPServer[Any],
    method: str,
    params: Mapping[str, Any] | None = None,
    *,
    extensions: Mapping[str, Mapping[str, Any]] | None = None,
) -> JsonAnswer:
    """Send one request of the current protocol from a client of its own, and return the answer.

    Args:
        server: The server.
        method: The method, such as ``tools/call``.
        params: The parameters.
        extensions: The extensions that the client declares, each with its settings.

    Returns:
        A dict with ``result`` or ``error``.
    """
    return _portal.run(asked, server, method, params or {}, extensions or {})


class _Anything(Result):
    model_config = ConfigDict(extra="allow")


async def asked(
    server: MCPServer[Any], method: str, params: Mapping[str, Any], extensions: Mapping[str, Mapping[str, Any]]
) -> JsonAnswer:
    """Do the same as `ask`, on any loop."""
    client = Client(
        server,
        mode=LATEST_MODERN_VERSION,
        cache=None,
        elicitation_callback=_decline,  # so that the client declares that it can be asked
        extensions=[advertise(identifier, dict(settings)) for identifier, settings in extensions.items()],
    )
    async with client:
        try:
            result = await client.session.send_request(
                Request[dict[str, Any], str](method=method, params=dict(params)), _Anything
            )
        except MCPError as error:
            return JsonAnswer({"error": error.error.model_dump(mode="json", exclude_none=True)})
    return JsonAnswer({"result": result.model_dump(by_alias=True, mode="json", exclude_unset=True)})


async def _decline(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
    return ElicitResult(action="decline")


def _readable(value: Any) -> Any:
    if isinstance(value, list):
        return [_readable(part) for part in value]
    return JsonAnswer(value) if isinstance(value, Mapping) else value


def _shown(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: "..." if key in VARYING else f"{part[:OF_A_DIGEST]}..." if key == "digest" else _shown(part)
            for key, part in value.items()
            if key != "_meta" or "io.modelcontextprotocol/serverInfo" not in part
        }
    if isinstance(value, str) and len(value) > LONGEST:
        return f"{value[:LONGEST]}... ({len(value):,} characters)"
    return [_shown(part) for part in value] if isinstance(value, list) else value


def _lines(value: Any, before: str = "", indent: str = "", after: str = "") -> list[str]:
    """Write a value as JSON, each part that fits on a line on one line."""
    whole = json.dumps(value, ensure_ascii=False)
    if len(indent + before + whole + after) <= LONGEST or not value or not isinstance(value, dict | list):
        return [indent + before + whole + after]
    named = value.items() if isinstance(value, dict) else (("", part) for part in value)
    parts = [(f"{json.dumps(name)}: " if isinstance(value, dict) else "", part) for name, part in named]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    lines = [indent + before + opening]
    for place, (name, part) in enumerate(parts, 1):
        lines += _lines(part, name, indent + "  ", "," if place < len(parts) else "")
    return [*lines, indent + closing + after]
