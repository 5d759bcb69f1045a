"""What a notebook says after cells that came from a script, or that write one."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from IPython.core.error import UsageError

from mcp_notebook.rendering.look import TABLE_WIDTH, columns
from mcp_notebook.rendering.offers import MOST
from tests.support.kernels import Kernel
from tests.support.shells import Shell

SERVER = "from mcp.server.mcpserver import MCPServer\nmcp = MCPServer('shop', log_level='WARNING')"
ADD = "@mcp.tool()\ndef add(a: int, b: int) -> int:\n    return a + b"
KEPT = "from mcp.server.mcpserver import MCPServer\nclass Shop:\n    server = MCPServer('shop', log_level='WARNING')"
"""No variable holds the server, so that nothing makes it replace what a cell registers again."""
ADD_KEPT = ADD.replace("mcp.tool", "Shop.server.tool")
SERVE = "To listen for clients: %mcp serve."
AWAIT = "Use await (await main()), or allow nested loops: %mcp asyncio on."


@pytest.mark.parametrize(
    "line",
    [
        "import asyncio\nasyncio.run(main())",
        "import asyncio\nasyncio.get_running_loop().run_until_complete(main())",
        "import asyncio\nasyncio.new_event_loop().run_until_complete(main())",
        "import anyio\nanyio.run(main)",
        "import asyncio\nwith asyncio.Runner() as runner:\n    runner.run(main())",
    ],
)
def test_a_loop_within_the_loop_is_told_with_await_and_the_switch(shared_kernel: Kernel, line: str) -> None:
    if "Runner" in line and not hasattr(__import__("asyncio"), "Runner"):
        line = "import asyncio\nasyncio.run(main())"  # which came with Python 3.11
    shared_kernel.good("import warnings; warnings.simplefilter('ignore')\nasync def main():\n    return 1")
    ran = shared_kernel.run(line)
    assert not ran.ok
    assert AWAIT in ran.stderr


@pytest.mark.parametrize(
    "line",
    [
        "import uvicorn\nuvicorn.run(mcp.streamable_http_app(), port=0)",
        "from mcp.server.stdio import stdio_server\nasync with stdio_server() as streams:\n    raise OSError('closed')",
    ],
)
def test_a_server_that_a_cell_runs_itself_is_told_how_to_listen(shared_kernel: Kernel, line: str) -> None:
    shared_kernel.good(f"import warnings; warnings.simplefilter('ignore')\n{SERVER}")
    ran = shared_kernel.run(line)
    assert not ran.ok
    assert SERVE in ran.stderr


@pytest.mark.parametrize(
    "line",
    [
        "mcp.run()",
        "mcp.run(transport='streamable-http')",
        "await mcp.run_stdio_async()",
        "await mcp.run_sse_async()",
        "await mcp.run_streamable_http_async()",
    ],
)
def test_running_a_server_of_the_kernel_starts_nothing_and_says_what_to_do(shared_kernel: Kernel, line: str) -> None:
    shared_kernel.good(SERVER)
    ran = shared_kernel.good(line)
    assert "'shop' lives in this kernel already, so run" in ran.stdout
    assert "%mcp serve to listen" in ran.stdout


def test_a_missing_nest_asyncio_is_not_needed(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run("import sys\nsys.modules['nest_asyncio'] = None\nimport nest_asyncio")
    assert "works in cells without this package: %mcp asyncio on." in capsys.readouterr().err
    del shell.shell.user_ns["sys"].modules["nest_asyncio"]


def test_other_errors_bring_no_hint(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run("1 / 0", "raise RuntimeError('a loop of my own')", "import nosuch_module")
    assert "mcp:" not in capsys.readouterr().err


@pytest.mark.parametrize("above", ["import os\n", "# a comment\n", "\n# a comment\n\n", "'''Text.'''\n", "x = 1\n\n"])
@pytest.mark.parametrize("magic", ["%%mcp_tool", "%%mcp_tool --read-only", "%%mcp_resource x://y", "%%mcp_prompt"])
def test_lines_above_a_cell_magic_are_told(shell: Shell, above: str, magic: str) -> None:
    with pytest.raises(UsageError) as caught:
        shell.good(f"{above}{magic}\ndef one() -> str:\n    'One.'\n    return ''")
    name = magic.partition(" ")[0]
    assert str(caught.value).startswith(f"{name} has to be the first line of its cell.")


def test_empty_lines_above_a_cell_magic_are_fine(shell: Shell) -> None:
    shell.good("\n\n%%mcp_tool\ndef one() -> int:\n    'One.'\n    return 1", "%mcp call one")


def test_the_line_magics_for_that_go_with_the_extension(shell: Shell) -> None:
    from mcp_notebook import unload_ipython_extension

    unload_ipython_extension(shell.shell)
    assert not [name for name in shell.shell.magics_manager.magics["line"] if "mcp" in name]


@pytest.mark.parametrize("magic", ["%%writefile", "%%file", "%%writefile -a"])
@pytest.mark.parametrize(
    ("text", "then"),
    [
        (SERVER, "%mcp import {}."),
        ("from fastmcp import FastMCP\nmcp = FastMCP('s')", "%mcp import {} --rename-fastmcp."),
    ],
)
def test_a_server_that_a_cell_writes_to_a_file_is_offered_for_import_once(
    shell: Shell, tmp_path: Path, capsys: pytest.CaptureFixture[str], magic: str, text: str, then: str
) -> None:
    file = tmp_path / "server.py"
    shell.good(f"{magic} {file}\n{text}")
    assert f"mcp: {file} makes an MCP server. To turn it into cells of this notebook: {then.format(file)}" in (
        capsys.readouterr().err
    )
    shell.good(f"{magic} {file}\n{text}")
    assert "mcp:" not in capsys.readouterr().err


def test_a_variable_in_the_name_of_a_file_is_replaced(
    shell: Shell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "my servers"
    folder.mkdir()
    shell.good(f"folder = {str(folder)!r}", f'%%writefile "{{folder}}/server.py"\n{SERVER}')
    assert f'cells of this notebook: %mcp import "{folder}/server.py".' in capsys.readouterr().err


def test_other_files_are_not_offered(shell: Shell, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shell.good(
        f"%%writefile {tmp_path}/client.py\nfrom mcp import Client", f"%%writefile {tmp_path}/a.txt\nMCPServer()"
    )
    assert "mcp:" not in capsys.readouterr().err


def test_a_definition_that_a_plain_server_does_not_take_is_told(
    shell: Shell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # pytest's own, which a kernel has not
    shell.good(KEPT, ADD_KEPT)
    assert "already exists" not in capsys.readouterr().err
    shell.good(ADD_KEPT)
    told = capsys.readouterr().err
    assert "mcp: Tool already exists: add. The server keeps the first one, so this one was ignored." in told
    assert "%mcp use VARIABLE" in told
    shell.good("mcp = Shop.server\n%mcp use mcp", ADD_KEPT)
    assert "already exists" not in capsys.readouterr().err


def test_where_somebody_set_up_logging_it_is_said_there_only(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.good(KEPT, ADD_KEPT)
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign, assignment]
    logging.getLogger().addHandler(handler)
    try:
        shell.good(ADD_KEPT)
    finally:
        logging.getLogger().removeHandler(handler)
    assert [record.getMessage() for record in records] == ["Tool already exists: add"]
    assert "already exists" not in capsys.readouterr().err


def test_a_list_of_tools_fits_however_long_the_descriptions_are(shell: Shell) -> None:
    words = "It looks at everything and says what it sees. " * 40
    shell.good(f"%%mcp_tool\ndef look() -> int:\n    {words!r}\n    return 1")
    shown = shell.shell.run_line_magic("mcp", "tools").text
    assert max(map(len, shown.splitlines())) <= TABLE_WIDTH
    assert len(shown) < 3 * MOST
    assert "defined in" in shown.splitlines()[1]


def test_columns_wrap_between_words_and_leave_names_whole() -> None:
    name, uri = "a_name_that_is_long", "https://example.com/" + "x" * 60
    lines = columns([("name", "what", "where"), (name, "word " * 60, "cell 3"), ("b", uri, "")])
    assert all(len(line) <= TABLE_WIDTH for line in lines if uri not in line)
    assert any(uri in line for line in lines)
    assert sum(name in line for line in lines) == 1


@pytest.mark.parametrize("name", ["mcp_tool", "mcp_resource", "mcp_prompt"])
def test_one_percent_sign_is_enough_for_the_help(shell: Shell, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run(f"%{name} --help")
    assert f"%%{name}" in capsys.readouterr().out
    with pytest.raises(UsageError, match=rf"%{name} needs a second %: begin a cell with %%{name}"):
        shell.good(f"%{name}")


@pytest.mark.parametrize(("line", "place"), [("%mcp read shelf://by?year=soon", "year"), ("%mcp prompt pick n=x", "n")])
def test_arguments_that_do_not_fit_are_no_exception_of_the_function(
    shell: Shell, line: str, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.good(
        '%%mcp_resource shelf://by{?year}\ndef by(year: int = 0) -> str:\n    "Books."\n    return "x"',
        '%%mcp_prompt\ndef pick(n: int = 1) -> str:\n    "Pick."\n    return "x"',
    )
    shell.run(line)
    said = capsys.readouterr().err
    assert "The arguments do not fit the function, which did not run; clients do not see why:" in said
    assert f"  {place}: Input should be a valid integer" in said
    assert "_validate_call" not in said


def test_a_model_that_the_function_itself_made_wrongly_is_its_exception(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.good(
        "from pydantic import BaseModel\nclass Book(BaseModel):\n    year: int",
        '%%mcp_prompt\ndef pick() -> str:\n    "Pick."\n    return Book(year="soon").model_dump_json()',
    )
    shell.run("%mcp prompt pick")
    said = capsys.readouterr().err
    assert "The function raised an exception, which clients do not see:" in said
    assert "Error rendering prompt" not in said
