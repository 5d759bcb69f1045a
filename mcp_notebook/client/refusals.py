"""Describe in one line why a message did not reach an MCP server, or got no answer, and what to do next."""

from __future__ import annotations

import json
import secrets
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import anyio
import httpx2
from mcp.client.auth import OAuthFlowError
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, METHOD_NOT_FOUND, RequestId

from mcp_notebook.client import limits
from mcp_notebook.client.bounded import OverLimitError
from mcp_notebook.client.replies import misfit, quoted
from mcp_notebook.errors import McpNotebookError, innermost

__all__ = ["Refusal", "place", "refused", "unreachable"]

_MARK = f"mcp-notebook/refusal-{secrets.token_hex(8)}"
"""The key that marks an error as a refusal; random, so that no server can know it."""


@dataclass(frozen=True)
class Refusal:
    """The reason why there is no answer.

    Attributes:
        line: One line for a person.
        never_ran: Whether it is certain that the server did not start the request.
        may_be_sse: Whether a server of the earlier SSE transport would refuse like this.
    """

    line: str
    never_ran: bool = False
    may_be_sse: bool = False

    @staticmethod
    def of(error: BaseException) -> Refusal | None:
        """Return the refusal that an error carries; None if the server itself answered."""
        data = error.error.data if isinstance(error, MCPError) else None
        if not isinstance(data, dict) or _MARK not in data:
            return None
        return Refusal(str(error), *data[_MARK])

    def message(self, request: RequestId | None = None) -> dict[str, Any]:
        """Return the refusal as the JSON-RPC error that answers the message; the SDK passes it on to the sender."""
        data = {_MARK: [self.never_ran, self.may_be_sse]}
        error = {"code": INTERNAL_ERROR, "message": self.line, "data": data}
        return {"jsonrpc": "2.0", "id": request, "error": error}

    def response(self, request: httpx2.Request, status: int) -> httpx2.Response:
        """Return the refusal as a response to the message."""
        return httpx2.Response(status, json=self.message(), request=request)


async def refused(response: httpx2.Response, request: RequestId | None) -> Refusal | None:
    """Return why a response is not an answer of an MCP server; None if it is one.

    Args:
        response: The response.
        request: The id of the request that was sent; None for a message without an answer.
    """
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json" and response.status_code < 400:
        await response.aread()  # here, where a broken body cannot end the whole connection
    if response.status_code >= 400:
        return await _bad_status(response, kind)
    if response.has_redirect_location:
        to = _words(response.url.join(response.headers["location"]))
        return Refusal(f"{place(response)} redirects to {to}. If that is the server you mean, connect to it.", True)
    line = None if request is None else _no_answer(response, kind, request)
    return None if line is None else Refusal(line)


def _no_answer(response: httpx2.Response, kind: str, request: RequestId) -> str | None:
    where = place(response)
    if response.status_code in (202, 204):
        return f"{where} accepted the request ({response.status_code}) but does not answer it."
    if kind == "application/json":
        wrong = misfit(response.content, request)
        if wrong and response.content.strip() and '"jsonrpc"' not in response.text:
            return f"{where} answers with JSON that is not an MCP message. {_PATH} It begins: {quoted(response.text)}"
        return wrong and f"{where} answered with {wrong}."
    if kind != "text/event-stream":
        page = "a web page" if kind == "text/html" else kind or "something without a type"
        return f"{where} answers with {page}, so it is not an MCP server. {_PATH}"
    return None


_PATH = "Check the path: it is often /mcp."
_NO_STREAM = "{} opens no event stream, so it is not an SSE server. Check the path, or leave --transport sse out."


async def _bad_status(response: httpx2.Response, kind: str) -> Refusal | None:
    status, where = response.status_code, place(response)
    body = ""
    with anyio.move_on_after(limits.REASON):  # the body may never end, and the status says enough
        body = (await response.aread()).decode("utf-8", "replace")
    error = _rpc_error(body) if kind == "application/json" else None
    if "mcp-session-id" in response.request.headers and _session_is_gone(status, error, body):
        return Refusal(f"{where} does not know the session any more: it was restarted.", never_ran=True)
    if error is not None:
        return None
    said = _first_line(body) if kind in ("text/plain", "application/json") else ""
    sent = "authorization" in response.request.headers
    lines = {
        401: f"{where} does not accept the token that was sent (401). Give the right one, or one that has not expired."
        if sent
        else f"{where} requires a token, and none was sent (401). Give it with --token VAR (token=... in Python), or "
        "sign in with --oauth.",
        403: f"{where} refuses (403{said}). The token lacks the rights for this, or the server allows only other "
        "origins.",
        404: f"There is no MCP server at {where} (404). {_PATH}",
        405: f"{where} accepts no messages (405), so it is not an MCP server, or an old one elsewhere. {_PATH}",
        421: f"{where} does not answer for the host name {response.request.url.host!r} (421). Connect by a name that "
        "it allows, or allow this one there: %mcp serve --allow-host NAME.",
    }
    fallback = f"{where} answered {status}{said} without an MCP message."
    if status >= 500:
        fallback += " See the server's log for the reason."
        fallback += " Its own log has the reason."
    return Refusal(lines.get(status, fallback), status in (401, 421), may_be_sse=status in (400, 404, 405))


def _session_is_gone(status: int, error: dict[str, Any] | None, body: str) -> bool:
    if status == 404:
        return error is None or error.get("code") != METHOD_NOT_FOUND
    # The protocol requires 404; the TypeScript SDK's examples, and servers made from them, send 400 with these words.
    return status == 400 and "session id" in body.lower()


def _rpc_error(body: str) -> dict[str, Any] | None:
    try:
        message = json.loads(body)
    except ValueError:
        return None
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        return None
    error = message.get("error")
    return error if isinstance(error, dict) else None


def _first_line(body: str) -> str:
    line = body.strip().partition("\n")[0]
    return f": {line[:200]}" if line else ""


def unreachable(error: BaseException, url: httpx2.URL) -> Refusal:
    """Return why there is no response at all."""
    where, host = _words(url), url.host
    causes = list(_causes(innermost(error)))
    line = (
        next((str(e) for e in causes if isinstance(e, McpNotebookError)), None)
        or next((f"Signing in at {where} failed: {_flat(e)}" for e in causes if isinstance(e, OAuthFlowError)), None)
        or next((_unnamed(host, where) for e in causes if isinstance(e, socket.gaierror)), None)
        or next((_tls(e, host, where) for e in causes if isinstance(e, ssl.SSLError)), None)
        or next((_NO_STREAM.format(where) for e in causes if isinstance(e, httpx2.SSEError)), None)
        or _of_transport(causes[0], where)
    )
    never_ran = isinstance(causes[0], httpx2.ConnectError | httpx2.ConnectTimeout | McpNotebookError)
    return Refusal(line, never_ran and not isinstance(causes[0], OverLimitError))


def _unnamed(host: str, where: str) -> str:
    return f"There is no host {host!r}, or no network to look it up. Check the spelling of {where}."


def _tls(error: ssl.SSLError, host: str, where: str) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate of {host!r} is not trusted: {error.verify_message}. Nothing was sent to {where}."
    return f"{where} does not speak TLS ({error.reason}). If it is plain HTTP, write http://."


def _of_transport(error: BaseException, where: str) -> str:
    if isinstance(error, httpx2.ConnectTimeout):
        return f"{where} does not answer. Check host and port, and any proxy or firewall on the way."
    if isinstance(error, httpx2.ConnectError):
        return f"Nothing listens at {where}. Start the server, or check host and port."
    if isinstance(error, httpx2.RemoteProtocolError | httpx2.DecodingError):
        return _of_protocol(error, where)
    if isinstance(error, httpx2.HTTPStatusError):
        return f"{where} answered {error.response.status_code} without an MCP message. {_PATH}"
    if isinstance(error, httpx2.TransportError):
        return _BROKE_OFF.format(where)
    return f"The request to {where} failed: {_flat(error)}"


def _of_protocol(error: BaseException, where: str) -> str:
    words = _flat(error)
    if isinstance(error, httpx2.DecodingError):
        return f"{where} sent a body that does not match its Content-Encoding ({words})."
    if "too long" in words:
        return f"{where} sent more than 100 kB of headers."
    if "complete message body" in words:
        return _BROKE_OFF.format(where)
    return f"The server at {where} does not speak HTTP, or broke off ({words}). For TLS, write https://."


_BROKE_OFF = "The connection to {} broke before the answer came; it is not known whether the request ran."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _flat(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


def place(response: httpx2.Response) -> str:
    """Return the URL that a response came from, without parts that may be secret."""
    return _words(response.request.url)


def _words(url: httpx2.URL) -> str:
    return str(url.copy_with(userinfo=b"", query=None, fragment=None))
