"""The panel of statistics in a real JupyterLab: its numbers move when a client calls, and only while it is in sight."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.support.lab import Lab, client_of
from tests.support.looks import assert_good
from tests.support.outside import Connected

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TOOLS = """%%mcp_tool --read-only
import time

def find_books(words: str) -> list[str]:
    "Find books in the catalog by words of the title."
    time.sleep(0.02 if words == "slow" else 0)
    return [words]

def lend(title: str, weeks: int = 2) -> str:
    "Lend a book."
    if weeks > 8:
        raise ValueError("eight weeks are the longest")
    return f"{title}: {weeks} weeks"

def a_name_that_is_so_long_that_it_does_not_fit_into_any_column_of_any_table_that_i_know_of() -> int:
    "Do nothing."
    return 1
"""
PANELS = "[o for o in __import__('gc').get_objects() if type(o).__name__ == 'StatisticsPanel']"
VERSIONS = f"print('versions', [o.state['version'] for o in {PANELS}])"
BUSY = "import pathlib, threading\nwhile not pathlib.Path('go-on').exists():\n    threading.Event().wait(0.05)"


@pytest.fixture(scope="module")
def client(lab: Lab) -> Iterator[Connected]:
    """A client of the notebook's server, from outside its kernel; the panel is open."""
    cells = ["%load_ext mcp_notebook", TOOLS, "listener = %mcp serve"]
    with client_of(lab, "statistics", cells, "%mcp stats", BUSY, VERSIONS) as client:
        lab.run("%mcp stats")
        expect(panel(lab)).to_contain_text("No calls yet.")
        yield client


def panel(lab: Lab) -> Locator:
    return lab.output("%mcp stats").locator(".mcpnb-root")


def row(lab: Lab, tool: str) -> Locator:
    return panel(lab).get_by_role("row").filter(has=lab.page.get_by_role("rowheader", name=tool))


def cells(lab: Lab, tool: str) -> Locator:
    """Calls, errors, rate, the bars, three percentiles and their picture."""
    return row(lab, tool).get_by_role("cell")


def test_the_numbers_move_when_an_outside_client_calls(lab: Lab, client: Connected) -> None:
    client.call("find_books", words="sea")
    expect(cells(lab, "find_books").nth(0)).to_have_text("1")
    for _ in range(4):
        client.call("find_books", words="slow")
    expect(cells(lab, "find_books").nth(0)).to_have_text("5")
    expect(cells(lab, "find_books").nth(2)).not_to_have_text("0")
    half, most, all_ = (cells(lab, "find_books").nth(place).inner_text() for place in (4, 5, 6))
    assert re.fullmatch(r"\d+(\.\d+)? ms", half), half
    assert float(half.split()[0]) >= 20
    assert most == all_
    chart = panel(lab).get_by_role("img", name="all calls in the last minute")
    expect(chart).to_have_attribute("aria-label", re.compile("minute: 5 calls, no errors"))


def test_an_error_of_a_tool_counts_and_is_told_apart_without_color(lab: Lab, client: Connected) -> None:
    client.call("lend", title="Emma")
    assert client.call("lend", title="Emma", weeks=9) == "error"
    expect(cells(lab, "lend").nth(1)).to_have_text("✗ 1 50%")
    expect(panel(lab).locator(".chip.bad")).to_have_text(re.compile("✗ 1 error"))
    expect(row(lab, "lend").locator("rect[fill^=url]")).to_have_count(1)


def test_the_numbers_move_while_a_cell_runs(lab: Lab, client: Connected) -> None:
    lab.run("import pathlib, threading")
    lab.page.locator("#jp-main-statusbar").get_by_text("| Busy").wait_for()
    client.call("lend", title="Sense")
    expect(cells(lab, "lend").nth(0)).to_have_text("3")
    (lab.home / "course" / "go-on").touch()
    lab.wait_until_idle()


def test_a_tool_is_chosen_by_keyboard_and_drawn_alone(lab: Lab, client: Connected) -> None:
    name = row(lab, "lend").get_by_role("button")
    name.press("Enter")
    expect(name).to_have_attribute("aria-pressed", "true")
    expect(panel(lab).get_by_role("img", name="calls of lend in the last minute")).to_be_visible()
    name.press("Enter")
    expect(panel(lab).get_by_role("img", name="all calls")).to_be_visible()


def test_the_numbers_can_be_held(lab: Lab, client: Connected) -> None:
    panel(lab).get_by_role("button", name="Pause").click()
    expect(panel(lab).get_by_role("button", name="Resume")).to_be_visible()
    client.call("lend", title="Persuasion")
    lab.page.wait_for_timeout(1500)  # three times as long as it takes if it is not held
    expect(cells(lab, "lend").nth(0)).to_have_text("3")
    panel(lab).get_by_role("button", name="Resume").click()
    expect(cells(lab, "lend").nth(0)).to_have_text("4")


def test_tools_are_searched_and_ordered(lab: Lab, client: Connected) -> None:
    client.call("a_name_that_is_so_long_that_it_does_not_fit_into_any_column_of_any_table_that_i_know_of")
    headers = panel(lab).get_by_role("rowheader")
    expect(headers).to_have_count(3)
    panel(lab).get_by_role("combobox", name="order").select_option("errors")
    expect(headers.first).to_contain_text("lend")
    panel(lab).get_by_role("combobox", name="order").select_option("name")
    expect(headers.first).to_contain_text("a_name")
    panel(lab).get_by_role("searchbox").fill("book")
    expect(headers).to_have_count(1)
    expect(panel(lab)).to_contain_text("5 calls")
    panel(lab).get_by_role("searchbox").fill("nothing of that name")
    expect(panel(lab)).to_contain_text("Nothing here has such a name.")
    panel(lab).get_by_role("searchbox").fill("")
    # Before the words that were typed are sent.
    panel(lab).get_by_role("combobox", name="order").select_option("busiest")
    expect(headers).to_have_count(3)
    expect(headers.last).to_contain_text("a_name")
    expect(panel(lab).get_by_role("combobox", name="order")).to_have_value("busiest")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_looks_right_at_all_widths(lab: Lab, client: Connected, dark: bool) -> None:
    lab.theme(dark=dark)
    for number in range(10):
        client.call("find_books", words="slow")
        client.call("lend", title="Emma", weeks=number)
    # The second that these calls were in has ended when the bars show them.
    expect(row(lab, "find_books").locator("rect.mcpnb-calls").last).to_be_visible()
    try:
        for width in (1280, 900, 700, 500):
            lab.page.set_viewport_size({"width": width, "height": 1000})
            assert_good(panel(lab))
            name = row(lab, "find_books").get_by_role("rowheader").bounding_box()
            assert name is not None
            assert name["height"] < 60, f"its name is broken into letters at {width}"
            lab.picture(f"statistics-{width}-{'dark' if dark else 'light'}", panel(lab))
    finally:
        lab.page.set_viewport_size({"width": 1280, "height": 1000})
        lab.theme(dark=False)


def test_it_stops_when_its_output_is_cleared(lab: Lab, client: Connected) -> None:
    counted = int(cells(lab, "find_books").nth(0).inner_text())
    lab.cell("%mcp stats").locator(".cm-content").click()
    lab.menu("Edit", "Clear Cell Output")
    expect(panel(lab)).to_have_count(0)
    before = versions(lab)
    for _ in range(3):
        client.call("find_books", words="sea")
        lab.page.wait_for_timeout(700)  # longer than from one look of the kernel to the next
    assert versions(lab) == before
    lab.run("%mcp stats")
    expect(cells(lab, "find_books").nth(0)).to_have_text(str(counted + 3))
    client.call("find_books", words="sea")
    expect(cells(lab, "find_books").nth(0)).to_have_text(str(counted + 4))


def versions(lab: Lab) -> str:
    lab.run("print('versions'")
    lab.wait_until_idle()
    return lab.output("print('versions'").get_by_text("versions").inner_text()


MANY = """from mcp_notebook import NotebookServer
from mcp import Client
library = NotebookServer("library")
for number in range(1_000):
    def tool(number: int = number) -> int:
        "One of many."
        if number == 7:
            raise ValueError("seven")
        return number
    library.add_tool(tool, name=f"tool_{number}")
%mcp use library
print("there are", len(await library.list_tools()))
"""
CALLS = f"""import time
began, before = time.monotonic(), {PANELS}
sent = before[0].state['version']
async with Client(library) as one:
    for number in range(10_000):
        await one.call_tool(f"tool_{{number % 1_000}}", {{}})
took, sent = time.monotonic() - began, before[0].state['version'] - sent
print("not too often" if 1 <= sent <= took / 0.5 + 2 else f"{{sent}} times in {{took}} s")
"""


def test_ten_thousand_calls_of_a_thousand_tools(lab: Lab) -> None:
    lab.open("many", ["%load_ext mcp_notebook", MANY, "%mcp stats", CALLS])
    for cell, words in (("load_ext", ""), ("from mcp_notebook", "there are 1000"), ("%mcp stats", "No calls yet.")):
        lab.run(cell)
        expect(lab.output(cell).get_by_text(words).first).to_be_visible() if words else lab.wait_until_idle()
    lab.run("import time")
    expect(lab.output("import time")).to_contain_text("not too often")
    expect(panel(lab)).to_contain_text("10,000 calls")
    expect(panel(lab)).to_contain_text("10 errors")
    expect(panel(lab)).to_contain_text("The first 20 of 1,000.")
    assert panel(lab).get_by_role("rowheader").count() == 20
    panel(lab).get_by_role("searchbox").fill("tool_777")
    expect(panel(lab).get_by_role("rowheader")).to_have_count(1)
    expect(cells(lab, "tool_777").nth(0)).to_have_text("10")
    panel(lab).get_by_role("searchbox").fill("")
    panel(lab).get_by_role("combobox", name="order").select_option("errors")
    expect(panel(lab).get_by_role("rowheader").first).to_have_text("tool_7")
    assert_good(panel(lab))
