"""What the runtime promises, in a real kernel: where calls run, what they leave in cells, what is kept of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from mcp_notebook import addresses
from tests.support.kernels import DEADLINE, Kernel, running_kernel
from tests.support.outside import Connected, connected
from tests.support.results import text_of
from tests.support.waiting import until

CALLS = "get_ipython()._mcp_notebook_session.registry.recorder.calls"

TOOLS_CHANGED = "notifications/tools/list_changed"
RESOURCE_UPDATED = "notifications/resources/updated"


def served(kernel: Kernel, options: str = "") -> tuple[str, str]:
    """Serve the current server; return its URL and token."""
    kernel.good(f"_served = %mcp serve {options}")
    url, token = kernel.value("(_served.url, str(_served.token))")
    return url, token


@contextmanager
def outside_of(kernel: Kernel, mode: str = "auto") -> Iterator[Connected]:
    """Serve the current server to a client while the block runs."""
    url, token = served(kernel)
    with connected(url, token, mode) as client:
        yield client
    kernel.good("%mcp stop")


def last_call(kernel: Kernel, name: str) -> int:
    """Return the number of the latest call of a tool."""
    return kernel.value(f"[c.number for c in {CALLS} if c.name == {name!r}][-1]")


# What a call puts out


NOISY = """%%mcp_tool
import logging, sys, threading, warnings
from IPython.display import display
def noisy(mark: str) -> str:
    meet.wait(20)
    for _ in range(20):
        print(mark, "printed")
        print(mark, "complained", file=sys.stderr)
    display(f"{mark} displayed")
    warnings.warn(f"{mark} warned")
    logging.getLogger("shop").warning("%s logged", mark)
    meet.wait(20)
    return mark
"""

KINDS_OF_OUTPUT = ("printed", "complained", "displayed", "warned", "logged")


def test_what_calls_put_out_is_in_their_log_and_not_in_the_cell_that_runs_meanwhile(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new noise\nimport threading\nmeet = threading.Barrier(3)")
    shared_kernel.good(NOISY)
    with outside_of(shared_kernel) as client:
        cell = shared_kernel.start("meet.wait(20)\nfor _ in range(20): print('of the cell')\n_ = meet.wait(20)")
        calls = [client.start("noisy", mark=mark) for mark in ("first", "second")]
        ran = shared_kernel.finish(cell)
        assert [call.result(DEADLINE).is_error for call in calls] == [False, False]
    assert ran.ok
    assert ran.stdout == "of the cell\n" * 20
    assert (ran.stderr, ran.data) == ("", [])
    numbers = shared_kernel.value(f"{{c.arguments['mark']: c.number for c in {CALLS} if c.name == 'noisy'}}")
    for mark, other in (("first", "second"), ("second", "first")):
        shown = shared_kernel.good(f"%mcp log {numbers[mark]}").text
        assert [kind for kind in KINDS_OF_OUTPUT if f"{mark} {kind}" not in shown] == []
        assert shown.count(f"{mark} printed") == 20
        assert other not in shown


@pytest.mark.parametrize("first", ["the call", "the cell"])
def test_a_capture_holds_the_prints_of_its_cell_and_not_those_of_a_call(shared_kernel: Kernel, first: str) -> None:
    shared_kernel.good("%mcp new captured\nimport threading\nbegun, meet = threading.Event(), threading.Barrier(2)")
    shared_kernel.good(
        "%%mcp_tool\nfrom IPython.display import display\ndef speak() -> str:\n    begun.set()\n"
        "    meet.wait(20)\n    print('of the call')\n    display('shown by the call')\n    meet.wait(20)\n"
        "    return 'spoken'"
    )
    shared_kernel.good("%%mcp_tool\ndef begin() -> bool: return begun.wait(20)")
    cell = "%%capture box\nbegun.set()\nmeet.wait(20)\nprint('of the cell')\n_ = meet.wait(20)"
    with outside_of(shared_kernel) as client:
        if first == "the call":
            call = client.start("speak")
            assert client.call("begin")
            ran = shared_kernel.good(cell)
        else:
            running = shared_kernel.start(cell)
            assert client.call("begin")
            call = client.start("speak")
            ran = shared_kernel.finish(running)
        assert call.result(DEADLINE).is_error is False
    assert ran.everything.strip() == ""
    assert shared_kernel.value("(box.stdout, len(box.outputs))") == ("of the cell\n", 0)
    assert "of the call" in shared_kernel.good(f"%mcp log {last_call(shared_kernel, 'speak')}").text


# Where a call runs


WHERE = """%%mcp_tool --run-on main
import threading
def where() -> str:
    "The thread that it runs on."
    seen.append(1)
    return threading.current_thread().name
"""

STATES = f"""%%mcp_tool
def states() -> list[str]:
    "How far the calls are."
    return [c.state for c in {CALLS} if c.name == "where"]
"""


def test_a_call_for_the_main_thread_runs_there_between_cells_and_while_a_cell_awaits(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new main\nimport asyncio\nseen = []")
    shared_kernel.good(WHERE)
    with outside_of(shared_kernel) as client:
        assert client.call("where") == "MainThread"
        cell = shared_kernel.begin("while len(seen) < 2: await asyncio.sleep(0.01)")
        assert client.call("where") == "MainThread"
        assert shared_kernel.finish(cell).ok
    shared_kernel.good("%mcp call where -o _r")
    assert shared_kernel.value("_r.structured_content") == {"result": "MainThread"}


@pytest.mark.parametrize("definition", ["def", "async def"])
def test_a_cell_that_waits_for_a_call_serves_the_main_thread_meanwhile(shared_kernel: Kernel, definition: str) -> None:
    shared_kernel.good("%mcp new meanwhile\nimport threading\nbegun, go = threading.Event(), threading.Event()")
    shared_kernel.good("%%mcp_tool\ndef waits() -> str:\n    begun.set()\n    go.wait(20)\n    return str(go.is_set())")
    shared_kernel.good(
        f"%%mcp_tool --run-on main\n{definition} release() -> str:\n    go.set()\n"
        "    return threading.current_thread().name"
    )
    shared_kernel.good("%%mcp_tool\ndef begin() -> bool:\n    return begun.wait(20)")
    with outside_of(shared_kernel) as client:
        cell = shared_kernel.begin("%mcp call waits")
        assert client.call("begin") is True
        assert client.call("release") == "MainThread"
        assert shared_kernel.finish(cell).text == "True"


def test_a_call_that_waits_for_a_busy_main_thread_is_visible_and_can_be_cancelled(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new busy\nimport threading\nseen, go = [], threading.Event()")
    shared_kernel.good(WHERE)
    shared_kernel.good(STATES)
    shared_kernel.good("%%mcp_tool\ndef release() -> bool:\n    go.set()\n    return True")
    with outside_of(shared_kernel) as client:
        before = len(client.call("states"))
        cell = shared_kernel.begin("_ = go.wait(30)")
        given_up, patient = client.start("where"), client.start("where")
        until(lambda: client.call("states")[before:] == ["waiting for the main thread"] * 2)
        given_up.cancel()
        until(lambda: "cancelled" in client.call("states")[before:])
        client.call("release")
        assert shared_kernel.finish(cell).ok
        assert patient.result(DEADLINE).structured_content == {"result": "MainThread"}
        assert sorted(client.call("states")[before:]) == ["cancelled", "done"]
    assert shared_kernel.value("len(seen)") == 1


def test_a_call_that_runs_out_of_time_while_the_main_thread_is_busy_was_not_started(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new late\nimport threading\nseen, go = [], threading.Event()")
    shared_kernel.good(WHERE.replace("main", "main --timeout 0.2"))
    with outside_of(shared_kernel) as client:
        cell = shared_kernel.begin("_ = go.wait(30)")
        result = client.start("where").result(DEADLINE)
        assert result.is_error
        assert "main thread" in text_of(result)
        shared_kernel.interrupt()
        assert shared_kernel.finish(cell).errors == ["KeyboardInterrupt"]
    assert shared_kernel.value("seen") == []


def test_a_database_connection_of_a_cell_is_used_on_the_main_thread(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new shop\nimport sqlite3\nshop = sqlite3.connect(':memory:')")
    shared_kernel.good("_ = shop.executescript('create table book (title); insert into book values (1), (2)')")
    count = "def NAME() -> int:\n    return shop.execute('select count(*) from book').fetchone()[0]"
    shared_kernel.good("%%mcp_tool --run-on main\n" + count.replace("NAME", "count"))
    shared_kernel.good("%%mcp_tool\n" + count.replace("NAME", "elsewhere"))
    with outside_of(shared_kernel) as client:
        assert client.call("count") == 2
        assert client.call("elsewhere") == "error"
        cell = shared_kernel.begin("import asyncio\nfor _ in range(3): await asyncio.sleep(0)")
        assert client.call("count") == 2
        assert shared_kernel.finish(cell).ok
    assert shared_kernel.good("%mcp call count").text == "2"


# Definitions under live clients


def test_live_clients_of_both_eras_hear_of_a_cell_that_ran_again_and_call_the_new_version(
    shared_kernel: Kernel,
) -> None:
    shared_kernel.good("%mcp new versions")
    cell = "%%mcp_tool\ndef version() -> int:\n    return VERSION"
    shared_kernel.good(cell.replace("VERSION", "1"))
    url, token = served(shared_kernel)
    with (
        connected(url, token, listen=True) as modern,
        connected(url, token, "legacy", listen=True) as legacy,
    ):
        assert [client.call("version") for client in (modern, legacy)] == [1, 1]
        for number in (2, 3):
            shared_kernel.good(cell.replace("VERSION", str(number)))
            for client in (modern, legacy):
                client.hears(TOOLS_CHANGED)
                assert client.call("version") == number
        shared_kernel.good("%mcp remove version")
        for client in (modern, legacy):
            client.hears(TOOLS_CHANGED)
            assert client.tools() == []
    shared_kernel.good("%mcp stop")


def test_clients_hear_that_the_cell_of_a_resource_which_they_follow_ran_again(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new resources")
    cells = {
        "shelf://all": "%%mcp_resource shelf://all\ndef every() -> str: return 'VERSION'",
        "shelf://fiction": "%%mcp_resource shelf://{kind}\ndef of_kind(kind: str) -> str: return 'VERSION'",
    }
    for cell in cells.values():
        shared_kernel.good(cell.replace("VERSION", "old"))
    url, token = served(shared_kernel)
    with (
        connected(url, token, listen=True, resources=tuple(cells)) as modern,
        connected(url, token, "legacy", listen=True, resources=tuple(cells)) as legacy,
    ):
        for uri, cell in cells.items():
            shared_kernel.good(cell.replace("VERSION", "new"))
            for client in (modern, legacy):
                client.hears(RESOURCE_UPDATED, uri)
                assert client.read(uri).text == "new"
    shared_kernel.good("%mcp stop")


@pytest.mark.parametrize("kind", ["a magic", "decorators"])
def test_a_cell_that_defines_another_name_withdraws_the_one_it_defined_before(shared_kernel: Kernel, kind: str) -> None:
    if kind == "a magic":
        shared_kernel.good("%mcp new renaming")
        cell = "%%mcp_tool\ndef NAME() -> int:\n    return 1"
    else:
        shared_kernel.good("from mcp_notebook import NotebookServer\nrenaming = NotebookServer('renaming')")
        cell = "@renaming.tool()\ndef NAME() -> int:\n    return 1"
        shared_kernel.good("%mcp use renaming")
    names = "[t.name for t in await get_ipython()._mcp_notebook_session.live('renaming').server.list_tools()]"
    for place in ("first", "second", "third"):
        shared_kernel.good(cell.replace("NAME", place), f"id-{place}-{kind}")
    renamed = shared_kernel.good(cell.replace("NAME", "middle"), f"id-second-{kind}")
    assert "second" in renamed.everything
    assert shared_kernel.value(names) == ["first", "middle", "third"]
    shared_kernel.run(cell.replace("NAME", "failed") + "\n1 / 0", f"id-middle-{kind}")
    shared_kernel.run("1 / 0\n" + cell if kind != "a magic" else cell + "\n1 / 0", f"id-third-{kind}")
    assert {"first", "middle", "third"} <= set(shared_kernel.value(names))
    shared_kernel.good(cell.replace("NAME", "other"))  # a front end that gives no id
    assert {"first", "middle", "third", "other"} <= set(shared_kernel.value(names))


def test_what_is_removed_is_gone_until_its_cell_runs_again(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new removing")
    cells = [
        "%%mcp_tool\ndef gone() -> int: return 1",
        "%%mcp_resource removing://it\ndef it() -> str: return 'it'",
        "%%mcp_prompt\ndef ask() -> str: return 'ask'",
    ]
    for cell in cells:
        shared_kernel.good(cell)
    assert "removed" in shared_kernel.good("%mcp remove gone removing://it ask").text
    assert "nothing yet" in shared_kernel.good("%mcp").text
    refused = shared_kernel.run("%mcp remove gone")
    assert "has no tool, resource, prompt, skill or event 'gone'" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    shared_kernel.good(cells[0])
    assert shared_kernel.good("%mcp call gone").text == "1"


DRAWN = """
class Drawn:
    def __init__(self, **forms): self.forms = forms
    def _repr_mimebundle_(self, include=None, exclude=None): return self.forms
"""


@pytest.mark.parametrize(
    ("value", "kind", "content"),
    [
        ("{'a': [1, None]}", "application/json", '{"a": [1, null]}'),
        ("[1, 'two']", "application/json", '[1, "two"]'),
        ("'plain words'", "text/plain", "plain words"),
        ("Drawn(**{'text/html': '<b>bold</b>', 'text/plain': 'bold'})", "text/html", "<b>bold</b>"),
        ("Drawn(**{'image/png': b'\\x89PNG', 'text/plain': 'figure'})", "image/png", "iVBORw=="),
    ],
)
def test_a_variable_becomes_a_resource_in_the_form_that_a_notebook_shows(
    shared_kernel: Kernel, value: str, kind: str, content: str
) -> None:
    shared_kernel.good(f"%mcp new showing\n{DRAWN}\nshown = {value}")
    assert kind in shared_kernel.good("%mcp expose shown").text
    with outside_of(shared_kernel) as client:
        read = client.read("notebook://shown")
    assert read.mime_type == kind
    assert getattr(read, "text", None) or getattr(read, "blob", None) == content


def test_clients_hear_when_a_cell_binds_an_exposed_variable_to_something_else(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new following\nshelf = ['Dune']")
    shared_kernel.good("%mcp expose shelf")
    url, token = served(shared_kernel)
    uri = "notebook://shelf"
    with (
        connected(url, token, listen=True, resources=(uri,)) as modern,
        connected(url, token, "legacy", listen=True, resources=(uri,)) as legacy,
    ):
        shared_kernel.good("shelf = ['Emma']")
        for client in (modern, legacy):
            client.hears(RESOURCE_UPDATED, uri)
            assert client.read(uri).text == '["Emma"]'
        shared_kernel.good("del shelf")
        for client in (modern, legacy):
            client.hears(RESOURCE_UPDATED, uri)
    gone = shared_kernel.run(f"%mcp read {uri}")
    assert "no longer has a variable 'shelf'" in gone.stderr
    shared_kernel.good("%mcp stop")


def test_a_variable_that_is_exposed_twice_is_followed_under_both_uris(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new twice\nshelf = ['Dune']")
    uris = ("twice://first", "twice://second")
    for uri in uris:
        shared_kernel.good(f"%mcp expose shelf --uri {uri}")
    with connected(*served(shared_kernel), listen=True, resources=uris) as client:
        shared_kernel.good("shelf = ['Emma']")
        for uri in uris:
            client.hears(RESOURCE_UPDATED, uri)
    shared_kernel.good("%mcp stop")


# What is kept of calls


LOGGED = """%%mcp_tool
def halve(n: int) -> float:
    print("halving", n)
    share = 1 / n
    return n / 2
"""


def test_the_log_lists_calls_of_all_clients_and_shows_one_with_what_it_raised(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new logged")
    shared_kernel.good(LOGGED)
    shared_kernel.good("%mcp call halve n=4")
    with outside_of(shared_kernel, "legacy") as client:
        assert client.call("halve", n=0) == "error"
    number = last_call(shared_kernel, "halve")
    good, failed = shared_kernel.good("%mcp log --last 2").text.splitlines()[-2:]
    assert [word for word in ("halve", "n=4", "done", "memory, modern") if word not in good] == []
    assert [word for word in ("halve", "n=0", "error", "http, legacy", "cell ") if word not in failed] == []
    assert " ms " not in shared_kernel.good("%mcp log --last 2 --no-times").text
    only_failed = shared_kernel.good("%mcp log --failed").text
    assert "n=0" in only_failed
    assert "n=4" not in only_failed
    one = shared_kernel.good(f"%mcp log {number}").text
    assert "halving 0" in one
    assert "ZeroDivisionError" in one
    assert "share = 1 / n" in one
    assert "Error executing tool halve" in one
    assert "There is no call 999999" in shared_kernel.run("%mcp log 999999").stderr


def test_the_wire_shows_the_frames_of_a_client_and_no_secret(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new wired")
    shared_kernel.good(LOGGED)
    shared_kernel.good("%mcp log --wire --clear")
    url, token = served(shared_kernel)
    for mode in ("auto", "legacy"):
        with connected(url, token, mode) as client:
            assert client.call("halve", n=4) == 2
    (shown,) = shared_kernel.good("%mcp log --wire").data
    for form in ("text/plain", "text/html"):
        assert "tools/call" in shown[form]
        assert "authorization: [redacted]" in shown[form]
        assert "2026-07-28" in shown[form]
        assert "2025-11-25" in shown[form]
        assert token not in shown[form]
        assert "Bearer" not in shown[form]
    shared_kernel.good("%mcp stop")


def test_a_call_is_made_again_and_compared(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new again")
    shared_kernel.good(LOGGED)
    shared_kernel.good("%mcp call halve n=4")
    number = last_call(shared_kernel, "halve")
    assert f"Same result as call {number}" in shared_kernel.good(f"%mcp replay {number}").stdout
    shared_kernel.good(LOGGED.replace("n / 2", "n / 4"))
    again = shared_kernel.good(f"%mcp replay {number}")
    assert f"The result differs from that of call {number}" in again.stdout
    assert "2.0" in again.stdout
    assert "1.0" in again.stdout
    assert again.text == "1.0"


def test_the_debugger_opens_in_the_frame_where_a_tool_failed(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new debugged")
    shared_kernel.good(
        "def share_of(amount: int) -> float:\n    return 1 / amount\n\n\n"
        "def halve(n: int) -> float:\n    return share_of(n) / 2"
    )
    shared_kernel.good("%%mcp_tool halve\nhalve = halve")
    with outside_of(shared_kernel) as client:
        assert client.call("halve", n=0) == "error"
    number = last_call(shared_kernel, "halve")
    asked = shared_kernel.dialog(f"%mcp debug {number}", "p ('amount', amount)", "up", "p ('n', n)", "q")
    assert asked.ok
    said = re.sub(r"\x1b\[[\d;]*m", "", asked.stdout)
    assert "raised ZeroDivisionError" in said
    assert "return 1 / amount" in said
    assert "('amount', 0)" in said
    assert "('n', 0)" in said
    assert "('n', 0)" in shared_kernel.dialog("%mcp debug", "up", "p ('n', n)", "q").stdout


@pytest.mark.slow
def test_calls_become_tests_that_tell_whether_a_module_does_the_same(shared_kernel: Kernel, tmp_path: Path) -> None:
    shared_kernel.good("%mcp new tested")
    shared_kernel.good(LOGGED)
    shared_kernel.good("%mcp call halve n=4")
    number = last_call(shared_kernel, "halve")
    shop = "from mcp.server import MCPServer\nmcp = MCPServer('shop')\n@mcp.tool()" + LOGGED.removeprefix("%%mcp_tool")
    for module, code in (("shop", shop), ("other", shop.replace("n / 2", "n / 4"))):
        (tmp_path / f"{module}.py").write_text(code)
        shared_kernel.good(f"%mcp log {number} --to test {tmp_path}/test_{module}.py --import {module}:mcp")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "anyio.pytest_plugin", "-p", "no:cacheprovider", "."],
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 failed, 1 passed" in ran.stdout
    assert "FAILED test_other.py::test_halve_n_4" in ran.stdout


def test_the_log_becomes_tests_and_says_which_calls_do_not_and_why(shared_kernel: Kernel, tmp_path: Path) -> None:
    shared_kernel.good("%mcp new uses")
    shared_kernel.good("%%mcp_tool\ndef kept(n: int) -> int:\n    return n")
    shared_kernel.good("%%mcp_tool\ndef gone(n: int) -> int:\n    return n")
    shared_kernel.good("%%mcp_tool\ndef enter(password: str) -> bool:\n    return True")
    for call in ("kept n=1", "kept n=1", "gone n=2", "enter password=hunter22"):
        shared_kernel.good(f"%mcp call {call}")
    shared_kernel.good("%%mcp_tool\ndef gone(n: int) -> int:\n    return n + 1")
    file = tmp_path / "test_uses.py"
    said = shared_kernel.good(f"%mcp log --to test {file} --import uses.server:mcp").text
    written = file.read_text(encoding="utf-8")
    assert "test_uses.py: 1 test\n" in said
    assert "its definition has changed since" in said
    assert "its arguments have a secret in it" in said
    assert "hunter22" not in said + written
    assert "test_kept_n_1" in written
    refused = shared_kernel.run(f"%mcp log --to test {file} --volatile at")
    assert "'at' is not a place in a result" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


# Serving


def test_serving_again_changes_nothing_and_options_that_differ_are_told(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new idempotent")
    assert served(shared_kernel) == served(shared_kernel)
    refused = shared_kernel.run("%mcp serve --transport sse")
    assert "already listens" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    shared_kernel.good("%mcp stop")


def test_a_taken_port_gives_one_line_and_another_port_where_that_is_asked_for(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new holder")
    url, _ = served(shared_kernel)
    port = httpx.URL(url).port
    shared_kernel.good("%mcp new second")
    refused = shared_kernel.run(f"%mcp serve --port {port}")
    assert f"Port {port} of 127.0.0.1 is taken" in refused.stderr
    assert "--any-port" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    other, _ = served(shared_kernel, f"--port {port} --any-port")
    assert httpx.URL(other).port not in (port, None)
    for name in ("holder", "second"):
        shared_kernel.good(f"%mcp stop --server {name}")


def test_listening_beyond_this_machine_needs_a_token(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new wide")
    refused = shared_kernel.run("%mcp serve --host 0.0.0.0 --no-token")
    assert "--no-token is refused" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    assert "in this kernel only" in shared_kernel.good("%mcp").text
    assert "reachable from other machines" in shared_kernel.good("%mcp serve --host 0.0.0.0").text
    url, token = served(shared_kernel, "--host 0.0.0.0")
    assert httpx.post(url, json={}).status_code == 401
    with connected(url, token) as client:
        assert client.tools() == []
    shared_kernel.good("%mcp stop")


def test_a_host_is_let_in_where_it_was_allowed(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new proxied")

    def status_for(host: str, options: str) -> int:
        url, token = served(shared_kernel, options)
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream", "Host": host}
        status = httpx.post(url, json={}, headers=headers).status_code
        shared_kernel.good("%mcp stop")
        return status

    assert status_for("proxy.example", "") == 421
    assert status_for("proxy.example", "--allow-host proxy.example") == 400
    assert status_for("proxy.example:8443", "--allow-host proxy.example") == 400
    assert status_for("evil.example", "--allow-host proxy.example") == 421


def test_a_server_is_reached_over_the_legacy_sse_transport(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new streamed")
    shared_kernel.good(LOGGED)
    url, token = served(shared_kernel, "--transport sse")
    assert url.endswith("/sse")
    assert httpx.get(url).status_code == 401
    with connected(url, token, "legacy") as client:
        assert client.call("halve", n=4) == 2
        call = f"[(c.transport, c.era) for c in {CALLS}][-1]"
        assert shared_kernel.value(call) == ("sse", "legacy")
        shared_kernel.good(LOGGED.replace("n / 2", "n / 4"))
        client.hears(TOOLS_CHANGED)
        assert client.call("halve", n=4) == 1
        stopped = shared_kernel.good("%mcp stop")
        assert stopped.stderr == ""
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_several_servers_listen_at_once_each_with_its_own_token(shared_kernel: Kernel) -> None:
    addressed = {}
    for name in ("left", "right"):
        shared_kernel.good(f"%mcp new {name}")
        shared_kernel.good(f"%%mcp_tool\ndef side() -> str: return '{name}'")
        addressed[name] = served(shared_kernel)
    (left, left_token), (right, right_token) = addressed.values()
    assert left != right
    assert httpx.post(left, json={}, headers={"Authorization": f"Bearer {right_token}"}).status_code == 401
    with connected(left, left_token) as one, connected(right, right_token) as other:
        assert (one.call("side"), other.call("side")) == ("left", "right")
        shared_kernel.good("%mcp stop --server left")
        assert other.call("side") == "right"
    shared_kernel.good("%mcp stop --server right")


def test_where_a_server_listens_is_in_a_private_file_until_it_stops(
    shared_kernel: Kernel, private_runtime_dir: Path
) -> None:
    shared_kernel.good("%mcp new filed")
    url, token = served(shared_kernel)
    (address,) = [address for address in addresses.live() if address.server == "filed"]
    assert (address.url, address.token, address.transport) == (url, token, "http")
    files = list(private_runtime_dir.glob("mcp-notebook-*.json"))
    assert files
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    shared_kernel.good("%mcp stop")
    assert "filed" not in [address.server for address in addresses.live()]
    assert served(shared_kernel) == (url, token)
    shared_kernel.good("%mcp stop")


# The extension


SNAPSHOT = """
import logging, sys, threading, warnings
def snapshot():
    from mcp.server import MCPServer
    shell = get_ipython()
    return dict(
        stdout=sys.stdout, stderr=sys.stderr, start=threading.Thread.start, run=MCPServer.run,
        logging=logging.Logger.callHandlers, handlers=list(logging.getLogger("mcp").handlers),
        interval=sys.getswitchinterval(), warn=warnings.showwarning, display=type(shell.display_pub).publish,
        matchers=list(shell.Completer.custom_matchers), cells=list(shell.magics_manager.magics["cell"]),
        lines=list(shell.magics_manager.magics["line"]),
        callbacks={name: list(found) for name, found in shell.events.callbacks.items()},
    )
"""


def test_unloading_leaves_the_kernel_as_it_was_and_reloading_keeps_url_and_token() -> None:
    with running_kernel() as kernel:
        kernel.good(SNAPSHOT + "before = snapshot()")
        kernel.good("%load_ext mcp_notebook\n%load_ext mcp_notebook")
        kernel.good(LOGGED)
        url, token = served(kernel)
        assert kernel.value("[name for name, was in before.items() if snapshot()[name] is was]") != sorted(
            kernel.value("list(before)")
        )
        assert {"stdout", "start", "logging", "interval"}.isdisjoint(
            kernel.value("[name for name, was in before.items() if snapshot()[name] == was]")
        )
        kernel.good("%reload_ext mcp_notebook")
        with connected(url, token) as client:
            assert client.call("halve", n=4) == 2
        kernel.wait_for("__import__('gc').get_freeze_count()")
        kernel.good("%unload_ext mcp_notebook")
        assert kernel.value("__import__('gc').get_freeze_count()") == 0
        assert kernel.value("[name for name, was in before.items() if snapshot()[name] != was]") == []
        with pytest.raises(httpx.ConnectError):
            httpx.post(url)
