"""Exports of notebooks whose values are neither JSON nor comparable, as data frames and arrays are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.shells import Shell, running_shell

VALUES = '''
class Frame:
    """Compares place by place, has no truth value of its own, and an annotation that cannot be resolved."""

    def __init__(self, *values):
        self.values = values

    def __eq__(self, other):
        return Frame(*(value == other for value in self.values))

    __hash__ = None

    def __bool__(self):
        raise ValueError("the truth value is ambiguous")

    def __len__(self):
        return len(self.values)

Frame.__annotations__ = {"kept": "Man" + "ager"}

class Closed:
    """Raises whatever it is asked."""

    def __eq__(self, other):
        raise ValueError("closed")

    __hash__ = None

    def __bool__(self):
        raise ValueError("closed")

    def __repr__(self):
        raise RuntimeError("closed")

    def __getattr__(self, name):
        raise (AttributeError if name.startswith("__") else RuntimeError)(name)

frame, closed = Frame(1, 2), Closed()
held = {"frame": frame, "closed": closed, "set": {1, 2}, "nan": float("nan")}
'''

USES = {
    "a result": "%%mcp_tool --no-structured\ndef found() -> Frame:\n    return frame",
    "a result that cannot be shown": "%%mcp_tool --no-structured\ndef found() -> Closed:\n    return closed",
    "a decorator": "@mcp.tool(structured_output=False)\ndef found() -> Frame:\n    return frame",
    "a variable": "@mcp.tool()\ndef found() -> int:\n    return len(held)",
    "a default": "def each(n: int = 1, *, within=frame, of=closed) -> int:\n    return n\n"
    "def found() -> int:\n    return each()\nmcp.add_tool(found)",
    "a closure": "def made(of):\n    def found() -> int:\n        return 1 if of is None else 2\n    return found\n"
    "mcp.add_tool(made(closed), name='found')",
    "a partial": "import functools\nfound = functools.partial(lambda of, n=1: n, closed)\nfound.__name__ = 'found'\n"
    "mcp.add_tool(found, name='found')",
    "an attribute of the server": "mcp.state = closed\nmcp.frame = frame\n"
    "@mcp.tool()\ndef found() -> int:\n    return 1",
    "what is described for clients": "@mcp.tool(meta={'shape': (1, 2)})\ndef found() -> int:\n    return 1",
}


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    monkeypatch.chdir(tmp_path)
    with running_shell() as shell:
        shell.good("from mcp.server.mcpserver import MCPServer\nmcp = MCPServer('library')", VALUES, "%mcp use mcp")
        yield shell


@pytest.mark.parametrize("cell", USES.values(), ids=[key.replace(" ", "_") for key in USES])
def test_values_that_cannot_be_compared_or_shown_do_not_break_an_export(shell: Shell, cell: str) -> None:
    shell.good(cell)
    shell.run("%mcp call found")
    found = shell.good("%mcp export books --no-proof")
    assert not found.stopped, found
    assert "found" in found.server_file


def test_a_tool_whose_result_no_schema_describes_is_registered_without_one(shell: Shell) -> None:
    refused = shell.run("%%mcp_tool\ndef first() -> Frame:\n    return frame")
    assert not refused.success
    shell.good(USES["a result"])
    assert (
        "@mcp.tool(structured_output=False)\ndef found() -> Frame:"
        in shell.good("%mcp export books --dry-run").server_file
    )
