"""The links in results to the whole of their data: their random parts differ on each run, and are numbered instead."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["is_link", "links_in", "numbered"]

_SCHEME = "result://"
_LINK = re.compile(r"result://([A-Za-z0-9_-]{22})/")


def is_link(uri: str) -> bool:
    """Return whether a URI is such a link."""
    return uri.startswith(_SCHEME)


def links_in(result: Mapping[str, Any]) -> list[str]:
    """Return the links that are blocks of a tool's result, in their order."""
    content = result.get("content")
    blocks = [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []
    uris = [block.get("uri") for block in blocks if block.get("type") == "resource_link"]
    return [uri for uri in uris if isinstance(uri, str) and is_link(uri)]


def numbered(result: dict[str, Any]) -> dict[str, Any]:
    """Return a result in which the random part of each link is its number."""
    text = json.dumps(result)
    ids = list(dict.fromkeys(_LINK.findall(text)))
    if not ids:
        return result
    found: dict[str, Any] = json.loads(_LINK.sub(lambda link: f"result://{ids.index(link[1]) + 1}/", text))
    return found
