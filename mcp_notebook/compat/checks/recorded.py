"""Check what recorded calls showed: results, and what the server asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from mcp_notebook.compat.checked_server import CheckedServer
from mcp_notebook.compat.observation import Observation
from mcp_notebook.recording import Call
from mcp_notebook.schema import Checker, brief

__all__ = ["CHECKS", "characters", "observe"]

CHECKS = {
    "result-size": "a recorded result that is long",
    "result-image": "a recorded image that is not PNG, JPEG, GIF or WebP",
    "result-schema": "a recorded result that does not fit its output schema",
    "asks-elicitation": "a recorded call that asked the person",
    "asks-sampling": "a recorded call that asked for a model's answer",
    "asks-roots": "a recorded call that asked for the roots",
}

ASKING = {
    "elicitation/create": (
        "asks-elicitation",
        "it asked the person",
        "Give the parameter a default, or take it as an argument.",
    ),
    "sampling/createMessage": (
        "asks-sampling",
        "it asked for a model's answer",
        "Let the host's model do it: return what it needs.",
    ),
    "roots/list": ("asks-roots", "it asked for the roots", "Take the folder as an argument."),
}

IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")


def observe(server: CheckedServer) -> Iterator[Observation]:
    """Yield observations about recorded calls of tools; of several results of one tool, about the latest."""
    tools = {tool["name"]: tool for tool in server.tools}
    latest: dict[str, Call] = {}
    asked: dict[tuple[str, str], None] = {}
    for call in server.calls:
        if call.method != "tools/call" or call.running:
            continue
        if call.state == "done":
            latest[call.name] = call
        for event in call.events:
            if event.kind == "question" and isinstance(event.value, dict) and event.value.get("method") in ASKING:
                asked[call.name, event.value["method"]] = None
    for name, method in asked:
        check, what, fix = ASKING[method]
        yield Observation(check, "tool", name, what, fix)
    for name, call in latest.items():
        yield from _of_result(name, call, tools.get(name, {}))


def characters(call: Call) -> int:
    """Return the characters of a recorded result that a model reads; of one that was cut, those that were kept."""
    result = call.content
    text = sum(len(block.get("text", "")) for block in result.get("content", []) if isinstance(block, dict))
    return text or len(json.dumps(result.get("structuredContent", ""), ensure_ascii=False))


def _of_result(name: str, call: Call, tool: Any) -> Iterator[Observation]:
    size = characters(call)
    allowed = tool.get("_meta", {}).get("anthropic/maxResultSizeChars")
    raised = isinstance(allowed, int) and size <= allowed
    yield Observation(
        "result-size",
        "tool",
        name,
        f"a result had {size:,} characters",
        "Return less at once: pages, a filter, or a link to a resource.",
        size=size,
        keywords=frozenset({"raised" if raised else "usual"}),
    )
    blocks = [block for block in call.content.get("content", []) if isinstance(block, dict)]
    strange = {str(b.get("mimeType")) for b in blocks if b.get("type") == "image"} - {*IMAGES}
    if strange:
        what = f"it returned an image of the type {brief(min(strange))}"
        yield Observation("result-image", "tool", name, what, "Convert it to PNG.")
    schema = tool.get("outputSchema")
    if schema is None or call.cut:
        return
    if "structuredContent" not in call.content:
        what = "it has an output schema, but a result had no structured content"
        yield Observation("result-schema", "tool", name, what, "Return structured content, or no output schema.")
    elif problems := Checker(schema).problems(call.content["structuredContent"]):
        what = f"a result did not fit its output schema: {problems[0]}"
        yield Observation("result-schema", "tool", name, what, "Correct the schema or the result.")
