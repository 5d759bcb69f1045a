"""The workbench in a real JupyterLab: on a server of the notebook, and on another project's over stdio."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.support.lab import Lab, client_of
from tests.support.outside import Connected
from tests.support.programs import PROGRAMS, Programs

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TOOLS = """%%mcp_tool --read-only
def find_books(words: str, most: int = 3) -> list[dict]:
    "Find books in the catalogue by words of the title."
    print("looking for", words)
    return [{"title": f"{words} {i}", "year": 1900 + i} for i in range(most)]

def lend(title: str, weeks: int = 2) -> str:
    "Lend a book."
    if weeks > 8:
        raise ValueError("eight weeks are the longest")
    return f"{title}: {weeks} weeks"
"""


@pytest.fixture(scope="module")
def client(lab: Lab) -> Iterator[Connected]:
    """A client of the notebook's server, from outside its kernel; the workbench is open."""
    busy = "import threading\nwhile not pathlib.Path('go-on').exists():\n    threading.Event().wait(0.05)"
    cells = ["%load_ext mcp_notebook\nimport pathlib", TOOLS, "listener = %mcp serve"]
    with client_of(lab, "workbench", cells, "%mcp inspect", busy) as client:
        lab.run("%mcp inspect")
        bench(lab).get_by_role("button", name="Refresh").wait_for()
        yield client


def bench(lab: Lab) -> Locator:
    return lab.output("%mcp inspect")


def turn_to(lab: Lab, tab: str) -> None:
    bench(lab).locator(".lm-TabBar-tabLabel", has_text=re.compile(f"^{tab}")).click()


def rows(lab: Lab) -> Locator:
    return bench(lab).locator(".mcpnb-list select:visible")


def choose(lab: Lab, text: str) -> None:
    """Choose a row by its text, with single spaces."""
    row = rows(lab).locator("option", has_text=re.compile(text.replace(" ", r"\s+"))).first
    rows(lab).select_option(index=row.evaluate("option => option.index"))


def in_both_themes(lab: Lab, name: str) -> None:
    for dark in (True, False):
        lab.theme(dark=dark)
        lab.picture(f"{name}-{'dark' if dark else 'light'}", bench(lab))


def wider_than_their_room(lab: Lab, what: str) -> list[str]:
    """The texts of what is cut off."""
    return (
        bench(lab)
        .locator(what)
        .evaluate_all("all => all.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.textContent)")
    )


def test_the_traffic_fills_while_an_outside_client_calls_and_a_cell_is_busy(lab: Lab, client: Connected) -> None:
    turn_to(lab, "Traffic")
    lab.run("import threading")
    client.call("find_books", words="sea")
    client.call("lend", title="Emma")
    assert client.call("lend", title="Emma", weeks=9) == "error"
    expect(rows(lab).locator("option")).to_have_count(3)
    expect(rows(lab)).to_contain_text("error")
    (lab.home / "course" / "go-on").touch()


def test_a_row_is_chosen_by_keyboard_and_shows_the_call_its_time_line_and_its_cell(lab: Lab, client: Connected) -> None:
    lab.wait_until_idle()
    rows(lab).focus()
    rows(lab).press("End")
    expect(bench(lab).get_by_role("heading", name=re.compile("call 3: lend")).first).to_be_visible()
    expect(bench(lab)).to_contain_text("eight weeks are the longest")
    expect(bench(lab)).to_contain_text("defined in cell 2")
    assert wider_than_their_room(lab, ".lm-TabBar-tabLabel") == []
    assert wider_than_their_room(lab, ".widget-html:visible") == []
    in_both_themes(lab, "workbench-traffic")


def test_a_tool_is_called_from_its_form_and_the_call_appears(lab: Lab, client: Connected) -> None:
    turn_to(lab, "Tools")
    choose(lab, "find_books")
    bench(lab).get_by_label("words").first.fill("sky")
    bench(lab).get_by_role("button", name="Call", exact=True).click()
    expect(bench(lab)).to_contain_text("sky 2")
    in_both_themes(lab, "workbench-tools")
    turn_to(lab, "Traffic")
    expect(rows(lab).locator("option")).to_have_count(4)


def test_the_clients_that_called_are_listed(lab: Lab, client: Connected) -> None:
    turn_to(lab, "Clients")
    expect(bench(lab)).to_contain_text("It listens on")
    expect(bench(lab)).to_contain_text("mcp 0.1.0")
    in_both_themes(lab, "workbench-clients")


@pytest.fixture(scope="module")
def everything(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A workbench on the server that shows everything, from npm, over stdio."""
    Programs(tmp_path_factory.mktemp("home"))  # skips where they are not installed
    node, server = PROGRAMS / "node", PROGRAMS / "mcp-server-everything"
    cells = ["%load_ext mcp_notebook", f'%mcp connect "{node}" "{server}" --as everything', "%mcp inspect everything"]
    lab.open("everything", cells)
    for cell in ("load_ext", "mcp connect", "mcp inspect"):
        lab.run(cell)
    bench(lab).get_by_role("button", name="Refresh").wait_for()
    return lab


def test_the_workbench_shows_a_server_over_stdio(everything: Lab) -> None:
    expect(bench(everything)).to_contain_text("mcp-servers/everything")
    expect(bench(everything)).to_contain_text("stdio, node")
    in_both_themes(everything, "workbench-everything")


def test_progress_and_cancel_reach_a_server_over_stdio(everything: Lab) -> None:
    turn_to(everything, "Tools")
    choose(everything, "trigger-long-running-operation")
    bench(everything).get_by_label("duration").first.fill("120")
    bench(everything).get_by_label("steps").first.fill("240")
    bench(everything).get_by_role("button", name="Call", exact=True).click()
    expect(bench(everything)).to_contain_text(re.compile(r"[1-9]\d* of 240"))
    in_both_themes(everything, "workbench-progress")
    bench(everything).get_by_role("button", name="Cancel").first.click()
    expect(bench(everything)).to_contain_text("cancelled")
    turn_to(everything, "Traffic")
    expect(rows(everything)).to_contain_text("cancelled")


def test_a_resource_is_read_and_a_prompt_filled_in_over_stdio(everything: Lab) -> None:
    turn_to(everything, "Resources")
    rows(everything).select_option(index=0)
    bench(everything).get_by_role("button", name="Read").click()
    expect(bench(everything).get_by_role("heading", name="resource").first).to_be_visible()
    turn_to(everything, "Prompts")
    choose(everything, "simple-prompt")
    bench(everything).get_by_role("button", name="Get").click()
    expect(bench(everything)).to_contain_text("user")


def test_frames_show_what_the_client_asks_by_itself(everything: Lab) -> None:
    turn_to(everything, "Traffic")
    bench(everything).get_by_label("Show").select_option("frames")
    bench(everything).get_by_placeholder("Search calls and frames").fill("tools/list")
    expect(rows(everything)).to_contain_text("client's own")
    bench(everything).get_by_placeholder("Search calls and frames").fill("")
    choose(everything, "result of prompts/get")
    expect(bench(everything).get_by_role("button", name="Show the call")).to_be_enabled()
    in_both_themes(everything, "workbench-frames")
    bench(everything).get_by_role("button", name="Close").click()
    expect(bench(everything).get_by_role("button", name="Refresh")).to_have_count(0)
