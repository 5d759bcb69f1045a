"""``%mcp connect`` and ``--on`` in a real kernel."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator

import pytest

from tests.support import ROOT
from tests.support.kernels import Kernel, running_kernel
from tests.support.served import Served

COMMAND = shlex.join([sys.executable, "-m", "tests.support.echoes"])
IN_ROOT = f"--cwd {shlex.quote(str(ROOT))}"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("notebooks") / "sales.ipynb")
    yield served
    served.stop()


@pytest.fixture(scope="module")
def connected(sales: Served) -> Iterator[Kernel]:
    with running_kernel(SALES_TOKEN=str(sales.token)) as kernel:
        kernel.good("%load_ext mcp_notebook")
        kernel.good("%mcp new library")
        kernel.good(f"%mcp connect {IN_ROOT} -- {COMMAND}")
        yield kernel


def test_a_connection_shows_whom_it_reaches_as_a_card(connected: Kernel) -> None:
    shown = connected.good(f'%mcp connect {IN_ROOT} "{COMMAND}"')
    assert shown.text == (
        "connection echoes\n"
        "  server  echoes\n"
        "  speaks  2026-07-28 (modern) over stdio\n"
        "  offers  tools, resources, prompts, completions\n"
        "  says    Say something."
    )
    assert "connection <code>echoes</code>" in shown.data[0]["text/html"]


def test_a_command_needs_neither_quotes_nor_a_separator_for_its_options(connected: Kernel) -> None:
    shown = connected.good(f"%mcp connect {COMMAND} --cwd {shlex.quote(str(ROOT))} --as plainly")
    assert shown.text.startswith("connection plainly\n")
    connected.good("%mcp disconnect plainly")


@pytest.mark.parametrize(
    ("line", "option"), [("https://example.com/mcp --tokn SALES", "--tokn"), ("--tokn SALES echoes", "--tokn")]
)
def test_an_option_that_neither_the_verb_nor_a_command_can_have_is_refused(
    connected: Kernel, line: str, option: str
) -> None:
    said = connected.run(f"%mcp connect {line}").everything
    assert f"There is no option {option}. See %mcp connect --help." in said


def test_a_part_of_a_name_is_enough_if_one_connection_has_it(connected: Kernel) -> None:
    assert "3" in connected.good("%mcp call add a=1 b=2 --on cho").text
    assert connected.good("%mcp tools --on echo").text.startswith("tools of echoes")
    number = connected.value("get_ipython()._mcp_notebook_session.connected['echoes'].recorder.calls[-1].number")
    assert "Same result" in connected.good(f"%mcp replay {number} --on echo").stdout
    connected.good(f'%mcp connect {IN_ROOT} "{COMMAND}" --as other/echoes')
    assert "Nothing is connected as 'choes'." in connected.run("%mcp call add a=1 b=2 --on choes").everything
    assert connected.good("%mcp tools --on echoes").text.startswith("tools of echoes")
    assert "closed" in connected.good("%mcp disconnect other").text


def test_requests_and_lists_go_where_on_says(connected: Kernel) -> None:
    assert "3" in connected.good("%mcp call add a=1 b=2 --on echoes").text
    assert "texttext" in connected.good("%mcp read echo://text/twice --on echoes").text
    assert "Review it" in connected.good("%mcp prompt review text=it --on echoes").text
    tools = connected.good("%mcp tools --on echoes").text
    assert tools.startswith("tools of echoes")
    assert "Add two numbers." in tools
    assert "tool add on echoes" in connected.good("%mcp tools add --on echoes").text
    assert "echo://{word}/twice" in connected.good("%mcp resources --on echoes").text
    assert "review" in connected.good("%mcp prompts --on echoes").text
    assert "Hello Ada" in connected.good("""%mcp call greet --on echoes --answers '[{"name": "Ada"}]'""").text
    connected.good("from mcp_notebook.session.forms import call_line; session = get_ipython()._mcp_notebook_session")
    assert connected.value("call_line(session, 'echoes', 'add')") == "%mcp call add --on echoes"
    assert connected.value("call_line(session, 'library', 'add')") == "%mcp call add"
    assert "Use %mcp call add --on echoes ..." in connected.good("%mcp form add --on echoes").text
    assert "3" in connected.good("%mcp call add a=1 b=2 --on echoes --era legacy").text
    wrong = connected.run("%mcp call add --on echos")
    assert "Nothing is connected as 'echos'. Did you mean 'echoes'?" in wrong.everything


def test_a_connection_has_a_log_of_its_own(connected: Kernel) -> None:
    connected.good("%mcp call add a=20 b=2 --on echoes")
    log = connected.good("%mcp log --on echoes --last 1 --no-times").text
    assert "add" in log
    number = connected.value("len(get_ipython()._mcp_notebook_session.connected['echoes'].recorder.calls)")
    assert "Same result" in connected.good(f"%mcp replay {number} --on echoes").stdout
    assert "tools/call" in connected.good("%mcp log --wire --brief --on echoes").text


def test_connections_are_in_the_status_and_in_tab(connected: Kernel) -> None:
    status = connected.good("%mcp").text
    assert "connections\n" in status
    assert "echoes" in status
    assert "echoes" in connected.complete("%mcp call --on ")
    assert "add" in connected.complete("%mcp call --on echoes a")
    assert connected.complete("%mcp call add --on echoes ") == ["a=", "b="]
    assert "echoes" in connected.complete("%mcp disconnect ")
    assert "sales" in connected.complete("%mcp connect ")


def test_a_url_takes_its_token_from_a_variable_and_shows_it_nowhere(connected: Kernel, sales: Served) -> None:
    url = f"http://127.0.0.1:{sales.port}/mcp"
    for option in ("--token SALES_TOKEN", '--header "Authorization: Bearer $SALES_TOKEN"'):
        shown = connected.good(f"%mcp connect {url} --as shop {option}\n%mcp call add a=1 b=2 --on shop\n%mcp")
        assert str(sales.token) not in shown.everything
        assert str(sales.port) not in shown.everything
    refused = connected.run(f"%mcp connect {url} --as other --token NO_SUCH_NAME")
    assert "there is none of that name" in refused.everything
    assert "NO_SUCH_NAME" not in refused.everything
    assert "requires a token, and none was sent (401)" in connected.run(f"%mcp connect {url} --as other").everything


def test_a_live_notebook_and_a_variable_are_targets(connected: Kernel) -> None:
    assert "over http" in connected.good("%mcp connect sales").text
    connected.good("from mcp.server.mcpserver import MCPServer\nplain = MCPServer('plain')")
    assert "over memory" in connected.good("%mcp connect plain --as mine").text
    taken = connected.run("%mcp connect plain --as library").everything
    assert "Another server here is named 'library'. Choose a name with --as NAME." in taken


def test_what_is_nothing_to_connect_to_is_one_line(connected: Kernel) -> None:
    for line, says in {
        "nothing-there": "a live notebook, a program or a variable with a server",
        "ftp://x": "use http:// or https://",
        "-- no-such-program --flag": "There is no program 'no-such-program'",
        "--token x -- python": "--token: only for a URL",
        "localhost:1/mcp": "Did you mean 'http://localhost:1/mcp'?",
        "--env =1 -- true": "--env takes a name",
        "--env A http://127.0.0.1:1/mcp": "--env: only for a command",
        "http://127.0.0.1:1/mcp --header broken": "--header takes a name and a value",
        "http://127.0.0.1:1/mcp": "Nothing listens at",
    }.items():
        ran = connected.run(f"%mcp connect {line}")
        assert says in ran.everything, line
        assert "Traceback" not in ran.everything


def test_a_command_gets_the_variables_that_are_named(connected: Kernel) -> None:
    connected.good("KEY = 'hidden'")
    shown = connected.good(f"%mcp connect --as keyed --env KEY --env OTHER=$KEY {IN_ROOT} -- {COMMAND}")
    assert "hidden" not in shown.everything
    for name in ("KEY", "OTHER"):
        assert "hidden" in connected.good(f'%mcp call environment name="{name}" --on keyed').text


def test_an_await_on_a_connection_leaves_the_kernel_free(connected: Kernel) -> None:
    connected.good(f"import mcp_notebook, sys\nc = mcp_notebook.connect(mcp_notebook.Command({sys.executable!r}, "
                   f"['-m', 'tests.support.echoes'], cwd={str(ROOT)!r}))")  # fmt: skip
    assert "4" in connected.good("(await c.aio.call('add', {'a': 2, 'b': 2})).result").text
    connected.good("c.close()")


def test_disconnecting_closes(connected: Kernel) -> None:
    connected.good(f"%mcp connect --as gone {IN_ROOT} -- {COMMAND}")
    assert connected.good("%mcp disconnect gone").text == "connection gone: closed"
    assert "Nothing is connected as 'gone'" in connected.run("%mcp call add --on gone").everything
    assert "Nothing is connected as 'gone'" in connected.run("%mcp disconnect gone").everything
