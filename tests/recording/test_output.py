"""What a call prints, warns and logs is the call's, and a stranger's is not."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import anyio
import pytest
from mcp import Client

from mcp_notebook.recording import Call, current, output
from mcp_notebook.server.notebook_server import NotebookServer


@contextmanager
def shown() -> Iterator[tuple[io.StringIO, io.StringIO]]:
    """What a cell would show on stdout and stderr, while calls are captured."""
    # Not a fixture: pytest puts streams of its own in place when a test begins.
    streams = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]), output.captured():
        yield streams


@contextmanager
def calling() -> Iterator[Call]:
    """Work for a call."""
    call = Call(server="s", method="tools/call", name="t", arguments={})
    token = current.set(call)
    try:
        yield call
    finally:
        current.reset(token)


def test_what_is_printed_for_a_call_is_the_calls_and_the_rest_is_shown() -> None:
    with shown() as streams:
        print("before")
        with calling() as call:
            print("inside")
            print("wrong", file=sys.stderr)
        print("after")
        assert streams[0].getvalue() == "before\nafter\n"
        assert streams[1].getvalue() == ""
        assert (call.text("stdout"), call.text("stderr")) == ("inside\n", "wrong\n")


def test_all_ways_to_write_are_the_calls() -> None:
    with shown() as streams:
        with calling() as call:
            assert sys.stdout.write("four") == 4
            sys.stdout.writelines(["a", "b"])
            print("c", end="", flush=True)
        assert call.text("stdout") == "fourabc"
        assert streams[0].getvalue() == ""


def test_when_it_ends_the_streams_are_those_of_before() -> None:
    before = sys.stdout, sys.stderr, logging.Logger.callHandlers, threading.Thread.start
    with output.captured():
        assert sys.stdout is not before[0]
    assert (sys.stdout, sys.stderr, logging.Logger.callHandlers, threading.Thread.start) == before


def test_in_all_else_the_stream_is_the_one_that_it_stands_for() -> None:
    with shown() as streams:
        assert sys.stdout.isatty() is False
        assert sys.stdout.getvalue() == ""  # type: ignore[union-attr]
        assert sys.stdout.encoding == streams[0].encoding


def test_a_thread_that_a_call_starts_works_for_the_call_and_its_threads_too() -> None:
    with shown() as streams:

        def inner() -> None:
            print("inner")

        def outer() -> None:
            print("outer")
            thread = threading.Thread(target=inner)
            thread.start()
            thread.join()

        with calling() as call:
            thread = threading.Thread(target=outer)
            thread.start()
            thread.join()
        assert call.text("stdout") == "outer\ninner\n"
        assert streams[0].getvalue() == ""


def test_a_thread_of_a_subclass_and_one_of_a_pool_work_for_the_call() -> None:
    with shown() as streams:

        class Worker(threading.Thread):
            def run(self) -> None:
                print("worker")

        with calling() as call:
            worker = Worker()
            worker.start()
            worker.join()
            with ThreadPoolExecutor(1) as pool:
                pool.submit(print, "pool").result()
        assert call.text("stdout") == "worker\npool\n"
        assert streams[0].getvalue() == ""


def test_a_thread_that_outlives_its_call_still_prints_to_it() -> None:
    with shown() as streams:
        ended = threading.Event()

        def late() -> None:
            assert ended.wait(10)
            print("late")

        with calling() as call:
            thread = threading.Thread(target=late)
            thread.start()
        ended.set()
        thread.join()
        assert call.text("stdout") == "late\n"
        assert streams[0].getvalue() == ""


def test_a_thread_of_the_notebook_is_shown() -> None:
    with shown() as streams:
        thread = threading.Thread(target=print, args=("mine",))
        thread.start()
        thread.join()
        assert streams[0].getvalue() == "mine\n"


def test_tasks_of_a_call_work_for_the_call() -> None:
    with shown() as streams:

        async def main() -> Call:
            async def child() -> None:
                print("child")

            with calling() as call:
                await asyncio.gather(child(), asyncio.to_thread(print, "to thread"))
            print("shown")
            return call

        call = asyncio.run(main())
        assert sorted(call.text("stdout").split("\n")) == ["", "child", "to thread"]
        assert streams[0].getvalue() == "shown\n"


def test_redirecting_inside_a_call_is_redirected_and_the_call_goes_on_after_it() -> None:
    with shown() as streams:
        with calling() as call:
            print("a")
            with contextlib.redirect_stdout(io.StringIO()) as mine:
                print("mine")
            print("b")
        assert mine.getvalue() == "mine\n"
        assert call.text("stdout") == "a\nb\n"
        assert streams[0].getvalue() == ""


def test_a_cell_that_redirects_its_own_output_gets_its_own_and_no_calls() -> None:
    with shown() as streams:
        with contextlib.redirect_stdout(io.StringIO()) as mine, contextlib.redirect_stderr(io.StringIO()) as errors:
            output.ensure()
            print("mine")
            with calling() as call:
                print("the call's")
                print("the call's", file=sys.stderr)
        assert (mine.getvalue(), errors.getvalue()) == ("mine\n", "")
        assert (call.text("stdout"), call.text("stderr")) == ("the call's\n", "the call's\n")
        print("shown")
        with calling():
            print("still the call's")
        assert streams[0].getvalue() == "shown\n"


def test_nothing_is_put_in_place_where_nothing_is_captured() -> None:
    before = sys.stdout
    output.ensure()
    assert sys.stdout is before


def print_warning(message: Any, category: Any, file: str, line: int, *_: Any) -> None:
    """What Python does with a warning, and pytest undoes."""
    sys.stderr.write(warnings.formatwarning(message, category, file, line))


def test_a_warning_is_the_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    with shown() as streams:
        with calling() as call, warnings.catch_warnings():
            warnings.simplefilter("always")
            monkeypatch.setattr(warnings, "showwarning", print_warning)
            warnings.warn("old thing", UserWarning, stacklevel=1)
        assert "UserWarning: old thing" in call.text("stderr")
        assert streams[1].getvalue() == ""


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    logger = logging.getLogger("a.tools")
    level, logger.propagate = logger.level, False
    yield logger
    logger.handlers.clear()
    logger.propagate = True
    logger.setLevel(level)


def test_a_record_is_the_calls_where_nobody_set_up_logging(log: logging.Logger) -> None:
    with shown() as streams:
        with calling() as call:
            log.warning("low on %s", "tea")
            log.debug("not asked for")
        assert [event.kind for event in call.events] == ["log"]
        assert call.text("log") == "WARNING a.tools: low on tea\n"
        assert streams[1].getvalue() == ""


def test_a_handler_that_prints_says_a_record_once_and_one_that_writes_elsewhere_gets_it_too(
    log: logging.Logger,
) -> None:
    with shown() as streams:
        elsewhere = io.StringIO()
        log.addHandler(logging.StreamHandler(sys.stderr))
        log.addHandler(logging.StreamHandler(elsewhere))
        with calling() as call:
            log.warning("low on tea")
        log.warning("mine")
        assert elsewhere.getvalue() == "low on tea\nmine\n"
        assert call.text("log") == "WARNING a.tools: low on tea\n"
        assert call.text("stderr") == ""
        assert streams[1].getvalue() == "mine\n"


def test_a_record_with_an_exception_keeps_its_traceback(log: logging.Logger) -> None:
    with shown():
        with calling() as call:
            try:
                raise ValueError("no tea")
            except ValueError:
                log.exception("failed")
        assert "Traceback" in call.text("log")
        assert "ValueError: no tea" in call.text("log")


def test_a_record_that_cannot_be_written_down_does_not_fail_the_call(
    log: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shown():
        monkeypatch.setattr(logging, "raiseExceptions", False)
        log.addHandler(logging.NullHandler())
        with calling() as call:
            log.warning("%d of them", "many")
        assert call.text("log") == "WARNING a.tools: '%d of them' % ('many',)\n"


def test_concurrent_calls_over_a_server_each_keep_their_own() -> None:
    with shown() as streams:
        server = NotebookServer("s")
        meet = threading.Barrier(8, timeout=20)

        @server.tool()
        def speak(word: str) -> str:
            for _ in range(20):
                print(word)
                sys.stderr.write(word)
            meet.wait()
            print(word)
            return word

        @server.tool()
        async def whisper(word: str) -> str:
            for _ in range(20):
                print(word)
                await asyncio.sleep(0)
            return word

        async def main() -> None:
            async with Client(server, cache=None) as client, anyio.create_task_group() as tasks:
                for number in range(8):
                    tasks.start_soon(client.call_tool, "speak", {"word": f"s{number}"})
                    tasks.start_soon(client.call_tool, "whisper", {"word": f"w{number}"})

        anyio.run(main)
        calls = server.runtime.recorder.calls
        assert len(calls) == 16
        for call in calls:
            word: Any = call.arguments["word"]
            lines = 21 if call.name == "speak" else 20
            assert call.text("stdout") == f"{word}\n" * lines
            assert call.text("stderr") == (word * 20 if call.name == "speak" else "")
        assert (streams[0].getvalue(), streams[1].getvalue()) == ("", "")


def test_a_cell_that_captured_before_the_call_came_gets_none_of_it() -> None:
    with shown() as streams:
        server = NotebookServer("s")

        @server.tool()
        def speak() -> str:
            print("the call's")
            return "x"

        async def main() -> None:
            async with Client(server, cache=None) as client:
                with contextlib.redirect_stdout(io.StringIO()) as mine:
                    await client.call_tool("speak")
                    print("mine")
                assert mine.getvalue() == "mine\n"

        anyio.run(main)
        assert server.runtime.recorder.calls[-1].text("stdout") == "the call's\n"
        assert streams[0].getvalue() == ""
