"""Report a wrong request as the caller's error, where mcp 2.3 reports an internal error and logs a traceback.

There are four such requests: an unknown prompt, missing or wrong arguments of a prompt, a notification with a state
that is refused, and half a character that a function returns as it got it. Here the log has one line.
"""

from __future__ import annotations

import json
import logging
from itertools import dropwhile
from traceback import walk_tb
from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

__all__ = ["answer_caller_errors", "measured"]

SDK = "mcp.server.mcpserver."
LIBRARIES = ("mcp.", "pydantic.", "anyio.", "asyncio.", "concurrent.", "threading")
"""Modules between the SDK's server and an author's function."""

_LOG = logging.getLogger(__name__)


async def answer_caller_errors(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Pass a message on, as middleware of the SDK.

    Raises:
        MCPError: The request is wrong.
    """
    try:
        return await call_next(ctx)
    except ValueError as error:
        if ctx.method != "prompts/get" or not _before_the_function(cause := _innermost(error)):
            raise
        why = str(cause)
        if isinstance(cause, ValidationError):
            names = sorted({".".join(map(str, wrong["loc"])) for wrong in cause.errors()})
            why = f"Arguments of the wrong type: {', '.join(names)}"
        _LOG.info("Prompt not rendered: %r", why)
        raise MCPError(INVALID_PARAMS, why) from None
    except MCPError as error:
        if ctx.request_id is not None:
            raise
        _LOG.info("Notification %r refused: %r", ctx.method, error.error.message)  # nobody waits for an answer
        return None


def _innermost(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _before_the_function(error: BaseException) -> bool:
    """Return whether an error of the SDK came before the author's function ran.

    Then it says what is wrong with the request. A `TypeAdapter` checks what the function returns.
    """
    passed = [str(frame.f_globals.get("__name__")) for frame, _ in walk_tb(error.__traceback__)]
    inside = list(dropwhile(lambda module: not module.startswith(SDK), passed))
    libraries = bool(inside) and all(module.startswith(LIBRARIES) for module in inside)
    return isinstance(error, ValueError) and libraries and inside[-1] != "pydantic.type_adapter"


def measured(result: HandlerResult) -> tuple[HandlerResult, int]:
    """Return a result and its bytes as JSON.

    Halves of characters, which a function may give back as a caller sent them, cannot be sent: U+FFFD replaces them.
    """
    try:
        return result, len(to_json(result))
    except ValueError:
        plain = result.model_dump(by_alias=True, exclude_none=True) if isinstance(result, BaseModel) else result
    try:
        written = json.dumps(plain, ensure_ascii=False).encode("utf-16", "surrogatepass")
    except (TypeError, ValueError, RecursionError):  # the server says what else is wrong with it
        return result, 0
    return json.loads(written.decode("utf-16", "replace")), len(written)
