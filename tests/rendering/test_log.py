"""The log of calls: each line opens, and all of it stays small."""

from __future__ import annotations

import re
from typing import Any

from mcp_notebook.recording import Call, Recorder
from mcp_notebook.rendering.calls import log as module
from mcp_notebook.rendering.calls.log import log
from mcp_notebook.rendering.look import Rendering, style


def calls(*arguments: Any) -> list[Call]:
    recorder = Recorder()
    for each in arguments:
        call = Call(server="shop", method="tools/call", name="add", arguments=each, client="test 1")
        recorder.opened(call)
        call.add("stdout", "looking\n")
        call.end("done", {"content": [{"type": "text", "text": "<found>"}]})
        recorder.closed(call)
    return recorder.calls


def drawn(listed: list[Call], **options: Any) -> Rendering:
    return log(listed, lambda function: "cell [1]", **options)


def test_a_line_opens_to_the_output_and_the_result_of_the_call() -> None:
    html = drawn(calls({"a": 1})).html
    summary, _, body = html.partition("</summary>")
    assert "<code>add</code>" in summary
    assert "looking" in body
    assert "&lt;found&gt;" in body
    assert "tools/call" in body


def test_only_the_latest_calls_open_and_the_text_is_what_it_was() -> None:
    rendering = drawn(calls(*({"a": n} for n in range(30))), times=False)
    assert rendering.html.count("<details>") == module.MOST_OPENED
    assert rendering.text.splitlines()[0] == "calls"
    assert len(rendering.text.splitlines()) == 32
    assert "looking" not in rendering.text


def test_what_is_long_is_named_and_a_saved_log_stays_small() -> None:
    rendering = drawn(calls(*({"a": ["x" * 200] * 100} for _ in range(20))))
    assert "too long to show here: <code>%mcp log 20</code>" in rendering.html
    many = drawn(calls(*({"a": ["x" * 200] * 30} for _ in range(20))))
    assert len(many.html) < len(style()) + 60_000


def test_without_times_no_duration_is_in_it() -> None:
    shown = re.sub("<style>.*</style>", "", drawn(calls({"a": 1}), times=False).html)
    assert re.search(r"\d (ms|s)\b", shown) is None
    assert re.search(r"\d (ms|s)\b", drawn(calls({"a": 1})).html.partition("</style>")[2])
