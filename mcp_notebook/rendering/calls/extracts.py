"""Say in a few words what a message has in it, without ids, states and tokens, which differ on each run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp_notebook.rendering import look
from mcp_notebook.rendering.calls.events import notified
from mcp_notebook.rendering.content import as_object

__all__ = ["answer_in_words", "error_in_words", "named_in", "params_in_words", "question_in_words", "result_in_words"]

MOST = 200
"""Characters of an extract; labels are shorter still."""

INPUT_REQUIRED = "input required"
AGAIN = "(again, with the answers)"
ERROR_FROM_THE_TOOL = "error from the tool"

_OTHER_ON_EACH_RUN = frozenset(
    {"_meta", "elicitationId", "progressToken", "requestId", "requestState", "resultType", "subscriptionId", "taskId"}
)
_LISTS = ("tools", "resources", "resourceTemplates", "prompts", "roots")


def named_in(params: Any) -> str:
    """Return the name or URI that a request is about; "" if it has none."""
    fields = as_object(params)
    ref = as_object(fields.get("ref"))
    return str(fields.get("name") or fields.get("uri") or ref.get("name") or ref.get("uri") or "")


def params_in_words(method: str, params: Any) -> str:
    """Say what a request or notification carries besides its name."""
    fields = as_object(params)
    kind = method.removeprefix("notifications/")
    if kind in ("progress", "message") and kind != method:
        return _cut(notified(kind, fields))
    if "inputResponses" in fields or "requestState" in fields:
        return AGAIN
    if method in ("elicitation/create", "sampling/createMessage"):
        return question_in_words(method, fields)
    if method == "initialize":
        return _cut(f"offers {fields.get('protocolVersion', 'no version')}")
    for key in ("arguments", "argument", "reason", "level"):
        if key in fields:
            return _plain(fields[key]) if fields[key] else ""
    return "" if method in ("tools/call", "resources/read", "prompts/get") else _rest(fields, "name", "uri", "ref")


def question_in_words(method: str, params: Any) -> str:
    """Return the words of a question to a person, or the last message to a model."""
    fields = as_object(params)
    if method == "elicitation/create":
        return _cut(str(fields.get("message", "")))
    messages = fields.get("messages")
    return _text_of(as_object(messages[-1]).get("content")) if isinstance(messages, list) and messages else ""


def answer_in_words(answer: Any) -> tuple[str, str]:
    """Return how a person or a model answered, and what."""
    fields = as_object(answer)
    if "action" in fields:
        return _cut(str(fields["action"])), _plain(fields["content"]) if fields.get("content") else ""
    if "content" in fields:
        return "message", _text_of(fields["content"])
    return "no answer", error_in_words(fields)[1] if "code" in fields else ""


def error_in_words(error: Any) -> tuple[str, str]:
    """Return the code of a protocol error in words, and its message."""
    fields = as_object(error)
    return _cut(f"error {fields.get('code', '')}".rstrip()), _cut(str(fields.get("message", "")))


def result_in_words(result: Any) -> str:
    """Say what a result has in it: its first words, or what it lists, or what it asks for."""
    fields = as_object(result)
    if "inputRequests" in fields or fields.get("resultType") == "input_required":
        methods = [str(as_object(asked).get("method")) for asked in as_object(fields.get("inputRequests")).values()]
        words = f"task {INPUT_REQUIRED}" if "taskId" in fields else INPUT_REQUIRED
        return _cut(": ".join(filter(None, [words, ", ".join(methods)])))
    if "taskId" in fields or "task" in fields:
        task = fields if "taskId" in fields else as_object(fields["task"])
        ended = result_in_words(task["result"]) if "result" in task else str(task.get("statusMessage") or "")
        return _cut(": ".join(filter(None, [f"task {task.get('status', '')}".rstrip(), ended])))
    said = _said_in(fields)
    return _cut(f"{ERROR_FROM_THE_TOOL}: {said}".removesuffix(": ")) if fields.get("isError") is True else said


def _said_in(fields: Mapping[str, Any]) -> str:
    if "action" in fields:
        return _cut(" ".join(answer_in_words(fields)))
    if "protocolVersion" in fields:
        return _cut(f"agrees on {fields['protocolVersion']}")
    if isinstance(versions := fields.get("supportedVersions"), list):
        return _cut(f"speaks {', '.join(map(str, versions))}")
    for key in _LISTS:
        if isinstance(entries := fields.get(key), list):
            names = [str(as_object(e).get("name") or as_object(e).get("uri")) for e in entries[:20]]
            return _cut(f"{look.counted(len(entries), key.removesuffix('s'))}: {', '.join(names)}".removesuffix(": "))
    return _content_of(fields)


def _content_of(fields: Mapping[str, Any]) -> str:
    if "completion" in fields:
        return _plain(as_object(fields["completion"]).get("values"))
    if isinstance(messages := fields.get("messages"), list) and messages:
        return _text_of(as_object(messages[0]).get("content"))
    if content := fields.get("content") or fields.get("contents"):
        return _text_of(content)
    return _rest(fields, "content", "contents", "isError", "ttlMs", "cacheScope")


def _text_of(content: Any) -> str:
    """Return the first text among blocks of content, or their types."""
    blocks = [as_object(block) for block in (content if isinstance(content, list) else [content])[:20]]
    text = next((block["text"] for block in blocks if isinstance(block.get("text"), str)), None)
    return _cut(", ".join(f"[{block.get('type', 'content')}]" for block in blocks) if text is None else text)


def _rest(fields: Mapping[str, Any], *known: str) -> str:
    rest = {key: value for key, value in fields.items() if key not in _OTHER_ON_EACH_RUN and key not in known}
    return _plain(rest) if rest else ""


def _plain(value: Any) -> str:
    return _cut(value if isinstance(value, str) else look.json_line(value))


def _cut(text: str) -> str:
    return text[:MOST]
