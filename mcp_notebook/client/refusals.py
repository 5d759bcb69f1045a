"""Why a message did not reach an MCP server, or came back without an answer: one line, with what to do next."""

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
"""Where an error says that it is a refusal; no server can know it."""


@dataclass(frozen=True)
class Refusal:
    """Why there is no answer.

    Attributes:
        line: One line for a person.
        never_ran: Whether it is certain that the server did not begin with the request.
        may_be_sse: Whether a server of the SSE transport, which came before, would have refused like that.
    """

    line: str
    never_ran: bool = False
    may_be_sse: bool = False

    @staticmethod
    def of(error: BaseException) -> Refusal | None:
        """Return the refusal that an error carries; None where the server itself answered."""
        data = error.error.data if isinstance(error, MCPError) else None
        if not isinstance(data, dict) or _MARK not in data:
            return None
        return Refusal(str(error), *data[_MARK])

    def message(self, request: RequestId | None = None) -> dict[str, Any]:
        """Return it as the JSON-RPC error that answers the message, which the SDK passes on to who sent it."""
        data = {_MARK: [self.never_ran, self.may_be_sse]}
        error = {"code": INTERNAL_ERROR, "message": self.line, "data": data}
        return {"jsonrpc": "2.0", "id": request, "error": error}

    def response(self, request: httpx2.Request, status: int) -> httpx2.Response:
        """Return it as a response to the message."""
        return httpx2.Response(status, json=self.message(), request=request)


async def refused(response: httpx2.Response, request: RequestId | None) -> Refusal | None:
    """Say why a response to a message is no answer of an MCP server; None where it is one.

    Args:
        response: The response.
        request: The id of the request that was sent; None for a message that has no answer.
    """
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json" and response.status_code < 400:
        await response.aread()  # here, where it may break off without taking the whole connection with it
    if response.status_code >= 400:
        return await _bad_status(response, kind)
    if response.has_redirect_location:
        to = _words(response.url.join(response.headers["location"]))
        return Refusal(f"{place(response)} sends on to {to}. If that is the server that you mean, connect to it.", True)
    line = None if request is None else _no_answer(response, kind, request)
    return None if line is None else Refusal(line)


def _no_answer(response: httpx2.Response, kind: str, request: RequestId) -> str | None:
    where = place(response)
    if response.status_code in (202, 204):
        return f"{where} took the request ({response.status_code}) and gives no answer to it."
    if kind == "application/json":
        wrong = misfit(response.content, request)
        if wrong and response.content.strip() and '"jsonrpc"' not in response.text:
            return f"{where} answers with JSON that is no message of MCP. {_PATH} It begins: {quoted(response.text)}"
        return wrong and f"{where} answered with {wrong}."
    if kind != "text/event-stream":
        page = "a web page" if kind == "text/html" else kind or "something without a type"
        return f"{where} answers with {page}, so it is no MCP server. {_PATH}"
    return None


_PATH = "Check the path: it is often /mcp."
_NO_STREAM = "{} opens no stream of events, so it is no server of old. Check the path, or leave --transport sse out."


async def _bad_status(response: httpx2.Response, kind: str) -> Refusal | None:
    status, where = response.status_code, place(response)
    body = ""
    with anyio.move_on_after(limits.REASON):  # it may never end, and the status says enough
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
        else f"{where} wants a token, and none was sent (401). Give it with --token VAR (token=... in Python), or "
        "sign in with --oauth.",
        403: f"{where} refuses (403{said}). The token has not the rights for it, or the server allows other origins "
        "only.",
        404: f"There is no MCP server at {where} (404). {_PATH}",
        405: f"{where} takes no messages (405), so it is no MCP server, or an old one at another address. {_PATH}",
        421: f"{where} does not answer for the host name {response.request.url.host!r} (421). Connect by a name that "
        "it allows, or allow this one there: %mcp serve --allow-host NAME.",
    }
    fallback = f"{where} answered {status}{said}, and no message of MCP."
    if status >= 500:
        fallback += " Its own log has the reason."
    return Refusal(lines.get(status, fallback), status in (401, 421), may_be_sse=status in (400, 404, 405))


def _session_is_gone(status: int, error: dict[str, Any] | None, body: str) -> bool:
    if status == 404:
        return error is None or error.get("code") != METHOD_NOT_FOUND
    # The protocol says 404; the TypeScript SDK's examples, and servers made from them, say 400 with these words.
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
    """Say why there is no response at all."""
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
        return f"The certificate of {host!r} is not trusted: {error.verify_message}. {where} was not asked anything."
    return f"{where} speaks no TLS ({error.reason}). If it is plain HTTP, write http://."


def _of_transport(error: BaseException, where: str) -> str:
    if isinstance(error, httpx2.ConnectTimeout):
        return f"{where} does not answer. Check host and port, and what stands between."
    if isinstance(error, httpx2.ConnectError):
        return f"Nothing listens at {where}. Start the server, or check host and port."
    if isinstance(error, httpx2.RemoteProtocolError | httpx2.DecodingError):
        return _of_protocol(error, where)
    if isinstance(error, httpx2.HTTPStatusError):
        return f"{where} answered {error.response.status_code}, and no message of MCP. {_PATH}"
    if isinstance(error, httpx2.TransportError):
        return _BROKE_OFF.format(where)
    return f"{where} could not be asked: {_flat(error)}"


def _of_protocol(error: BaseException, where: str) -> str:
    words = _flat(error)
    if isinstance(error, httpx2.DecodingError):
        return f"{where} sent a body that is not what its Content-Encoding says ({words})."
    if "too long" in words:
        return f"{where} sent headers without end, or more than 100 kB of them."
    if "complete message body" in words:
        return _BROKE_OFF.format(where)
    return f"What listens at {where} speaks no HTTP, or broke off ({words}). For TLS, write https://."


_BROKE_OFF = "The connection to {} broke off before the answer came; whether the request ran is not known."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _flat(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


def place(response: httpx2.Response) -> str:
    """Name where a response came from, without what may be secret in it."""
    return _words(response.request.url)


def _words(url: httpx2.URL) -> str:
    return str(url.copy_with(userinfo=b"", query=None, fragment=None))
