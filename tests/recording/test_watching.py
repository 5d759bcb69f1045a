from __future__ import annotations

import pytest

from mcp_notebook.background import Background, Rests
from mcp_notebook.recording import Call, Recorder, watching
from mcp_notebook.recording.watching import CallWatch
from tests.support.waiting import until


def call(name: str = "add") -> Call:
    return Call(server="shop", method="tools/call", name=name, arguments={})


def test_the_first_call_of_the_kind_is_found_and_shown_when_it_puts_out_more() -> None:
    recorder, shown = Recorder(), []
    watch = CallWatch(recorder, ("tools/call", "add"), lambda seen: shown.append(seen.text("stdout")))
    other, wanted, later = call("other"), call(), call()
    for each in (other, wanted, later):
        recorder.opened(each)
    assert watch.call is wanted
    wanted.add("stdout", "one")
    until(lambda: shown == ["one"])
    watch.end()


def test_nothing_is_found_after_the_end() -> None:
    recorder = Recorder()
    watch = CallWatch(recorder, ("tools/call", "add"))
    watch.end()
    recorder.opened(call())
    assert watch.call is None


def test_an_end_while_the_call_begins_ends_what_follows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class EndedMeanwhile(Background):
        def __init__(self, work: Rests, name: str) -> None:
            watch.end()
            super().__init__(work, name)
            made.append(self)

    made: list[Background] = []
    monkeypatch.setattr(watching, "Background", EndedMeanwhile)
    recorder = Recorder()
    watch = CallWatch(recorder, ("tools/call", "add"), lambda seen: None)
    recorder.opened(call())
    (following,) = made
    following.join()


def test_without_a_recorder_nothing_is_found() -> None:
    assert CallWatch(None, ("tools/call", "add")).call is None
