"""Code mode: a model's code runs in the kernel against functions, after a person has allowed it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from IPython.core.error import UsageError
from mcp_types import CallToolResult

from mcp_notebook import connect
from mcp_notebook.client import Url
from mcp_notebook.errors import HostingError
from mcp_notebook.functions import running
from mcp_notebook.functions.environment import environment
from mcp_notebook.functions.running import MOST_OUTPUT, MOST_RESULT, Output, Ran, run_code
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
    ],
)
def test_the_value_of_the_last_line_comes_back(code: str, value: str) -> None:
    outcome, _ = run(code)
    assert outcome.error is None
    assert outcome.value_text == value


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
    ],
)
def test_an_error_of_the_code_is_told_with_its_line(code: str, words: str) -> None:
    outcome, _ = run(code)
    assert words in outcome.error_text


def test_output_and_value_are_bounded() -> None:
    outcome, output = run("print('x' * 1_000_000, end='')\nprint('y' * 10)\n'z' * 1_000_000")
    assert len(output.text) < MOST_OUTPUT + 100
    assert output.text.endswith("[cut: it has 1,000,011 characters. Print less.]")
    assert len(outcome.value_text) < MOST_RESULT + 100
    assert outcome.value_text.endswith("[cut: it has 1,000,000 characters. Return less.]")


@pytest.mark.parametrize(
    "code",
    [
        "while True:\n    pass",
        "await asyncio.sleep(1000)",
        "while True:\n    try:\n        await asyncio.sleep(1000)\n    except Exception:\n        pass",
    ],
)
def test_code_that_takes_too_long_is_stopped(code: str) -> None:
    with pytest.raises(Exception, match=r"more than 0\.2 s; it was stopped"):
        run(code, 0.2)
    until(lambda: all(thread.name != "mcp-notebook-code" for thread in threading.enumerate()))


def test_code_in_a_function_of_c_goes_on_and_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "GRACE", 0.1)
    release = threading.Event()
    with pytest.raises(Exception, match="it could not be stopped, and goes on in the kernel"):
        run("release.wait(30)", 0.2, release=release)
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
