"""Calls that run on a Dask cluster: a real scheduler with worker processes that do not have mcp_notebook."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mcp_notebook.recording import Call
from mcp_notebook.server.extensions.cluster import VARIABLE, close, connection
from tests.support.dask_cluster import DaskCluster, running_dask
from tests.support.results import text_of
from tests.support.shells import Shell, running_shell
from tests.support.waiting import until

pytest.importorskip("distributed")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")]

TOOLS = """%%mcp_tool {names} --run-on dask {options}
import asyncio, logging, os, sys, threading, time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated
from mcp.server.mcpserver import Context, Elicit, Resolve
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel

class Book(BaseModel):
    title: str
    pages: int = 100
    def longer(self):
        return Book(title=self.title.upper(), pages=self.pages + 1)

class Odd(Exception):
    def __init__(self, one, two):
        super().__init__(f"{{one}} and {{two}}")

lock = threading.Lock()
FACTOR = 10

def _divided(n):
    return FACTOR // n  # by zero

def where() -> int:
    return os.getpid()

def divide(n: int) -> int:
    print("dividing", n)
    print("carefully", file=sys.stderr)
    logging.getLogger("mine").warning("by %s", n)
    return _divided(n)

async def reports(ctx: Context) -> str:
    for step in range(3):
        await ctx.report_progress(step, 3, f"step {{step}}")
    await ctx.info({{"a": [1]}})
    return ctx.request_id

def longer(book: Book) -> Book:
    return book.longer()

def refuses() -> str:
    raise ToolError("not today")

def odd() -> str:
    raise Odd(1, 2)

def leaves() -> str:
    sys.exit("away")

async def asks(ctx: Context) -> str:
    return str(await ctx.elicit("name?", Book))

def locked() -> str:
    with lock:
        return "never"

def handle():
    return {{"lock": threading.Lock()}}

def long(n: int) -> str:
    return "x" * n

def rows(n: int) -> Iterator[dict[str, int]]:
    for i in range(n):
        yield {{"i": i}}

async def arows(n: int) -> AsyncIterator[dict[str, int]]:
    for i in range(n):
        yield {{"i": i}}

def chatty(n: int) -> str:
    for i in range(n):
        print(i, "x" * 100)
    return "said"

def runs(folder: str, seconds: float) -> int:
    "Leave a file for each time that it runs, with the process that ran it."
    (Path(folder) / f"run-{{time.time_ns()}}").write_text(str(os.getpid()))
    while seconds > 0 and not (Path(folder) / "go").exists():
        time.sleep(0.01)
        seconds -= 0.01
    return os.getpid()

async def waits(folder: str) -> str:
    (Path(folder) / "waiting").write_text("")
    try:
        await asyncio.sleep(600)
    except asyncio.CancelledError:
        (Path(folder) / "cancelled").write_text("")
        raise
    return "waited"
"""
NAMES = "where divide reports longer refuses odd leaves asks locked handle long rows arows chatty runs waits"


@pytest.fixture(scope="module")
def cluster() -> Iterator[DaskCluster]:
    with running_dask() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def shell(cluster: DaskCluster) -> Iterator[Shell]:
    with defined(cluster) as shell:
        yield shell


@contextmanager
def defined(cluster: DaskCluster, options: str = "") -> Iterator[Shell]:
    patch = pytest.MonkeyPatch()
    with running_shell() as shell:
        try:
            patch.setenv(VARIABLE, cluster.address)
            shell.good(TOOLS.format(names=NAMES, options=options))
            yield shell
        finally:
            close()
            patch.undo()


def start(shell: Shell, tool: str, **arguments: Any) -> Future[Any]:
    return shell.session.on().start_call(tool, arguments)


def called(shell: Shell, tool: str, **arguments: Any) -> Any:
    return start(shell, tool, **arguments).result(timeout=120)


def told(shell: Shell, tool: str, **arguments: Any) -> str:
    return text_of(called(shell, tool, **arguments).result)


def last(shell: Shell) -> Call:
    return shell.session.registry.recorder.calls[-1]


def ran(folder: Path) -> list[int]:
    return [int(until(path.read_text)) for path in sorted(folder.glob("run-*"))]


def test_a_call_runs_in_a_process_of_the_cluster(shell: Shell, cluster: DaskCluster) -> None:
    assert int(told(shell, "where")) in cluster.workers


def test_what_it_prints_and_logs_comes_back_with_the_call(shell: Shell) -> None:
    assert told(shell, "divide", n=2) == "5"
    assert last(shell).text("stdout") == "dividing 2\n"
    assert last(shell).text("stderr") == "carefully\n"
    assert last(shell).text("log") == "WARNING mine: by 2\n"


def test_progress_and_messages_come_back_in_their_order(shell: Shell) -> None:
    assert told(shell, "reports")
    events = [(event.kind, event.value) for event in last(shell).events]
    assert events[-1] == ("message", {"level": "info", "data": {"a": [1]}, "logger": None})
    progress = [value for kind, value in events if kind == "progress"]
    assert progress[-1] == {"progress": 2, "total": 3, "message": "step 2"}
    assert progress == sorted(progress, key=lambda each: each["progress"])


def test_a_traceback_shows_the_lines_of_the_cell(shell: Shell) -> None:
    import traceback

    assert told(shell, "divide", n=0) == "Error executing tool divide"
    raised = last(shell).raised
    assert isinstance(raised, ZeroDivisionError)
    lines = "".join(traceback.format_exception(raised))
    assert "return _divided(n)" in lines
    assert "return FACTOR // n  # by zero" in lines
    assert last(shell).text("stdout") == "dividing 0\n"


def test_it_uses_the_variables_as_they_are_when_it_is_called(shell: Shell) -> None:
    shell.good("FACTOR = 100")
    assert told(shell, "divide", n=2) == "50"
    shell.good("FACTOR = 10")
    assert told(shell, "divide", n=2) == "5"


def test_classes_of_the_notebook_travel_in_both_directions(shell: Shell) -> None:
    result = called(shell, "longer", book={"title": "Dune"}).result
    assert result.structured_content == {"title": "DUNE", "pages": 101}


def test_modules_beside_the_notebook_travel(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "beside_it.py").write_text("def doubled(n):\n    return 2 * n\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    shell.good("%%mcp_tool uses --run-on dask\nimport beside_it\nfrom beside_it import doubled\n"
               "def uses(n: int) -> int:\n    return doubled(n) + beside_it.doubled(n)")  # fmt: skip
    assert told(shell, "uses", n=2) == "8"


def test_what_the_workers_lack_is_said(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "only_here.py").write_text("def doubled(n):\n    return 2 * n\n")
    monkeypatch.syspath_prepend(str(tmp_path))  # and not in the current folder
    shell.good("%%mcp_tool lacks --run-on dask\nfrom only_here import doubled\n"
               "def lacks(n: int) -> int:\n    return doubled(n)")  # fmt: skip
    said = told(shell, "lacks", n=2)
    assert "cannot be loaded at the Dask worker (ModuleNotFoundError: No module named 'only_here')" in said


@pytest.mark.parametrize(
    ("tool", "words"),
    [
        ("refuses", "not today"),
        ("asks", "ctx.elicit is not there when the function runs on Dask"),
        ("locked", "locked cannot be sent to Dask"),
        ("handle", "handle returned a dict, which cannot leave the Dask worker"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(shell: Shell, tool: str, words: str) -> None:
    result = called(shell, tool).result
    assert result.is_error
    assert words in text_of(result)
    assert "\n" not in text_of(result)


def test_exceptions_that_cannot_be_made_again_keep_their_words(shell: Shell) -> None:
    assert told(shell, "odd") == "Error executing tool odd"
    assert "1 and 2" in str(last(shell).raised)
    assert told(shell, "leaves") == "Error executing tool leaves"
    assert told(shell, "where")  # the worker goes on


def test_long_results_and_rows_come_back(shell: Shell) -> None:
    assert told(shell, "long", n=1_000_000) == "x" * 1_000_000
    for tool in ("rows", "arows"):
        result = called(shell, tool, n=3).result
        assert result.structured_content["rows"] == [{"i": 0}, {"i": 1}, {"i": 2}]


def test_output_is_bounded(shell: Shell) -> None:
    assert told(shell, "chatty", n=100_000) == "said"
    assert len(last(shell).text("stdout")) < 1_000_000


def test_a_question_by_a_parameter_is_answered_before_the_function_is_sent(shell: Shell) -> None:
    shell.good(
        "def _ask() -> Elicit[Book]:\n    return Elicit('Which?', Book)\n",
        "%%mcp_tool given --run-on dask\n"
        "def given(book: Annotated[Book, Resolve(_ask)]) -> str:\n    return f'{book.title} {os.getpid()}'",
    )
    shell.good("""%mcp call given --answers '[{"title": "Dune"}]' -o found""")
    assert "Dune " in text_of(shell.good("found"))


class TestWorkersThatAreLost:
    def test_a_tool_that_says_nothing_runs_once_and_the_call_says_so(
        self, shell: Shell, cluster: DaskCluster, tmp_path: Path
    ) -> None:
        call = start(shell, "runs", folder=str(tmp_path), seconds=600)
        until(lambda: ran(tmp_path))
        cluster.kill(ran(tmp_path)[0])
        cluster.add_worker()
        result = call.result(timeout=60).result
        assert result.is_error
        assert "The Dask worker that ran this call was lost." in text_of(result)
        assert "not run again" in text_of(result)
        (tmp_path / "go").write_text("")
        assert int(told(shell, "where")) in cluster.workers
        assert len(ran(tmp_path)) == 1

    @pytest.mark.parametrize("option", ["--idempotent", "--read-only"])
    def test_a_tool_that_may_runs_again(self, cluster: DaskCluster, tmp_path: Path, option: str) -> None:
        with defined(cluster, option) as shell:
            call = start(shell, "runs", folder=str(tmp_path), seconds=600)
            until(lambda: ran(tmp_path))
            cluster.kill(ran(tmp_path)[0])
            cluster.add_worker()
            until(lambda: len(ran(tmp_path)) == 2)
            (tmp_path / "go").write_text("")
            result = call.result(timeout=60).result
            assert not result.is_error
            assert int(text_of(result)) == ran(tmp_path)[1]
            assert "It runs again." in last(shell).text("log")


class TestCancelling:
    def test_it_reaches_async_code_at_the_worker(self, shell: Shell, tmp_path: Path) -> None:
        call = start(shell, "waits", folder=str(tmp_path))
        until((tmp_path / "waiting").exists)
        call.cancel()
        until((tmp_path / "cancelled").exists)
        until(lambda: last(shell).state == "cancelled")

    def test_a_time_limit_ends_it(self, shell: Shell, tmp_path: Path) -> None:
        shell.good("%%mcp_tool limited --run-on dask --timeout 0.5\nasync def limited() -> str:\n"
                   "    await asyncio.sleep(600)\n    return 'never'")  # fmt: skip
        assert "No answer within 0.5 s; it was stopped." in told(shell, "limited")

    def test_a_task_on_dask_is_cancelled_there(self, shell: Shell, tmp_path: Path) -> None:
        shell.good(
            "%%mcp_tool background --run-on dask --task\n"
            f"async def background() -> str:\n    return await waits({str(tmp_path)!r})",
            "job = %mcp call background --background",
        )
        until((tmp_path / "waiting").exists)
        shell.good("job.cancel()")
        until((tmp_path / "cancelled").exists)


class TestClustersThatAreNotThere:
    @pytest.fixture(autouse=True)
    def _impatient(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setattr(connection, "PATIENCE", 2.0)
        yield
        close()

    def test_a_scheduler_that_does_not_answer(self, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(VARIABLE, "tcp://127.0.0.1:1")
        said = told(shell, "where")
        assert "No Dask scheduler answers at tcp://127.0.0.1:1" in said
        assert VARIABLE in said
        assert "\n" not in said

    def test_an_address_that_is_none(self, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(VARIABLE, "nowhere at all")
        assert "No Dask scheduler answers at nowhere at all" in told(shell, "where")

    def test_a_scheduler_without_workers(self, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
        with running_dask(workers=0) as empty:
            monkeypatch.setenv(VARIABLE, empty.address)
            assert "has no workers. Start some: dask worker ADDRESS." in told(shell, "where")
            empty.add_worker()
            until(lambda: told(shell, "where") in map(str, empty.workers), deadline=90)
            (worker,) = empty.workers
            empty.kill(worker)
            assert "has no workers" in told(shell, "where")


def test_a_scheduler_that_restarts_is_connected_again(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with running_dask(workers=1) as other:
        monkeypatch.setenv(VARIABLE, other.address)
        assert int(told(shell, "where")) in other.workers
        call = start(shell, "runs", folder=str(tmp_path), seconds=600)
        until(lambda: ran(tmp_path))
        other.stop()
        assert "The connection to the Dask scheduler was lost" in text_of(call.result(timeout=60).result)
        other.start()
        other.add_worker()
        assert int(told(shell, "where")) in other.workers
    monkeypatch.undo()
    close()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()  # Dask leaves it a socket, if it was about to connect again when it was closed


def test_dask_is_imported_only_where_it_is_used() -> None:
    script = (
        "import sys, mcp_notebook, mcp_notebook.server.extensions.cluster, mcp_notebook.magics.cell_commands\n"
        "print([name for name in ('dask', 'distributed', 'cloudpickle') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
