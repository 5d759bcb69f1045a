"""What is kept of calls: of one, and of all of them."""

from __future__ import annotations

import copy
import json
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_notebook.recording import Call, Recorder
from mcp_notebook.recording.call import MOST_BYTES_OF_EVENTS, MOST_BYTES_OF_VALUES, Kind, fitted

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=8), inner, max_size=6)
)
MARK = len("[1000000 more characters]")


def call(**options: Any) -> Call:
    return Call(**{"server": "s", "method": "tools/call", "name": "t", "arguments": {}, **options})


def length(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False))


def characters(value: Any) -> int:
    """How many there are in all texts and keys."""
    if isinstance(value, dict):
        return sum(len(key) + characters(item) for key, item in value.items())
    return sum(map(characters, value)) if isinstance(value, list) else len(value) if isinstance(value, str) else 0


def depth(value: Any) -> int:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth, inside), default=0)


@given(JSON, st.integers(0, 200))
def test_a_value_that_fits_is_returned_itself_and_any_other_is_cut_to_json_of_about_that_size(
    value: Any, room: Any
) -> None:
    before = copy.deepcopy(value)
    kept, size = fitted(value, room)
    assert value == before
    assert size <= room
    json.dumps(kept)
    if kept is not value:
        assert size == room
        assert characters(kept) <= room + MARK * (depth(value) + 2)


@given(JSON)
def test_nothing_is_cut_where_there_is_room_for_all_of_it(value: Any) -> None:
    kept, _ = fitted(value, 10 * length(value) + 100)
    assert kept is value


@given(st.text(min_size=1, max_size=500), st.integers(0, 400))
def test_a_long_text_keeps_its_beginning_and_says_how_much_more_there_was(text: Any, room: Any) -> None:
    kept, _ = fitted(text, room)
    assert kept == (text if len(text) <= room else f"{text[:room]}[{len(text) - room} more characters]")


@given(st.lists(st.text(max_size=100), max_size=300), st.integers(20, 2_000))
def test_a_long_list_stays_near_the_bound_and_says_how_many_more_there_were(texts: Any, room: Any) -> None:
    kept, size = fitted(texts, room)
    assert size <= room
    if kept != texts:
        assert sum(map(len, kept)) <= room + 2 * MARK
        assert "more" in kept[-1]


@pytest.mark.parametrize("depth", [1, 50])
def test_a_large_value_deep_inside_is_cut_too(depth: int) -> None:
    value: Any = "x" * 1_000_000
    for _ in range(depth):
        value = {"inside": [value]}
    kept, size = fitted(value, 1_000)
    assert size <= 1_000
    assert length(kept) < 2_500


def test_a_mapping_that_is_cut_is_a_mapping_and_keeps_what_came_first() -> None:
    kept, _ = fitted({str(n): "x" * 50 for n in range(1_000)}, 510)
    *first, mark = kept
    assert first == [str(n) for n in range(len(first))]
    assert 5 <= len(first) <= 10
    assert kept[mark] == f"[{1_000 - len(first)} more]"


def test_a_long_name_of_a_value_is_cut_too() -> None:
    kept, _ = fitted({"k" * 1_000_000: 1, "more": 2}, 1_000)
    assert length(kept) < 1_200


def test_a_call_is_what_its_client_sent() -> None:
    arguments = {"a": [1, 2]}
    kept = call(arguments=arguments, client="c 1", transport="http", protocol_version="2026-07-28", function=call)
    assert (kept.server, kept.method, kept.name, kept.arguments) == ("s", "tools/call", "t", arguments)
    assert (kept.client, kept.transport, kept.era, kept.function) == ("c 1", "http", "modern", call)
    assert (kept.state, kept.running, kept.duration, kept.cut, kept.rounds) == ("running", True, None, False, 1)


@pytest.mark.parametrize(
    ("version", "era"), [("2024-11-05", "legacy"), ("2025-11-25", "legacy"), ("2026-07-28", "modern")]
)
def test_the_era_follows_from_the_version_of_the_protocol(version: str, era: str) -> None:
    assert call(protocol_version=version).era == era


def test_a_call_that_ended_has_a_duration_and_its_result_without_what_every_result_has() -> None:
    kept = call()
    kept.end("done", {"content": [], "resultType": "complete", "_meta": {}})
    assert (kept.state, kept.running) == ("done", False)
    assert kept.duration is not None
    assert 0 <= kept.duration < 5
    assert kept.content == {"content": []}


@pytest.mark.parametrize("where", ["arguments", "result"])
def test_long_values_are_cut_and_the_call_says_so(where: str) -> None:
    long = {"text": "x" * (3 * MOST_BYTES_OF_VALUES)}
    kept = call(arguments=long if where == "arguments" else {})
    kept.end("done", long if where == "result" else {})
    assert kept.cut
    assert MOST_BYTES_OF_VALUES // 2 < length(getattr(kept, where)) < MOST_BYTES_OF_VALUES + 100
    assert "more characters]" in getattr(kept, where)["text"]


def test_prints_are_one_text_and_all_events_are_in_order() -> None:
    kept = call()
    events: list[tuple[Kind, Any]] = [
        ("stdout", "a"),
        ("stdout", "b\n"),
        ("stderr", "c"),
        ("progress", {"progress": 1}),
        ("stdout", "d"),
    ]
    for kind, value in events:
        kept.add(kind, value)
    assert [(event.kind, event.value) for event in kept.events] == [
        ("stdout", "ab\n"),
        ("stderr", "c"),
        ("progress", {"progress": 1}),
        ("stdout", "d"),
    ]
    assert kept.text("stdout") == "ab\nd"
    assert [event.at for event in kept.events] == sorted(event.at for event in kept.events)


def test_a_call_that_prints_without_end_keeps_a_bounded_beginning_and_a_mark() -> None:
    kept = call()
    for _ in range(1_000):
        kept.add("stdout", "y" * 1_000)
    text = kept.text("stdout")
    assert MOST_BYTES_OF_EVENTS // 2 < len(text) < MOST_BYTES_OF_EVENTS + 1_000
    assert text.startswith("y" * 1_000)
    assert "more characters]" in text[-50:]


def test_a_call_that_prints_nothing_again_and_again_keeps_a_bounded_number_of_events() -> None:
    kept = call()
    for _ in range(2 * MOST_BYTES_OF_EVENTS):
        kept.add("progress", {})
    assert len(kept.events) <= MOST_BYTES_OF_EVENTS


SIZES = st.lists(st.integers(0, 900), max_size=60)


@given(SIZES, st.integers(1, 12), st.integers(100, 4_000))
@settings(deadline=None)
def test_count_and_bytes_are_never_exceeded_and_numbers_are_contiguous(
    sizes: Any, most_calls: Any, most_bytes: Any
) -> None:
    recorder = Recorder(most_calls=most_calls, most_bytes=most_bytes)
    for number, size in enumerate(sizes, 1):
        made = call(arguments={"x": "x" * size})
        recorder.opened(made)
        made.end("done", {})
        recorder.closed(made)
        kept = recorder.calls
        assert made.number == number
        assert len(kept) <= most_calls
        assert sum(one.size for one in kept) <= most_bytes or len(kept) == 1
        numbers = [one.number for one in kept]
        assert numbers == list(range(number - len(kept) + 1, number + 1))
        assert all(recorder.find(one.number) is one for one in kept)
        assert recorder.find(numbers[0] - 1) is None
        assert recorder.find(number + 1) is None


@given(st.permutations(range(8)), st.integers(1, 8))
def test_calls_that_end_in_any_order_stay_in_the_order_in_which_they_came(ending: Any, most_calls: Any) -> None:
    recorder = Recorder(most_calls=most_calls)
    made = [call() for _ in range(8)]
    for one in made:
        recorder.opened(one)
    for index in ending:
        made[index].end("done", {})
        recorder.closed(made[index])
    assert recorder.calls == made[-most_calls:]


def test_a_call_that_runs_is_among_those_that_are_kept() -> None:
    recorder = Recorder()
    running = call()
    recorder.opened(running)
    assert recorder.calls == [running]
    assert recorder.find(1) is running


def test_an_empty_recorder_finds_nothing() -> None:
    assert Recorder().find(1) is None
    assert Recorder().calls == []


def test_a_call_that_goes_on_for_another_round_is_counted_once() -> None:
    recorder = Recorder(most_bytes=11_000)
    made = call(arguments={"x": "x" * 4_000})
    recorder.opened(made)
    for _ in range(5):
        made.end("done", {})
        recorder.closed(made)
    after = call(arguments={"x": "x" * 4_000})
    recorder.opened(after)
    after.end("done", {})
    recorder.closed(after)
    assert recorder.calls == [made, after]


def test_only_the_latest_failures_keep_their_exception() -> None:
    recorder = Recorder()
    made = []
    for n in range(30):
        failed = call()
        recorder.opened(failed)
        failed.raised = ValueError(str(n))
        failed.end("error", {})
        recorder.closed(failed)
        made.append(failed)
    kept = [one.raised is not None for one in made]
    assert kept == [False] * 10 + [True] * 20


def test_the_call_of_a_request_that_is_waited_for_is_known_and_no_longer_than_that() -> None:
    recorder = Recorder()
    with recorder.expecting() as expected:
        mine, other = call(), call()
        recorder.opened(other, "another")
        recorder.opened(mine, expected.id)
        assert expected.call is mine
    late = call()
    recorder.opened(late, expected.id)
    assert expected.call is mine


def test_calls_from_many_threads_get_numbers_of_their_own_and_stay_within_the_bounds() -> None:
    recorder = Recorder(most_calls=50)
    numbers: list[int] = []

    def work() -> None:
        for _ in range(200):
            made = call()
            recorder.opened(made)
            made.end("done", {})
            recorder.closed(made)
            numbers.append(made.number)
            kept = [one.number for one in recorder.calls]
            assert kept == list(range(kept[0], kept[0] + len(kept)))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 1_601))
    assert len(recorder.calls) == 50
