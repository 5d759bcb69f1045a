"""The panel of statistics, without a front end: it is asked for what a front end asks for."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from mcp_notebook.errors import UnknownNameError
from mcp_notebook.recording import Call, Recorder
from mcp_notebook.recording.sources import CallSource
from mcp_notebook.rendering.statistics import MOST_ROWS
from mcp_notebook.widgets.statistics import EVERY, StatisticsPanel
from mcp_notebook.widgets.watched import MOST_VIEWS
from tests.support.waiting import until


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def panel(recorder: Recorder) -> Iterator[StatisticsPanel]:
    panel = StatisticsPanel(lambda: [CallSource(recorder)])
    yield panel
    panel.close()


def record(recorder: Recorder, name: str = "t", state: Any = "done", server: str = "s") -> Call:
    call = Call(server=server, method="tools/call", name=name, arguments={}, function=print)
    recorder.opened(call)
    call.end(state, {})
    recorder.closed(call)
    return call


def ask(panel: StatisticsPanel, action: str, **values: Any) -> Any:
    return panel.actions[action]({"do": action, **values})


def sent(panel: StatisticsPanel) -> int:
    return int(panel.state["version"])


def stays(value: Callable[[], Any]) -> bool:
    """Return whether a value is the same for longer than two looks of the panel take."""
    before = value()
    with suppress(AssertionError):
        until(lambda: value() != before, deadline=2.5 * EVERY)
    return bool(value() == before)


def test_it_follows_the_calls_while_a_view_is_in_sight(panel: StatisticsPanel, recorder: Recorder) -> None:
    assert panel.state["of"] == 0
    ask(panel, "enter", view="one")
    record(recorder, "add")
    record(recorder, "add", "error")
    until(lambda: panel.state["total"]["calls"] == 2)
    (row,) = panel.state["rows"]
    assert (row["title"], row["calls"], row["errors"], row["server"]) == ("add", 2, 1, "")
    assert [number for number in row["latency"] if number is None] == []
    assert sum(calls for _, calls, _ in row["series"]) == 2
    json.dumps(panel.state, allow_nan=False)


def test_nothing_is_sent_without_news_or_without_a_view(panel: StatisticsPanel, recorder: Recorder) -> None:
    record(recorder)
    assert stays(lambda: sent(panel))
    ask(panel, "enter", view="one")
    assert stays(lambda: sent(panel))
    ask(panel, "enter", view="two")
    ask(panel, "leave", view="one")
    record(recorder)
    until(lambda: panel.state["total"]["calls"] == 2)
    ask(panel, "leave", view="two")
    assert stays(lambda: sent(panel))  # also what a look that had begun sends
    record(recorder)
    assert stays(lambda: sent(panel))
    ask(panel, "leave", view="never there")
    ask(panel, "enter", view="three")
    assert panel.state["total"]["calls"] == 3


def test_it_is_sent_at_most_twice_a_second(panel: StatisticsPanel, recorder: Recorder) -> None:
    ask(panel, "enter", view="one")
    before, began = sent(panel), time.monotonic()
    until(lambda: record(recorder) and time.monotonic() - began > 2, step=0.001)
    assert 1 <= sent(panel) - before <= (time.monotonic() - began) / 0.5 + 1


def test_a_call_that_runs_is_shown_before_it_ends(panel: StatisticsPanel, recorder: Recorder) -> None:
    ask(panel, "enter", view="one")
    call = Call(server="s", method="tools/call", name="hangs", arguments={})
    recorder.opened(call)
    until(lambda: panel.state["total"]["running"] == 1)
    (row,) = panel.state["rows"]
    assert (row["title"], row["calls"], row["running"], row["latency"]) == ("hangs", 0, 1, [None, None, None])
    call.end("cancelled")
    recorder.closed(call)
    until(lambda: panel.state["total"]["running"] == 0)
    assert panel.state["total"]["cancelled"] == 1


def test_it_can_be_held(panel: StatisticsPanel, recorder: Recorder) -> None:
    ask(panel, "enter", view="one")
    ask(panel, "hold", on=True)
    record(recorder)
    assert stays(lambda: sent(panel))
    ask(panel, "hold", on=False)
    assert panel.state["total"]["calls"] == 1


def test_a_thousand_tools_are_searched_and_ordered_and_only_the_first_are_sent(
    panel: StatisticsPanel, recorder: Recorder
) -> None:
    for number in range(1_000):
        for _ in range(1 + (number == 3)):
            record(recorder, f"tool_{number}", "error" if number in (5, 55) else "done")
    ask(panel, "enter", view="one")
    assert len(panel.state["rows"]) == MOST_ROWS
    assert (panel.state["found"], panel.state["of"], panel.state["total"]["calls"]) == (1_000, 1_000, 1_001)
    assert panel.state["rows"][0]["title"] == "tool_3"
    ask(panel, "look", order="errors")
    assert {row["title"] for row in panel.state["rows"][:2]} == {"tool_5", "tool_55"}
    ask(panel, "look", text="TOOL_ 55")
    assert panel.state["rows"][0]["title"] == "tool_55"
    assert panel.state["found"] == 11 + 9 - 1
    assert panel.state["order"] == "errors"
    assert len(json.dumps(panel.state)) < 20_000
    ask(panel, "look", text="", order="name")
    assert panel.state["rows"][0]["title"] == "tool_0"


@pytest.mark.parametrize(
    "values", [{"order": "no such"}, {"order": None}, {"text": 3}, {"text": None}, {}, {"order": []}]
)
def test_what_a_page_should_not_send_changes_nothing(panel: StatisticsPanel, values: dict[str, Any]) -> None:
    ask(panel, "look", **values)
    assert (panel.state["text"], panel.state["order"]) == ("", "busiest")


def test_views_that_never_leave_are_forgotten(panel: StatisticsPanel) -> None:
    for number in range(MOST_VIEWS + 50):
        ask(panel, "enter", view=f"{number}" * 1_000)
    assert len(panel._views) == MOST_VIEWS
    assert all(len(view) <= 100 for view in panel._views)


def test_servers_are_named_if_there_are_several_and_names_cannot_deceive(recorder: Recorder) -> None:
    other = Recorder()
    record(recorder, "add\u202e\n<script>")
    record(other, "add", server="what it calls itself")
    sources = [CallSource(recorder)]
    panel = StatisticsPanel(lambda: list(sources))
    try:
        assert [row["server"] for row in panel.state["rows"]] == [""]
        assert "\u202e" not in panel.state["rows"][0]["title"]
        assert "<script>" not in panel.rendering.html
        sources.append(CallSource(other, "there"))
        panel.cell_ended()
        ask(panel, "enter", view="one")
        assert {row["server"] for row in panel.state["rows"]} == {"s", "there"}
        assert "there" in panel.rendering.text
        ask(panel, "look", text="there")
        assert len(panel.state["rows"]) == 1
    finally:
        panel.close()


def test_a_connection_that_is_closed_keeps_its_numbers(recorder: Recorder) -> None:
    record(recorder)
    gone: list[bool] = []

    def find() -> list[CallSource]:
        if gone:
            raise UnknownNameError("it is closed")
        return [CallSource(recorder)]

    panel = StatisticsPanel(find)
    gone.append(True)
    panel.cell_ended()
    ask(panel, "enter", view="one")
    assert panel.state["total"]["calls"] == 1
    panel.close()


def test_it_ends_with_its_thread() -> None:
    panel = StatisticsPanel(lambda: [])
    ask(panel, "enter", view="one")
    thread = panel._background._thread
    assert thread.is_alive()
    panel.close()
    panel.close()
    thread.join(10)
    assert not thread.is_alive()
    assert panel.state["closed"].startswith("Closed.")


def test_the_text_has_the_numbers_and_the_next_step(recorder: Recorder) -> None:
    panel = StatisticsPanel(lambda: [CallSource(recorder)])
    try:
        assert panel.rendering.text.startswith("statistics: no calls yet. Call a tool with %mcp call NAME")
        for number in range(MOST_ROWS + 5):
            record(recorder, f"tool_{number:02}")
        record(recorder, "tool_07", "error")
        lines = panel.rendering.text.splitlines()
        assert lines[0] == f"statistics: {MOST_ROWS + 6} calls, 1 error"
        assert lines[1].split() == ["tool", "calls", "errors", "p50", "p95", "p99", "last", "minute"]
        assert lines[2].split()[:4] == ["tool_07", "2", "1", "(50%)"]
        assert lines[2].rstrip().endswith("|")
        assert lines[-1] == "  Not shown: 5 that are less busy."
        assert len(lines) == 2 + MOST_ROWS + 2
    finally:
        panel.close()


def test_several_threads_may_look_at_once(panel: StatisticsPanel, recorder: Recorder) -> None:
    failed: list[Exception] = []

    def looks() -> None:
        try:
            for number in range(30):
                record(recorder, f"t{number}")
                ask(panel, "look", text="")
        except Exception as error:  # noqa: BLE001 - reported below
            failed.append(error)

    threads = [threading.Thread(target=looks) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    ask(panel, "look", text="")
    assert panel.state["total"]["calls"] == 120
