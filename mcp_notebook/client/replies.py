"""Interpret replies that cannot be used: find their request, and quote them for a person."""

from __future__ import annotations

import json
import re
from typing import Any

from mcp_types import JSONRPCError, JSONRPCResponse, RequestId, jsonrpc_message_adapter
from pydantic import ValidationError

from mcp_notebook.client import limits
from mcp_notebook.client.lines import CUT

__all__ = ["misfit", "offending", "quoted", "replies_in", "same_id", "why"]


def quoted(line: str) -> str:
    """Return the beginning of a line for an error message, with unprintable characters escaped."""
    flat = " ".join(line.removesuffix(CUT).split())
    short = flat if len(flat) <= limits.QUOTED else f"{flat[: limits.QUOTED]}..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in short)


def why(error: ValidationError, line: str) -> str:
    """Describe what is wrong with a line that is not a message."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] != "json_invalid":
        return "not JSON-RPC 2.0"
    words = str(first["msg"]).removeprefix("Invalid ")
    if "hex escape" in words or "surrogate" in words:
        return f"half a character in {words}"
    if "invalid escape" in words and _NOT_UTF8.search(line):
        return "a byte that is not UTF-8"
    return f"invalid {words}"


_NOT_UTF8 = re.compile(r"\\x[0-9a-f]{2}")
"""An undecodable byte, as an escape."""


def offending(error: ValidationError) -> str:
    """Return the line that an error of the SDK's parser is about."""
    found = error.errors(include_url=False, include_context=False)
    # If the line was JSON, the input of a "missing" error is all of it; the input of other errors may be a part.
    whole: Any = next((e["input"] for e in found if e["type"] == "missing"), found[0]["input"])
    if isinstance(whole, bytes):
        return whole.decode("utf-8", "backslashreplace")
    return whole if isinstance(whole, str) else json.dumps(whole, ensure_ascii=False)


def replies_in(line: str) -> list[RequestId | None]:
    """Return the ids of the requests that a broken line answers; None stands for a reply without an id.

    Output and JSON logs of a program answer nothing, so the list is empty.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return _replies_in_pieces(line)
    return [
        same_id(message.get("id")) for message in (found if isinstance(found, list) else [found]) if _is_reply(message)
    ]


def _replies_in_pieces(line: str) -> list[RequestId | None]:
    line = line.replace("\0", "")  # of UTF-16
    if not ((_BEGINS.match(line) and '"jsonrpc"' in line and _OUTCOME.search(line)) or line.endswith(CUT)):
        return []
    found = re.search(r'"id"\s*:\s*(?:(-?\d{1,18})|"([^"\\]*)")', line)
    if found is None:
        return [None]
    return [int(found[1]) if found[1] else found[2]]


_BEGINS = re.compile(r"\s*(\\x[0-9a-f]{2})*\s*[\[{]")
_OUTCOME = re.compile(r'"(result|error)"\s*:')


_RESULTS = frozenset({
    "result", "content", "structuredContent", "contents", "messages", "tools", "resources", "resourceTemplates",
    "prompts", "completion",
})  # fmt: skip
"""Fields of a result, which a server may send without the JSON-RPC envelope."""

_LOGGED = frozenset({"level", "levelname", "severity", "time", "timestamp", "ts", "msg"})
"""Fields of a line that a program logs as JSON."""


def _is_reply(message: Any) -> bool:
    if not isinstance(message, dict) or "method" in message:
        return False
    if "jsonrpc" in message or ("id" in message and not message.keys().isdisjoint(("result", "error"))):
        return True
    return not message.keys().isdisjoint(_RESULTS) and message.keys().isdisjoint(_LOGGED)


def same_id(value: Any) -> RequestId | None:
    """Return an id as the SDK compares it: as a number even if the server sends it as a string or with a fraction."""
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else value
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and value % 1 == 0 else None


def misfit(body: bytes | str, request: RequestId | None = None) -> str | None:
    """Return why the body of a response, or an event in one, does not answer a request; None if it does.

    Args:
        body: The body or event.
        request: The id that the answer must have; None if any message is valid.
    """
    text = body.decode("utf-8", "backslashreplace") if isinstance(body, bytes) else body
    if not text.strip():
        return "an empty body"
    try:
        message = jsonrpc_message_adapter.validate_json(text, by_name=False)
    except ValidationError as error:
        return f"something that is not an MCP message ({why(error, text)}): {quoted(text)}"
    if request is None:
        return None
    if not isinstance(message, JSONRPCResponse | JSONRPCError):
        return f"a message that is not the answer: {quoted(text)}"
    if same_id(message.id) != same_id(request):
        return f"the id {json.dumps(message.id)} instead of {json.dumps(request)}: {quoted(text)}"
    return None
