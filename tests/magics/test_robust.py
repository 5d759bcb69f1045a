"""What goes wrong while clients call: interrupts, restarts, kills, and tools that misbehave."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from mcp_notebook import addresses
from mcp_notebook.portal import GRACE
from tests.support.kernels import DEADLINE, Kernel, running_kernel
from tests.support.outside import Connected, bridged, calling, connected, wait_for_line
from tests.support.results import text_of

pytestmark = pytest.mark.slow

CALLS = "get_ipython()._mcp_notebook_session.registry.recorder.calls"

PING = "%%mcp_tool\ndef ping() -> str:\n    return 'pong'"


def served(kernel: Kernel) -> tuple[str, str]:
    """Serve the current server; return its URL and token."""
    kernel.good("_served = %mcp serve")
    url, token = kernel.value("(_served.url, str(_served.token))")
    return url, token


@contextmanager
def outside_of(kernel: Kernel) -> Iterator[Connected]:
    """Serve the current server to a client while the block runs."""
    url, token = served(kernel)
    with connected(url, token) as client:
        yield client
    kernel.good("%mcp stop")


def all_is_well(kernel: Kernel, client: Connected) -> None:
    """The kernel runs cells, nothing of others is in them, and calls of both clients are answered."""
    cell = kernel.good("print('a cell')")
    assert (cell.stdout, cell.stderr, cell.data) == ("a cell\n", "", [])
    assert client.call("ping") == "pong"
    assert kernel.good("%mcp call ping").text == "pong"


# Interrupts


WAITING = """%%mcp_tool --run-on PLACE
import anyio
DEFINITION wait() -> str:
    begun.set()
    try:
        WAIT
    except BaseException as error:
        story.append(type(error).__name__)
        raise
    return "late"
"""

PLACES = [(place, kind) for place in ("worker", "loop", "main") for kind in ("def", "async def")]


ENDS = {
    # The interrupt reaches the function itself, and its end can come before that of the call.
    ("main", "def"): ("cancelled", "error"),
    ("main", "async def"): ("cancelled", "error"),
    # Nothing can stop it; it goes on until it is released.
    ("loop", "def"): ("cancelled", "done"),
}


def waiting(place: str, kind: str) -> str:
    # In short steps: an interrupt that comes just before the main thread sleeps is noticed when it wakes.
    wait = "while not released.wait(0.1): pass" if kind == "def" else "await anyio.sleep(600)"
    return WAITING.replace("PLACE", place).replace("DEFINITION", kind).replace("WAIT", wait)


@pytest.mark.parametrize(("place", "kind"), PLACES)
def test_interrupting_a_cell_that_waits_for_a_call_cancels_the_call_and_nothing_else(
    shared_kernel: Kernel, place: str, kind: str
) -> None:
    shared_kernel.good("%mcp new interrupted\nimport os, signal, threading")
    shared_kernel.good("story, begun, released = [], threading.Event(), threading.Event()")
    shared_kernel.good(waiting(place, kind))
    shared_kernel.good(PING)
    with outside_of(shared_kernel) as client:
        shared_kernel.good(
            "def _interrupt():\n    begun.wait(20)\n    os.kill(os.getpid(), signal.SIGINT)\n"
            "threading.Thread(target=_interrupt).start()"
        )
        assert shared_kernel.run("%mcp call wait").errors == ["KeyboardInterrupt"]
        if (place, kind) == ("loop", "def"):
            shared_kernel.good("released.set()")  # until then the server's own loop is in the function
        shared_kernel.wait_for(f"not [c for c in {CALLS} if c.name == 'wait'][-1].running")
        ended = shared_kernel.value(f"[c.state for c in {CALLS} if c.name == 'wait'][-1]")
        assert ended in ENDS.get((place, kind), ("cancelled",))
        if kind == "async def":
            shared_kernel.wait_for("story == ['CancelledError']")
        elif place == "main":
            assert shared_kernel.value("story") == ["KeyboardInterrupt"]
        all_is_well(shared_kernel, client)
        shared_kernel.good("released.set()")


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_an_interrupt_between_cells_ends_the_call_that_has_the_main_thread(shared_kernel: Kernel, kind: str) -> None:
    shared_kernel.good("%mcp new between\nimport threading")
    shared_kernel.good("story, begun, released = [], threading.Event(), threading.Event()")
    shared_kernel.good(waiting("main", kind))
    shared_kernel.good(PING)
    shared_kernel.good("%%mcp_tool\ndef begin() -> bool:\n    return begun.wait(20)")
    with outside_of(shared_kernel) as client:
        call = client.start("wait")
        assert client.call("begin")
        shared_kernel.interrupt()
        result = call.result(DEADLINE)
        assert result.is_error
        assert "interrupted in the notebook" in text_of(result)
        all_is_well(shared_kernel, client)


# Restarts and kills


def test_clients_that_call_without_pause_go_on_after_a_restart_of_the_kernel(kernel: Kernel) -> None:
    define = "%%mcp_tool\ndef age() -> str:\n    return 'AGE'"
    kernel.good(define.replace("AGE", "before"))
    url, token = served(kernel)
    with (
        calling(url, token, "age", "auto") as modern,
        calling(url, token, "age", "legacy") as legacy,
        connected(url, token) as staying,
    ):
        for client in (modern, legacy):
            wait_for_line(client, "before")
        assert staying.call("age") == "before"
        kernel.restart()
        kernel.good(define.replace("AGE", "after"))
        assert served(kernel) == (url, token)
        for client in (modern, legacy):
            wait_for_line(client, "after")
        assert staying.call("age") == "after"  # in the modern era there is no session to lose
        assert kernel.good("print('a cell')").everything.strip() == "a cell"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_call_over_the_bridge_waits_for_a_kernel_that_restarts(kernel: Kernel, mode: str) -> None:
    define = "%%mcp_tool\ndef age() -> str:\n    return 'AGE'"
    kernel.good("%mcp new held")
    kernel.good(define.replace("AGE", "before"))
    served(kernel)
    with bridged("held", mode) as client:
        assert client.call("age") == "before"
        kernel.restart()
        waiting = client.start("age")
        kernel.good("%mcp new held")
        kernel.good(define.replace("AGE", "after"))
        assert not waiting.done()
        served(kernel)
        assert waiting.result(60).structured_content == {"result": "after"}
        assert client.call("age") == "after"


@pytest.mark.parametrize(("place", "kind"), [(p, k) for p, k in PLACES if (p, k) != ("loop", "def") and p != "main"])
def test_a_call_whose_client_is_killed_is_cancelled_and_leaves_nothing_open(
    shared_kernel: Kernel, place: str, kind: str
) -> None:
    shared_kernel.good("%mcp new killed\nimport psutil, threading")
    shared_kernel.good("story, begun, released = [], threading.Event(), threading.Event()")
    shared_kernel.good(waiting(place, kind))
    shared_kernel.good(PING)
    url, token = served(shared_kernel)
    port = httpx.URL(url).port
    connections = (
        f"len([c for c in psutil.Process().net_connections('tcp') if c.laddr.port == {port} "
        "and c.status == psutil.CONN_ESTABLISHED])"
    )
    with calling(url, token, "wait") as client:
        shared_kernel.wait_for("begun.is_set()")
        assert shared_kernel.value(connections) > 0
        client.kill()
        shared_kernel.wait_for(f"[c.state for c in {CALLS} if c.name == 'wait'][-1] == 'cancelled'")
    if kind == "async def":
        shared_kernel.wait_for("story == ['CancelledError']")
    shared_kernel.wait_for(f"{connections} == 0")
    shared_kernel.good("released.set()")
    with connected(url, token) as other:
        all_is_well(shared_kernel, other)
    shared_kernel.good("%mcp stop")


def test_stopping_with_ten_open_streams_is_prompt_and_quiet(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new streaming")
    shared_kernel.good(PING)
    url, token = served(shared_kernel)
    with ExitStack() as stack:
        for mode in ("auto", "legacy") * 5:
            stack.enter_context(connected(url, token, mode, listen=True))
        begun = time.monotonic()
        stopped = shared_kernel.good("%mcp stop")
        assert time.monotonic() - begun < 2 * GRACE
        assert stopped.stderr == ""
        assert "no longer listens" in stopped.text
        with pytest.raises(httpx.ConnectError):
            httpx.post(url)
    quiet = shared_kernel.good("import gc\n_ = gc.collect()")
    assert quiet.everything.strip() == ""
    assert served(shared_kernel) == (url, token)
    shared_kernel.good("%mcp stop")


def test_two_kernels_with_the_same_notebook_have_places_of_their_own(tmp_path: Path) -> None:
    notebook = tmp_path / "shop.ipynb"
    notebook.touch()
    environment = {"JPY_SESSION_NAME": str(notebook)}
    # As Jupyter tells a kernel which notebook it runs.
    with running_kernel(**environment) as first, running_kernel(**environment) as second:
        places = []
        for kernel, name in ((first, "one"), (second, "two")):
            kernel.good("%load_ext mcp_notebook")
            kernel.good(f"%%mcp_tool\ndef who() -> str: return '{name}'")
            places.append(served(kernel))
        assert len({url for url, _ in places}) == 2
        assert len({token for _, token in places}) == 2
        named = {address.name: address.url for address in addresses.live() if address.notebook == str(notebook)}
        assert named == {"shop": places[0][0], "shop-2": places[1][0]}
        first.restart()
        assert served(first) == places[0]
        assert {address.name for address in addresses.live() if address.notebook == str(notebook)} == set(named)


# Tools that misbehave


def test_a_tool_may_start_threads_and_their_prints_are_the_calls(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new threads\nimport threading\nmeet, done = threading.Barrier(2), threading.Event()")
    shared_kernel.good(PING)
    shared_kernel.good(
        "%%mcp_tool\ndef start() -> str:\n"
        "    def later():\n        meet.wait(20)\n        print('from a thread')\n        done.set()\n"
        "    def now():\n        print('from another')\n"
        "    threads = [threading.Thread(target=f) for f in (later, now, now)]\n"
        "    for thread in threads: thread.start()\n    for thread in threads[1:]: thread.join()\n    return 'started'"
    )
    with outside_of(shared_kernel) as client:
        assert client.call("start") == "started"
        # The call has ended, and one of its threads prints while a cell runs.
        assert shared_kernel.good("_ = meet.wait(20), done.wait(20)").everything.strip() == ""
        number = shared_kernel.value(f"[c.number for c in {CALLS} if c.name == 'start'][-1]")
        shown = shared_kernel.good(f"%mcp log {number}").text
        assert shown.count("from another") == 2
        assert "from a thread" in shown
        all_is_well(shared_kernel, client)


FORKING = """%%mcp_tool
import multiprocessing, os, subprocess, sys

def fork() -> int:
    child = os.fork()
    if child == 0:
        print("in the child")
        os._exit(7)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def pool() -> int:
    with multiprocessing.get_context("fork").Pool(2) as workers:
        return sum(workers.map(abs, [-1, -2, -3]))

def process() -> str:
    return subprocess.run([sys.executable, "-c", "print('hello')"], capture_output=True, text=True).stdout

def leave_a_child() -> int:
    child = os.fork()
    if child == 0:
        os.execvp("sleep", ["sleep", "600"])
    return child
"""


def test_a_tool_may_fork_and_start_processes(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new forks")
    shared_kernel.good(PING)
    shared_kernel.good(FORKING)
    url, token = served(shared_kernel)
    with connected(url, token) as client:
        assert client.call("fork") == 7
        assert client.call("pool") == 6
        assert client.call("process") == "hello\n"
        child = psutil.Process(client.call("leave_a_child"))
        all_is_well(shared_kernel, client)
    try:
        shared_kernel.good("%mcp stop")
        with pytest.raises(httpx.ConnectError):  # the child has not kept the port
            httpx.post(url)
        assert served(shared_kernel) == (url, token)
    finally:
        child.kill()
    shared_kernel.good("%mcp stop")


def test_a_tool_that_prints_without_end_is_cut_off(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new chatter\nimport threading\nenough = threading.Event()")
    shared_kernel.good(PING)
    shared_kernel.good(
        "%%mcp_tool --timeout 1\ndef chatter() -> str:\n    while not enough.is_set():\n        print('x' * 10_000)\n"
        "    return ''"
    )
    process = psutil.Process(shared_kernel.process.pid)
    with outside_of(shared_kernel) as client:
        all_is_well(shared_kernel, client)
        before = process.memory_info().rss
        call = client.start("chatter")
        all_is_well(shared_kernel, client)
        result = call.result(DEADLINE)
        assert result.is_error
        assert "No answer within 1 s" in text_of(result)
        all_is_well(shared_kernel, client)  # the thread prints on, unheard
        assert process.memory_info().rss - before < 30_000_000
        size = shared_kernel.value(f"[len(c.text('stdout')) for c in {CALLS} if c.name == 'chatter'][-1]")
        assert 10_000 < size < 300_000
        shared_kernel.good("enough.set()")


def test_a_result_of_50_mb_arrives_and_is_kept_in_part(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new large")
    shared_kernel.good(PING)
    shared_kernel.good("%%mcp_tool --no-structured\ndef large() -> str:\n    return 'x' * 50_000_000")
    with outside_of(shared_kernel) as client:
        assert len(text_of(client.start("large").result(DEADLINE))) == 50_000_000
        number, size, cut = shared_kernel.value(
            f"[(c.number, c.size, c.cut) for c in {CALLS} if c.name == 'large'][-1]"
        )
        assert size < 1_000_000
        assert cut
        shown = shared_kernel.good(f"%mcp log {number}")
        assert "more characters" in shown.text
        assert len(shown.everything) < 1_000_000
        all_is_well(shared_kernel, client)


RAISING = """%%mcp_tool --run-on PLACE
import sys
class Own(BaseException): pass
DEFINITION exits() -> str: sys.exit("gone")
DEFINITION interrupts() -> str: raise KeyboardInterrupt("by itself")
DEFINITION raises() -> str: raise Own("of its own")
"""


@pytest.mark.parametrize(("place", "kind"), PLACES)
def test_whatever_a_tool_raises_ends_its_call_and_nothing_else(shared_kernel: Kernel, place: str, kind: str) -> None:
    shared_kernel.good("%mcp new raising")
    shared_kernel.good(PING)
    shared_kernel.good(RAISING.replace("PLACE", place).replace("DEFINITION", kind))
    with outside_of(shared_kernel) as client:
        for tool, raised in (("exits", "SystemExit"), ("raises", "Own"), ("interrupts", "KeyboardInterrupt")):
            result = client.start(tool).result(DEADLINE)
            assert result.is_error, tool
            assert "gone" not in text_of(result)
            number = shared_kernel.value(f"[c.number for c in {CALLS} if c.name == {tool!r}][-1]")
            assert raised in shared_kernel.good(f"%mcp log {number}").text
            all_is_well(shared_kernel, client)


def test_calls_that_never_end_hold_up_neither_others_nor_the_end_of_serving(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new endless\nimport anyio, threading\nreleased = threading.Event()")
    shared_kernel.good(PING)
    shared_kernel.good("%%mcp_tool\ndef hang() -> str:\n    released.wait()\n    return 'late'")
    shared_kernel.good("%%mcp_tool\nasync def wait() -> str:\n    await anyio.sleep_forever()")
    shared_kernel.good(
        "%%mcp_tool\nasync def stubborn() -> str:\n    while not released.is_set():\n        try:\n"
        "            await anyio.sleep(0.05)\n        except BaseException:\n            pass\n    return 'late'"
    )
    url, token = served(shared_kernel)
    tools = ("hang", "wait", "stubborn")
    with connected(url, token) as client:
        for tool in tools * 2:
            client.start(tool)
        running = f"[c.name for c in {CALLS} if c.name in {tools} and c.running]"
        shared_kernel.wait_for(f"len({running}) == 6")
        all_is_well(shared_kernel, client)
        begun = time.monotonic()
        stopped = shared_kernel.good("%mcp stop")
        assert time.monotonic() - begun < 3 * GRACE
        assert stopped.stderr == ""
    shared_kernel.wait_for(f"set({running}) <= {{'stubborn'}}")
    assert served(shared_kernel) == (url, token)
    with connected(url, token) as client:
        all_is_well(shared_kernel, client)
    shared_kernel.good("released.set()")
    shared_kernel.good("%mcp stop")
