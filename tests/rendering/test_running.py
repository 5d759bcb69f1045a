from __future__ import annotations

import pytest

from mcp_notebook.recording import Call
from mcp_notebook.rendering.calls.running import in_words, printed_so_far, running_card, share


def test_a_running_call_says_how_long_and_how_far_and_what_it_printed() -> None:
    rendering = running_card("search", 3.7, (1, 4, "shelf 1"), "looking\nfound\n")
    assert rendering.text == "calling search, 3 s, 25 %, 1 of 4, shelf 1\nlooking\nfound"
    assert '<progress max="1" value="0.250" aria-label="progress of the call">' in rendering.html
    assert '<pre style="max-height:none">looking\nfound</pre>' in rendering.html


def test_without_reports_there_is_no_bar_and_without_a_total_no_share() -> None:
    assert "<progress" not in running_card("search", 0.6, None, "").html
    assert running_card("search", 0.6, (7, None, None), "").text == "calling search, 0 s, 7"


def test_of_a_long_output_the_end_is_shown() -> None:
    rendering = running_card("search", 1, None, "\n".join(map(str, range(100))))
    assert rendering.text.splitlines()[1:] == [str(n) for n in range(85, 100)]


@pytest.mark.parametrize(("progress", "total", "part"), [(-1, 5, 0), (7, 5, 1), (1, 0, None), (1, None, None)])
def test_a_share_stays_within_its_bounds(progress: float, total: float | None, part: float | None) -> None:
    assert share(progress, total) == part


def test_numbers_are_written_in_groups() -> None:
    assert in_words(1_234_567, 10_000_000, None) == "1,234,567 of 10,000,000"


def test_what_a_call_prints_logs_and_sends_is_in_order() -> None:
    call = Call(server="shop", method="tools/call", name="add", arguments={})
    call.add("stdout", "one\n")
    call.add("message", {"level": "info", "data": "two"})
    call.add("log", "three\n")
    call.add("progress", {"progress": 1})
    assert printed_so_far(call) == "one\ninfo: two\nthree\n"


def test_what_a_tool_says_is_never_markup() -> None:
    rendering = running_card("<script>", 1, (1, 2, "<script>"), "<script>")
    assert "<script>" not in rendering.html
