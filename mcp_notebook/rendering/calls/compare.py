"""Compare two calls side by side, and two results by a diff."""

from __future__ import annotations

import difflib
from html import escape
from itertools import islice
from typing import Any

from mcp_types import CallToolResult
from pydantic import ValidationError

from mcp_notebook.json_diff import ABSENT, JsonDifference, differences
from mcp_notebook.recording import Call
from mcp_notebook.rendering import look
from mcp_notebook.rendering.content import parsed, says_the_same

__all__ = ["compare", "replayed"]

MOST_DIFFERENCES = 50
LONGEST_IN_TEXT = 34
LONGEST = 300


def compare(call_a: Call, call_b: Call, *, times: bool = True) -> look.Rendering:
    """Draw two calls side by side, and list the differences in their arguments, results, prints and errors.

    Args:
        call_a: One call.
        call_b: The other.
        times: Whether to show the durations.
    """
    names = [f"call {call.number}" for call in (call_a, call_b)]
    rows = [
        (name, a, b, "" if name == "took" else "same" if a == b else "differs")
        for (name, a), (_, b) in zip(_facts(call_a, times), _facts(call_b, times), strict=True)
        if a or b
    ]
    found = list(islice(differences(_comparable(call_a), _comparable(call_b)), MOST_DIFFERENCES + 1))
    more = f"The first {MOST_DIFFERENCES} differences are shown." if len(found) > MOST_DIFFERENCES else ""
    same = "" if found else "Arguments, result, prints and error are the same."
    places = [(d.dotted, _written(d.before), _written(d.after), _in_words(d, names)) for d in found[:MOST_DIFFERENCES]]
    title = " and ".join(names)
    text = [title, *look.columns([("", *names, ""), *(_short(row) for row in rows)])]
    if places:
        text += ["  differences", *look.columns([_short(row) for row in places], indent="    ")]
    text += [f"  {line}" for line in (same, more) if line]
    html = look.card(
        escape(title),
        look.table(("", *names, ""), [[look.muted(name), *_marked(a, b), _state(s)] for name, a, b, s in rows]),
        look.section("differences", _table(names, places)),
        "".join(f"<p>{line}</p>" for line in (same, more) if line),
    )
    return look.Rendering("\n".join(text), html)


def _facts(call: Call, times: bool) -> list[tuple[str, str]]:
    return [
        ("what", f"{call.method} {call.name}"),
        ("server", call.server),
        ("client", call.client or "unnamed"),
        ("over", f"{call.transport}, {call.era}" + (f", {call.rounds} rounds" if call.rounds > 1 else "")),
        ("ended", call.state),
        ("took", look.duration(call.duration) if times and call.duration is not None else ""),
        ("arguments", look.json_line(call.arguments)),
    ]


def _comparable(call: Call) -> dict[str, Any]:
    """Return the parts to compare: text that is JSON as JSON, and no content that repeats structured content."""
    parts = {
        "arguments": call.arguments,
        "result": _result(call),
        "error": call.error,
        "prints": call.text("stdout", "stderr", "log").splitlines(),
        "raised": repr(call.raised) if call.raised is not None else None,
    }
    return {name: part for name, part in parts.items() if part is not None}


def _result(call: Call) -> Any:
    if call.result is None or call.method != "tools/call":
        return call.content
    result = call.content
    try:
        if says_the_same(CallToolResult.model_validate(call.result)):
            return {key: value for key, value in result.items() if key != "content"}
    except ValidationError:  # not the result of a tool, or cut
        return result
    return {**result, "content": [_block(block) for block in result.get("content", [])]}


def _block(block: Any) -> Any:
    return {**block, "text": parsed(block["text"])} if isinstance(block.get("text"), str) else block


def _in_words(difference: JsonDifference, names: list[str]) -> str:
    if difference.before is ABSENT:
        return f"only in {names[1]}"
    return f"only in {names[0]}" if difference.after is ABSENT else "changed"


def _written(value: Any) -> str:
    return "" if value is ABSENT else look.json_line(value)


def _short(row: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(cell if len(cell) <= LONGEST_IN_TEXT else f"{cell[: LONGEST_IN_TEXT - 1]}…" for cell in row)


def _marked(*cells: str) -> list[str]:
    return [look.code(cell if len(cell) <= LONGEST else f"{cell[: LONGEST - 1]}…") if cell else "" for cell in cells]


def _state(words: str) -> str:
    return f"<b>{words}</b>" if words == "differs" else look.muted(words)


def _table(names: list[str], places: list[tuple[str, str, str, str]]) -> str:
    if not places:
        return ""
    cells = [[look.code(place), *_marked(before, after), escape(words)] for place, before, after, words in places]
    return look.table(("place", *names, ""), cells)


def replayed(earlier: Call, now: Call | None) -> str:
    """Describe (text) how the result of a repeated call differs from the earlier one."""
    if now is None:
        return f"Called again; cannot compare with call {earlier.number}."
    old, new = (look.json_text(call.content).splitlines() for call in (earlier, now))
    if old == new:
        return f"Same result as call {earlier.number}."
    lines = difflib.unified_diff(old, new, f"call {earlier.number}", f"call {now.number}", lineterm="", n=1)
    return "\n".join([f"The result differs from that of call {earlier.number}:", *list(lines)[:40]])
