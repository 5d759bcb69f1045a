"""The extension in a real kernel."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest

from tests.support import outside
from tests.support.kernels import Kernel, running_kernel

ADD = """%%mcp_tool
def add(a: int, b: int) -> int:
    "Add two numbers."
    return a + b
"""

DOCUMENTED_EXAMPLE = """
from mcp.server import MCPServer

mcp = MCPServer("Bookshop")


@mcp.tool()
def search_books(query: str) -> str:
    \"\"\"Search the catalog by title or author.\"\"\"
    return f"Found 3 books matching {query!r}."


if __name__ == "__main__":
    mcp.run(transport="streamable-http", port=3001)
"""


def served(kernel: Kernel) -> tuple[str, str]:
    """Serve the current server; return its URL and token."""
    kernel.good("_served = %mcp serve")
    url, token = kernel.value("(_served.url, str(_served.token))")
    return url, token


@contextmanager
def open_listen_stream(url: str, token: str) -> Iterator[None]:
    """Hold a ``subscriptions/listen`` stream open, as an agent's host does."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "subscriptions/listen",
    }
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "0"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"notifications": {"toolsListChanged": True}, "_meta": meta}
    request = {"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": params}
    with httpx.stream("POST", url, json=request, headers=headers, timeout=30) as stream:
        assert "acknowledged" in next(line for line in stream.iter_lines() if line.startswith("data: "))
        yield


def test_a_cell_becomes_a_tool_that_can_be_called(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new adding")
    card = shared_kernel.good(ADD)
    assert "tool add on adding" in card.text
    assert "text/html" in card.data[0]
    result = shared_kernel.good("%mcp call add a=1 b=2")
    assert result.text == "3"
    assert shared_kernel.value("_.structured_content") == {"result": 3}


def test_the_function_stays_an_ordinary_function_of_the_notebook(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new ordinary")
    shared_kernel.good(ADD)
    assert shared_kernel.value("add(20, 22)") == 42
    assert "return a + b" in shared_kernel.value("__import__('inspect').getsource(add)")


def test_the_tool_sees_the_live_variables_of_the_notebook(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new live\nshelf = ['Dune']")
    shared_kernel.good("%%mcp_tool --read-only\ndef titles() -> list[str]:\n    return shelf")
    shared_kernel.good("shelf = ['Emma', 'Ulysses']\n_r = %mcp call titles")
    assert shared_kernel.value("_r.structured_content") == {"result": ["Emma", "Ulysses"]}


def test_running_the_cell_again_replaces_the_tool_and_says_what_changed(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new again")
    shared_kernel.good(ADD)
    shared_kernel.good(ADD.replace("add", "subtract").replace("+", "-"))
    card = shared_kernel.good(ADD.replace("b: int", "b: int = 10"))
    assert "parameter 'b': integer, required → integer, default 10" in card.text
    assert shared_kernel.good("%mcp call add a=1").text == "11"
    listing = shared_kernel.good("%mcp tools").text
    assert listing.index("add ") < listing.index("subtract ")


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("%%mcp_tool\ndef add(a: int) -> int:\n    return a\n1 / 0", "This cell raised ZeroDivisionError (above)"),
        ("%%mcp_tool\ndef add(a: int) -> int\n    return a", "This cell raised SyntaxError (above)"),
        ("%%mcp_tool\nx = 1", "This cell defines no public function"),
        ("%%mcp_tool\ndef _add(a: int) -> int: return a", "This cell defines no public function"),
        ("%%mcp_tool\nimport sqlite3\ndef add(c: sqlite3.Connection) -> int: return 1", "'c' is a sqlite3.Connection"),
        ("%%mcp_tool\ndef add(*rest: int) -> int: return 1", "'*rest: int' cannot be passed by name"),
        ("%%mcp_tool\ndef add(a: 'Missing') -> int: return 1", "name 'Missing' is not defined"),
        (
            "%%mcp_tool\nclass Odd:\n    @classmethod\n"
            "    def __get_pydantic_core_schema__(cls, *_): raise LookupError\n"
            "def ok() -> int: return 1\ndef add(c: Odd) -> int: return 1",
            "add: parameter 'c' is a __main__.Odd",
        ),
        ("%%mcp_tool part\nimport functools\npart = functools.partial(max, 1)", "a partial has no name of its own"),
        ("%%mcp_tool ad\ndef add(a: int) -> int: return a", "defines no function 'ad'. Did you mean 'add'?"),
        ("%%mcp_tool --name x\ndef add(): ...\ndef b(): ...", "--name applies to one function"),
        ("%%mcp_tool\nimport asyncio\nawait asyncio.sleep(0)\ndef add(): ...", "This cell awaits at its top level"),
        ("%%mcp_tool --read-onyl\ndef add(): ...", "--read-only"),
    ],
)
def test_a_cell_that_cannot_become_a_tool_changes_nothing_and_says_why(
    shared_kernel: Kernel, cell: str, says: str
) -> None:
    shared_kernel.good("%mcp new steady")
    shared_kernel.good(ADD)
    ran = shared_kernel.run(cell)
    assert not ran.ok
    assert says in ran.stderr
    assert ran.stderr.count("UsageError") == 1
    assert len(ran.stderr.strip().splitlines()) == 1
    assert shared_kernel.good("%mcp tools").text.splitlines()[2].split()[0] == "add"
    assert shared_kernel.good("%mcp call add a=1 b=2").text == "3"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("%mcp cal add", "There is no verb 'cal'. Did you mean 'call'?"),
        ("%mcp call ad", "has no tool 'ad'. Did you mean 'add'?"),
        ("%mcp call add a=1", "add requires b: %mcp call add b=..."),
        ("%mcp call add a=1 c=2", "add has no parameter 'c' (it takes: a, b)."),
        ("%mcp call add a=one b=1", "a=one is not JSON, a Python literal or a variable."),
        ("%mcp call add 1 2", "'1' is not key=value."),
        ("%mcp call add --json '[1]'", "--json takes an object"),
        ("%mcp call add --args nowhere", "there is no variable 'nowhere'"),
        ("%mcp use nowhere", "There is no server 'nowhere' here."),
        ("%mcp use shelf_of_books", "'shelf_of_books' is a list, not an MCP server"),
        ("%mcp read nowhere://x", "Unknown resource: nowhere://x"),
        ("%mcp token", "does not listen, so it has no token. First: %mcp serve."),
        ("%mcp call", "Missing argument"),
        ('%mcp new ""', "an empty name is none"),
    ],
)
def test_a_mistake_gives_one_line_that_says_what_to_do(shared_kernel: Kernel, line: str, says: str) -> None:
    shared_kernel.good("%mcp new mistakes\nshelf_of_books = []")
    shared_kernel.good(ADD)
    ran = shared_kernel.run(line)
    assert not ran.ok
    assert says in ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1
    assert ran.errors == []


def test_a_taken_port_gives_one_line(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new taken\nimport socket; _s = socket.create_server(('127.0.0.1', 0))")
    port = shared_kernel.value("_s.getsockname()[1]")
    ran = shared_kernel.run(f"%mcp serve --port {port}")
    assert f"Port {port} of 127.0.0.1 is taken." in ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1


def test_a_tool_that_raises_is_an_error_result_and_a_place_for_its_author(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new raising")
    shared_kernel.good("%%mcp_tool\ndef halve(n: int) -> float:\n    return n / 0")
    ran = shared_kernel.good("%mcp call halve n=1")
    assert ran.text == "error from the tool\nError executing tool halve"
    assert "ZeroDivisionError: division by zero" in ran.stderr
    assert "line 3, in halve\n    return n / 0" in ran.stderr


def test_prompts_and_resources_are_made_listed_and_used(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new three")
    shared_kernel.good("%%mcp_resource notes://{day}\ndef notes(day: str) -> str:\n    return f'on {day}'")
    shared_kernel.good("%%mcp_resource notes://all\ndef every_note() -> str:\n    return 'all of them'")
    shared_kernel.good("%%mcp_prompt\ndef review(text: str) -> str:\n    return f'Review: {text}'")
    assert shared_kernel.good("%mcp read notes://monday").text == "on monday"
    assert shared_kernel.good("%mcp read notes://all").text == "all of them"
    assert shared_kernel.good("%mcp prompt review text='two words'").text == "user:\n  Review: two words"
    assert "resource template" in shared_kernel.good("%mcp resources").text
    assert "review" in shared_kernel.good("%mcp prompts").text
    assert "three" in shared_kernel.good("%mcp").text


def test_one_uri_takes_one_function(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new one")
    ran = shared_kernel.run("%%mcp_resource a://b\ndef f() -> str: return ''\ndef g() -> str: return ''")
    assert "A URI has one function, but this cell defines f, g." in ran.stderr
    shared_kernel.good("%%mcp_resource a://b g\ndef f() -> str: return 'f'\ndef g() -> str: return 'g'")
    assert shared_kernel.good("%mcp read a://b").text == "g"


def test_an_example_of_the_sdk_works_pasted_into_a_cell(shared_kernel: Kernel) -> None:
    pasted = shared_kernel.good(DOCUMENTED_EXAMPLE)
    assert "%mcp use" in pasted.stdout
    assert pasted.stderr == ""
    shared_kernel.good("%mcp use mcp")
    assert shared_kernel.good("%mcp call search_books query=dune").text == "Found 3 books matching 'dune'."
    shared_kernel.good('@mcp.tool()\ndef search_books(query: str) -> str:\n    return "none"')
    assert shared_kernel.good("%mcp call search_books query=dune").text == "none"


@pytest.mark.parametrize(("make", "use"), [("NotebookServer('fresh')", "fresh"), ("MCPServer('any')", "thing")])
def test_creating_a_server_again_gives_a_fresh_one_where_the_old_one_was_served(
    shared_kernel: Kernel, make: str, use: str
) -> None:
    shared_kernel.good("from mcp_notebook import NotebookServer\nfrom mcp.server import MCPServer")
    create = f"thing = {make}\n@thing.tool()\ndef NAME() -> str: return 'NAME'"
    shared_kernel.good(create.replace("NAME", "first"))
    shared_kernel.good(f"%mcp use {use}")
    url, token = served(shared_kernel)
    assert outside.call(url, token, "first", {})[:2] == [["first"], {"result": "first"}]
    shared_kernel.good(create.replace("NAME", "second"))
    assert shared_kernel.good("%mcp call second").text == "second"
    assert outside.call(url, token, "second", {})[:2] == [["second"], {"result": "second"}]
    shared_kernel.good("%mcp stop")


def test_a_client_of_another_process_calls_the_tool_in_both_eras(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new served")
    shared_kernel.good(ADD)
    url, token = served(shared_kernel)
    assert outside.call(url, token, "add", {"a": 40, "b": 2}) == [["add"], {"result": 42}, False, "2026-07-28"]
    assert outside.call(url, token, "add", {"a": 1, "b": 2}, "legacy") == [["add"], {"result": 3}, False, "2025-11-25"]
    shared_kernel.good("%mcp stop")
    with pytest.raises(httpx.ConnectError):
        httpx.post(url)


def test_requests_without_the_token_or_from_another_host_or_origin_are_refused(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new guarded")
    url, token = served(shared_kernel)
    good = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
    assert httpx.post(url, json={}).status_code == 401
    assert httpx.post(url, json={}, headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert httpx.post(url, json={}, headers={**good, "Host": "evil.example"}).status_code == 421
    assert httpx.post(url, json={}, headers={**good, "Origin": "http://evil.example"}).status_code == 403
    shared_kernel.good("%mcp stop")


BREAKING = """
from contextlib import asynccontextmanager
from mcp_notebook import NotebookServer

@asynccontextmanager
async def lifespan(server):
    OPEN
    yield {}

with_lifespan = NotebookServer("lifespan", lifespan=lifespan)

@with_lifespan.tool()
def ping() -> str:
    return "pong"
"""


def test_a_lifespan_that_raises_gives_one_line_and_the_earlier_server_goes_on(shared_kernel: Kernel) -> None:
    shared_kernel.good(BREAKING.replace("OPEN", "pass") + "\n%mcp use lifespan")
    url, token = served(shared_kernel)
    broken = shared_kernel.good(BREAKING.replace("OPEN", "1 / 0"))
    assert "its lifespan raised ZeroDivisionError('division by zero')" in broken.stderr
    assert len(broken.stderr.strip().splitlines()) == 1
    assert outside.call(url, token, "ping", {})[1] == {"result": "pong"}
    assert shared_kernel.good("%mcp call ping").text == "pong"
    shared_kernel.good(BREAKING.replace("OPEN", "pass").replace("pong", "mended"))
    assert shared_kernel.good("%mcp call ping").text == "mended"
    assert outside.call(url, token, "ping", {})[1] == {"result": "mended"}
    shared_kernel.good("%mcp stop")
    shared_kernel.good(BREAKING.replace("OPEN", "1 / 0"))
    for line in ("%mcp serve", "%mcp call ping"):
        refused = shared_kernel.run(line)
        assert "its lifespan raised" in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1


def test_a_lifespan_that_raises_when_it_ends_gives_one_line_and_everything_is_closed(kernel: Kernel) -> None:
    ending = BREAKING.replace("OPEN", "pass").replace("yield {}", "yield {}\n    raise ValueError('on closing')")
    kernel.good(ending)
    kernel.good("%mcp call ping")
    url, _ = served(kernel)
    again = kernel.good(ending)
    assert "ValueError('on closing')" in again.stderr
    assert kernel.good("%mcp call ping").text == "pong"
    assert "ValueError('on closing')" in kernel.run("%mcp stop").stderr
    with pytest.raises(httpx.ConnectError):
        httpx.post(url)
    assert "it was not listening" in kernel.good("%mcp stop").text
    kernel.good("%unload_ext mcp_notebook\n%load_ext mcp_notebook")
    assert kernel.good("%mcp call ping").text == "pong"


def test_interrupting_the_start_of_a_server_leaves_nothing_behind(kernel: Kernel) -> None:
    kernel.good(
        BREAKING.replace("OPEN", "story.append('opening'); await anyio.sleep(600)").replace(
            "from contextlib", "import anyio, os, signal, threading\nstory = []\nfrom contextlib"
        )
    )
    kernel.good(
        "def _interrupt():\n    while not story: pass\n    os.kill(os.getpid(), signal.SIGINT)\n"
        "threading.Thread(target=_interrupt).start()\nimport socket\n"
        "_probe = socket.create_server(('127.0.0.1', 0)); port = _probe.getsockname()[1]; _probe.close()"
    )
    port = kernel.value("port")
    assert kernel.run(f"%mcp serve --port {port}").errors == ["KeyboardInterrupt"]
    assert "in this kernel only" in kernel.good("%mcp").text
    kernel.good(BREAKING.replace("OPEN", "pass"))
    assert f":{port}/" in kernel.good(f"%mcp serve --port {port}").text


def test_a_cell_that_fails_halfway_takes_no_place_of_a_live_server(shared_kernel: Kernel) -> None:
    shared_kernel.good("from mcp_notebook import NotebookServer")
    create = "half = NotebookServer('half')\n@half.tool()\ndef one() -> int: return 1\nMIDDLE\n"
    create += "@half.tool()\ndef two() -> int: return 2"
    shared_kernel.good(create.replace("MIDDLE", ""))
    shared_kernel.good("%mcp use half")
    failed = shared_kernel.run(create.replace("MIDDLE", "1 / 0"))
    assert failed.errors == ["ZeroDivisionError"]
    assert "'half' is still the earlier server" in failed.stderr
    assert shared_kernel.good("%mcp call two").text == "2"
    shared_kernel.good(create.replace("MIDDLE", "").replace("return 2", "return 22"))
    assert shared_kernel.good("%mcp call two").text == "22"


@pytest.mark.parametrize("variable", ["scratch", "keep"])
def test_what_magics_defined_is_not_lost_to_a_new_server_of_the_same_name(shared_kernel: Kernel, variable: str) -> None:
    shared_kernel.good("%mcp new keep")
    shared_kernel.good(ADD)
    ran = shared_kernel.good(f"from mcp_notebook import NotebookServer\n{variable} = NotebookServer('keep')")
    assert "'keep' is already live" in ran.stderr
    assert shared_kernel.good("%mcp call add a=1 b=2").text == "3"
    shared_kernel.good(f"%mcp use {variable}")
    assert "none yet" in shared_kernel.good("%mcp tools").text


STUCK = """
import threading
from mcp_notebook import NotebookServer
stuck = NotebookServer("stuck")

@stuck.tool()
def hang() -> str:
    entered.set()
    released.wait()
    return "late"

@stuck.tool()
def ping() -> str:
    return "pong"
"""


@pytest.mark.slow
def test_a_tool_that_never_returns_holds_up_neither_its_servers_cell_nor_the_end_of_serving(kernel: Kernel) -> None:
    kernel.good("import threading\nentered, released = threading.Event(), threading.Event()")
    kernel.good(STUCK + "\n%mcp use stuck")
    url, token = served(kernel)
    kernel.good(
        "import os, signal\ndef _interrupt():\n    entered.wait()\n    os.kill(os.getpid(), signal.SIGINT)\n"
        "threading.Thread(target=_interrupt).start()"
    )
    assert kernel.run("%mcp call hang").errors == ["KeyboardInterrupt"]
    kernel.good("entered.clear()")
    with ThreadPoolExecutor(1) as pool:
        outside_call = pool.submit(outside.call, url, token, "hang", {})
        kernel.wait_for("entered.is_set()")
        kernel.good(STUCK)
        assert kernel.good("%mcp call ping").text == "pong"
        assert outside.call(url, token, "ping", {})[1] == {"result": "pong"}
        kernel.good("%mcp stop")
        kernel.good(f"%mcp serve --port {url.split(':')[2].split('/')[0]}")
        kernel.good("released.set()")
        with pytest.raises(AssertionError):
            outside_call.result()


def test_a_tool_that_exits_ends_its_call_and_nothing_else(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new exiting")
    shared_kernel.good("%%mcp_tool\nimport sys\ndef leave() -> str:\n    sys.exit('gone')")
    url, token = served(shared_kernel)
    ran = shared_kernel.good("%mcp call leave")
    assert ran.text == "error from the tool\nError executing tool leave"
    assert "SystemExit: gone" in ran.stderr
    assert outside.call(url, token, "leave", {})[2] is True
    shared_kernel.good(ADD)
    assert outside.call(url, token, "add", {"a": 1, "b": 2})[1] == {"result": 3}
    shared_kernel.good("%mcp stop")


def test_a_prompt_or_resource_that_raises_tells_its_author_where(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new telling")
    shared_kernel.good("%%mcp_prompt\ndef ask() -> str:\n    raise ValueError('in the prompt')")
    shared_kernel.good("%%mcp_resource a://b\ndef read() -> str:\n    raise ValueError('in the resource')")
    for line, reason in (("%mcp prompt ask", "in the prompt"), ("%mcp read a://b", "in the resource")):
        ran = shared_kernel.run(line)
        assert f"ValueError: {reason}" in ran.stderr
        assert "line 3" in ran.stderr
        assert ran.stderr.strip().splitlines()[-1].startswith("UsageError: The server refused")


def test_what_a_tool_raised_is_told_with_its_cause(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new causes")
    shared_kernel.good(
        "%%mcp_tool\ndef load() -> str:\n    try:\n        {}['key']\n    except KeyError as error:\n"
        "        raise RuntimeError('cannot load') from error"
    )
    said = shared_kernel.good("%mcp call load").stderr
    assert "RuntimeError: cannot load" in said
    assert "because of KeyError: 'key'" in said


def test_a_magic_in_a_function_sees_its_local_variables(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new local")
    shared_kernel.good(ADD)
    shared_kernel.good("v = 100\ndef f(v):\n    r = %mcp call add a=v b=1\n    return r.structured_content['result']")
    assert shared_kernel.value("f(1)") == 2


@pytest.mark.parametrize("name", ["class", "a.b", "print"])
def test_a_result_is_kept_only_under_a_name_of_the_users_own(shared_kernel: Kernel, name: str) -> None:
    shared_kernel.good("%mcp new keeping")
    shared_kernel.good(ADD)
    assert "is not a name that a variable can have" in shared_kernel.run(f"%mcp call add a=1 b=2 -o {name}").stderr


def test_another_live_server_can_be_asked_by_its_name(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new first_of_two")
    shared_kernel.good(ADD)
    shared_kernel.good("%mcp new second_of_two")
    assert shared_kernel.good("%mcp call add a=1 b=2 --server first_of_two").text == "3"
    assert "add" in shared_kernel.good("%mcp tools --server first_of_two").text
    assert "Did you mean" in shared_kernel.run("%mcp tools --server first_of_tow").stderr


def test_serving_again_goes_on_at_the_same_address(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new twice")
    assert served(shared_kernel) == served(shared_kernel)
    ran = shared_kernel.run("%mcp serve --port 54321")
    assert "already listens" in ran.stderr
    shared_kernel.good("%mcp stop")


def test_the_token_is_printed_only_on_purpose(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new secret")
    shown = [shared_kernel.good(line).everything for line in ("%mcp serve", "%mcp", "%mcp token", "%mcp serve")]
    shown.append(shared_kernel.good("token = %mcp token\ntoken").everything)
    token = shared_kernel.value("str(token)")
    assert len(token) == 43
    assert not [text for text in shown if token in text]
    assert "http://127.0.0.1:" in shown[0]
    assert "%mcp token" in shown[0]
    assert shared_kernel.good("%mcp token --show").stdout.strip() == token
    shared_kernel.good("%mcp stop")


def test_logs_stay_out_of_cells_and_reach_the_handlers_a_user_sets_up(kernel: Kernel) -> None:
    kernel.good("import logging\nfrom mcp.server import MCPServer\nplain = MCPServer('plain', log_level='DEBUG')")
    kernel.good("@plain.tool()\ndef fail() -> str: raise ValueError('inside')")
    kernel.good("%mcp use plain")
    url, token = served(kernel)
    loud = kernel.good(f"import httpx\nhttpx.post({url!r}, json={{}}).status_code")
    assert outside.call(url, token, "fail", {})[2] is True
    assert loud.stderr == ""
    assert kernel.good("1").everything.count("inside") == 0
    assert kernel.value("logging.getLogger().handlers") == []
    kernel.good("import io\n_log = io.StringIO()\nlogging.getLogger('mcp').addHandler(logging.StreamHandler(_log))")
    outside.call(url, token, "fail", {})
    assert "ValueError: inside" in kernel.value("_log.getvalue()")


def test_interrupting_a_cell_cancels_the_call_at_the_server(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new slow\nimport anyio\nstory = []")
    shared_kernel.good(
        "%%mcp_tool\nasync def wait() -> str:\n    story.append('started')\n    try:\n"
        "        await anyio.sleep(600)\n    except BaseException:\n        story.append('cancelled')\n        raise\n"
        "    return 'done'"
    )
    shared_kernel.good(
        "import threading, signal, os\n"
        "def _interrupt():\n    while not story: pass\n    os.kill(os.getpid(), signal.SIGINT)\n"
        "threading.Thread(target=_interrupt).start()"
    )
    ran = shared_kernel.run("%mcp call wait")
    assert ran.errors == ["KeyboardInterrupt"]
    shared_kernel.wait_for("story == ['started', 'cancelled']")


def test_tab_completes_verbs_options_and_live_names(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new tabs")
    shared_kernel.good(
        "%%mcp_tool\nfrom typing import Literal\n"
        "def greet(name: str, language: Literal['en', 'fr'] = 'en') -> str: return name"
    )
    assert shared_kernel.complete("%mcp ca") == ["call"]
    assert shared_kernel.complete("%mcp call gr") == ["greet"]
    assert sorted(shared_kernel.complete("%mcp call greet ")) == ["language=", "name="]
    assert shared_kernel.complete("%mcp call greet name=Ada ") == ["language="]
    assert shared_kernel.complete("%mcp call greet language=") == ['language="en"', 'language="fr"']
    assert shared_kernel.complete("%mcp call greet language=f") == ['language="fr"']
    assert shared_kernel.complete("result = %mcp form g") == ["greet"]
    assert shared_kernel.complete("%%mcp_tool --read") == ["--read-only"]
    assert "tabs" in shared_kernel.complete("%mcp use ")
    assert "%mcp" in shared_kernel.complete("%mc")


@pytest.mark.parametrize("name", ["%mcp", "%%mcp_tool", "%%mcp_resource", "%%mcp_prompt"])
def test_help_shows_an_example(shared_kernel: Kernel, name: str) -> None:
    assert name in shared_kernel.documentation(name)
    printed = shared_kernel.good(f"{name} --help" + ("\n1" if name.startswith("%%") else ""))
    assert name in printed.stdout
    assert "Options:" in printed.stdout
    assert printed.data == []


@pytest.mark.parametrize(
    "verb", ["call", "form", "new", "prompt", "prompts", "read", "resources", "serve", "stop", "token", "tools", "use"]
)
def test_every_verb_has_help_with_an_example(shared_kernel: Kernel, verb: str) -> None:
    assert f"%mcp {verb}" in shared_kernel.good(f"%mcp {verb} --help").stdout.split("Example:")[1]


def test_arguments_come_as_literals_json_and_variables(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new echoing\nnumbers = [1, 2]\nwho = 'Ada'\neverything = {'value': {'deep': None}}")
    shared_kernel.good(
        "%%mcp_tool\nfrom typing import Any\ndef echo(value: Any, text: str = '') -> list[Any]: return [value, text]"
    )

    def echoed(words: str) -> object:
        shared_kernel.good(f"%mcp call echo {words} -o _out")
        return shared_kernel.value("_out.structured_content['result']")

    assert echoed("value=1 text=1") == [1, "1"]
    assert echoed("value=true text=true") == [True, "true"]
    assert echoed("value={'a': (1, 2)} text=who") == [{"a": [1, 2]}, "Ada"]
    assert echoed('value={"a": null} text="who"') == [{"a": None}, "who"]
    assert echoed("value=numbers text='a b'") == [[1, 2], "a b"]
    assert echoed("""--json '{"value": [{"x": 1}]}' text=t""") == [[{"x": 1}], "t"]
    assert echoed("--args everything") == [{"deep": None}, ""]


def test_loading_twice_reloading_and_unloading_are_harmless(kernel: Kernel) -> None:
    kernel.good("%mcp new kept")
    kernel.good(ADD)
    url, token = served(kernel)
    kernel.good("%load_ext mcp_notebook")
    kernel.good("%reload_ext mcp_notebook")
    assert kernel.good("%mcp call add a=1 b=2").text == "3"
    assert outside.call(url, token, "add", {"a": 1, "b": 2})[1] == {"result": 3}
    assert served(kernel) == (url, token)
    kernel.good("%unload_ext mcp_notebook")
    with pytest.raises(httpx.ConnectError):
        httpx.post(url)
    assert not kernel.run("%mcp").ok
    assert "call" not in kernel.complete("%mcp ca")
    assert kernel.value("'mcp_tool' in get_ipython().magics_manager.magics['cell']") is False
    kernel.good("%load_ext mcp_notebook")
    assert kernel.good("%mcp call add a=1 b=2").text == "3"
    assert "in this kernel only" in kernel.good("%mcp").text


@pytest.mark.slow
def test_autoreload_of_the_package_loses_nothing(kernel: Kernel) -> None:
    kernel.good("%load_ext autoreload\n%autoreload 2")
    kernel.good("%mcp new kept")
    kernel.good(ADD)
    url, token = served(kernel)
    kernel.good(
        "import pathlib, sys, os, time\n"
        "for _m in [m for n, m in list(sys.modules.items()) if n.startswith('mcp_notebook') and m.__file__]:\n"
        "    os.utime(_m.__file__, (time.time() + 5,) * 2)"
    )
    assert kernel.good("%mcp call add a=1 b=2").text == "3"
    assert outside.call(url, token, "add", {"a": 1, "b": 2})[1] == {"result": 3}
    kernel.good(ADD.replace("+", "*"))
    assert kernel.good("%mcp call add a=3 b=3").text == "9"


def test_a_kernel_that_serves_open_streams_shuts_down_by_itself() -> None:
    with running_kernel() as kernel:
        kernel.good("%load_ext mcp_notebook")
        kernel.good(ADD)
        url, token = served(kernel)
        with open_listen_stream(url, token):
            kernel.client.shutdown()
            kernel.process.wait(timeout=30)


def test_stopping_with_an_open_stream_is_quiet(shared_kernel: Kernel) -> None:
    shared_kernel.good("%mcp new quiet")
    url, token = served(shared_kernel)
    with open_listen_stream(url, token):
        stopped = shared_kernel.good("%mcp stop")
        assert stopped.stderr == ""
        assert "no longer listens" in stopped.text
