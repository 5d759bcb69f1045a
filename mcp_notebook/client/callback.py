"""Where a browser comes back to after signing in: a port of this machine that takes one answer, the one asked for."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Mapping
from html import escape
from typing import Final
from urllib.parse import parse_qs, urlsplit

from mcp.client.auth import OAuthFlowError

__all__ = ["Callback", "why_not"]

MOST_LINES: Final = 100
"""Lines of a request that are read; each has 64 KiB at most, asyncio's own bound."""

SLOW: Final = 10.0
"""Seconds that a browser has to send its request."""

AFTER_ANOTHER_STATE: Final = 5.0
"""Seconds in which the right answer may still come after one that was not asked for. Any web page can send such a one,
and must not end the wait at once; a server that forgets the state would keep a person waiting for nothing."""


class Callback:
    """One port, bound for good: the authorization server is told of it once, when the client is registered.

    Attributes:
        url: Where the browser is sent back to.
    """

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._host = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.url = f"http://{self._host}/callback"
        self._server: asyncio.Server | None = None
        self._state = ""
        self._came: asyncio.Future[Mapping[str, str]] | None = None

    def close(self) -> None:
        """Give the port back."""
        if self._server is not None:
            self._server.close()
        self._socket.close()

    async def expect(self, state: str) -> None:
        """Listen for an answer with this state, from now on."""
        self._state = state
        self._came = asyncio.get_running_loop().create_future()
        if self._server is None:
            self._server = await asyncio.start_server(self._answer, sock=self._socket)

    async def answer(self) -> Mapping[str, str]:
        """Wait for the answer, and return its parameters.

        Raises:
            OAuthFlowError: Only answers to something else came.
        """
        assert self._came is not None
        return await self._came

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            status, words = self._taken(*await asyncio.wait_for(_request(reader), SLOW))
        except (ValueError, asyncio.TimeoutError, OSError):  # too long, too slow, gone, or not HTTP
            status, words = "400 Bad Request", "This is not a request of a browser."
        await _respond(writer, status, words)

    def _taken(self, method: str, target: str, host: str) -> tuple[str, str]:
        """Take what a request says, where it is the answer; return what to tell the browser."""
        parts = urlsplit(target)
        # A name that leads here by a trick of DNS is not the address that the browser was sent to.
        if host != self._host:
            return "421 Misdirected Request", "This is not the host that a browser is sent back to."
        if parts.path != "/callback":
            return "404 Not Found", "Nothing here."
        if method != "GET":
            return "405 Method Not Allowed", "A browser comes back with GET."
        return self._taken_of({name: values[0] for name, values in _once(parse_qs(parts.query)).items()})

    def _taken_of(self, said: dict[str, str]) -> tuple[str, str]:
        # Before anything else, also before an error: a page that does not know the state was not asked.
        if self._came is None or not secrets.compare_digest(said.get("state", "").encode(), self._state.encode()):
            if self._came is not None and "code" in said:
                asyncio.get_running_loop().call_later(AFTER_ANOTHER_STATE, self._give_up, self._came)
            return "400 Bad Request", "Not taken: this is not the answer to the sign-in that is under way."
        if self._came.done():
            return "409 Conflict", "This sign-in is over already. You can close this page."
        self._came.set_result(said)
        if said.get("code"):
            return "200 OK", "Signed in. You can close this page and go back to the notebook."
        return "200 OK", f"Not signed in: {why_not(said)}."

    @staticmethod
    def _give_up(waited_for: asyncio.Future[Mapping[str, str]]) -> None:
        if not waited_for.done():
            waited_for.set_exception(OAuthFlowError("State parameter mismatch: only answers to something else came"))


def why_not(said: Mapping[str, str]) -> str:
    """Return in one line why there is no code."""
    return " ".join((said.get("error_description") or said.get("error") or "no code came").split())[:300].rstrip(".")


def _once(said: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the parameters that are there once; the protocol has none of them twice."""
    return {name: values for name, values in said.items() if len(values) == 1}


async def _request(reader: asyncio.StreamReader) -> tuple[str, str, str]:
    """Read a request; return its method, its target, and the host that it names.

    Raises:
        ValueError: It is not a whole request.
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
