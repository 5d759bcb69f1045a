"""Check the server as a whole: its lists, its instructions, and the ways to reach it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mcp_notebook.compat.spots import Spot
from mcp_notebook.compat.subject import CheckedServer

__all__ = ["CHECKS", "spots"]

CHECKS = {
    "unreadable": "parts of the lists that do not follow the protocol",
    "tools-number": "many tools",
    "instructions-length": "long instructions",
    "resource-uri": "a resource whose URI has no scheme",
    "resource-template": "a URI template that is not valid",
    "transport-sse": "a server that is reached by the legacy SSE",
    "access-token": "a server that takes a fixed token",
}

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:.+")
_TEMPLATE = re.compile(r"(?:[^{}]|\{[+#./;?&]?[a-zA-Z0-9_.%]+(?::\d+|\*)?(?:,[a-zA-Z0-9_.%]+(?::\d+|\*)?)*\})*")


def spots(subject: CheckedServer) -> Iterator[Spot]:
    """Yield spots about the whole server."""
    for line in subject.unreadable:
        yield Spot("unreadable", "server", "", f"it does not follow the protocol: {line}", "Correct the entry.")
    number = len(subject.tools)
    fix = "Offer fewer, or %mcp serve --search, which lists two."
    yield Spot("tools-number", "server", "", f"it has {number} tools", fix, size=number)
    length = len(subject.instructions)
    what, fix = f"its instructions have {length:,} characters", "Shorten them, and put the most important first."
    yield Spot("instructions-length", "server", "", what, fix, size=length)
    if subject.transport == "sse":
        yield Spot("transport-sse", "server", "", "it is reached by SSE", "Serve streamable HTTP.")
    if subject.access == "token":
        what, fix = "it takes a fixed token", "Offer OAuth as well, or use a host that sends headers."
        yield Spot("access-token", "server", "", what, fix)
    yield from _resources(subject)


def _resources(subject: CheckedServer) -> Iterator[Spot]:
    for resource in subject.lists["resource"]:
        if not _SCHEME.fullmatch(resource["uri"]):
            fix = "Begin it with a scheme, such as notes://."
            yield Spot("resource-uri", "resource", resource["uri"], "its URI has no scheme", fix)
    for template in subject.lists["resourceTemplate"]:
        uri = template["uriTemplate"]
        if not _TEMPLATE.fullmatch(uri):
            fix = "Write each variable as {name} (RFC 6570)."
            yield Spot("resource-template", "resource template", uri, "it is not a valid URI template", fix)
        elif not _SCHEME.fullmatch(uri) and not uri.startswith("{"):
            fix = "Begin it with a scheme, such as notes://."
            yield Spot("resource-uri", "resource template", uri, "its URI has no scheme", fix)
