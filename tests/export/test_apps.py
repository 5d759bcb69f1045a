"""Apps in an exported package: the SDK's own extension, the pages as files, and the tools that name them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcp_notebook.export.report import Exported
from tests.support.shells import Shell

CELLS = [
    "%load_ext mcp_notebook",
    "%%mcp_resource notes://today\ndef notes() -> str:\n    return 'nothing'",
    "%%mcp_tool --read-only\ndef rows(n: int = 2) -> list[dict]:\n    'Rows.'\n    return [{'a': i} for i in range(n)]",
    "%%mcp_app ui://chart --tool rows --title Chart --connect-domain https://api.example\n<p>é \\ chart</p>\n",
    "%%mcp_tool --app page\ndef greet() -> str:\n    'Greet.'\n    return 'hi'\ndef page() -> str:\n    return '<p>hi'",
    "%%mcp_tool --view table\ndef cities() -> list[dict]:\n    'Cities.'\n    return [{'city': 'Oslo'}]",
    "%mcp call rows n=1",
]


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "shop" / "src" / "shop"


def test_apps_travel_with_their_pages(shell: Shell, in_folder: Path) -> None:
    shell.good(*CELLS, "%mcp export shop --no-proof")
    source = (in_folder / "server.py").read_text(encoding="utf-8")
    assert "extensions=[apps]" in source
    assert 'meta={"ui": {"resourceUri": "ui://chart"}}' in source
    assert 'meta={"ui": {"resourceUri": "ui://tools/greet"}}' in source
    assert (in_folder / "apps" / "chart.html").read_text(encoding="utf-8") == "<p>é \\ chart</p>\n"
    assert "<title>table</title>" in (in_folder / "apps" / "tools-cities.html").read_text(encoding="utf-8")
    assert not (in_folder / "extensions").exists()  # it is in the SDK


def test_a_page_with_the_official_class_travels_as_it_is(shell: Shell, in_folder: Path) -> None:
    shell.good(*CELLS[:3], "%%mcp_app ui://chart --tool rows --sdk\n<p>chart</p>", "%mcp export shop --no-proof")
    (served,) = shell.session.on(None).read("ui://chart").result.contents
    page = (in_folder / "apps" / "chart.html").read_text(encoding="utf-8")
    assert page == served.text  # type: ignore[union-attr]
    assert "@modelcontextprotocol/ext-apps" in page.partition("*/")[0]  # with its license


def test_a_tool_of_the_author_s_decorator_has_to_name_its_app(shell: Shell, in_folder: Path) -> None:
    own = """
from mcp_notebook import NotebookServer
mcp = NotebookServer("shop")
@mcp.tool()
def mine() -> str:
    return "x"
"""
    shell.good(CELLS[0], own, "%%mcp_app ui://a --tool mine --server shop\n<p>")
    found = shell.good("%mcp export shop --no-proof --server shop")
    assert isinstance(found, Exported)
    assert not in_folder.exists()
    assert any("the meta of this tool differs" in str(finding) for finding in found.findings)


@pytest.mark.slow
def test_a_package_with_apps_is_proven(shell: Shell, in_folder: Path) -> None:
    found = shell.good(*CELLS, "%mcp export shop")
    assert isinstance(found, Exported)
    assert found.proof is not None
    assert found.proof.ok, found.proof.markdown
