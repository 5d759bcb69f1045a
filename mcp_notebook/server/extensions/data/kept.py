"""Keep the whole of results behind links, as long as the process lives, and serve them.

A link has a random part that nobody can guess, so only those read it who got the result. It is in no list: the result
names it. The files are made when they are read.
"""

from __future__ import annotations

import base64
import secrets
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import anyio.to_thread
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS, BlobResourceContents, ReadResourceResult, TextResourceContents

__all__ = ["KEPT", "SCHEME", "File", "Kept", "serve_kept"]

SCHEME = "result://"

MOST_RESULTS = 100
MOST_BYTES = 1_000_000_000
"""The results that are kept, and the memory for them; the oldest leave first."""

Write = Callable[[], str | bytes]


@dataclass(frozen=True)
class _Result:
    files: Mapping[str, tuple[str, Write]]
    size: int


class File(NamedTuple):
    """A file of a result.

    Attributes:
        kind: Its media type.
        write: Writes it.
        size: The bytes that the result takes until then.
    """

    kind: str
    write: Write
    size: int


class Kept:
    """The results that are kept.

    Args:
        most: The most results.
        most_bytes: The most memory for all of them.
    """

    def __init__(self, most: int = MOST_RESULTS, most_bytes: int = MOST_BYTES) -> None:
        self.most = most
        self.most_bytes = most_bytes
        self._results: dict[str, _Result] = {}
        self._lock = threading.Lock()

    def keep(self, name: str, files: Mapping[tuple[str, str], Write], size: int) -> dict[str, tuple[str, str]]:
        """Keep a result, and return the links to it.

        Args:
            name: The name of its files, without a suffix.
            files: Functions that write them, by suffix and media type.
            size: The bytes that the result takes until then.

        Returns:
            The link and the media type of each file, by its suffix; nothing if the result is larger than the store.
        """
        if size > self.most_bytes:
            return {}
        id = secrets.token_urlsafe(16)
        named = {f"{name}.{suffix}": (kind, write) for (suffix, kind), write in files.items()}
        with self._lock:
            self._results[id] = _Result(named, size)
            while len(self._results) > self.most or self._total() > self.most_bytes:
                del self._results[next(iter(self._results))]
        return {suffix: (f"{SCHEME}{id}/{name}.{suffix}", kind) for suffix, kind in files}

    def _total(self) -> int:
        return sum(result.size for result in self._results.values())

    def find(self, uri: str) -> File | None:
        """Return the file behind a link; None if it is not kept."""
        id, _, name = uri.removeprefix(SCHEME).partition("/")
        with self._lock:
            result = self._results.get(id)
        found = None if result is None else result.files.get(name)
        return None if result is None or found is None else File(*found, result.size)

    def gone(self, uri: str) -> str:
        """Return the words for a link whose result is not kept."""
        return (
            f"The result behind {uri} is not kept: only the last {self.most} are, up to "
            f"{self.most_bytes / 1e6:,.0f} MB, and none after a restart. Call the tool again for a new link."
        )


KEPT = Kept()
"""The results of this process, of all of its servers."""


async def serve_kept(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Answer requests for the links; middleware, for ``server.middleware``."""
    uri = (ctx.params or {}).get("uri")
    if ctx.method != "resources/read" or not isinstance(uri, str) or not uri.startswith(SCHEME):
        return await call_next(ctx)
    found = KEPT.find(uri)
    if found is None:
        raise MCPError(INVALID_PARAMS, KEPT.gone(uri), {"uri": uri})
    kind, write, _ = found
    try:
        # A page of a browser has no threads.
        content = write() if sys.platform == "emscripten" else await anyio.to_thread.run_sync(write)
    except Exception as error:
        instead = "Call the tool for less." if kind == "text/csv" else "Read the link to its CSV file instead."
        words = f"The result cannot be written as {kind} ({type(error).__name__}). {instead}"
        raise MCPError(INTERNAL_ERROR, words, {"uri": uri}) from error
    return ReadResourceResult(contents=[_contents(uri, kind, content)])


def _contents(uri: str, kind: str, content: str | bytes) -> TextResourceContents | BlobResourceContents:
    if isinstance(content, str):
        return TextResourceContents(uri=uri, mime_type=kind, text=content)
    return BlobResourceContents(uri=uri, mime_type=kind, blob=base64.b64encode(content).decode())
