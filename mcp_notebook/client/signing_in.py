"""Signing in by OAuth: the SDK runs the flow, a browser shows the sign-in page, and it comes back to a port here."""

from __future__ import annotations

import asyncio
import socket
import webbrowser
from collections.abc import Callable
from html import escape
from urllib.parse import parse_qs, urlsplit

import anyio
from mcp.client.auth import OAuthClientProvider
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyUrl

from mcp_notebook.client.targets import Browser, Url, in_words
from mcp_notebook.errors import RequestError

__all__ = ["SignIn"]

PATIENCE = 300.0
"""Seconds that a person has to sign in."""


class SignIn:
    """What one connection needs to sign in. Tokens are kept in memory, for as long as it is there.

    Args:
        target: Where to.
        notice: Told the link, should no browser open.
        patience: Seconds to wait for the person.
    """

    def __init__(self, target: Url, notice: Callable[[str], None], patience: float | None = None) -> None:
        self._where = in_words(target)
        self._open: Browser = target.oauth if callable(target.oauth) else webbrowser.open
        self._notice = notice
        self._patience = PATIENCE if patience is None else patience
        self._came_back: asyncio.Future[AuthorizationCodeResult] | None = None
        self._server: asyncio.Server | None = None
        # Bound for good: the authorization server is told of the port once, when the client is registered.
        self._socket = socket.create_server(("127.0.0.1", 0))
        redirect = AnyUrl(f"http://127.0.0.1:{self._socket.getsockname()[1]}/callback")
        self.auth = OAuthClientProvider(
            target.url,
            OAuthClientMetadata(
                client_name="mcp-notebook", redirect_uris=[redirect], token_endpoint_auth_method="none"
            ),
            _Memory(),
            redirect_handler=self._show,
            callback_handler=self._wait,
        )

    def close(self) -> None:
        """Give the port back."""
        if self._server is not None:
            self._server.close()
        self._socket.close()

    async def _show(self, link: str) -> None:
        self._came_back = asyncio.get_running_loop().create_future()
        if self._server is None:
            self._server = await asyncio.start_server(self._answer, sock=self._socket)
        self._notice(f"sign in to {self._where} in the browser. If none opened, this is the link: {link}")
        await anyio.to_thread.run_sync(self._open, link)

    async def _wait(self) -> AuthorizationCodeResult:
        assert self._came_back is not None
        try:
            with anyio.fail_after(self._patience):
                return await self._came_back
        except TimeoutError:
            raise RequestError(
                f"Nobody signed in to {self._where} within {self._patience:g} seconds. Connect again to have another "
                "try."
            ) from None

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readline()).decode("latin-1").split()
        parts = urlsplit(line[1] if len(line) > 1 else "")
        if parts.path != "/callback":
            await _respond(writer, "404 Not Found", "Nothing here.")
            return
        said = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if "code" in said:
            words = "Signed in. You can close this page and go back to the notebook."
        else:
            words = f"Not signed in: {said.get('error_description') or said.get('error') or 'no code came'}."
        await _respond(writer, "200 OK", words)
        if self._came_back is None or self._came_back.done():
            return
        if "code" in said:
            result = AuthorizationCodeResult(code=said["code"], state=said.get("state"), iss=said.get("iss"))
            self._came_back.set_result(result)
        else:
            self._came_back.set_exception(RequestError(f"{self._where}: {words} Connect again to have another try."))


async def _respond(writer: asyncio.StreamWriter, status: str, words: str) -> None:
    page = f"<!doctype html><meta charset=utf-8><title>mcp_notebook</title><p>{escape(words)}</p>".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(page)}\r\n"
    writer.write(head.encode() + b"Connection: close\r\n\r\n" + page)
    await writer.drain()
    writer.close()


class _Memory:
    """Keeps what the SDK wants kept between two requests, and writes nothing down."""

    def __init__(self) -> None:
        self._tokens: OAuthToken | None = None
        self._client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self._tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self._tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self._client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self._client = client_info
