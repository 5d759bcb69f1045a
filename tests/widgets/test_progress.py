from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mcp_notebook.widgets.form.progress import ProgressBar


def drawn(bar: ProgressBar) -> str:
    return "".join(part.value for part in bar.children)


def test_a_bar_is_hidden_until_there_is_something_to_say_and_keeps_its_place() -> None:
    bar = ProgressBar()
    assert bar.layout.visibility == "hidden"
    assert repr(bar) == "progress of the call: not begun"
    bar.begin()
    assert bar.layout.visibility == "visible"
    assert repr(bar) == "progress of the call: running"


def test_a_report_says_how_far_of_how_much_and_the_word_on_it() -> None:
    bar = ProgressBar("progress of add")
    bar.report(3, 12, "reading")
    assert repr(bar) == "progress of add: 25 %, 3 of 12, reading"
    assert 'value="25"' in drawn(bar)
    assert 'aria-label="progress of add"' in drawn(bar)
    bar.report(1_234_567, 10_000_000)
    assert repr(bar) == "progress of add: 12 %, 1,234,567 of 10,000,000"


@pytest.mark.parametrize("total", [None, 0])
def test_a_report_without_a_total_moves_to_and_fro(total: int | None) -> None:
    bar = ProgressBar()
    bar.report(3, total)
    assert "value=" not in drawn(bar)
    assert repr(bar).startswith("progress of the call: running, 3")


@pytest.mark.parametrize(("progress", "value"), [(-1, 0), (7, 100)])
def test_a_report_beyond_its_bounds_stays_within_the_bar(progress: Any, value: int) -> None:
    bar = ProgressBar()
    bar.report(progress, 5)
    assert f'value="{value}"' in drawn(bar)


def test_the_end_is_said_in_words_and_the_bar_is_full_only_when_done() -> None:
    bar = ProgressBar()
    bar.report(1, 4, "half way")
    bar.end("cancelled")
    assert repr(bar) == "progress of the call: cancelled, 1 of 4, half way"
    assert 'value="25"' in drawn(bar)
    bar.end("done")
    assert 'value="100"' in drawn(bar)


def test_a_bar_can_be_used_again() -> None:
    bar = ProgressBar()
    bar.report(1, 2, "first")
    bar.end("error")
    bar.begin()
    assert repr(bar) == "progress of the call: running"


def test_what_a_server_says_of_its_progress_is_never_markup() -> None:
    bar = ProgressBar('"><b>')
    bar.report(1, 2, "<script>")
    assert "<script>" not in drawn(bar)
    assert "<b>" not in drawn(bar)
    assert "&lt;script&gt;" in drawn(bar)


def test_reports_may_come_from_any_thread() -> None:
    bar = ProgressBar()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda i: bar.report(i, 50), range(51)))
    bar.end("done")
    assert repr(bar).startswith("progress of the call: done, ")


def test_where_there_is_no_widget_the_words_are_shown() -> None:
    bar = ProgressBar()
    bar.report(1, 4, "a word that is so long that ipywidgets would cut it " * 3)
    bundle = bar._repr_mimebundle_()
    assert bundle["text/plain"] == repr(bar)
    assert "a word that is so long" in bundle["text/html"]
