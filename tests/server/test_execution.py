"""Where a call runs: on a worker, on the server's loop, on the main thread."""

from __future__ import annotations

import asyncio
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextvars import ContextVar
from functools import partial
from typing import Any

import pytest
from mcp.server.mcpserver import Context

from mcp_notebook import main_thread
from mcp_notebook.client import Connection
from mcp_notebook.errors import RequestError
from mcp_notebook.portal import Portal
from mcp_notebook.recording import Call, current
from mcp_notebook.server.definitions import build_tool, register
from mcp_notebook.server.notebook_server import NotebookServer
from tests.support.results import text_of
from tests.support.waiting import until

DEADLINE = 20

COLOUR: ContextVar[str] = ContextVar("colour", default="none")


def told(outcome: Any) -> str:
    """What the client is told, without what the SDK puts before it."""
    text = text_of(outcome.result)
    return text.partition(": ")[2] if outcome.result.is_error else text


class Kernel:
    """A server, a connection to it, and what is between."""

    def __init__(self) -> None:
        self.portal = Portal()
        self.server = NotebookServer("s")
        self.connection = Connection(self.portal, self.server)

    def define(self, function: Callable[..., Any], **options: Any) -> None:
        register(self.server, build_tool(function, **options))

    def call(self, name: str, **arguments: Any) -> Any:
        return self.connection.call(name, arguments)

    def text(self, name: str, **arguments: Any) -> str:
        return told(self.call(name, **arguments))

    @property
    def last(self) -> Call:
        return self.server.runtime.recorder.calls[-1]

    def start(self, name: str, state: str = "running") -> Future[Any]:
        """Start a call, and come back when it has come so far."""
        before = len(self.server.runtime.recorder.calls)
        future = self.connection.start_call(name, {})
        until(lambda: len(self.server.runtime.recorder.calls) > before and self.last.state == state)
        return future


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    kernel = Kernel()
    yield kernel
    kernel.connection.close()
    kernel.portal.close()


def made(asynchronous: bool, function: Callable[[], Any]) -> Callable[[], Any]:
    """Return a tool named ``tool`` which gives what `function` gives, as a ``def`` or as an ``async def``."""
    if asynchronous:

        async def tool() -> str:
            return str(function())

    else:

        def tool() -> str:  # type: ignore[misc]
            return str(function())

    return tool


sync_and_async = pytest.mark.parametrize("asynchronous", [False, True], ids=["def", "async def"])
every_place = pytest.mark.parametrize("run_on", [None, "worker", "loop", "main"])


def place(thread: threading.Thread) -> str:
    return {"MainThread": "main", "mcp-notebook": "loop"}.get(thread.name, "worker")


@sync_and_async
@every_place
@pytest.mark.parametrize("timeout", [None, DEADLINE])
def test_a_call_runs_where_it_should(kernel: Kernel, run_on: str | None, asynchronous: bool, timeout: Any) -> None:
    kernel.define(made(asynchronous, lambda: place(threading.current_thread())), run_on=run_on, timeout=timeout)
    assert kernel.text("tool") == (run_on or ("loop" if asynchronous else "worker"))


@sync_and_async
@every_place
def test_context_variables_arrive_and_what_is_printed_for_the_call_too(
    kernel: Kernel, run_on: str | None, asynchronous: bool
) -> None:
    async def paint(ctx: Any, call_next: Any) -> Any:
        token = COLOUR.set("blue")
        try:
            return await call_next(ctx)
        finally:
            COLOUR.reset(token)

    kernel.server.middleware.append(paint)
    kernel.define(made(asynchronous, lambda: f"{COLOUR.get()} {current.get() is kernel.last}"), run_on=run_on)
    assert kernel.text("tool") == "blue True"


def stumble() -> str:
    raise ValueError("a stone")  # here


@sync_and_async
@every_place
@pytest.mark.parametrize("timeout", [None, DEADLINE])
def test_the_traceback_names_the_authors_lines_and_the_client_is_told_nothing(
    kernel: Kernel, run_on: str | None, asynchronous: bool, timeout: Any
) -> None:
    kernel.define(made(asynchronous, stumble), run_on=run_on, timeout=timeout)
    outcome = kernel.call("tool")
    assert outcome.result.is_error
    assert "stone" not in outcome.result.content[0].text
    assert repr(outcome.call.raised) == "ValueError('a stone')"
    *_, tool, last = traceback.extract_tb(outcome.call.raised.__traceback__)
    assert (tool.name, last.name) == ("tool", "stumble")
    assert last.line == 'raise ValueError("a stone")  # here'


@sync_and_async
@every_place
@pytest.mark.parametrize("error", [SystemExit(3), ValueError("x")])
def test_what_a_tool_raises_ends_its_call_and_nothing_else(
    kernel: Kernel, run_on: str | None, asynchronous: bool, error: Any
) -> None:
    def fail() -> str:
        raise error

    kernel.define(made(asynchronous, fail), run_on=run_on)
    for _ in range(2):
        outcome = kernel.call("tool")
        assert outcome.result.is_error
        assert outcome.call.raised is error
        assert outcome.call.state == "error"


@sync_and_async
@pytest.mark.parametrize("run_on", ["worker", "loop"])
def test_a_keyboard_interrupt_raised_by_a_tool_ends_its_call_and_nothing_else(
    kernel: Kernel, run_on: str, asynchronous: bool
) -> None:
    def fail() -> str:
        raise KeyboardInterrupt

    kernel.define(made(asynchronous, fail), run_on=run_on)
    for _ in range(2):
        outcome = kernel.call("tool")
        assert outcome.result.is_error
        assert isinstance(outcome.call.raised, KeyboardInterrupt)


@sync_and_async
def test_an_interrupt_of_a_call_on_the_main_thread_interrupts_the_cell_that_waits_for_it(
    kernel: Kernel, asynchronous: bool
) -> None:
    def fail() -> str:
        raise KeyboardInterrupt

    kernel.define(made(asynchronous, fail), run_on="main")
    with pytest.raises(KeyboardInterrupt):
        kernel.call("tool")
    until(lambda: not kernel.last.running)
    kernel.define(made(asynchronous, lambda: "goes on"), run_on="main")
    assert kernel.text("tool") == "goes on"


@sync_and_async
def test_an_interrupt_between_cells_ends_that_call_only(kernel: Kernel, asynchronous: bool) -> None:
    def fail() -> str:
        raise KeyboardInterrupt

    kernel.define(made(asynchronous, fail), run_on="main")
    future = kernel.start("tool", "waiting for the main thread")
    main_thread.drain()
    outcome = future.result(DEADLINE)
    assert outcome.result.is_error
    assert told(outcome) == "The call was interrupted in the notebook."


def test_a_progress_report_reaches_the_client_from_any_place(kernel: Kernel) -> None:
    heard: list[float] = []

    async def report(ctx: Context) -> str:
        await ctx.report_progress(1, 2, "half")
        return place(threading.current_thread())

    def note(progress: float, total: float | None, message: str | None) -> None:
        heard.append(progress)

    for run_on in ("worker", "loop", "main"):
        kernel.define(report, run_on=run_on)
        assert text_of(kernel.connection.call("report", {}, on_progress=note).result) == run_on
        assert [e.value for e in kernel.last.events] == [{"progress": 1, "total": 2, "message": "half"}]
    assert heard == [1, 1, 1]


def waiting() -> tuple[Callable[[], Any], threading.Event, threading.Event]:
    """Return an ``async def`` named ``wait`` that waits, and events that say when it began and was cancelled."""
    began, stopped = threading.Event(), threading.Event()

    async def wait() -> str:
        began.set()
        try:
            await asyncio.sleep(DEADLINE)
        except asyncio.CancelledError:
            stopped.set()
            raise
        return "never"

    return wait, began, stopped


@pytest.mark.parametrize("run_on", ["worker", "loop"])
def test_cancelling_reaches_async_code(kernel: Kernel, run_on: str) -> None:
    wait, began, stopped = waiting()
    kernel.define(wait, run_on=run_on)
    future = kernel.start("wait")
    assert began.wait(DEADLINE)
    future.cancel()
    assert stopped.wait(DEADLINE)
    until(lambda: kernel.last.state == "cancelled")


def test_cancelling_reaches_async_code_on_the_main_thread(kernel: Kernel) -> None:
    wait, began, stopped = waiting()
    kernel.define(wait, run_on="main")
    future = kernel.start("wait", "waiting for the main thread")
    canceller = threading.Thread(target=lambda: began.wait(DEADLINE) and future.cancel())
    canceller.start()
    started = time.monotonic()
    main_thread.drain()
    canceller.join()
    assert stopped.is_set()
    assert time.monotonic() - started < DEADLINE / 2
    until(lambda: kernel.last.state == "cancelled")


def test_cancelling_leaves_a_thread_to_itself_and_ends_the_call_at_once(kernel: Kernel) -> None:
    began, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> str:
        began.set()
        assert go_on.wait(DEADLINE)
        ended.set()
        return "unheard"

    kernel.define(work)
    future = kernel.start("work")
    assert began.wait(DEADLINE)
    future.cancel()
    until(lambda: kernel.last.state == "cancelled")
    assert not ended.is_set()
    go_on.set()
    assert ended.wait(DEADLINE)
    assert kernel.last.state == "cancelled"


@sync_and_async
def test_a_call_that_waits_for_the_main_thread_says_so_can_be_cancelled_and_never_starts(
    kernel: Kernel, asynchronous: bool
) -> None:
    started: list[int] = []
    kernel.define(made(asynchronous, lambda: started.append(1)), run_on="main")
    future = kernel.start("tool", "waiting for the main thread")
    assert kernel.last.running
    future.cancel()
    until(lambda: kernel.last.state == "cancelled")
    main_thread.drain()
    assert started == []
    with pytest.raises(CancelledError):
        future.result(DEADLINE)


@sync_and_async
def test_a_call_that_waited_runs_when_the_cell_has_ended(kernel: Kernel, asynchronous: bool) -> None:
    states: list[str] = []
    kernel.define(made(asynchronous, lambda: states.append(kernel.last.state)), run_on="main")
    future = kernel.start("tool", "waiting for the main thread")
    main_thread.drain()
    assert not future.result(DEADLINE).result.is_error
    assert states == ["running"]
    assert kernel.last.state == "done"


@sync_and_async
def test_a_call_on_the_main_thread_that_calls_another_one_there_does_not_deadlock(
    kernel: Kernel, asynchronous: bool
) -> None:
    kernel.define(made(asynchronous, lambda: place(threading.current_thread())), run_on="main")

    def outer() -> str:
        return kernel.text("tool")

    def outermost() -> str:
        return kernel.text("outer")

    kernel.define(outer, run_on="main")
    kernel.define(outermost, run_on="main")
    assert kernel.text("outermost") == "main"


def test_calls_on_the_main_thread_are_made_one_after_the_other_in_their_order(kernel: Kernel) -> None:
    order: list[int] = []

    def note(number: int) -> str:
        order.append(number)
        return "noted"

    kernel.define(note, run_on="main")
    futures = []
    for number in range(5):
        futures.append(kernel.connection.start_call("note", {"number": number}))
        until(partial(kernel.server.runtime.recorder.find, number + 1))
        until(lambda: kernel.last.state == "waiting for the main thread")
    main_thread.drain()
    for future in futures:
        future.result(DEADLINE)
    assert order == list(range(5))


@sync_and_async
def test_an_await_cell_serves_the_main_thread(kernel: Kernel, asynchronous: bool) -> None:
    kernel.define(made(asynchronous, lambda: place(threading.current_thread())), run_on="main")

    async def cell() -> Any:
        main_thread.serve_on(asyncio.get_running_loop())
        try:
            outcome = await asyncio.wrap_future(kernel.connection.start_call("tool", {}))
            assert asyncio.current_task() is not None
            return text_of(outcome.result)
        finally:
            main_thread.serve_on(None)

    assert asyncio.run(cell()) == "main"


TOO_LATE = "No answer within 0.05 s; "


@pytest.mark.parametrize("run_on", ["worker", "loop"])
def test_async_code_that_takes_too_long_is_stopped(kernel: Kernel, run_on: str) -> None:
    stopped = threading.Event()

    async def wait() -> str:
        try:
            await asyncio.sleep(DEADLINE)
        finally:
            stopped.set()
        return "never"

    kernel.define(wait, run_on=run_on, timeout=0.05)
    outcome = kernel.call("wait")
    assert outcome.result.is_error
    assert told(outcome) == TOO_LATE + "it was stopped."
    assert stopped.wait(DEADLINE)


def test_a_thread_that_takes_too_long_is_left(kernel: Kernel) -> None:
    go_on = threading.Event()

    def work() -> str:
        go_on.wait(DEADLINE)
        return "late"

    kernel.define(work, timeout=0.05)
    text = kernel.text("work")
    go_on.set()
    assert text == TOO_LATE + "a thread cannot be stopped, so the function goes on, and its result is dropped."


@sync_and_async
def test_a_call_that_waits_too_long_for_the_main_thread_is_not_started(kernel: Kernel, asynchronous: bool) -> None:
    started: list[int] = []
    kernel.define(made(asynchronous, lambda: started.append(1)), run_on="main", timeout=0.05)
    future = kernel.start("tool", "waiting for the main thread")
    assert (
        told(future.result(DEADLINE))
        == TOO_LATE + "the main thread was busy with a cell all the time. It was not started."
    )
    main_thread.drain()
    assert started == []


@sync_and_async
@every_place
def test_a_call_within_its_time_is_as_it_is_without_a_limit(
    kernel: Kernel, run_on: str | None, asynchronous: bool
) -> None:
    kernel.define(made(asynchronous, lambda: "soon"), run_on=run_on, timeout=DEADLINE)
    assert kernel.text("tool") == "soon"
    (tool,) = kernel.connection.tools()
    assert tool.name == "tool"


def test_a_tool_that_is_placed_is_listed_as_it_was_written(kernel: Kernel) -> None:
    def add(a: int, b: int = 2) -> int:
        """Add."""
        return a + b

    kernel.define(add)
    (plain,) = kernel.connection.tools()
    kernel.define(add, run_on="main", timeout=5)
    assert kernel.connection.tools() == [plain]
    assert kernel.call("add", a=1).result.structured_content == {"result": 3}


def test_work_for_the_main_thread_from_it_and_from_others_is_all_done() -> None:
    order: list[str] = []

    def submit() -> None:
        main_thread.submit(lambda: order.append("other"))

    main_thread.submit(lambda: order.append("first"))
    thread = threading.Thread(target=submit)
    thread.start()
    thread.join()
    main_thread.drain()
    assert order == ["first", "other"]


def test_waiting_elsewhere_than_on_the_main_thread_does_none_of_its_work() -> None:
    done: list[str] = []
    future = main_thread.submit(lambda: done.append(threading.current_thread().name))
    ready: Future[str] = Future()
    ready.set_result("there")
    results: list[str] = []
    thread = threading.Thread(target=lambda: results.append(main_thread.result_of(ready)))
    thread.start()
    thread.join()
    assert (results, done) == (["there"], [])
    main_thread.result_of(future)
    assert done == ["MainThread"]


def test_a_request_that_is_refused_is_refused_on_any_place(kernel: Kernel) -> None:
    with pytest.raises(RequestError):
        kernel.connection.read("memo://nowhere")
