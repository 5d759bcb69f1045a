"""Check the server as a whole: its lists, its instructions, and the ways to reach it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mcp_notebook.compat.checked_server import CheckedServer
from mcp_notebook.compat.observation import Observation
from mcp_notebook.schema.problem import shortened

__all__ = ["CHECKS", "REACHING", "observe", "reached"]

CHECKS = {
    "unreadable": "parts of the lists that do not follow the protocol",
    "tools-number": "many tools",
    "instructions-length": "long instructions",
    "resource-uri": "a resource whose URI has no scheme",
    "resource-template": "a URI template that is not valid",
    "transport-stdio": "a server that is started as a process",
    "transport-sse": "a server that is reached by the legacy SSE",
    "access-token": "a server that takes a fixed token",
}

REACHING = frozenset({"transport-stdio", "transport-sse", "access-token"})
"""The checks of the ways to reach a server."""

_TRANSPORTS = {
    "stdio": ("it is started as a process (stdio)", "Serve streamable HTTP as well."),
    "sse": ("it is reached by SSE", "Serve streamable HTTP."),
}

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:.+")
_TEMPLATE = re.compile(r"(?:[^{}]|\{[+#./;?&]?[a-zA-Z0-9_.%]+(?::\d+|\*)?(?:,[a-zA-Z0-9_.%]+(?::\d+|\*)?)*\})*")

LONGEST_LINE = 300
"""The most characters of a reason why a part cannot be read: it quotes what the server sent."""


def reached(server: CheckedServer) -> bool:
    """Return whether the server is reached in a way that a host could use, too: not in memory or from a file."""
    return server.transport in ("http", "sse", "stdio")


def observe(server: CheckedServer) -> Iterator[Observation]:
    """Yield observations about the whole server."""
    for line in server.unreadable:
        what = f"it does not follow the protocol: {shortened(line, LONGEST_LINE)}"
        yield Observation("unreadable", "server", "", what, "Correct the entry.")
    number = len(server.tools)
    fix = "Offer fewer, or %mcp serve --search, which lists two."
    yield Observation("tools-number", "server", "", f"it has {number:,} tools", fix, size=number)
    length = len(server.instructions)
    what, fix = f"its instructions have {length:,} characters", "Shorten them, and put the most important first."
    yield Observation("instructions-length", "server", "", what, fix, size=length)
    if server.transport in _TRANSPORTS:
        what, fix = _TRANSPORTS[server.transport]
        yield Observation(f"transport-{server.transport}", "server", "", what, fix)
    if server.access == "token":
        what, fix = "it takes a fixed token", "Offer OAuth as well, or use a host that sends headers."
        yield Observation("access-token", "server", "", what, fix)
    yield from _resources(server)


def _resources(server: CheckedServer) -> Iterator[Observation]:
    for resource in server.lists["resource"]:
        if not _SCHEME.fullmatch(resource["uri"]):
            fix = "Begin it with a scheme, such as notes://."
            yield Observation("resource-uri", "resource", resource["uri"], "its URI has no scheme", fix)
    for template in server.lists["resourceTemplate"]:
        uri = template["uriTemplate"]
        if not _TEMPLATE.fullmatch(uri):
            fix = "Write each variable as {name} (RFC 6570)."
            yield Observation("resource-template", "resource template", uri, "it is not a valid URI template", fix)
        elif not _SCHEME.fullmatch(uri) and not uri.startswith("{"):
            fix = "Begin it with a scheme, such as notes://."
            yield Observation("resource-uri", "resource template", uri, "its URI has no scheme", fix)
