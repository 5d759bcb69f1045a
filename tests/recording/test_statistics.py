"""What is counted of calls: numbers that are right, and few."""

from __future__ import annotations

import math
import statistics
import threading
import time
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp import Client
from mcp.server.mcpserver import Elicit, Resolve
from mcp_types import ElicitResult
from pydantic import BaseModel

from mcp_notebook import NotebookServer
from mcp_notebook.recording import Call, Recorder
from mcp_notebook.recording.sources import CallSource
from mcp_notebook.recording.statistics import MOST_LATENCIES, MOST_NAMES, SECONDS, Statistics, Tally

NOW = 1_700_000_000


def ended(
    recorder: Recorder,
    name: str = "t",
    state: Any = "done",
    took: float = 0.1,
    at: float = NOW,
    server: str = "s",
    function: Any = None,
) -> Call:
    """Record a call that ended at a time."""
    call = Call(server=server, method="tools/call", name=name, arguments={}, function=function)
    recorder.opened(call)
    call.end(state, {})
    call.started, call.duration = at - took, took
    recorder.closed(call)
    return call


def only(recorder: Recorder) -> Tally:
    (tally,) = recorder.statistics.tallies()
    return tally


def names(recorder: Recorder) -> list[str]:
    return [tally.about.name for tally in recorder.statistics.tallies()]


@pytest.mark.parametrize(
    ("state", "numbers"),
    [("done", (1, 0, 0)), ("error", (1, 1, 0)), ("refused", (1, 1, 0)), ("cancelled", (1, 0, 1))],
)
def test_a_call_counts_by_its_outcome(state: str, numbers: tuple[int, int, int]) -> None:
    recorder = Recorder()
    ended(recorder, state=state, function=print)
    tally = only(recorder)
    assert (tally.calls, tally.errors, tally.cancelled) == numbers
    assert (tally.percentile(50) is None) == (state == "cancelled")


@given(st.lists(st.floats(1e-6, 1e4), min_size=1, max_size=300), st.sampled_from([1, 50, 95, 99, 100]))
def test_percentiles_are_those_of_the_nearest_rank(latencies: list[float], percent: int) -> None:
    recorder = Recorder()
    for took in latencies:
        ended(recorder, took=took)
    found = only(recorder).percentile(percent)
    assert found is not None
    below = sum(took <= found * (1 + 1e-6) for took in latencies)
    assert below >= len(latencies) * percent / 100
    assert sum(took < found * (1 - 1e-6) for took in latencies) < math.ceil(len(latencies) * percent / 100)


def test_percentiles_forget_what_is_long_ago() -> None:
    recorder = Recorder()
    for took in [9.0] * 50 + [0.5] * MOST_LATENCIES:
        ended(recorder, took=took)
    assert only(recorder).percentile(100) == 0.5
    assert only(recorder).calls == MOST_LATENCIES + 50
    assert len(only(recorder).latencies) == MOST_LATENCIES


def test_the_median_of_many_is_the_median() -> None:
    recorder = Recorder()
    latencies = [0.001 * (number * 37 % 101) for number in range(101)]
    for took in latencies:
        ended(recorder, took=took)
    assert only(recorder).percentile(50) == pytest.approx(statistics.median(latencies))


def test_calls_are_kept_by_the_second_in_which_they_ended() -> None:
    recorder = Recorder()
    for at, state in ((0.1, "done"), (0.9, "error"), (2.0, "done")):
        ended(recorder, state=state, at=NOW + at)
    assert only(recorder).seconds == [(NOW, 2, 1), (NOW + 2, 1, 0)]


@pytest.mark.parametrize("order", [1, -1], ids=["forward", "backward"])
def test_only_the_latest_seconds_are_kept(order: int) -> None:
    recorder = Recorder()
    for at in range(200)[::order]:
        ended(recorder, at=NOW + at)
    kept = only(recorder).seconds
    assert len(kept) == SECONDS + 1
    assert [second.at for second in kept] == sorted(second.at for second in kept)
    assert only(recorder).calls == 200
    if order == 1:
        assert kept[-1].at == NOW + 199


def test_calls_that_the_recorder_dropped_are_still_counted() -> None:
    recorder = Recorder(most_calls=2)
    for _ in range(5):
        ended(recorder)
    assert len(recorder.calls) == 2
    assert only(recorder).calls == 5


def test_a_call_counts_that_ends_after_the_recorder_dropped_it() -> None:
    recorder = Recorder(most_calls=1)
    slow = Call(server="s", method="tools/call", name="slow", arguments={})
    recorder.opened(slow)
    ended(recorder), ended(recorder)
    slow.end("done", {})
    recorder.closed(slow)
    assert names(recorder) == ["t", "slow"]


def test_names_that_do_not_exist_share_one_tally() -> None:
    recorder = Recorder()
    for number in range(50):
        ended(recorder, f"nothing {number}", "refused")
        ended(recorder, f"nothing {number}", "error")
    ended(recorder, "real", "refused", function=print)
    ended(recorder, "known")
    ended(recorder, "known", "refused")
    assert {tally.about.name: tally.calls for tally in recorder.statistics.tallies()} == {
        "": 100,
        "real": 1,
        "known": 2,
    }


def test_names_that_the_notebook_chose_have_tallies_of_their_own_though_they_failed() -> None:
    recorder = Recorder(own_names=True)
    ended(recorder, "always fails", "error"), ended(recorder, "refused", "refused")
    assert names(recorder) == ["always fails", "refused"]


def test_many_names_of_one_method_leave_room_for_those_of_another() -> None:
    recorder = Recorder()
    for number in range(MOST_NAMES + 10):
        call = Call(server="s", method="resources/read", name=f"note://{number}", arguments={}, function=print)
        recorder.opened(call)
        call.end("done", {})
        recorder.closed(call)
    ended(recorder, "add")
    assert names(recorder)[-1] == "add"


def test_the_number_of_tallies_is_limited() -> None:
    recorder = Recorder()
    for number in range(MOST_NAMES + 500):
        ended(recorder, f"t{number}")
    tallies = recorder.statistics.tallies()
    assert len(tallies) == MOST_NAMES + 1
    assert tallies[-1].about.name == ""
    assert tallies[-1].calls == 500
    assert sum(tally.calls for tally in tallies) == MOST_NAMES + 500


def test_a_tally_is_not_changed_by_later_calls_and_made_again_only_if_there_were_some() -> None:
    recorder = Recorder()
    ended(recorder, "a"), ended(recorder, "b")
    before = recorder.statistics.tallies()
    ended(recorder, "a", took=7)
    after = recorder.statistics.tallies()
    assert [tally.calls for tally in before] == [1, 1]
    assert before[0].percentile(99) == pytest.approx(0.1)
    assert [tally.calls for tally in after] == [2, 1]
    assert after[1] is before[1]


def test_threads_lose_no_call() -> None:
    recorder = Recorder()
    threads = [threading.Thread(target=lambda: [ended(recorder, f"t{i % 7}") for i in range(500)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        recorder.statistics.tallies()
    assert sum(tally.calls for tally in recorder.statistics.tallies()) == 4_000
    assert recorder.statistics.ended == 4_000


def test_a_source_can_be_one_server_and_have_another_name() -> None:
    recorder = Recorder()
    ended(recorder, server="a"), ended(recorder, server="b")
    running = Call(server="b", method="tools/call", name="t", arguments={})
    recorder.opened(running)
    assert [tally.about.server for tally in CallSource(recorder, only="b").tallies()] == ["b"]
    assert [tally.about.server for tally in CallSource(recorder, name="there").tallies()] == ["there", "there"]
    assert {about.server: number for about, number in CallSource(recorder, only="b").running().items()} == {"b": 1}
    assert CallSource(recorder, only="a").running() == {}
    moves = CallSource(recorder).moves
    running.end("done", {})
    recorder.closed(running)
    assert CallSource(recorder).moves == moves + 1


class Answer(BaseModel):
    name: str


async def ask() -> Elicit[Answer]:
    return Elicit("Who?", Answer)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_calls_of_a_real_client_count_once_with_all_their_rounds_and_errors_as_errors() -> None:
    server = NotebookServer("library")

    @server.tool()
    def greets(answer: Annotated[Answer, Resolve(ask)]) -> str:
        return answer.name

    @server.tool()
    def fails(number: int) -> int:
        raise ValueError(number)

    async def answers(context: Any, params: Any) -> ElicitResult:
        return ElicitResult(action="accept", content={"name": "Ada"})

    began = time.time()
    async with Client(server, elicitation_callback=answers) as client:
        assert (await client.call_tool("greets", {})).structured_content == {"result": "Ada"}
        assert (await client.call_tool("fails", {"number": 1})).is_error
        assert (await client.call_tool("fails", {"number": "no number"})).is_error
        for number in range(3):
            assert (await client.call_tool(f"nothing_{number}", {})).is_error
            with pytest.raises(Exception, match="Unknown resource"):
                await client.read_resource(f"nothing://{number}")
    recorder: Recorder = server.runtime.recorder
    assert recorder.calls[0].rounds == 2
    found = {tally.about.name: (tally.calls, tally.errors) for tally in recorder.statistics.tallies()}
    assert found == {"greets": (1, 0), "fails": (2, 2), "": (6, 6)}
    (second, *_) = next(iter(recorder.statistics.tallies())).seconds
    assert int(began) <= second.at <= time.time()


def test_nothing_is_counted_of_a_call_that_runs() -> None:
    counted = Statistics()
    counted.count(Call(server="s", method="tools/call", name="t", arguments={}))
    assert counted.tallies() == []
