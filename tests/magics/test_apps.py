"""Cells that define apps."""

from __future__ import annotations

from typing import Any

import pytest
from IPython.core.error import UsageError
from mcp.server.apps import APP_MIME_TYPE
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.resources import TextResource

from mcp_notebook import connect
from tests.support.shells import Shell

ROWS = """%%mcp_tool {0}
def rows(count: int = 2) -> list[dict]:
    'Rows.'
    return [{{'n': n}} for n in range(count)]
"""
APP = "%%mcp_app ui://chart --tool rows\n<p>chart</p>"


def listed(shell: Shell) -> dict[str, Any]:
    """Return the URI of the app of each tool, as a client that shows apps sees it."""
    tools = shell.session.on(None).tools()
    return {tool.name: (tool.meta or {}).get("ui", {}).get("resourceUri") for tool in tools}


def read(shell: Shell, uri: str) -> str:
    (content,) = shell.session.on(None).read(uri).result.contents
    return str(content.text)  # type: ignore[union-attr]


def said(shell: Shell, cell: str) -> str:
    with pytest.raises(UsageError) as caught:
        shell.good(cell)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_cell_of_html_becomes_the_app_of_a_tool(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.good(ROWS.format("--read-only"))
    capsys.readouterr()
    shell.good(APP)
    assert capsys.readouterr().out.startswith("app ui://chart on notebook with rows\n")
    assert listed(shell) == {"rows": "ui://chart"}
    assert read(shell, "ui://chart") == "<p>chart</p>\n"


def test_the_link_survives_when_the_tool_s_cell_runs_again_and_goes_with_the_app(shell: Shell) -> None:
    shell.good(ROWS.format(""), APP, ROWS.format("--read-only"))
    assert listed(shell) == {"rows": "ui://chart"}
    shell.good("%%mcp_app ui://chart\n<p>alone</p>")
    assert listed(shell) == {"rows": None}
    assert read(shell, "ui://chart") == "<p>alone</p>\n"


def test_a_tool_that_requires_arguments_or_destroys_is_not_called(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.good(
        "called = []", "%%mcp_tool\ndef needs(n: int) -> list[dict]:\n    called.append(n)\n    return [{'n': n}]"
    )
    shell.good("%%mcp_app ui://a --tool needs\n<p>")
    assert "No result yet: needs requires n." in capsys.readouterr().out
    assert shell.good("called") == []
    shell.good("%%mcp_app ui://a --tool needs n=3\n<p>")
    assert shell.good("called") == [3]
    shell.good("%%mcp_tool --destructive\ndef erase() -> list[dict]:\n    called.append('erased')\n    return []")
    shell.good("%%mcp_app ui://b --tool erase\n<p>")
    assert "No result yet: erase is marked as destructive" in capsys.readouterr().out
    assert shell.good("called") == [3]


def test_a_tool_s_own_app_is_made_by_a_function_or_a_view(shell: Shell) -> None:
    shell.good(ROWS.format("--app page") + "\ndef page() -> str:\n    return '<p>first</p>'")
    assert listed(shell) == {"rows": "ui://tools/rows"}  # and the function in the cell is no tool
    assert read(shell, "ui://tools/rows") == "<p>first</p>"
    shell.good("async def page(): return '<p>second</p>'", "def page(): return '<p>second</p>'")
    assert read(shell, "ui://tools/rows") == "<p>second</p>"
    for view in ("table", "plot"):
        shell.good(ROWS.format(f"--view {view}"))
        page = read(shell, "ui://tools/rows")
        assert f"<title>{view}</title>" in page
        assert "ui/initialize" in page
        assert "http" not in page.replace("http://www.w3.org/2000/svg", "")  # nothing from outside


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("%%mcp_app chart --tool rows\n<p>", "'chart' cannot be the URI of an app. Write ui://NAME"),
        ("%%mcp_app ui://chart --tool row\n<p>", "has no tool 'row'. Did you mean 'rows'?"),
        ("%%mcp_app ui://chart n=1\n<p>", "Name the tool: --tool NAME"),
        ("%%mcp_app ui://chart --tool rows m=1\n<p>", "rows has no parameter 'm'"),
        ("%%mcp_app ui://chart --connect-domain *\n<p>", "'*' is not an origin"),
        (ROWS.format("--app page"), "--app: there is no function 'page'"),
        (ROWS.format("--app print --view table"), "leave out --app or --view"),
        ("%%mcp_tool --app page rows2\ndef rows2(): 'R.'\ndef page(a): return a", "--app: page has parameters"),
        ("%%mcp_tool --view table\ndef text() -> str:\n    'T.'\n    return ''", "text returns no rows to show"),
        ("%mcp call rows --app", "rows has no app. Leave out --app, or define one: %%mcp_app"),
    ],
)
def test_a_mistake_is_one_line_and_changes_nothing(shell: Shell, cell: str, reason: str) -> None:
    shell.good(ROWS.format("--read-only"))
    assert reason in said(shell, cell)
    assert listed(shell) == {"rows": None}
    assert shell.session.on(None).resources() == []


def test_a_result_is_shown_in_the_app_and_kept(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.good(ROWS.format("--read-only"), APP)
    capsys.readouterr()
    shell.good("%mcp call rows count=3 --app -o found")
    assert "app ui://chart on notebook with rows count=3" in capsys.readouterr().out
    assert shell.good("len(found.structured_content['result'])") == 3


def test_the_official_class_comes_before_the_scripts_of_the_page(shell: Shell) -> None:
    shell.good("%%mcp_app ui://a --sdk\n<!doctype html>\n<html><head><title>A</title></head><script>new App()</script>")
    page = read(shell, "ui://a")
    assert page.startswith("<!doctype html>\n<html><head><script>\n/*!")
    assert page.count("<script>") == page.count("</script>") == 2
    assert page.endswith("</script>\n<title>A</title></head><script>new App()</script>\n")
    shell.good("%%mcp_app ui://a --sdk\n<p>new")
    assert read(shell, "ui://a").endswith("</script>\n<p>new\n")


def test_the_apps_of_a_server_are_listed_with_their_tools_and_what_they_reach(shell: Shell) -> None:
    assert "none yet. Start a cell with %%mcp_app URI." in repr(shell.good("%mcp new shop", "%mcp apps"))
    domains = "--connect-domain https://api.example --resource-domain https://cdn.example"
    shell.good(ROWS.format("--view table"), f"%%mcp_app ui://chart --title Chart {domains}\n<p>chart</p>")
    lines = [" ".join(line.split()) for line in repr(shell.good("%mcp apps")).splitlines()]
    assert lines == [
        "apps of shop",
        "uri title shows results of may asks for",
        "ui://tools/rows rows reach no other server none",
        "ui://chart Chart none connect to https://api.example; load scripts, styles, images and fonts from none",
        "https://cdn.example",
    ]


def test_a_foreign_server_s_apps_are_listed_by_what_its_tools_name(shell: Shell) -> None:
    meta: dict[str, Any] = {
        "ui": {"csp": {"connectDomains": ["*", "https://a.example"]}, "permissions": {"camera": {}}}
    }
    server = MCPServer("far")
    page = TextResource(uri="ui://seen", name="seen", mime_type=APP_MIME_TYPE, meta=meta, text="<p>")
    server.add_resource(page)

    @server.tool(meta={"ui": {"resourceUri": "ui://unlisted"}})
    def look() -> str:
        return "x"

    with connect(server, name="far"):
        text = shell.good("%mcp apps --on far").text
    seen, unlisted = text.splitlines()[2:4]
    assert "connect to https://a.example" in seen
    assert seen.endswith("camera")
    assert "ui://unlisted" in unlisted
    assert "look" in unlisted
