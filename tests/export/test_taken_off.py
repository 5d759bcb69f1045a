"""Tools that were taken off a live server do not come back in the package, however they came onto it and went."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from mcp_notebook.export.module.writing import Module, write
from mcp_notebook.server import definitions
from mcp_notebook.session.choosing import subject_of
from tests.support.shells import Shell

SERVER = "from mcp.server.mcpserver import MCPServer\nmcp = MCPServer('library')"
FUNCTIONS = "def look() -> str:\n    return 'a'\ndef drop_all() -> str:\n    return 'b'"

ON = {
    "a loop": "for f in (look, drop_all):\n    mcp.add_tool(f)",
    "a loop with a decorator": "for f in (look, drop_all):\n    mcp.tool()(f)",
    "a comprehension": "[mcp.add_tool(f) for f in (look, drop_all)]",
    "a function": "def setup(s):\n    s.add_tool(look)\n    s.add_tool(drop_all)\nsetup(mcp)",
    "a function without the server": "def setup():\n    mcp.add_tool(look)\n    mcp.add_tool(drop_all)\nsetup()",
    "a class": "class Tools:\n    def __init__(self, s):\n        for f in (look, drop_all):\n"
    "            s.add_tool(f)\ntools = Tools(mcp)",
    "decorators": "mcp.tool()(look)\n@mcp.tool()\ndef drop_all() -> str:\n    return 'b'",
    "two calls": "mcp.add_tool(look)\nmcp.add_tool(drop_all)",
    "a method in a variable": "add = mcp.add_tool\nadd(look)\nadd(drop_all)",
    "names from a list": "for word in ('look', 'drop_all'):\n    @mcp.tool(name=word)\n    def said() -> str:\n"
    "        return word",
    "the constructor": "from mcp.server.mcpserver.tools import Tool\n"
    "mcp = MCPServer('library', tools=[Tool.from_function(look), Tool.from_function(drop_all)])",
}
OFF = {
    "a magic": ["%mcp use mcp", "%mcp remove drop_all"],
    "a call": ["mcp.remove_tool('drop_all')"],
    "a call for a variable": ["name = 'drop_all'", "mcp.remove_tool(name)"],
    "a loop": ["for name in ('drop_all',):\n    mcp.remove_tool(name)"],
    "its own table": ["del mcp._tool_manager._tools['drop_all']"],
    "a method of its table": ["mcp._tool_manager._tools.pop('drop_all')"],
    "a function": ["def clean(s):\n    for t in s._tool_manager.list_tools():\n        if t.name.startswith('drop'):\n"
    "            s.remove_tool(t.name)\nclean(mcp)"],
    "a thread": ["import threading\nt = threading.Thread(target=lambda: mcp.remove_tool('drop_all'))\n"
    "t.start()\nt.join()"],
}  # fmt: skip


def imported(module: Module, folder: Path) -> list[str]:
    """Return the names of what the package offers once it is imported."""
    name = f"package_{folder.name}"
    (folder / name).mkdir()
    for file, text in {"__init__.py": "", **module.files}.items():
        (folder / name / file).write_text(text)
    server = getattr(importlib.import_module(f"{name}.server"), module.variable)
    return [definition.name for definition in definitions(server)]


@pytest.mark.parametrize("off", OFF.values(), ids=[key.replace(" ", "_") for key in OFF])
@pytest.mark.parametrize("on", ON.values(), ids=[key.replace(" ", "_") for key in ON])
def test_what_was_taken_off_does_not_come_back(shell: Shell, tmp_path: Path, on: str, off: list[str]) -> None:
    shell.good(SERVER, FUNCTIONS, on, *off)
    module = write(subject_of(shell.session))
    assert [finding for finding in module.findings if finding.weight == "stops"] == []
    assert imported(module, tmp_path) == ["look"], module.files["server.py"]


def test_what_is_put_on_and_taken_off_in_one_cell_does_not_come_back(shell: Shell, tmp_path: Path) -> None:
    shell.good(SERVER, FUNCTIONS, f"{ON['a loop']}\nmcp.remove_tool('drop_all')")
    assert imported(write(subject_of(shell.session)), tmp_path) == ["look"]


def test_what_was_put_on_again_stays(shell: Shell, tmp_path: Path) -> None:
    shell.good(SERVER, FUNCTIONS, ON["a loop"], *OFF["a call"], "mcp.add_tool(drop_all)")
    module = write(subject_of(shell.session))
    assert "remove_tool" not in module.files["server.py"]
    assert imported(module, tmp_path) == ["look", "drop_all"]


def test_a_resource_or_prompt_that_a_loop_would_put_on_again_stops(shell: Shell) -> None:
    shell.good(
        SERVER,
        "for word in ('a', 'b'):\n    @mcp.resource(f'notes://{word}')\n    def note() -> str:\n        return word\n"
        "    @mcp.prompt(name=word)\n    def ask() -> str:\n        return word",
        "%mcp use mcp",
        "%mcp remove notes://a a",
    )
    stops = [finding for finding in write(subject_of(shell.session)).findings if finding.weight == "stops"]
    assert [(finding.cell, finding.name) for finding in stops] == [(2, "notes://a"), (2, "a")]
