"""Post to a URL that a client gave: signed, to public addresses only, without following redirects."""

from __future__ import annotations

import base64
import binascii
import hmac
import http.client
import ipaddress
import secrets
import socket
import ssl
import time
from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import SplitResult, urlsplit

import anyio
import anyio.to_thread

__all__ = ["NotDeliveredError", "check_url", "message_id", "post", "secret_of"]

TIMEOUT = 5.0
"""Seconds that a receiver has for its answer."""

MOST_BYTES_READ = 64 * 1024

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class NotDeliveredError(Exception):
    """A receiver did not take a message.

    Attributes:
        reason: One of the protocol's categories; never anything that the receiver answered.
        final: Whether trying again is of no use.
    """

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


def secret_of(text: str) -> bytes:
    """Return the key in a secret of Standard Webhooks.

    Raises:
        ValueError: It is not ``whsec_`` followed by 24 to 64 bytes in base64.
    """
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith("whsec_") or not 24 <= len(key) <= 64:
        raise ValueError("delivery.secret has to be whsec_ followed by 24 to 64 bytes in base64.")
    return key


def check_url(url: str, *, loopback: bool) -> SplitResult:
    """Return the parts of a URL that may be posted to, as far as the URL itself shows it.

    Raises:
        ValueError: It may not.
    """
    parts = urlsplit(url)
    local = loopback and parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not local:
        raise ValueError("delivery.url has to begin with https://.")
    if not parts.hostname or parts.username is not None or parts.fragment or not url.isascii() or not url.isprintable():
        raise ValueError("delivery.url has to be a plain URL: a host, no user, no fragment, ASCII.")
    if parts.port == 0:
        raise ValueError("delivery.url has no port 0.")
    return parts


def message_id(kind: str) -> str:
    """Return a new identifier for a message that is not an event."""
    return f"msg_{kind}_{secrets.token_hex(8)}"


async def post(url: str, body: bytes, *, id: str, subscription: str, keys: Sequence[bytes], loopback: bool) -> bytes:
    """Post a message, signed with each key as Standard Webhooks has it; return the beginning of the answer.

    Raises:
        NotDeliveredError: The receiver did not take it, or may not be posted to.
    """
    now = str(int(time.time()))
    signed = b".".join((id.encode(), now.encode(), body))
    signatures = [base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys]
    headers = {
        "Content-Type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": now,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
        "X-MCP-Subscription-Id": subscription,
    }
    try:
        with anyio.fail_after(TIMEOUT):
            send = partial(_send, check_url(url, loopback=loopback), body, headers, loopback)
            status, answer = await anyio.to_thread.run_sync(send, abandon_on_cancel=True)
    except TimeoutError:
        raise NotDeliveredError("timeout") from None
    except ssl.SSLError:
        raise NotDeliveredError("tls_error") from None
    except (OSError, http.client.HTTPException, ValueError):
        raise NotDeliveredError("connection_refused") from None
    if not 200 <= status < 300:
        raise NotDeliveredError("http_5xx" if status >= 500 else "http_4xx", final=status in (410, 413))
    return answer


def _send(parts: SplitResult, body: bytes, headers: dict[str, str], loopback: bool) -> tuple[int, bytes]:
    assert parts.hostname is not None
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _address(parts.hostname, port, loopback=loopback, plain=parts.scheme == "http")
    connection = _Connection(parts, str(address), port)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, headers)
        answer = connection.getresponse()  # a redirect is an answer like any other, and is not followed
        return answer.status, answer.read(MOST_BYTES_READ)
    finally:
        connection.close()


def _address(host: str, port: int, *, loopback: bool, plain: bool) -> Address:
    """Return an address of the host that may be posted to; looked up for each delivery, because names change theirs."""
    for *_, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        address = _plain(ipaddress.ip_address(str(place[0]).partition("%")[0]))
        if (loopback and address.is_loopback) or (not plain and _public(address)):
            return address
    raise OSError("no address that may be posted to")


def _plain(address: Address) -> Address:
    return getattr(address, "ipv4_mapped", None) or address


def _public(address: Address) -> bool:
    """Return whether an address is one of the public internet, and does not lead to an IPv4 address inside it."""
    inside = isinstance(address, ipaddress.IPv6Address) and (
        address in _NAT64 or address.sixtofour is not None or address.teredo is not None
    )
    return address.is_global and not address.is_multicast and not inside


class _Connection(http.client.HTTPConnection):
    """A connection to one address, which names the URL's host in its ``Host`` header and in TLS."""

    def __init__(self, parts: SplitResult, address: str, port: int) -> None:
        super().__init__(str(parts.hostname), port, timeout=TIMEOUT)
        self.default_port = 443 if parts.scheme == "https" else 80
        self._address = address
        self._context = ssl.create_default_context() if parts.scheme == "https" else None

    def connect(self) -> None:
        """Connect to the address that was checked."""
        self.sock: Any = socket.create_connection((self._address, self.port), TIMEOUT)
        if self._context is not None:
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host)
