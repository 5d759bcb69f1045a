"""Describe in one line what went wrong with a connection or a request."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2
from mcp.client.subscriptions import SubscriptionLost
from mcp.shared.exceptions import MCPError
from mcp_types import CONNECTION_CLOSED, PARSE_ERROR
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from mcp_notebook.client.framed import Watch
from mcp_notebook.client.limits import LONGEST_MESSAGE
from mcp_notebook.client.refusals import Refusal, unreachable
from mcp_notebook.client.targets import Command, Live, Target, Url, in_words
from mcp_notebook.errors import McpNotebookError, RequestError, innermost

__all__ = ["has_started", "may_be_sse", "of_opening", "of_request"]


def has_started(error: BaseException) -> bool:
    """Return whether a command was started before it failed."""
    error = innermost(error)
    return isinstance(error, TimeoutError) or not isinstance(error, OSError)


def may_be_sse(error: BaseException, target: Url) -> bool:
    """Return whether a server of the SSE transport would refuse streamable HTTP like this."""
    refusal = Refusal.of(innermost(error))
    return target.transport == "http" and refusal is not None and refusal.may_be_sse


def of_opening(error: BaseException, target: Target, watch: Watch, stderr: str, era: str = "auto") -> McpNotebookError:
    """Return the error for a connection that was not opened."""
    error = innermost(error)
    if isinstance(error, McpNotebookError):
        return error
    if (refusal := Refusal.of(error)) is not None:
        return RequestError(refusal.line)
    if isinstance(target, Command):
        return RequestError(_of_command(error, target, watch, era) + last_words(stderr))
    if isinstance(target, Url | Live):
        return RequestError(_of_web(error, target))
    return RequestError(
        f"{target.name!r} could not start: its lifespan raised {error!r}. Fix the cell that defines it, and run it."
    )


def _of_web(error: BaseException, target: Url | Live) -> str:
    where = in_words(target)
    if isinstance(error, httpx2.HTTPStatusError | httpx2.TransportError):
        return unreachable(error, error.request.url).line
    if isinstance(error, TimeoutError):
        return f"{where} accepted the connection but does not answer. Is it an MCP server? Check URL and path."
    if isinstance(error, MCPError) and error.code == PARSE_ERROR:
        return f"{where} answers with JSON that is not an MCP message. Check the path: it is often /mcp."
    if isinstance(error, MCPError):
        return f"{where} refused the connection: {_flat(error)}. Another era may work: --era legacy, or --era auto."
    return f"Cannot connect to {where}: {_flat(error)}"


def _of_command(error: BaseException, target: Command, watch: Watch, era: str) -> str:
    command = in_words(target)
    if isinstance(error, OSError) and not isinstance(error, TimeoutError):
        return _not_started(error, target)
    if watch.noise is not None and not watch.spoke:
        words = f"{command!r} prints something that is not an MCP message: {watch.noise[:100]!r}. "
        words += "Is it an MCP server on stdio?"
    elif isinstance(error, TimeoutError):
        words = f"{command!r} runs but does not answer. Is it an MCP server on stdio?"
    elif isinstance(error, MCPError) and error.code != CONNECTION_CLOSED:
        words = f"{command!r} refused the connection: {_flat(error)}. "
        words += "Another era may work: --era legacy, or --era auto."
    elif isinstance(error, ValidationError):
        words = f"{command!r} answered, but not with a valid MCP message: {_misfit(error)}."
    elif isinstance(error, RuntimeError):  # the SDK reports so, among others, a version that it does not support
        words = f"Cannot connect to {command!r}: {_flat(error)}."
    else:
        words = f"{command!r} ended before it answered."
        if era == "modern":
            words += " It may speak the earlier protocol: --era legacy, or --era auto."
    return words


def _not_started(error: OSError, target: Command) -> str:
    command = in_words(target)
    if not isinstance(error, FileNotFoundError):
        return f"{command!r} cannot be started: {error.strerror or error}."
    if target.cwd is not None and not Path(target.cwd).is_dir():
        return f"{command!r} cannot be started: there is no folder {str(target.cwd)!r}."
    return f"There is no program {command!r}. Install it, or give its full path."


def of_request(error: BaseException, name: str, stderr: str) -> RequestError | None:
    """Return the error for a request without a result; None for an error of neither the connection nor the server."""
    if isinstance(error, RequestError):
        return error
    if (refusal := Refusal.of(error)) is not None:
        return RequestError(refusal.line)
    if isinstance(error, MCPError) and not _is_broken_off(error):
        return RequestError(_refused(error), code=error.code, data=error.data)
    words = _of_sdk(error, name, stderr)
    return None if words is None else RequestError(words)


def _is_broken_off(error: BaseException) -> bool:
    """Return whether the SDK says that no answer will come; a server may use the same code for anything."""
    return isinstance(error, SubscriptionLost) or (
        isinstance(error, MCPError)
        and error.code == CONNECTION_CLOSED
        and error.data is None
        and error.message.startswith(("Connection closed", "SSE stream "))
    )


def _refused(error: MCPError) -> str:
    said = " ".join(error.message.split())
    if not said:
        return f"The server refused without a reason (code {error.code})."
    return f"The server refused: {said if len(said) <= LONGEST_MESSAGE else said[: LONGEST_MESSAGE - 1] + '…'}"


def _of_sdk(error: BaseException, name: str, stderr: str) -> str | None:
    if _is_broken_off(error):
        return (
            f"The connection to {name!r} broke before the answer came; it is not known whether the request ran."
            f"{last_words(stderr)} The next request connects again."
        )
    if isinstance(error, PydanticSerializationError):
        return f"The arguments cannot be sent, because they are not all JSON: {_flat(error)}."
    if isinstance(error, ValidationError):
        return f"{name!r} answered, but not with a valid MCP message: {_misfit(error)}. The server has to be fixed."
    if isinstance(error, RuntimeError):  # the SDK reports so, among others, too many rounds of questions
        return f"There is no usable answer: {str(error).partition(chr(10))[0]}"
    return None


def _misfit(error: ValidationError) -> str:
    """Describe in one line what is wrong with a message: its type, and the first place."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{error.title}, {'.'.join(map(str, first['loc']))}: {first['msg']}"


def last_words(stderr: str, most: int = 3) -> str:
    """Return the end of a command's stderr as a sentence: the error if there is one, else the last lines."""
    written = [line for line in _ANSI.sub("", stderr).splitlines() if line.strip()]
    lines = [line.strip() for line in written if not (_FRAME.match(line) or _AROUND.match(line.strip()))]
    lines = lines or [line.strip() for line in written]
    told = [number for number, line in enumerate(lines) if _ERROR.match(line)]
    chosen = lines[told[-1] :][:most] if told else lines[-most:]
    said = "".join(c if c.isprintable() else "?" for c in " | ".join(chosen)[:500])
    return f" The last of its stderr: {said.rstrip('.')}." if said else ""


_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_FRAME = re.compile(r"\s+at |\s+File \"|\s{4,}\S|\s*\d+: |\tat ")
"""A line of a stack trace: of Node, Python and its source lines, Rust, Java."""
_AROUND = re.compile(
    r"\^+$|[{}\])]+;?$|throw |node:internal|file://|Node\.js v|code: '|requireStack|Traceback \(most|goroutine \d|"
    r"note: |stack backtrace|npm (error|ERR!) *(A complete log.*|\d*)$|.*debug-\d.*\.log$"
)
"""A line that is printed around an error."""
_ERROR = re.compile(
    r"(Uncaught |Caused by: |Exception in thread .* )?[\w.]*(Error|Exception|Fault|Interrupt)\b( \[\w+\])?(:|$)|"
    r"(fatal|error|panic)\b.*:|thread '.*' panicked|npm (error|ERR!) \d+ ",
    re.IGNORECASE,
)
"""A line that reports an error."""


def _flat(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
