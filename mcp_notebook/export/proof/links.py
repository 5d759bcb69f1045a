"""Compare the whole of results that are data: what a recorded call's link gives, in the notebook and in the package."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any

from mcp_types import BlobResourceContents, TextResourceContents

from mcp_notebook.client import Connection
from mcp_notebook.recording.links import links_in
from mcp_notebook.server.extensions.data import KEPT

__all__ = ["MOST_BYTES", "digests", "digests_of_package"]

MOST_BYTES = 20_000_000
"""The largest result that is compared as a whole; of a larger one, only what the call returned is."""


def digests(result: Mapping[str, Any]) -> dict[str, str]:
    """Return the digest of what the first link of a result gives here, by its file's name.

    There is none if the result is no longer kept, or is too large.
    """
    found = [(uri, _digest(uri)) for uri in links_in(result)[:1]]
    return {uri.rpartition("/")[2]: digest for uri, digest in found if digest}


@lru_cache(maxsize=1_000)
def _digest(uri: str) -> str:
    found = KEPT.find(uri)
    if found is None or found.size > MOST_BYTES:
        return ""
    try:
        content = found.write()
    except Exception:  # noqa: BLE001 - the libraries of data have their own, and reading the link reports it
        return ""
    return sha256(content.encode() if isinstance(content, str) else content).hexdigest()


async def digests_of_package(client: Connection, result: Mapping[str, Any]) -> dict[str, str]:
    """Return the digest of what the first link of a package's result gives, by its file's name."""
    found = {}
    for uri in links_in(result)[:1]:
        (content,) = (await client.aio.read(uri)).result.contents
        found[uri.rpartition("/")[2]] = sha256(_bytes(content)).hexdigest()
    return found


def _bytes(content: TextResourceContents | BlobResourceContents) -> bytes:
    if isinstance(content, TextResourceContents):
        return content.text.encode()
    return base64.b64decode(content.blob)
