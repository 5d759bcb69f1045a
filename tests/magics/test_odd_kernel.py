"""Servers that send what they should not, in a real kernel: the cell shows what came, and the kernel goes on."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import pytest

from tests.support.kernels import Kernel, running_kernel
from tests.support.odd_servers import OBJECT, command, odd

pytestmark = pytest.mark.slow

TEXT = {"type": "text", "text": "good"}
LEVELS = {f"d{i}": {"allOf": [{"$ref": f"#/$defs/d{i + 1}"}] * 2} for i in range(26)}
ENDLESS = {"type": "object", "properties": {"x": {"$ref": "#/$defs/d0"}}, "$defs": {**LEVELS, "d26": {}}}
PAY = {"elicitations": [{"mode": "url", "elicitationId": "e", "url": "https://shop.example/1", "message": "Pay"}]}
SERVERS = {
    "odd": odd(result={"content": [TEXT, {"type": "hologram", "x": 1}]}),
    "limited": odd(error={"code": -32000, "message": "Rate limit exceeded", "data": {"retry": 3}}),
    "badtool": odd(tools=[{"name": "t", "inputSchema": OBJECT}, {"name": "bad"}]),
    "unlisted": odd({"tools/list": {"error": {"code": -32603, "message": "db down"}}}),
    "endless": odd({"tools/list": {"endless": {"tools": [{"name": "t", "inputSchema": OBJECT}]}}}),
    "slow": odd(
        tools=[{"name": "t", "inputSchema": OBJECT, "outputSchema": ENDLESS}],
        result={"content": [TEXT], "structuredContent": {"x": 1}},
    ),
    "pay": command(
        {
            "tools/list": {"result": {"tools": [{"name": "pay", "inputSchema": OBJECT}]}},
            "tools/call": [
                {"error": {"code": -32042, "message": "URL elicitation required", "data": PAY}},
                {"result": {"content": [TEXT]}},
            ],
        }
    ),
}

INTERRUPTED = """
import os, signal
from mcp_notebook.schema import Checker
check = Checker.check

def interrupted(self, value):
    os.kill(os.getpid(), signal.SIGINT)
    return check(self, value)

Checker.check = interrupted
"""
"""Has the kernel interrupted when it begins to check a result."""


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    with running_kernel() as kernel:
        kernel.good("%load_ext mcp_notebook")
        kernel.good("%%mcp_tool\ndef add(a: int, b: int) -> int:\n    return a + b")
        for name, words in SERVERS.items():
            kernel.good(f"%mcp connect --era legacy --as {name} -- {shlex.join(words)}")
        yield kernel


def test_the_cell_and_the_log_show_a_result_next_to_its_problems(kernel: Kernel) -> None:
    shown = kernel.good("%mcp call t --on odd").text
    assert shown == 'good\n{"type": "hologram", "x": 1}\nproblems\n  content[1].type: "hologram" is unknown'
    logged = kernel.good("%mcp log 1 --on odd").text
    assert '    {"type": "hologram", "x": 1}\n  problems\n    content[1].type: "hologram" is unknown' in logged
    assert "hologram" in kernel.good("%mcp replay 1 --on odd").text


def test_a_result_that_goes_to_a_variable_has_its_problems_told(kernel: Kernel) -> None:
    assert '"hologram" is unknown' in kernel.good("%mcp call t --on odd -o result").stderr
    assert kernel.value("len(result.problems)") == 1


def test_what_a_server_refuses_with_is_told_as_it_said_it_and_logged_with_code_and_data(kernel: Kernel) -> None:
    assert "The server refused: Rate limit exceeded" in kernel.run("%mcp call t --on limited").stderr
    logged = kernel.good("%mcp log 1 --on limited").text
    assert "code       -32000" in logged
    assert '{"retry": 3}' in logged


def test_a_bad_tool_is_listed_with_what_is_wrong_and_can_be_called(kernel: Kernel) -> None:
    for verb in ("tools --on badtool", "inspect badtool"):
        assert 'tools[1].inputSchema: missing ("bad")' in kernel.good(f"%mcp {verb}").text
    ran = kernel.good("%mcp call bad --on badtool")
    assert ran.text == "hi"
    assert 'tools[1].inputSchema: missing ("bad")' in ran.stderr
    assert kernel.good("%mcp call t --on badtool").stderr == ""


def test_a_list_that_is_refused_keeps_nothing_else_from_being_used(kernel: Kernel) -> None:
    assert "tools: The server refused: db down" in kernel.good("%mcp inspect unlisted").text
    ran = kernel.good("%mcp call t --on unlisted")
    assert ran.text == "hi"
    assert "unlisted does not list its tools. The server refused: db down" in ran.stderr


def test_a_list_without_an_end_is_cut_and_said_to_be(kernel: Kernel) -> None:
    assert "it has more than 1,000 pages" in kernel.good("%mcp tools --on endless").text
    assert kernel.good("%mcp call t --on endless").text == "hi"


def test_a_check_without_an_end_ends_and_can_be_interrupted(kernel: Kernel) -> None:
    assert "not checked: it takes longer than 2 s" in kernel.good("%mcp call t --on slow").text
    kernel.good(INTERRUPTED)
    assert not kernel.run("%mcp call t --on slow").ok
    kernel.good("Checker.check = check")
    assert kernel.good("%mcp call add a=1 b=2").text == "3"


def test_a_server_of_the_kernel_answers_while_a_result_is_checked(kernel: Kernel) -> None:
    ran = kernel.good(
        "state = get_ipython()._mcp_notebook_session\n"
        "checking = state.on('slow', None).start_call('t')\n"
        "answer = state.on(None, None).call('add', {'a': 1, 'b': 2}).result.structured_content\n"
        "print(answer, checking.done())\n"
        "checking.result(60)"
    )
    assert ran.stdout == "{'result': 3} False\n"


def test_a_link_that_an_error_names_can_be_acted_on(kernel: Kernel) -> None:
    assert kernel.good("""%mcp call pay --on pay --answers '["accept"]'""").text == "good"
