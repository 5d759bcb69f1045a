"""Cells of plain decorators that run again before `%mcp` has taken over their server."""

from __future__ import annotations

import pytest

from tests.support.shells import Shell

SERVER = "from mcp.server.mcpserver import MCPServer\nmcp = MCPServer('library')"
HELD = {
    "a variable": (SERVER, "mcp"),
    "a dict": (f"{SERVER}\nservers = {{'main': mcp}}\ndel mcp", "servers['main']"),
    "a list": (f"{SERVER}\nservers = [mcp]\ndel mcp", "servers[0]"),
}


def cells(server: str, answer: str) -> str:
    return (
        f"@{server}.tool()\ndef look() -> str:\n    'Look {answer}.'\n    return {answer!r}\n"
        f"@{server}.resource('notes://today')\ndef today() -> str:\n    return {answer!r}\n"
        f"@{server}.resource('notes://{{day}}')\ndef notes(day: str) -> str:\n    return {answer!r}\n"
        f"@{server}.prompt()\ndef advise() -> str:\n    return {answer!r}"
    )


@pytest.mark.parametrize("held", HELD.values(), ids=[key.replace(" ", "_") for key in HELD])
def test_the_cell_that_ran_last_counts_before_the_server_is_taken_over(shell: Shell, held: tuple[str, str]) -> None:
    made, server = held
    shell.good(made, cells(server, "old"), cells(server, "new"), f"found = {server}")
    shell.good("%mcp use found")
    for line in ("%mcp call look", "%mcp read notes://today", "%mcp read notes://monday", "%mcp prompt advise"):
        assert "new" in repr(shell.good(line))


def test_what_an_author_puts_in_the_place_of_a_method_stays(shell: Shell) -> None:
    shell.good(
        SERVER,
        "added = []\nclass Noting(MCPServer):\n    def add_tool(self, fn, *a, **k):\n"
        "        added.append(fn.__name__)\n        super().add_tool(fn, *a, **k)\nown = Noting('own')",
        "plain = mcp.add_tool\nmcp.add_tool = lambda fn, *a, **k: (added.append(fn.__name__), plain(fn, *a, **k))[1]",
        "@own.tool()\ndef look() -> str:\n    return 'a'",
        "@mcp.tool()\ndef find() -> str:\n    return 'b'",
    )
    assert shell.good("added") == ["look", "find"]


def test_a_tool_that_ran_again_is_exported_as_it_is_now(shell: Shell) -> None:
    shell.good(SERVER, cells("mcp", "old"), cells("mcp", "new"))
    source = shell.good("%mcp export books --dry-run").server_file
    assert "'Look new.'" in source or '"Look new."' in source
    assert "old" not in source
