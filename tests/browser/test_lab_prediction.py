"""A prediction in a real JupyterLab: chosen by keyboard, and compared when the next cell has run."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.support.lab import Lab
from tests.support.looks import assert_good
from tests.support.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETUP = """%load_ext mcp_notebook
from IPython.display import display
from mcp_notebook.rendering.prediction import Revealed, prediction_card
from mcp_notebook.widgets.prediction import PredictionCard

kept = []
QUESTION = "What happens when the next cell asks `greet` for Latin?"
OPTIONS = [
    "`greet` runs, and raises a `ValueError` in this notebook.",
    "The client refuses: it knows the schema, and sends nothing.",
    "The server refuses, and the result says so: `is_error` is true.",
]
BECAUSE = (
    "The server checks the arguments against the schema before `greet` runs. "
    "Its refusal is a result with `is_error`, which a model can read and act on."
)

def predict(cell, chosen=None):
    session = get_ipython()._mcp_notebook_session
    session.surfaces.prepare()
    session.views.close_earlier("predict", cell)
    card = PredictionCard(QUESTION, OPTIONS, 2, BECAUSE, chosen, kept.append)
    session.views.put("predict", cell, card)
    display(card)
"""
GREET = """%%mcp_tool --read-only
from typing import Literal

def greet(name: str, language: Literal["en", "fr", "es"] = "en") -> str:
    "Greet somebody."
    return f"Hello, {name}!"
"""
PREDICT, LATIN = "predict('first')", "%mcp call greet name=Ada language=la"
AGAIN, ENGLISH = "predict('second')", "%mcp call greet name=Grace"
KEPT, RIGHT = "print('kept', kept)", "predict('third', 2)"
STATIC = """for chosen, answer in (None, None), (1, None), (1, Revealed(2, BECAUSE)), (2, Revealed(2, BECAUSE)):
    display(prediction_card(QUESTION, OPTIONS, chosen, answer))"""
CELLS = [SETUP, GREET, PREDICT, LATIN, AGAIN, ENGLISH, KEPT, RIGHT, "'the end'", STATIC]
WIDTHS = (1280, 900, 500)


@pytest.fixture(scope="module")
def opened(lab: Lab) -> Lab:
    lab.open("prediction", CELLS)
    for cell in ("%load_ext", "%%mcp_tool"):
        lab.run(cell)
        lab.wait_until_idle()
    return lab


def card(lab: Lab, cell: str) -> Locator:
    return lab.output(cell).locator(".mcpnb-root")


def looks_right(lab: Lab, name: str, view: Locator) -> None:
    try:
        for dark in (False, True):
            lab.theme(dark=dark)
            for width in WIDTHS:
                lab.page.set_viewport_size({"width": width, "height": 1000})
                assert_good(view)
                lab.picture(f"prediction-{name}-{width}-{'dark' if dark else 'light'}", view)
    finally:
        lab.page.set_viewport_size({"width": 1280, "height": 1000})
        lab.theme(dark=False)


def test_an_option_is_chosen_by_keyboard_and_compared_when_the_next_cell_has_run(opened: Lab) -> None:
    lab = opened
    lab.run(PREDICT)
    view = card(lab, PREDICT)
    group = view.get_by_role("group", name="Prediction: What happens when the next cell asks greet for Latin?")
    options = group.get_by_role("radio")
    expect(options).to_have_count(3)
    expect(view.get_by_role("status")).to_have_text("Choose one before you run the next cell.")
    looks_right(lab, "asked", view)
    options.first.focus()
    lab.page.keyboard.press("Space")
    expect(options.nth(0)).to_be_checked()
    lab.page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_be_checked()
    lab.page.keyboard.press("b")  # which inserts a cell in JupyterLab, and is the name of an option here
    expect(view.get_by_role("status")).to_contain_text("You predict B.")
    expect(view).not_to_contain_text("checks the arguments")
    expect(lab.page.locator(".jp-Notebook .jp-CodeCell")).to_have_count(len(CELLS))
    lab.picture("prediction-focus", view)
    looks_right(lab, "chosen", view)
    lab.run(LATIN)
    expect(view.get_by_role("status")).to_contain_text("You predicted B. The answer is C.")
    expect(view.get_by_role("status")).to_contain_text("The server checks the arguments against the schema")
    rows = view.get_by_role("listitem")
    expect(rows.nth(1)).to_contain_text("✗ your prediction: not right")
    expect(rows.nth(2)).to_contain_text("✓ right")
    expect(view.get_by_role("radio")).to_have_count(0)
    looks_right(lab, "compared", view)


def test_without_a_prediction_the_card_says_so_and_has_the_answer(opened: Lab) -> None:
    lab = opened
    lab.run(AGAIN)
    expect(card(lab, AGAIN).get_by_role("radio")).to_have_count(3)
    lab.run(ENGLISH)
    view = card(lab, AGAIN)
    expect(view.get_by_role("status")).to_contain_text("The cell ran before you chose. No harm done: the answer is C.")
    expect(view.get_by_text("your prediction")).to_have_count(0)
    looks_right(lab, "none", view)


def test_an_earlier_choice_is_there_again_and_can_be_changed_by_mouse(opened: Lab) -> None:
    lab = opened
    lab.run(RIGHT)
    view = card(lab, RIGHT)
    expect(view.get_by_role("radio").nth(2)).to_be_checked()
    view.get_by_text("The client refuses").click()
    view.get_by_text("The server refuses").click()
    expect(view.get_by_role("radio").nth(2)).to_be_checked()
    lab.page.keyboard.press("Control+s")  # while the card has the focus
    notebook = lab.home / "course" / "prediction.ipynb"
    until(lambda: "Run the next cell to compare." in notebook.read_text(encoding="utf-8"))
    lab.page.reload()
    lab.wait_until_idle()
    expect(view.get_by_role("radio").nth(2)).to_be_checked()
    lab.run("'the end'")
    expect(view.get_by_role("status")).to_contain_text("You predicted C, and that is right.")
    looks_right(lab, "right", view)
    lab.run(KEPT)
    expect(lab.output(KEPT)).to_contain_text(re.compile(r"kept \[0, 1, 1, 2\]"))


def test_the_static_cards_look_right(opened: Lab) -> None:
    lab = opened
    lab.run(STATIC.splitlines()[0])
    view = lab.output(STATIC.splitlines()[0])
    expect(view).to_contain_text("You predicted C, and that is right.")
    looks_right(lab, "static", view)
