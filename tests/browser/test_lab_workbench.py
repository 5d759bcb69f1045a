"""The workbench in a real JupyterLab: on a server of the notebook, and on another project's over stdio."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.support.lab import Lab, client_of
from tests.support.looks import assert_good
from tests.support.outside import Connected
from tests.support.programs import PROGRAMS, Programs

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.platform("lab", "workbench")]

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
    bench(lab).get_by_role("tab", name=re.compile(f"^{tab}")).click()


def rows(lab: Lab, label: str = "calls") -> Locator:
    """The rows of a list that are in the page."""
    return bench(lab).get_by_role("listbox", name=label, exact=True).get_by_role("option")


def choose(lab: Lab, label: str, text: str) -> None:
    rows(lab, label).filter(has_text=text).first.click()


def in_both_themes(lab: Lab, name: str) -> None:
    for dark in (True, False):
        lab.theme(dark=dark)
        lab.picture(f"{name}-{'dark' if dark else 'light'}", bench(lab))


def wider_than_their_room(lab: Lab) -> list[str]:
    """The parts of the workbench that are wider than the room that they have, and do not shorten their text."""
    return list(
        bench(lab)
        .locator(".mcpnb-bench :is(div, section, header):visible")
        .evaluate_all("all => all.filter(one => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 1)"
                      ".map(one => `${one.className}: ${one.textContent.slice(0, 80)}`)")
    )  # fmt: skip


def test_the_traffic_fills_while_an_outside_client_calls_and_a_cell_is_busy(lab: Lab, client: Connected) -> None:
    expect(bench(lab)).to_contain_text("No calls yet.")
    lab.run("import threading")
    client.call("find_books", words="sea")
    client.call("lend", title="Emma")
    assert client.call("lend", title="Emma", weeks=9) == "error"
    expect(rows(lab)).to_have_count(3)
    expect(rows(lab).nth(2)).to_contain_text("error")
    expect(rows(lab).nth(2).get_by_role("img", name="from mcp 0.1.0")).to_be_visible()
    (lab.home / "course" / "go-on").touch()


def test_a_row_is_chosen_by_keyboard_and_shows_the_call_its_time_line_and_its_cell(lab: Lab, client: Connected) -> None:
    lab.wait_until_idle()
    calls = bench(lab).get_by_role("listbox", name="calls", exact=True)
    calls.focus()
    calls.press("End")
    expect(rows(lab).nth(2)).to_have_attribute("aria-selected", "true")
    expect(calls).to_have_attribute("aria-activedescendant", rows(lab).nth(2).get_attribute("id") or "")
    expect(bench(lab).get_by_role("heading", name=re.compile("call 3: lend")).first).to_be_visible()
    expect(bench(lab)).to_contain_text("eight weeks are the longest")
    expect(calls).to_be_focused()
    assert wider_than_their_room(lab) == []
    in_both_themes(lab, "workbench-traffic")
    turn_to(lab, "Cell")
    expect(bench(lab)).to_contain_text("defined in cell 2")
    turn_to(lab, "Sequence")
    expect(bench(lab).locator("svg[role=img]")).to_be_visible()


def test_the_details_close_and_the_focus_goes_back_to_the_list(lab: Lab, client: Connected) -> None:
    bench(lab).get_by_role("button", name="Close the details").click()
    expect(bench(lab).get_by_role("button", name="Close the details")).to_have_count(0)
    expect(bench(lab).get_by_role("listbox", name="calls", exact=True)).to_be_focused()


def test_a_slash_leads_to_the_search_field_and_an_arrow_back_to_the_rows(lab: Lab, client: Connected) -> None:
    calls = bench(lab).get_by_role("listbox", name="calls", exact=True)
    calls.press("/")
    field = bench(lab).get_by_role("searchbox", name="Search calls")
    expect(field).to_be_focused()
    field.fill("find")
    expect(rows(lab)).to_have_count(1)
    expect(bench(lab)).to_contain_text("1 of 3 calls")
    field.press("ArrowDown")
    expect(calls).to_be_focused()
    bench(lab).get_by_role("button", name="Show all").click()
    expect(rows(lab)).to_have_count(3)


def test_a_call_is_pinned_compared_and_replayed_from_its_row(lab: Lab, client: Connected) -> None:
    calls = bench(lab).get_by_role("listbox", name="calls", exact=True)
    calls.focus()
    calls.press("Home")
    calls.press("p")
    expect(rows(lab, "pinned calls")).to_have_count(1)
    calls.press("ArrowDown")
    calls.press("c")
    expect(bench(lab)).to_contain_text("Choose another call to compare call 2 with.")
    rows(lab).nth(2).click()
    expect(bench(lab).get_by_role("tab", name="With call 2", selected=True)).to_be_visible()
    rows(lab).nth(0).hover()
    bench(lab).locator(".mcpnb-beside:visible button[title^=Replay]").click()
    expect(bench(lab).get_by_role("tab", name="Replay", selected=True)).to_be_visible()
    expect(rows(lab)).to_have_count(4)
    calls.press("Home")
    calls.press("p")
    expect(rows(lab, "pinned calls")).to_have_count(0)


def test_a_tool_is_called_from_its_form_and_the_call_appears(lab: Lab, client: Connected) -> None:
    turn_to(lab, "Tools")
    choose(lab, "tools", "find_books")
    bench(lab).get_by_label("words", exact=True).fill("sky")
    bench(lab).get_by_role("button", name="Call", exact=True).click()
    expect(bench(lab)).to_contain_text("sky 2")
    assert wider_than_their_room(lab) == []
    in_both_themes(lab, "workbench-tools")
    expect(rows(lab)).to_have_count(5)


def test_a_call_is_edited_in_the_form_of_its_tool_which_gets_the_focus(lab: Lab, client: Connected) -> None:
    turn_to(lab, "Overview")
    choose(lab, "calls", "find_books")
    bench(lab).get_by_role("button", name="Edit and call").click()
    expect(bench(lab).get_by_label("words", exact=True)).to_have_value("sea")
    expect(bench(lab).get_by_label("words", exact=True)).to_be_focused()


def test_panes_are_resized_by_keyboard_and_pointer(lab: Lab, client: Connected) -> None:
    line = bench(lab).get_by_role("separator", name="width of the list of tools")
    before = int(line.get_attribute("aria-valuenow") or 0)
    line.press("ArrowRight")
    expect(line).not_to_have_attribute("aria-valuenow", str(before))
    wider = int(line.get_attribute("aria-valuenow") or 0)
    box = line.bounding_box()
    assert box is not None
    assert wider > before
    lab.page.mouse.move(box["x"] + 3, box["y"] + 50)
    lab.page.mouse.down()
    lab.page.mouse.move(box["x"] + 103, box["y"] + 50)
    lab.page.mouse.up()
    assert int(line.get_attribute("aria-valuenow") or 0) > wider
    line.press("Home")
    expect(line).to_have_attribute("aria-valuenow", "20")


def test_nothing_is_wider_than_a_narrow_window(lab: Lab, client: Connected) -> None:
    lab.page.set_viewport_size({"width": 900, "height": 1000})
    try:
        bench(lab).get_by_role("separator", name="width of the list of tools").wait_for(state="hidden")
        assert wider_than_their_room(lab) == []
        lab.picture("workbench-narrow", bench(lab))
    finally:
        lab.page.set_viewport_size({"width": 1280, "height": 1000})


@pytest.mark.parametrize("width", [1280, 900])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_view_of_the_workbench_looks_right(lab: Lab, client: Connected, width: int, dark: bool) -> None:
    lab.page.set_viewport_size({"width": width, "height": 1400})
    lab.theme(dark=dark)
    for tab in ("Overview", "Tools", "Resources", "Prompts", "Notifications", "Clients"):
        turn_to(lab, tab)
        assert_good(bench(lab).locator(".mcpnb-root").first)
    lab.theme(dark=False)
    lab.page.set_viewport_size({"width": 1280, "height": 1000})


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


@pytest.mark.platform("lab", "connect")
def test_the_workbench_shows_a_server_over_stdio(everything: Lab) -> None:
    expect(bench(everything)).to_contain_text("mcp-servers/everything")
    expect(bench(everything)).to_contain_text("stdio, node")
    in_both_themes(everything, "workbench-everything")


def test_progress_and_cancel_reach_a_server_over_stdio(everything: Lab) -> None:
    turn_to(everything, "Tools")
    choose(everything, "tools", "trigger-long-running-operation")
    bench(everything).get_by_label("duration", exact=True).fill("120")
    bench(everything).get_by_label("steps", exact=True).fill("240")
    bench(everything).get_by_role("button", name="Call", exact=True).click()
    expect(bench(everything)).to_contain_text(re.compile(r"[1-9]\d* of 240"))
    in_both_themes(everything, "workbench-progress")
    bench(everything).get_by_role("button", name="Cancel").first.click()
    expect(bench(everything)).to_contain_text("cancelled")
    expect(rows(everything).last).to_contain_text("cancelled")


def test_a_resource_is_read_and_a_prompt_filled_in_over_stdio(everything: Lab) -> None:
    turn_to(everything, "Resources")
    # Until the kernel has answered, rows are empty places.
    rows(everything, "resources").filter(has_text=re.compile(r"\w")).first.click()
    bench(everything).get_by_role("button", name="Read", exact=True).click()
    expect(bench(everything).get_by_role("heading", name="resource").first).to_be_visible()
    turn_to(everything, "Prompts")
    choose(everything, "prompts", "simple-prompt")
    bench(everything).get_by_role("button", name="Get", exact=True).click()
    expect(bench(everything)).to_contain_text("user")


def test_frames_show_what_the_client_asks_by_itself(everything: Lab) -> None:
    bench(everything).get_by_role("button", name="Frames", exact=True).click()
    field = bench(everything).get_by_role("searchbox", name="Search traffic")
    field.fill("tools/list")
    expect(rows(everything, "calls and frames").filter(has_text="client's own").first).to_be_visible()
    field.fill("")
    choose(everything, "calls and frames", "result of prompts/get")
    in_both_themes(everything, "workbench-frames")
    bench(everything).get_by_role("button", name="Show the call").click()
    expect(
        bench(everything).get_by_role("heading", name=re.compile("call [0-9]+: .*simple-prompt")).first
    ).to_be_visible()
    bench(everything).get_by_role("button", name="Close", exact=True).click()
    expect(bench(everything)).to_contain_text("Closed. Run the cell again")
    expect(bench(everything).get_by_role("button", name="Refresh")).to_have_count(0)
