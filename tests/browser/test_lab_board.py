"""The board of a class in a real JupyterLab: reports come in, 30 and 200 learners, and names that mean harm."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.support.lab import Lab
from tests.support.looks import assert_good
from tests.support.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COURSE = """%load_ext mcp_notebook
import random
from mcp_notebook.course.exercises import chapters
from mcp_notebook.course.sharing import class_name
from mcp_notebook.rendering.board import Work
from mcp_notebook.session import class_board
TITLES = "Getting started|Resources|Prompts|Schemas|Questions|Progress|Tasks|Apps|Events|Skills|Sign-in|Shipping"
real = chapters()["1"]
def chapter(number, title):
    many = (3, 4, 5, 4)[number % 4]
    made = [type(real.exercises[0])(f"{number}.{i}", "x", f"exercise {i}", (), "", ("", "", ""), "", "", "")
            for i in range(1, many + 1)]
    return type(real)(str(number), title, made, real.predictions)
class_board.chapters = lambda: {str(n): chapter(n, t) for n, t in enumerate(TITLES.split("|"), 1)}
board = get_ipython()._mcp_notebook.session.board.reports
print("ready")
"""
CLASS = """chance = random.Random(1)
names = "Ada Grace Mary Omar Zoë Björn Łukasz 李娜 أمينة Priya Sam Noa Yuki Diego Chloé Ines Tomás Aoife Kwame Elif"
names = names.split()
def report(number, of=44):
    reached = chance.randint(2, of)
    work, numbers = {}, [n for c in class_board.chapters().values() for n in (e.number for e in c.exercises)]
    for place, exercise in enumerate(numbers[:reached]):
        hard = exercise in ("2.3", "4.2", "7.4")
        passed = chance.random() < (0.45 if hard else 0.9) and place < reached - 1
        work[exercise] = Work(chance.randint(1, 6), passed)
    name = names[number % len(names)] + (f" {chr(65 + number // len(names))}." if number >= len(names) else "")
    board.take(f"{number:032x}", name, work, chance.randint(0, 20))
for number in range(30):
    report(number)
print("thirty")
"""
MORE = "for number in range(30, 200):\n    report(number)\nprint('two hundred')"
LATER = "report(7, 44)\nprint('one more')"
SLOW = "for one in list(board._learners.values())[::3]:\n    one.reported -= one.seat * 97\nprint('slow')"
HARM = """for number, name in enumerate(["<img src=x onerror=hit()>", "<script>hit()</script>", "{{hit}} ${hit}",
                               "&lt;b&gt;", "W" * 40, "a long name of words that goes on, you", "'; DROP TABLE"]):
    board.take(f"{number + 1000:032x}", name, {"1.1": Work(9_999, False), "99.1": Work(1, True)}, 1)
print("harm")
"""


@pytest.fixture(scope="module")
def panel(lab: Lab) -> Locator:
    """The board, open, without reports."""
    lab.open("board", [COURSE, "%mcp board", CLASS, MORE, LATER, SLOW, HARM, "%mcp board --clear", "%mcp board --stop"])
    lab.run("load_ext")
    expect(lab.output("load_ext")).to_contain_text("ready")
    lab.run("%mcp board")
    found = lab.output("%mcp board").locator(".mcpnb-root")
    expect(found).to_contain_text("No learner has reported yet.")
    return found


def run(lab: Lab, cell: str, printed: str) -> None:
    lab.run(cell)
    expect(lab.output(cell).get_by_text(printed)).to_be_visible()


def learners(panel: Locator) -> Locator:
    return panel.get_by_role("rowheader")


def test_the_code_is_shown_on_purpose_and_not_saved(lab: Lab, panel: Locator) -> None:
    assert_good(panel)
    panel.get_by_role("button", name="How to join").click()
    code = panel.locator(".mcpnb-classcode code")
    expect(code).to_have_text(re.compile(r"[2-9B-Z]{4}-[2-9B-Z]{4}"))
    words = code.inner_text()
    expect(panel).to_contain_text(re.compile(r"%mcp progress --share http://127\.0\.0\.1:\d+/mcp --as NAME"))
    assert_good(panel)
    lab.picture("board-joining", panel)
    saved = lab.home / "course" / "board.ipynb"
    lab.menu("File", "Save Notebook")
    until(lambda: "no learner has reported yet" in saved.read_text(encoding="utf-8"))
    text = saved.read_text(encoding="utf-8")
    assert words not in text
    assert words.replace("-", "") not in text
    panel.get_by_role("button", name="Hide the code").click()
    expect(code).to_have_count(0)


def test_reports_come_in_and_are_announced(lab: Lab, panel: Locator) -> None:
    run(lab, "chance = random", "thirty")
    expect(learners(panel)).to_have_count(30)
    expect(panel).to_contain_text("30 learners")
    expect(panel.get_by_role("cell").filter(has_text="just now")).to_have_count(30)
    expect(panel.get_by_role("status").filter(has_text="30 learners")).to_be_attached()
    run(lab, "report(7", "one more")
    assert_good(panel)


def test_learners_are_searched_and_ordered(panel: Locator) -> None:
    panel.get_by_role("searchbox").fill("zoë b")
    expect(learners(panel)).to_have_count(1)
    expect(panel).to_contain_text("1 of 30 learners.")
    panel.get_by_role("searchbox").fill("nobody of that name")
    expect(panel).to_contain_text("No learner here has such a name.")
    panel.get_by_role("searchbox").fill("")
    expect(learners(panel).first).to_contain_text("Ada")
    panel.get_by_role("combobox", name="order").select_option("fewest")
    totals = [int(words.split()[0]) for words in panel.locator("td.mcpnb-sum:has(b)").all_inner_texts()]
    assert totals == sorted(totals)
    panel.get_by_role("combobox", name="order").select_option("name")


def test_an_exercise_is_chosen_by_keyboard_and_shows_who_has_not_passed_it(lab: Lab, panel: Locator) -> None:
    bars = panel.get_by_role("toolbar", name="exercises of the class").get_by_role("button")
    bars.first.focus()
    for _ in range(4):
        bars.page.keyboard.press("ArrowRight")
    expect(bars.nth(4)).to_be_focused()
    bars.page.keyboard.press("Enter")
    expect(bars.nth(4)).to_have_attribute("aria-pressed", "true")
    expect(panel.locator(".mcpnb-chosen")).to_contain_text("Below: who has not passed it.")
    expect(learners(panel)).not_to_have_count(30)
    assert_good(panel)
    lab.picture("board-chosen", panel)
    bars.page.keyboard.press("End")
    expect(bars.last).to_be_focused()
    panel.get_by_role("button", name="Show all learners").click()
    expect(learners(panel)).to_have_count(30)
    panel.locator(".mcpnb-where button").first.click()
    tried = int(re.findall(r"\d+", panel.locator(".mcpnb-where .dim").first.inner_text())[0])
    assert learners(panel).count() >= tried
    panel.get_by_role("button", name="Show all learners").click()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_looks_right_at_all_widths(lab: Lab, panel: Locator, dark: bool) -> None:
    run(lab, "for one in list", "slow")
    lab.theme(dark=dark)
    try:
        for width in (1280, 900, 500):
            lab.page.set_viewport_size({"width": width, "height": 1100})
            assert_good(panel)
            lab.picture(f"board-30-{width}-{'dark' if dark else 'light'}", panel)
    finally:
        lab.page.set_viewport_size({"width": 1280, "height": 1000})
        lab.theme(dark=False)


def test_two_hundred_learners(lab: Lab, panel: Locator) -> None:
    run(lab, "range(30, 200)", "two hundred")
    expect(learners(panel)).to_have_count(200)
    assert_good(panel)
    lab.picture("board-200", panel)
    panel.get_by_role("searchbox").fill("ada")
    expect(learners(panel)).to_have_count(10)
    panel.get_by_role("searchbox").fill("")


def test_names_that_mean_harm_are_text(lab: Lab, panel: Locator) -> None:
    lab.page.evaluate("window.hits = 0; window.hit = () => window.hits++; 0")
    run(lab, "onerror", "harm")
    expect(learners(panel)).to_have_count(207)
    panel.get_by_role("searchbox").fill("<")
    expect(learners(panel)).to_have_count(2)
    expect(panel).to_contain_text("<img src=x onerror=hit()>")
    assert panel.locator("img, script").count() == 0
    panel.get_by_role("searchbox").fill("")
    panel.get_by_role("combobox", name="order").select_option("fewest")
    assert_good(panel)
    lab.picture("board-harm", panel)
    lab.run("%mcp board")
    expect(learners(panel)).to_have_count(207)
    assert lab.page.evaluate("window.hits") == 0


def test_the_board_survives_its_cell_and_is_cleared_on_purpose(lab: Lab, panel: Locator) -> None:
    lab.run("%mcp board")
    expect(learners(panel)).to_have_count(207)
    lab.run("--clear")
    expect(lab.output("--clear")).to_contain_text("207 learners forgotten")
    expect(panel).to_contain_text("No learner has reported yet.")
