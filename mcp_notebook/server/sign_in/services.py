"""Ask an authorization server over HTTP, within bounds."""

from __future__ import annotations

import ipaddress
import json
from contextlib import aclosing
from typing import Any
from urllib.parse import urlsplit

import httpx2

__all__ = ["Unavailable", "answer_of", "checked_url"]

SECONDS = 5
MOST_BYTES = 1024 * 1024
"""The most that an answer may have."""


class Unavailable(Exception):
    """The authorization server does not answer as it should, so that nobody can be let in or turned away."""


def checked_url(url: str, what: str) -> str:
    """Return a URL of the authorization server.

    Args:
        url: The URL.
        what: The name of the setting, for the error.

    Raises:
        ValueError: It is not https, and not of this machine.
    """
    parts = urlsplit(url)
    if not parts.hostname or parts.username is not None or parts.fragment:
        raise ValueError(f"{what} is not a URL: {url!r}")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_local(parts.hostname)):
        raise ValueError(f"{what} must begin with https://, because tokens depend on it: {url!r}")
    return url


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def answer_of(
    url: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """Get a JSON object, or post a form and return the object that comes back.

    Raises:
        Unavailable: There is none.
    """
    try:
        # No redirects: what tokens depend on comes from where the settings say.
        async with httpx2.AsyncClient(timeout=SECONDS, follow_redirects=False) as client:
            method = "GET" if form is None else "POST"
            sent = {"accept": "application/json", **(headers or {})}
            async with client.stream(method, url, data=form, headers=sent) as response:
                if response.status_code != 200:
                    raise Unavailable(f"{url} answered {response.status_code}")
                body = b""
                async with aclosing(response.aiter_bytes()) as pieces:
                    async for piece in pieces:
                        body += piece
                        if len(body) > MOST_BYTES:
                            raise Unavailable(f"{url} answered with more than {MOST_BYTES} bytes")
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise Unavailable(f"{url} did not answer: {error or type(error).__name__}") from error
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unavailable(f"{url} did not answer with JSON") from error
    if not isinstance(found, dict):
        raise Unavailable(f"{url} did not answer with a JSON object")
    return found
