"""Fetch Client ID Metadata Documents (draft-ietf-oauth-client-id-metadata-document), within bounds.

Anyone who can make a browser open a link makes the kernel fetch a URL. So the kernel connects only to public addresses
and to its own loopback interface (section 6.5), to the address that it has checked, without redirects and proxies, and
reads 5 KiB (section 6.6).
"""

from __future__ import annotations

import ipaddress
import json
import re
import socket
from contextlib import aclosing
from typing import Any
from urllib.parse import unquote, urlsplit

import anyio
import httpx2

__all__ = ["DocumentError", "fetch_document", "url_fault"]

SECONDS = 5.0
MOST_BYTES = 5 * 1024
MOST_AT_ONCE = 4
LONGEST_URL = 1000

_JSON = re.compile(r"application/(?:[\w.+-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)
_WRITTEN = re.compile(r"[!-;=?-Z_a-z~\]\[]+")
"""The characters of a URL: visible ASCII, without those that programs read in different ways."""

_TUNNELS = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))
"""Addresses that lead to an IPv4 address of any kind (NAT64, 6to4, Teredo); Python counts some of them as public."""

_limiter = anyio.CapacityLimiter(MOST_AT_ONCE)


class DocumentError(Exception):
    """A client's metadata document cannot be used; the text says why, without anything from the document."""


async def fetch_document(url: str) -> dict[str, Any]:
    """Return the document of a client, with the members that the draft requires.

    Raises:
        DocumentError: The URL is not allowed, nothing answers there, or the answer is not such a document.
    """
    if fault := url_fault(url):
        raise DocumentError(fault)
    try:
        async with _limiter:
            with anyio.fail_after(SECONDS):
                body = await _body_of(url)
    except TimeoutError:
        raise DocumentError(f"it did not come within {SECONDS:g} seconds") from None
    document = _read(body)
    if fault := _fault(url, document):
        raise DocumentError(fault)
    return document


def url_fault(url: str) -> str | None:
    """Return why a URL cannot be the id of a client (section 3); None if it can."""
    if len(url) > LONGEST_URL or not _WRITTEN.fullmatch(url):
        return f"its URL has more than {LONGEST_URL} characters, or some that do not belong in a URL"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "its URL cannot be read"
    faults = {
        "its URL does not begin with https://": not url.startswith("https://"),
        "its URL has no host, or a user name, or a fragment": not host or "@" in parts.netloc or "#" in url,
        "its URL has no path": parts.path in ("", "/"),
        "its URL has a segment . or .. in its path": any(
            unquote(segment) in (".", "..") for segment in parts.path.split("/")
        ),
    }
    return next((fault for fault, found in faults.items() if found), None)


async def _body_of(url: str) -> bytes:
    parts = urlsplit(url)
    host = parts.hostname or ""
    address = await _address_of(host, parts.port or 443)
    # The request goes to the address that was checked; the certificate must be for the host.
    there = f"[{address}]" if ":" in address else address
    pinned = parts._replace(netloc=f"{there}:{parts.port or 443}").geturl()
    # Given a transport, httpx reads no proxies from the environment; SSL_CERT_FILE still counts.
    transport = httpx2.AsyncHTTPTransport(verify=httpx2.create_ssl_context())
    headers = {"host": parts.netloc, "accept": "application/json", "accept-encoding": "identity"}
    try:
        async with (
            httpx2.AsyncClient(transport=transport, follow_redirects=False, timeout=SECONDS) as client,
            client.stream("GET", pinned, headers=headers, extensions={"sni_hostname": host}) as response,
        ):
            if response.status_code != 200:
                raise DocumentError(f"its host answered {response.status_code}; redirects are not followed")
            if not _JSON.fullmatch(response.headers.get("content-type", "")):
                raise DocumentError("its media type is not application/json")
            if response.headers.get("content-encoding", "identity") != "identity":
                raise DocumentError("it is compressed, although that was not asked for")
            body = b""
            async with aclosing(response.aiter_raw()) as pieces:
                async for piece in pieces:
                    body += piece
                    if len(body) > MOST_BYTES:
                        raise DocumentError(f"it has more than {MOST_BYTES} bytes")
            return body
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise DocumentError(f"its host did not answer over TLS ({type(error).__name__})") from error


async def _address_of(host: str, port: int) -> str:
    """Return an address of a host, after checking all that it has.

    Raises:
        DocumentError: One of them is neither public nor of this machine, or there is none.
    """
    try:
        found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise DocumentError("its host has no address") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(map(_may_be_asked, addresses)):
        raise DocumentError("its host has an address of a private network, which the kernel must not ask")
    return addresses[0]


def _may_be_asked(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return _may_be_asked(str(found.ipv4_mapped))
        if any(found in network for network in _TUNNELS):
            return False
    return found.is_loopback or (found.is_global and not found.is_multicast and not found.is_reserved)


def _read(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body.decode(), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise DocumentError("it is not JSON, or a name occurs twice in an object") from None
    if not isinstance(document, dict):
        raise DocumentError("it is not a JSON object")
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _fault(url: str, document: dict[str, Any]) -> str | None:
    if document.get("client_id") != url:
        return "its client_id is not its own URL"
    name, redirects = document.get("client_name"), document.get("redirect_uris")
    if not isinstance(name, str) or not name.strip() or not isinstance(redirects, list):
        return "it has no client_name, or no redirect_uris"
    if "client_secret" in document or "client_secret_expires_at" in document:
        return "it has a client secret, which would be public"
    if document.get("token_endpoint_auth_method", "none") != "none":
        return 'its token_endpoint_auth_method is not "none", and this stand-in knows no other for documents'
    return None
