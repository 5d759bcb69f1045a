"""Receive the browser after signing in, on a port of this machine that accepts only the expected answer."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Callable, Mapping
from html import escape
from typing import Final
from urllib.parse import parse_qs, urlsplit

from mcp.client.auth import OAuthFlowError

__all__ = ["Callback", "why_not"]

MOST_LINES: Final = 100
"""Most lines of a request that are read; asyncio limits each to 64 KiB."""

SLOW: Final = 10.0
"""Seconds that a browser has to send its request."""

AFTER_ANOTHER_STATE: Final = 5.0
"""Seconds to wait for the right answer after one with another state. Any web page can send a wrong one, which must not
end the wait at once; but if a server forgets the state, a person must not wait in vain."""


class Callback:
    """A port, bound once: the authorization server learns its URL when the client is registered.

    Attributes:
        url: The URL that the browser is sent back to.
    """

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._host = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.url = f"http://{self._host}/callback"
        self._server: asyncio.Server | None = None
        self._state = ""
        self._is_from_issuer: Callable[[Mapping[str, str]], bool] = lambda said: True
        self._came: asyncio.Future[Mapping[str, str]] | None = None

    def close(self) -> None:
        """Release the port."""
        if self._server is not None:
            self._server.close()
        self._socket.close()

    async def expect(self, state: str, is_from_issuer: Callable[[Mapping[str, str]], bool] = lambda said: True) -> None:
        """Listen for an answer with this state.

        Args:
            state: The state.
            is_from_issuer: Tells whether an answer is from the issuer that was asked (RFC 9207).
        """
        self._state, self._is_from_issuer = state, is_from_issuer
        self._came = asyncio.get_running_loop().create_future()
        if self._server is None:
            self._server = await asyncio.start_server(self._answer, sock=self._socket)

    async def answer(self) -> Mapping[str, str]:
        """Wait for the answer and return its parameters.

        Raises:
            OAuthFlowError: Only answers with another state came.
        """
        assert self._came is not None
        return await self._came

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            status, words = self._taken(*await asyncio.wait_for(_request(reader), SLOW))
        except (ValueError, asyncio.TimeoutError, OSError):  # too long, too slow, disconnected, or not HTTP
            status, words = "400 Bad Request", "This is not a request from a browser."
        await _respond(writer, status, words)

    def _taken(self, method: str, target: str, host: str) -> tuple[str, str]:
        """Accept a request if it is the answer; return the status and text for the browser."""
        parts = urlsplit(target)
        # Through a DNS rebinding attack, another name can lead here; the browser was sent to this address.
        if host != self._host:
            return "421 Misdirected Request", "The browser was not sent back to this host name."
        if parts.path != "/callback":
            return "404 Not Found", "Nothing here."
        if method != "GET":
            return "405 Method Not Allowed", "A browser comes back with GET."
        return self._taken_of({name: values[0] for name, values in _once(parse_qs(parts.query)).items()})

    def _taken_of(self, said: dict[str, str]) -> tuple[str, str]:
        # Before anything else, even an error: a page that does not know the state is not the sign-in page.
        if self._came is None or not secrets.compare_digest(said.get("state", "").encode(), self._state.encode()):
            if self._came is not None and "code" in said:
                asyncio.get_running_loop().call_later(AFTER_ANOTHER_STATE, self._give_up, self._came)
            return "400 Bad Request", "Ignored: this is not the answer to the current sign-in."
        if self._came.done():
            return "409 Conflict", "This sign-in is already over. You can close this page."
        if not self._is_from_issuer(said):
            # RFC 9207 forbids to show anything else of it.
            self._came.set_exception(OAuthFlowError("iss mismatch: the answer is from another issuer"))
            return "400 Bad Request", "This answer is from another authorization server, so nobody was signed in."
        self._came.set_result(said)
        if said.get("code"):
            return "200 OK", "Signed in. You can close this page and go back to the notebook."
        return "200 OK", f"Not signed in: {why_not(said)}."

    @staticmethod
    def _give_up(waited_for: asyncio.Future[Mapping[str, str]]) -> None:
        if not waited_for.done():
            waited_for.set_exception(OAuthFlowError("State parameter mismatch: only answers to something else came"))


def why_not(said: Mapping[str, str]) -> str:
    """Return the reason for a missing code in one line."""
    return " ".join((said.get("error_description") or said.get("error") or "no code came").split())[:300].rstrip(".")


def _once(said: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the parameters that occur once; the protocol repeats none."""
    return {name: values for name, values in said.items() if len(values) == 1}


async def _request(reader: asyncio.StreamReader) -> tuple[str, str, str]:
    """Read a request; return its method, its target, and the host in its headers.

    Raises:
        ValueError: The request is incomplete or too long.
    """
    method, target, _version = (await reader.readline()).decode("latin-1").split()
    hosts: list[str] = []
    for _ in range(MOST_LINES):
        line = (await reader.readline()).decode("latin-1").strip()
        if not line:
            return method, target, hosts[0] if len(hosts) == 1 else ""
        name, _, value = line.partition(":")
        if name.strip().lower() == "host":
            hosts.append(value.strip())
    raise ValueError("too many headers")


async def _respond(writer: asyncio.StreamWriter, status: str, words: str) -> None:
    page = f"<!doctype html><meta charset=utf-8><title>mcp_notebook</title><p>{escape(words)}</p>".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(page)}\r\n"
    try:
        writer.write(head.encode() + b"Cache-Control: no-store\r\nConnection: close\r\n\r\n" + page)
        await writer.drain()
    except OSError:  # the browser did not wait
        pass
    finally:
        writer.close()
