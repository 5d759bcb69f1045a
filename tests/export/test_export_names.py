"""Names that no file or line can have as they are: an export writes files that parse, or says one line."""

# ruff: noqa: E501 - one place, one line

from __future__ import annotations

import ast
import linecache
import sys
from pathlib import Path
from typing import Any

import pytest

from mcp_notebook.errors import ExportError
from mcp_notebook.export.exporting import export
from mcp_notebook.export.naming import package_name
from mcp_notebook.export.options import ExportOptions
from mcp_notebook.export.ran import RanCell, Subject
from mcp_notebook.export.report import Exported
from mcp_notebook.portal import Portal
from mcp_notebook.recording import Call
from tests.support.packages import texts

if sys.version_info >= (3, 11):
    import tomllib
else:
    from pip._vendor import tomli as tomllib

pytestmark = pytest.mark.once

NAMES = {
    "NUL": "a\0b", "escape": "a\x1b[31mb", "delete": "a\x7fb", "C1": "a\x85b", "newline": "a\nb", "CRLF": "a\r\nb",
    "tab": "a\tb", "line separator": "a\u2028b", "bidi": "a\u202eb\u2066", "quotes": "a\"\"\"b'''c", "backslash": "a\\b\\",
    "slash": "a/b", "dots": "../../a", "device": "CON", "dash": "-a", "keyword": "class", "long": "x" * 10_000,
    "template": "@@name ${x} {x} %s", "pipe": "a|b", "emoji": "👩‍💻", "digits": "1a", "only signs": "!?", "spaces": "  ",
}  # fmt: skip
PLACES = {
    "server": "mcp = MCPServer({name!r})",
    "title": "mcp = MCPServer('s', title={name!r}, instructions={name!r}, description={name!r})",
    "tool": "mcp = MCPServer('s')\n@mcp.tool(name={name!r}, title={name!r}, description={name!r})\ndef f() -> str:\n    return 'x'",
    "prompt": "mcp = MCPServer('s')\n@mcp.prompt(name={name!r}, description={name!r})\ndef f() -> str:\n    return 'x'",
    "resource": "mcp = MCPServer('s')\n@mcp.resource('x://y', name={name!r}, description={name!r})\ndef f() -> str:\n    return 'x'",
}  # fmt: skip


def exported(source: str, destination: Path, **options: Any) -> Exported:
    """Export a notebook of one cell, with a call of each thing that its server has."""
    source = f"from mcp.server.mcpserver import MCPServer\n{source}\n"
    linecache.cache["<cell>"] = (len(source), None, source.splitlines(True), "<cell>")
    namespace: dict[str, Any] = {}
    exec(compile(source, "<cell>", "exec"), namespace)
    subject = Subject(namespace["mcp"], "mcp", (RanCell(1, source),), namespace)
    calls = []
    for tool in namespace["mcp"]._tool_manager.list_tools():
        call = Call(server="s", method="tools/call", name=tool.name, arguments={})
        call.end("done", {"content": [{"type": "text", "text": "x"}]})
        calls.append(call)
    wanted = ExportOptions(dry_run=True, proof=False, **options)
    return export(subject, destination, calls, options=wanted, portal=Portal(), environment={})  # which no proof uses


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.filterwarnings("ignore")
def test_every_file_parses_whatever_a_name_is(tmp_path: Path, place: str, name: str) -> None:
    done = exported(PLACES[place].format(name=name), tmp_path / "shop")
    assert not done.stopped
    for path, text in texts(done.files).items():
        assert text.encode("utf-8")
        assert "\0" not in text
        if path.endswith(".py"):
            ast.parse(text)
        if path.endswith(".toml"):
            tomllib.loads(text)
    readme = done.files["README.md"]
    assert "\x1b" not in readme
    assert "\u202e" not in readme


@pytest.mark.parametrize("name", ["a\ud800b", "\ud83d"])
@pytest.mark.parametrize("place", ["server", "title"])
@pytest.mark.filterwarnings("ignore")
def test_half_a_character_is_written_as_a_sign_for_it(tmp_path: Path, place: str, name: str) -> None:
    done = exported(PLACES[place].format(name=name), tmp_path / "shop")
    assert all(text.encode("utf-8") for text in texts(done.files).values())


@pytest.mark.parametrize("name", ["a\0b", "a\nb", "a\ud800", "a\u202eb", "x" * 10_000, "a\x1bb"])
def test_a_directory_that_cannot_be_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(ExportError) as told:
        exported(PLACES["server"].format(name="s"), tmp_path / name)
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 400
    assert str(told.value).isprintable()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [*NAMES.values(), "\ud800", "", "com1", "LPT9", "nul", "None", "__init__", "test"])
def test_a_package_has_a_name_that_every_system_takes(name: str) -> None:
    found, findings = package_name(name)
    assert found.isidentifier()
    assert found.isascii()
    assert len(found) <= 70
    assert found not in {"con", "com1", "lpt9", "nul", "class", "test"}
    for finding in findings:
        assert str(finding).replace("\u200d", "").isprintable()  # which joins emoji
        assert len(str(finding)) < 300
