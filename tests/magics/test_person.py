"""Who is asked in a kernel, by what runs the cell: a person on stdin, or nobody."""

from __future__ import annotations

import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.support import ROOT
from tests.support.kernels import DEADLINE, Kernel, running_kernel
from tests.support.waiting import until

pytestmark = pytest.mark.slow

PIZZERIA = """
from typing import Annotated, Literal
from mcp.server.mcpserver import Elicit, Resolve
from pydantic import BaseModel

class Size(BaseModel):
    size: Literal["small", "large"]
    slices: int = 8

def ask_for_size() -> Elicit[Size]:
    return Elicit("Which size?", Size)
"""
ORDER = """%%mcp_tool
def order(kind: str, size: Annotated[Size, Resolve(ask_for_size)]) -> str:
    "Order a pizza."
    return f"{size.size} {kind} in {size.slices}"
"""
AWAIT = """
state = get_ipython()._mcp_notebook_session
outcome = await state.on().aio.call("order", {"kind": "Marinara"})
outcome.result
"""


CONNECTED = "get_ipython()._mcp_notebook_session.connected"
HEARS = tuple(map(int, version("ipykernel").split(".")[:2])) >= (7, 4)


class Card:
    """A question's card, as a front end has it that shows widgets.

    Attributes:
        shown: What the cell has displayed for it.
        state: The state of its widget.
    """

    def __init__(self, kernel: Kernel, running: str) -> None:
        self.kernel = kernel
        while True:
            message = kernel.client.get_iopub_msg(timeout=DEADLINE)
            content = message["content"]
            if message["msg_type"] == "comm_open" and content["data"]["state"].get("view") == "question":
                self.comm, self.state = content["comm_id"], content["data"]["state"]
            elif message["msg_type"] == "display_data" and message["parent_header"]["msg_id"] == running:
                self.shown = content["data"]
                # On a busy machine, the card of the running call comes first.
                if "asks: " in self.shown["text/plain"]:
                    return

    def ask(self, action: str, **values: Any) -> Any:
        """Ask for an action, and return the kernel's answer."""
        content = {"do": action, "ask": 1, **values}
        data = {"method": "custom", "content": content}
        message = self.kernel.client.session.msg("comm_msg", {"comm_id": self.comm, "data": data})
        self.kernel.client.shell_channel.send(message)
        while True:
            answer = self.kernel.client.get_iopub_msg(timeout=DEADLINE)
            if answer["msg_type"] == "comm_msg" and answer["content"]["comm_id"] == self.comm:
                told = answer["content"]["data"].get("content", {})
                if told.get("answer") == 1:
                    return told


@pytest.fixture(scope="module")
def pizzeria(shared_kernel: Kernel) -> Kernel:
    shared_kernel.good(PIZZERIA)
    shared_kernel.good(ORDER)
    return shared_kernel


@pytest.mark.parametrize("era", ["modern", "legacy"])
def test_a_cell_that_waits_asks_on_stdin_where_no_card_can_be_shown(pizzeria: Kernel, era: str) -> None:
    ran = pizzeria.dialog(f"%mcp call order kind=Marinara --era {era}", "huge", "large", "")
    assert "notebook asks: Which size?" in ran.stdout
    assert 'not accepted: "huge" is not one of' in ran.stdout
    assert ran.text == "large Marinara in 8"


def test_a_cell_that_awaits_asks_on_stdin_too(pizzeria: Kernel) -> None:
    assert pizzeria.dialog(AWAIT, "small", "4").text == "small Marinara in 4"


def test_a_word_declines(pizzeria: Kernel) -> None:
    assert "elicitation was decline" in pizzeria.dialog("%mcp call order kind=Marinara", "decline").text


def test_what_was_asked_and_answered_is_in_the_log(pizzeria: Kernel) -> None:
    pizzeria.dialog("%mcp call order kind=Napoli", "large", "6")
    number = pizzeria.value("get_ipython()._mcp_notebook_session.registry.recorder.calls[-1].number")
    log = pizzeria.good(f"%mcp log {number}").text
    assert "elicitation: Which size?" in log
    assert "'small' or 'large'" in log
    assert "slices  6" in log.partition("answer")[2]


@pytest.mark.platform("batch", "question")
def test_what_runs_a_notebook_by_itself_is_told_that_nobody_answers(pizzeria: Kernel) -> None:
    ran = pizzeria.finish(pizzeria.client.execute("%mcp call order kind=Marinara", allow_stdin=False))
    assert "nobody is here to answer" in ran.everything
    assert "Traceback" not in ran.everything


@pytest.mark.parametrize("code", ["%mcp call order kind=Marinara", AWAIT])
def test_an_interrupt_ends_the_question_and_the_next_one_works(pizzeria: Kernel, code: str) -> None:
    running = pizzeria.start(code)
    pizzeria.client.get_stdin_msg(timeout=DEADLINE)
    pizzeria.interrupt()
    assert not pizzeria.finish(running).ok
    assert pizzeria.dialog("%mcp call order kind=Marinara", "small", "").text == "small Marinara in 8"


def test_an_interrupt_ends_a_quiet_await_soon(pizzeria: Kernel, tmp_path: Path) -> None:
    note = tmp_path / "note"
    pizzeria.good(f"%mcp connect --as quiet --cwd '{ROOT}' -- '{sys.executable}' -m tests.support.echoes")
    running = pizzeria.begin(f"await {CONNECTED}['quiet'].aio.call('waits', {{'path': '{note}'}})")
    until(note.exists)
    pizzeria.interrupt()
    interrupted = time.monotonic()
    assert not pizzeria.finish(running).ok
    assert time.monotonic() - interrupted < 3
    until(lambda: note.read_text() == "cancelled")
    pizzeria.good("%mcp disconnect quiet")


EARLY = """
import json, sys

for line in sys.stdin:
    message = json.loads(line)
    about = {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "early", "version": "1"}}
    reply = None
    if message.get("method") == "initialize":
        reply = {"id": message["id"], "result": about}
    elif message.get("method") == "notifications/initialized":
        reply = {"id": 99, "method": "roots/list"}
    elif message.get("id") == 99:
        print(message["error"]["message"], file=sys.stderr, flush=True)
    if reply:
        print(json.dumps({"jsonrpc": "2.0"} | reply), flush=True)
"""


def test_what_a_server_asks_unprompted_stops_no_cell(pizzeria: Kernel, tmp_path: Path) -> None:
    (tmp_path / "early.py").write_text(EARLY)
    pizzeria.good(f"%mcp connect --as early --era legacy -- '{sys.executable}' '{tmp_path / 'early.py'}'")
    pizzeria.wait_for(f"'The user gave no roots' in {CONNECTED}['early'].stderr")
    pizzeria.good("%mcp disconnect early")


def test_unloading_ends_a_command_that_does_not_listen(tmp_path: Path) -> None:
    deaf = tmp_path / "deaf.py"
    deaf.write_text(
        "from tests.support.echoes import server\nimport threading\nserver.run()\nthreading.Event().wait(600)\n"
    )
    with running_kernel() as kernel:
        kernel.good(f"%load_ext mcp_notebook\nhere = {str(ROOT)!r}")
        kernel.good(f"%mcp connect --as deaf --cwd '{ROOT}' --env PYTHONPATH=$here -- '{sys.executable}' '{deaf}'")
        kernel.good("%unload_ext mcp_notebook")
        assert str(deaf) not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(not HEARS, reason="before ipykernel 7.4 no card is shown")
@pytest.mark.parametrize("lab", [True, False], ids=["JupyterLab", "another"])
def test_a_card_is_heard_while_the_cell_waits(pizzeria: Kernel, lab: bool) -> None:
    running = pizzeria.start("%mcp call order kind=Marinara --era legacy", cell="a notebook has these", lab=lab)
    card = Card(pizzeria, running)
    assert "Which size?" in card.shown["text/html"]
    assert card.ask("ping") == {"answer": 1, "ok": True}
    told = card.ask("check", arguments='{"size": "huge"}')
    assert [each["place"] for each in told["ok"]["problems"]] == [["size"]]
    assert card.ask("accept", arguments='{"size": "large", "slices": 8}') == {"answer": 1, "ok": {"problems": []}}
    assert pizzeria.finish(running).text.endswith("large Marinara in 8")


@pytest.mark.skipif(not HEARS, reason="before ipykernel 7.4 no card is shown")
def test_jupyterlab_attaches_the_card_to_its_html_and_others_show_the_widget(pizzeria: Kernel) -> None:
    for lab in (True, False):
        running = pizzeria.start("%mcp call order kind=Marinara", cell="a notebook has these", lab=lab)
        card = Card(pizzeria, running)
        assert (card.shown["text/html"].startswith('<div class="mcpnb-mount mcpnb-at-')) == lab
        assert ("application/vnd.jupyter.widget-view+json" in card.shown) == (not lab)
        card.ask("refuse", which=0)
        pizzeria.finish(running)


@pytest.mark.skipif(not HEARS, reason="before ipykernel 7.4 no card is shown")
def test_all_cards_are_heard_on_one_thread_that_ends_with_the_extension(pizzeria: Kernel) -> None:
    for _ in range(2):
        running = pizzeria.start("%mcp call order kind=Marinara", cell="a notebook has these")
        Card(pizzeria, running).ask("accept", arguments='{"size": "small", "slices": 1}')
        assert pizzeria.finish(running).ok
    threads = "[t for t in __import__('threading').enumerate() if t.name.startswith('subshell')]"
    assert pizzeria.value(f"len({threads})") == 1


def test_a_cell_whose_displays_are_captured_is_asked_in_lines(pizzeria: Kernel) -> None:
    running = pizzeria.start("%%capture shown\n%mcp call order kind=Romana -o eaten", cell="a notebook has these")
    for line in ("small", ""):
        pizzeria.client.get_stdin_msg(timeout=DEADLINE)
        pizzeria.client.input(line)
    assert pizzeria.finish(running).ok
    assert pizzeria.value("eaten.structured_content") == {"result": "small Romana in 8"}


def test_a_function_in_a_variable_answers(pizzeria: Kernel) -> None:
    pizzeria.good("def reply(question): return {'size': 'small', 'slices': 1}")
    assert pizzeria.good("%mcp call order kind=Marinara --answers reply").text == "small Marinara in 1"
    pizzeria.good("words = 5")
    assert "takes a list" in pizzeria.run("%mcp call order kind=Marinara --answers words").everything


def test_a_resource_is_read_with_answers_too(pizzeria: Kernel) -> None:
    pizzeria.good(
        "from mcp.server.mcpserver import Context\n"
        "async def shelf(kind: str, ctx: Context) -> str:\n"
        "    return (await ctx.elicit('Which size?', Size)).data.size + ' ' + kind\n"
        "get_ipython()._mcp_notebook_session.live().server.resource('pizza://{kind}')(shelf)\n"
    )
    answers = """--answers '[{"size": "large"}]'"""
    assert pizzeria.good(f"%mcp read pizza://Napoli --era legacy {answers}").text == "large Napoli"


def test_a_connection_of_code_asks_the_person_at_the_notebook(pizzeria: Kernel) -> None:
    pizzeria.good("import mcp_notebook\nlive = get_ipython()._mcp_notebook_session.live().server")
    ran = pizzeria.dialog("mcp_notebook.connect(live).call('order', {'kind': 'Romana'}).result", "small", "2")
    assert ran.text == "small Romana in 2"


def test_roots_are_set_and_asked_for_again(pizzeria: Kernel) -> None:
    pizzeria.good(
        "from mcp.server.mcpserver import ListRoots\nfrom mcp_types import ListRootsResult\n"
        "def roots() -> ListRoots:\n    return ListRoots()"
    )
    pizzeria.good(
        "%%mcp_tool\n"
        "def look(roots: Annotated[ListRootsResult, Resolve(roots)]) -> int:\n"
        '    "Count the roots."\n'
        "    return len(roots.roots)\n"
    )
    assert "not set" in pizzeria.good("%mcp roots").text
    assert "no directory 'nowhere'" in pizzeria.run("%mcp roots nowhere").everything
    assert "file://" in pizzeria.good("%mcp roots . ..").text
    assert pizzeria.good("%mcp call look").text == "2"
    pizzeria.good("%mcp roots --none")
    assert pizzeria.good("%mcp call look --era legacy").text == "0"
    pizzeria.good("%mcp roots --ask")
    assert pizzeria.dialog("%mcp call look", "/data", "").text == "1"
