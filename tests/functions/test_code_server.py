"""Code mode: a model's code runs in the kernel against functions, after a person has allowed it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from typing import Any

import pytest
from IPython.core.error import UsageError
from mcp_types import CallToolResult

from mcp_notebook import connect
from mcp_notebook.client import Url
from mcp_notebook.errors import HostingError
from mcp_notebook.functions import running, serving
from mcp_notebook.functions.environment import environment
from mcp_notebook.functions.outcome import MOST_RESULT, Ran
from mcp_notebook.functions.running import MOST_OUTPUT, Output, run_code
from mcp_notebook.rendering.approvals import approvals, request_card
from mcp_notebook.server.approval import Approval, ApprovalRequest
from mcp_notebook.server.listing import listed, tokens
from tests.functions.test_namespace import SHOP
from tests.support.outside import Connected, connected
from tests.support.results import text_of
from tests.support.shells import Shell
from tests.support.waiting import NEVER, until

DEADLINE = 30

READ_ONLY = """
from mcp_types import ToolAnnotations

@shop.tool(annotations=ToolAnnotations(read_only_hint=True))
def count() -> int:
    "How many orders there are."
    return 3
"""


@pytest.fixture
def notebook(shell: Shell) -> Shell:
    shell.good(SHOP, READ_ONLY, "%mcp use shop")
    return shell


@pytest.fixture
def approval(notebook: Shell) -> Approval:
    listener = notebook.good("%mcp serve --code --any-port")
    assert listener.approval is not None
    return listener.approval


@pytest.fixture
def client(notebook: Shell, approval: Approval) -> Iterator[Connected]:
    listener = notebook.session.live("shop").listener
    assert listener is not None
    with connected(listener.url, str(listener.token)) as client:
        yield client


def waiting(approval: Approval) -> ApprovalRequest:
    (request,) = until(lambda: approval.waiting)
    return request


def ran(approval: Approval, client: Connected, code: str) -> CallToolResult:
    """Run code that a person allows, and what it calls, too."""
    call = client.start("run", code=code)
    while not call.done():
        for request in approval.waiting:
            approval.allow(request.number)
        NEVER.wait(0.01)
    return call.result(DEADLINE)


def searched(client: Connected, **arguments: Any) -> str:
    return text_of(client.start("search", **arguments).result(DEADLINE))


def test_a_client_sees_two_tools(client: Connected) -> None:
    assert client.tools() == ["search", "run"]


def test_search_gives_signatures_and_what_functions_do(client: Connected) -> None:
    found = searched(client, query="orders of a customer")
    first = found.splitlines()[0]
    assert first.startswith("await servers.shop.find_orders(customer: str, *, state: Literal['open', 'paid'] | None")
    assert "Find the orders of a customer." in found
    assert "customer: string. The id." in found
    assert "none of" in searched(client, query="zebra").lower()
    assert searched(client).splitlines()[0] == "servers.shop.find_orders"
    assert searched(client, query="shop", limit=1).count("await servers.") == 1


def test_code_runs_only_after_a_person_has_seen_it_and_allowed_it(approval: Approval, client: Connected) -> None:
    code = "found = await servers.shop.count()\nfound + 1"
    call = client.start("run", code=code)
    request = waiting(approval)
    assert request.tool == "run"
    html, text = request_card(request), approvals(approval, "shop")
    assert "found = await servers.shop.count()\nfound + 1" in html
    assert "       | found = await servers.shop.count()\n       | found + 1" in text
    assert not call.done()
    approval.allow(request.number)
    assert text_of(call.result(DEADLINE)) == "4"


def test_code_that_is_denied_does_not_run(notebook: Shell, approval: Approval, client: Connected) -> None:
    call = client.start("run", code="await servers.shop.count()")
    approval.deny(waiting(approval).number, "too early")
    result = call.result(DEADLINE)
    assert result.is_error
    assert "They say: too early." in text_of(result)
    assert [one.name for one in notebook.session.registry.recorder.calls] == ["run"]


def test_always_allowed_code_is_not_asked_about_again(approval: Approval, client: Connected) -> None:
    call = client.start("run", code="1")
    approval.allow(waiting(approval).number, always=True)
    call.result(DEADLINE)
    assert text_of(client.start("run", code="await servers.shop.count()").result(DEADLINE)) == "3"


def test_a_call_by_the_code_of_a_tool_that_may_destroy_is_asked_about_too(
    notebook: Shell, approval: Approval, client: Connected
) -> None:
    call = client.start("run", code="[o['id'] for o in await servers.shop.find_orders('ada')]")
    approval.allow(waiting(approval).number)
    until(lambda: [request.tool for request in approval.waiting] == ["find-orders"])
    request = waiting(approval)
    assert request.arguments == {"customer": "ada"}
    assert request.server == "shop"
    assert "wants to call find-orders of shop (" in approvals(approval, "shop")
    assert "shop, called by the code of a call that was allowed" in request_card(request)
    approval.allow(request.number, always=True)
    assert text_of(call.result(DEADLINE)) == "[0, 1, 2]"
    again = client.start("run", code="await servers.shop.find_orders('b', limit=1)")
    approval.allow(waiting(approval).number)
    assert text_of(again.result(DEADLINE)) == '[{"id": 0, "total": 0.0}]'
    call = client.start("run", code="await servers.shop.refund(1)")
    approval.allow(waiting(approval).number)
    until(lambda: [request.tool for request in approval.waiting] == ["refund"])
    approval.deny(waiting(approval).number, "no refunds")
    result = call.result(DEADLINE)
    assert result.is_error
    assert "They say: no refunds." in text_of(result)


def test_calls_by_the_code_are_logged_below_it(notebook: Shell, approval: Approval, client: Connected) -> None:
    ran(approval, client, "await servers.shop.count(), await servers.shop.count()\nprint('done')")
    outer, first, second = notebook.session.registry.recorder.calls
    assert (outer.name, first.name, second.name) == ("run", "count", "count")
    assert outer.within is None
    assert first.within == second.within == outer.number
    assert outer.text("stdout") == "done\n"
    text = notebook.good("%mcp log").text
    assert "↳ count" in text
    assert f"the code of call {outer.number}" in notebook.good(f"%mcp log {first.number}").text


def test_calls_over_a_connection_are_logged_below_it_too(
    notebook: Shell, approval: Approval, client: Connected
) -> None:
    notebook.good(
        "import mcp_notebook\nfrom mcp.server.mcpserver import MCPServer\n_far = MCPServer('far')\n"
        "@_far.tool()\ndef near() -> str:\n    return 'here'\nfar = mcp_notebook.connect(_far, name='far away')"
    )
    assert text_of(ran(approval, client, "await servers.far.near()")) == "here"
    (call,) = notebook.shell.user_ns["far"].recorder.calls
    notebook.good("far.close()")
    assert call.within == notebook.session.registry.recorder.calls[0].number


def test_an_error_names_the_line_and_what_was_printed(approval: Approval, client: Connected) -> None:
    result = ran(approval, client, "print('so far')\nx = 1\nawait servers.shop.refund(x)\nprint('never')")
    assert result.is_error
    said = text_of(result)
    assert "line 3: await servers.shop.refund(x)\nRequestError: Error executing tool refund\n" in said
    assert said.endswith("Printed: so far\n")


def test_what_was_printed_is_told_when_time_is_up(
    approval: Approval, client: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "run_code", partial(run_code, seconds=0.5))
    result = ran(approval, client, "print('paid 1')\nawait asyncio.sleep(1000)")
    assert result.is_error
    assert "it was stopped" in text_of(result)
    assert text_of(result).endswith("Printed: paid 1\n")


def test_others_are_served_while_the_code_writes_its_value(approval: Approval, client: Connected) -> None:
    call = client.start("run", code="class A:\n    def __repr__(self):\n        while True:\n            pass\nA()")
    approval.allow(waiting(approval).number)
    until(lambda: any(thread.name == "mcp-notebook-code" for thread in threading.enumerate()))
    assert searched(client).splitlines()[0] == "servers.shop.find_orders"
    assert not call.done()
    call.cancel()
    until(lambda: all(thread.name != "mcp-notebook-code" for thread in threading.enumerate()))


@pytest.mark.parametrize(
    "code",
    [
        "import contextvars\ncontextvars.Context().run(asyncio.ensure_future, {})\nawait asyncio.sleep(30)",
        "import contextvars\nloop = asyncio.get_running_loop()\nloop.call_soon(lambda: asyncio.ensure_future({}), "
        "context=contextvars.Context())\nawait asyncio.sleep(30)",
    ],
)
def test_a_call_from_another_context_is_asked_about_and_logged_below_the_run(
    notebook: Shell, approval: Approval, client: Connected, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_notebook.functions.environment.MODULES", {"contextvars"})
    notebook.good("made = []\n@shop.tool()\ndef wipe() -> None:\n    made.append(1)")
    call = client.start("run", code=code.format("servers.shop.wipe()"))
    approval.allow(waiting(approval).number)
    until(lambda: [request.tool for request in approval.waiting] == ["wipe"])
    assert notebook.shell.user_ns["made"] == []
    approval.allow(waiting(approval).number)
    until(lambda: notebook.shell.user_ns["made"] == [1])
    call.cancel()
    outer, inner = notebook.session.registry.recorder.calls
    assert inner.within == outer.number


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "code",
    ["servers.shop.count()\n1", "asyncio.ensure_future(servers.shop.count())\n1", "asyncio.ensure_future(f())\n1"],
)
def test_a_call_that_was_not_awaited_is_told(approval: Approval, client: Connected, code: str) -> None:
    code = f"async def f():\n    await servers.shop.count()\n{code}"
    said = text_of(ran(approval, client, code))
    assert said.startswith("1")
    assert "[A call or task had not ended when the code did" in said
    awaited = "await asyncio.wait_for(asyncio.ensure_future(servers.shop.count()), 30)"
    assert text_of(ran(approval, client, awaited)) == "3"


def test_of_a_picture_the_model_gets_a_note(notebook: Shell, approval: Approval, client: Connected) -> None:
    notebook.good(
        "from mcp_types import CallToolResult, ImageContent, TextContent\n"
        "@shop.tool()\ndef picture(text: str = '') -> CallToolResult:\n"
        "    image = ImageContent(data='aGk=' * 3_000, mime_type='image/png')\n"
        "    return CallToolResult(content=[image, *([TextContent(text=text)] if text else [])])"
    )
    assert text_of(ran(approval, client, "await servers.shop.picture()")) == "[image/png, 9 kB]"
    code = "{'all': [await servers.shop.picture(text='of a cat')]}"
    assert text_of(ran(approval, client, code)) == '{"all": [["[image/png, 9 kB]", "of a cat"]]}'


def test_code_sees_no_variable_of_the_notebook_and_keeps_none(
    notebook: Shell, approval: Approval, client: Connected
) -> None:
    notebook.good("password = 'hunter2'")
    assert "NameError: name 'password'" in text_of(ran(approval, client, "password"))
    ran(approval, client, "kept = 1\nshop = 2")
    assert "NameError: name 'kept'" in text_of(ran(approval, client, "kept"))
    assert "kept" not in notebook.shell.user_ns
    assert notebook.shell.user_ns["shop"] != 2


def test_a_cell_runs_while_code_waits(notebook: Shell, approval: Approval, client: Connected) -> None:
    notebook.good("import asyncio, threading\ngo = threading.Event()")
    notebook.good("@shop.tool()\ndef wait() -> str:\n    go.wait(30)\n    return 'went'")
    call = client.start("run", code="await servers.shop.wait()")
    approval.allow(waiting(approval).number)
    until(lambda: [request.tool for request in approval.waiting] == ["wait"])
    approval.allow(waiting(approval).number)
    notebook.good("go.set()")
    assert text_of(call.result(DEADLINE)) == "went"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ("--no-token", "needs a token"),
        ("--search", "two tools and nothing else"),
        ("--stable-tools", "two tools and nothing else"),
        ("--webhooks", "two tools and nothing else"),
    ],
)
def test_options_that_do_not_go_with_code_are_refused(notebook: Shell, options: str, why: str) -> None:
    with pytest.raises((HostingError, UsageError), match=why):
        notebook.good(f"%mcp serve --code {options} --allow-other-users")
    assert notebook.session.live("shop").listener is None


def test_it_is_off_by_default_and_a_card_says_when_it_is_on(notebook: Shell) -> None:
    plain = notebook.good("%mcp serve --any-port")
    assert not plain.endpoint.code
    assert "run runs code" not in repr(plain)
    notebook.good("%mcp stop")
    assert "Clients get two tools: search finds functions, run runs code" in repr(notebook.good("%mcp serve --code"))


def test_it_goes_on_after_the_extension_is_loaded_again(notebook: Shell, approval: Approval) -> None:
    notebook.good("%reload_ext mcp_notebook")
    listener = notebook.session.live("shop").listener
    assert listener is not None
    with connected(listener.url, str(listener.token)) as client:
        assert client.tools() == ["search", "run"]
        assert searched(client).splitlines()[0] == "servers.shop.find_orders"


def test_a_server_that_is_made_again_is_found_by_the_next_search(notebook: Shell, client: Connected) -> None:
    notebook.good("shop = NotebookServer('shop')\n@shop.tool()\ndef other() -> int:\n    return 7")
    assert searched(client) == "servers.shop.other"
    assert client.tools() == ["search", "run"]


def test_code_does_not_find_itself_over_a_connection(notebook: Shell, client: Connected) -> None:
    listener = notebook.session.live("shop").listener
    assert listener is not None
    with connect(Url(listener.url, token=str(listener.token)), name="myself"):
        assert "myself" not in searched(client)


def test_two_tools_cost_less_than_a_long_list(notebook: Shell, approval: Approval) -> None:
    notebook.good(
        *(f"@shop.tool()\ndef tool_{n}(a: int, b: str = '') -> int:\n    'Do it.'\n    return a" for n in range(40))
    )
    whole = sum(tokens(listed(tool)) for tool in notebook.session.catalog("shop").tools())
    listener = notebook.session.live("shop").listener
    assert listener is not None
    with connect(Url(listener.url, token=str(listener.token))) as outside:
        assert sum(tokens(listed(tool)) for tool in outside.tools()) < whole / 2


# The run itself, without a server


def run(code: str, seconds: float = DEADLINE, **names: Any) -> tuple[Ran, Output]:
    output = Output()
    return asyncio.run(run_code(code, {**environment(None, output.write), **names}, seconds)), output


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("1 + 1", "2"),
        ("'text\\n'", "text\n"),
        ("x = 1", ""),
        ("", ""),
        ("import math\nmath.floor(2.5)", "2"),
        ("import collections.abc\nfrom datetime import date\nstr(date(2026, 1, 2))", "2026-01-02"),
        ("async def f():\n    return [1, {'a': None}]\nf()", '[1, {"a": null}]'),
        ("await asyncio.gather(*(asyncio.sleep(0, n) for n in range(3)))", "[0, 1, 2]"),
        ("{1, 2}", "{1, 2}"),
        ("class A:\n    x = 1\nA().x", "1"),
        ("float('nan')", "nan"),
        ("{1: [{2}, None], 'a': (float('inf'),)}", '{1: [{2}, null], "a": [inf]}'),
        ("import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: int\n[A(1)]", '[{"x": 1}]'),
    ],
)
def test_the_value_of_the_last_line_comes_back(code: str, value: str) -> None:
    outcome, _ = run(code)
    assert outcome.error == ""
    assert outcome.value == value


RAISING = "def f(self):\n    raise KeyError\n"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("1 +", "line 1: 1 +\nSyntaxError"),
        ("x = 1\n1 / 0", "line 2: 1 / 0\nZeroDivisionError"),
        ("import os", "ImportError: code here may not import os"),
        ("from subprocess import run", "ImportError: code here may not import subprocess"),
        ("open('x')", "NameError: name 'open'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("x = '\x0c\u2028'\r\n1 / 0", "line 2: 1 / 0\nZeroDivisionError"),
        ("x = 1\r1 / 0", "line 2: 1 / 0\nZeroDivisionError"),
        ("x = 1\nraise SyntaxError('a', ('else', 1, 1, ''))", "line 2: raise SyntaxError('a', ('else', 1, 1, ''))"),
        ("raise SyntaxError('a', ('<code>', 'b', 1, ''))", "SyntaxError: [its text cannot be written: TypeError]"),
        (RAISING + "class E(Exception):\n    __str__ = f\nraise E()", "E: [its text cannot be written: KeyError]"),
    ],
)
def test_an_error_of_the_code_is_told_with_its_line(code: str, words: str) -> None:
    outcome, _ = run(code)
    assert words in outcome.error


def test_output_and_value_are_bounded() -> None:
    outcome, output = run("print('x' * 1_000_000, end='')\nprint('y' * 10)\n'z' * 1_000_000")
    assert len(output.text) < MOST_OUTPUT + 100
    assert output.text.endswith("[cut: it has 1,000,011 characters. Print less.]")
    assert len(outcome.value) < MOST_RESULT + 100
    assert outcome.value.endswith("[cut: it has 1,000,000 characters. Return less.]")


def test_of_a_long_value_only_the_beginning_is_looked_at() -> None:
    looked: list[int] = []
    code = (
        "class Many(list):\n    def __iter__(self):\n        for n in range(10**9):\n            looked.append(n)\n"
        "            yield n\nMany()"
    )
    outcome, _ = run(code, looked=looked)
    assert outcome.value.startswith("[0, 1, 2, ")
    assert outcome.value.endswith("\n[cut: it has more than 20,000 characters. Return less.]")
    assert len(outcome.value) < MOST_RESULT + 100
    assert len(looked) < MOST_RESULT


def test_output_after_the_limit_takes_no_memory() -> None:
    _, output = run("for n in range(100_000):\n    print('xy')\n    print('', end='')")
    assert len(output._parts) <= MOST_OUTPUT


@pytest.mark.parametrize(
    "code",
    [
        RAISING + "class A:\n    __repr__ = f\nA()",
        RAISING + "class A(dict):\n    items = f\n[A()]",
        RAISING + "class A(str):\n    __getitem__ = f\n[A()]",
        "10 ** 5000",
        "x = {}\nfor _ in range(100_000):\n    x = {'x': x}\nx",
        "x = []\nx.append(x)\nx",
        "class A:\n    def __repr__(self):\n        return 1\nA()",
    ],
)
def test_what_cannot_be_written_loses_nothing_that_was_printed(code: str) -> None:
    outcome, output = run(f"print('did it')\n{code}")
    assert outcome.error == ""
    assert outcome.value.startswith(("[The code ran. Its value cannot be written: ", "[" * 100, '{"x": {"x": '))
    assert output.text == "did it\n"


def test_what_comes_back_is_plain_text() -> None:
    code = (
        "class A(str):\n    def join(self, _):\n        return 1\n    def __radd__(self, _):\n        return 1\n"
        "    def __len__(self):\n        return 0\nprint('a', 'b', sep=A('-'), end=A('!'))\nA('text')"
    )
    outcome, output = run(code)
    assert (type(outcome.value), outcome.value) == (str, "text")
    assert output.text == "a-b!"


SPIN = "    while True:\n        pass\n"


@pytest.mark.parametrize(
    "code",
    [
        "while True:\n    pass",
        "await asyncio.sleep(1000)",
        "while True:\n    try:\n        await asyncio.sleep(1000)\n    except Exception:\n        pass",
        f"def f(self):\n{SPIN}class A:\n    __repr__ = f\nA()",
        f"def f(self):\n{SPIN}class E(Exception):\n    __str__ = f\nraise E()",
    ],
)
def test_code_that_takes_too_long_is_stopped(code: str) -> None:
    outcome, _ = run(code, 0.2)
    assert "more than 0.2 s; it was stopped" in outcome.error
    until(lambda: all(thread.name != "mcp-notebook-code" for thread in threading.enumerate()))


def test_code_in_a_function_of_c_goes_on_and_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "GRACE", 0.1)
    release = threading.Event()
    outcome, _ = run("release.wait(30)", 0.2, release=release)
    assert "it could not be stopped, and goes on in the kernel" in outcome.error
    release.set()
    until(lambda: all(thread.name != "mcp-notebook-code" for thread in threading.enumerate()))


def test_a_call_that_is_cancelled_stops_its_code() -> None:
    entered, left = threading.Event(), Future[str]()
    code = "entered.set()\ntry:\n    await asyncio.sleep(1000)\nfinally:\n    left.set_result('left')"

    async def cancelled() -> None:
        names = {**environment(None, lambda _: None), "entered": entered, "left": left}
        task = asyncio.ensure_future(run_code(code, names))
        await asyncio.to_thread(entered.wait)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(cancelled())
    assert left.result(DEADLINE) == "left"
