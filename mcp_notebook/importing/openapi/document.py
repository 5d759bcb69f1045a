"""Read an OpenAPI document from a file or a URL."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpx2
import yaml

from mcp_notebook import plain_yaml
from mcp_notebook.errors import NotebookError
from mcp_notebook.schema.parameters import mapping, resolve, sequence
from mcp_notebook.typed.texts import shortened
from mcp_notebook.visible import visible

__all__ = ["Document", "is_url", "read_document"]

MOST_BYTES: Final = 10_000_000
"""Bytes of a document."""

SECONDS: Final = 20.0
"""Seconds that a document from a URL may take."""

MOST_REDIRECTS: Final = 5


@dataclass(frozen=True)
class Document:
    """An OpenAPI document.

    Attributes:
        root: Its content.
        source: The file or URL, for messages.
        base_url: The address of the API, from the document; empty if it names none that can be used.
    """

    root: Mapping[str, Any]
    source: str
    base_url: str

    @property
    def title(self) -> str:
        """The title of the API."""
        title = mapping(self.root.get("info")).get("title")
        return title if isinstance(title, str) and title.strip() else "API"

    def resolved(self, value: Any) -> Mapping[str, Any]:
        """Return an object, or the one that its ``$ref`` leads to in this document; empty if there is none."""
        return resolve(value, self.root)


def is_url(source: str) -> bool:
    """Return whether a source is an address instead of a file."""
    return source.lower().startswith(("http://", "https://"))


def read_document(source: str) -> Document:
    """Return the document at a path or URL.

    Raises:
        NotebookError: It cannot be read, or it is not an OpenAPI document of version 3.
    """
    data = _fetched(source) if is_url(source) else _read(Path(source).expanduser())
    name = urlsplit(source).path.rpartition("/")[2] or source if is_url(source) else Path(source).name
    root = _parsed(data, name)
    version = root.get("openapi")
    if "swagger" in root:
        raise NotebookError(
            f"{name} is Swagger {visible(shortened(str(root['swagger']), 20), one_line=True)}. Convert it to OpenAPI 3 "
            f"first, for instance with: npx swagger2openapi {name}"
        )
    if not isinstance(version, str) or not version.startswith("3."):
        raise NotebookError(f"{name} is not an OpenAPI document: it has no 'openapi: 3...' at its top.")
    return Document(root, name, _base_url(root, source))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise NotebookError(f"Cannot read {path} ({error.strerror}). Check the path.") from None
    return _short_enough(data, path.name)


def _fetched(url: str) -> bytes:
    try:
        ends = time.monotonic() + SECONDS
        options: dict[str, Any] = {"follow_redirects": True, "timeout": SECONDS, "max_redirects": MOST_REDIRECTS}
        with httpx2.Client(**options) as client, client.stream("GET", url) as response:
            if not response.is_success:
                raise NotebookError(f"{url} answered {response.status_code}. Open it in a browser, or give a file.")
            if urlsplit(url).scheme == "https" and response.url.scheme != "https":
                raise NotebookError(f"{url} leads to an address without TLS. Give the address itself, or a file.")
            data = b""
            for part in response.iter_bytes():
                data += part
                _short_enough(data, url)
                if time.monotonic() > ends:
                    raise NotebookError(f"{url} took more than {SECONDS:g} s. Download it, and give the file.")
            return data
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        why = str(error) or type(error).__name__
        raise NotebookError(f"Cannot fetch {url} ({why}). Check the address, or give a file.") from None


def _short_enough(data: bytes, name: str) -> bytes:
    if len(data) > MOST_BYTES:
        raise NotebookError(
            f"{name} has more than {MOST_BYTES // 1_000_000} MB. Give a document with fewer operations."
        )
    return data


def _parsed(data: bytes, name: str) -> Mapping[str, Any]:
    try:
        text = data.decode("utf-8-sig")
        found = json.loads(text) if text.lstrip().startswith("{") else plain_yaml.load(text)
    except (UnicodeDecodeError, ValueError, yaml.YAMLError, RecursionError) as error:
        why = shortened(" ".join(str(error).split()), 200)
        raise NotebookError(f"{name} is neither JSON nor YAML ({why}). Give an OpenAPI document.") from None
    if not isinstance(found, Mapping):
        raise NotebookError(f"{name} is not an OpenAPI document: it is not an object.")
    return found


def _base_url(root: Mapping[str, Any], source: str) -> str:
    """Return the address of the first server; a relative one is next to the document's own."""
    for server in map(mapping, sequence(root.get("servers"))):
        address = server.get("url")
        if isinstance(address, str):
            for name, variable in mapping(server.get("variables")).items():
                address = address.replace(f"{{{name}}}", str(mapping(variable).get("default", "")))
            break
    else:
        address = "/"
    if is_url(source):
        try:
            address = urljoin(source, address)
        except ValueError:
            return ""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    usable = parts.scheme in ("http", "https") and parts.hostname and not parts.username
    return address.rstrip("/") if usable and address.isprintable() and " " not in address else ""
