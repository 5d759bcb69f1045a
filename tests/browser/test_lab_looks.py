"""How all views look and can be used: in two themes and two widths, without anything cut, and by axe-core's rules."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.lab import Lab
from tests.support.looks import assert_good

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETUP = """%load_ext mcp_notebook
import datetime
from typing import Annotated, Any, Literal
from mcp.server.mcpserver import Elicit, Resolve
from pydantic import BaseModel, Field

class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int = 9

class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    tricks: list[str] = []

class Reader(BaseModel):
    name: Annotated[str, Field(title="Full name", description="As on the card, with all the names that are on it.")]
    born: datetime.date | None = None
    loans: list[Cat | Dog] = []

class Where(BaseModel):
    branch: Literal["Harbour", "Hill"] = Field(description="Where you fetch it")
    days: int = Field(3, ge=1, le=7)

def ask_where() -> Elicit[Where]:
    return Elicit("In which branch do you want to fetch it?", Where)
"""

ALL_KINDS = """%%mcp_tool --read-only
def everything(
    title: Annotated[str, Field(title="Title of the book", description="The whole title. " * 30, min_length=2)],
    a_name_that_is_so_long_that_it_does_not_fit_into_any_column_of_any_form_that_i_know_of_even_wide_ones: int = 3,
    body: str = "",
    loud: bool = False,
    shelf: Literal["fiction", "history"] = "fiction",
    language: Literal["Dutch", "English", "French", "German", "Italian", "Polish", "Spanish"] = "Dutch",
    code: Literal[tuple(f"code {i}" for i in range(40))] = "code 1",
    day: datetime.date | None = None,
    moment: datetime.datetime | None = None,
    hour: datetime.time | None = None,
    color: Annotated[str, Field(json_schema_extra={"format": "color"})] = "#336699",
    raw: Annotated[str, Field(json_schema_extra={"contentEncoding": "base64"})] = "",
    tags: list[str] = [],
    some: set[Literal["a", "b", "c"]] = set(),
    reader: Reader | None = None,
    map: dict[str, int] = {},
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None,
    any: Any = None,
) -> list[dict[str, Any]]:
    "Take a value of each kind."
    return [{"number": i, "title": title, "words": "some words that make the cell wide " * 3} for i in range(5)]

def reserve(where: Annotated[Where, Resolve(ask_where)]) -> str:
    "Reserve a book."
    return f"It waits at {where.branch}."
"""

FORM = "%mcp form everything"
ASKING = "%mcp form reserve"
CELLS = [SETUP, ALL_KINDS, FORM, ASKING]

VALUES = """{
  "title": "Dune", "tags": ["long", "blue"], "some": ["a"], "map": {"one": 1, "two": 2}, "pet": {"kind": "dog"},
  "reader": {"name": "Ada", "born": "1815-12-10", "loans": [{"kind": "cat"}, {"kind": "dog", "tricks": ["sit"]}]}
}"""


@pytest.fixture(scope="module")
def page(lab: Lab) -> Iterator[Page]:
    lab.page.set_viewport_size({"width": 1280, "height": 1000})
    lab.open("looks", CELLS)
    lab.run_all()
    form = lab.output(FORM)
    form.get_by_role("button", name="Call", exact=True).wait_for()
    form.get_by_role("button", name="{ } JSON").click()
    form.get_by_label("Arguments as JSON").fill(VALUES)
    form.get_by_role("button", name="{ } JSON").click()
    form.get_by_label("day", exact=True).fill("tomorrow")
    form.get_by_role("button", name="Call", exact=True).click()
    expect(form.get_by_role("alert")).to_contain_text("day")
    form.get_by_label("day", exact=True).fill("2026-01-31")
    form.get_by_role("button", name="Call", exact=True).click()
    expect(form.locator(".mcpnb-result")).to_contain_text("some words")
    yield lab.page
    lab.page.set_viewport_size({"width": 1280, "height": 1000})


@pytest.mark.parametrize("width", [1280, 900])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_form_of_all_kinds_with_its_result_looks_right(lab: Lab, page: Page, width: int, dark: bool) -> None:
    page.set_viewport_size({"width": width, "height": 1000})
    lab.theme(dark=dark)
    form = lab.output(FORM).locator(".mcpnb-root")
    assert_good(form)
    lab.picture(f"looks-form-{width}-{'dark' if dark else 'light'}", form)
    for tab in ("Schema", "Lint", "JSON", "Code"):
        form.get_by_role("tab", name=tab).click()
        assert_good(form)
    form.get_by_role("tab", name="Call").click()


@pytest.mark.parametrize("width", [1280, 900])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_question_within_a_form_looks_right(lab: Lab, page: Page, width: int, dark: bool) -> None:
    page.set_viewport_size({"width": width, "height": 1000})
    lab.theme(dark=dark)
    view = lab.output(ASKING)
    if not view.get_by_role("button", name="Accept").is_visible():
        view.get_by_role("button", name="Call", exact=True).click()
        view.get_by_role("button", name="Accept").wait_for()
    assert_good(view.locator(".mcpnb-root").first)
    lab.picture(f"looks-question-{width}-{'dark' if dark else 'light'}", view)


def test_notebook_7_shows_the_same_form(lab: Lab, page: Page) -> None:
    lab.theme(dark=False)
    page.keyboard.press("Control+s")
    page.goto(re.sub(r"/lab.*", "/notebooks/looks.ipynb", lab.url))
    page.get_by_text("Python 3", exact=False).first.wait_for()
    lab.menu("Run", "Run All Cells")
    form = lab.output(FORM)
    form.get_by_label("Title of the book title", exact=True).fill("Emma")
    page.keyboard.press("Enter")
    expect(form.locator(".mcpnb-result")).to_contain_text("Emma")
    for width in (1280, 900):
        page.set_viewport_size({"width": width, "height": 1000})
        assert_good(form.locator(".mcpnb-root"))
    lab.picture("looks-notebook-7", form)
    page.keyboard.press("Control+s")
    page.get_by_text("Last Checkpoint").first.wait_for()


@pytest.mark.platform("batch", "card")
def test_nbconvert_shows_the_static_cards(lab: Lab, page: Page) -> None:
    notebook = lab.home / "course" / "looks.ipynb"
    command = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "html", "--log-level", "ERROR", str(notebook)]
    subprocess.run(command, check=True, timeout=120)
    page.goto(notebook.with_suffix(".html").as_uri())
    cards = page.locator(".mcpnb-mount")
    expect(cards.first).to_contain_text("form of everything")
    expect(page.get_by_text("model not found")).to_have_count(0)
    for width in (1280, 900):
        page.set_viewport_size({"width": width, "height": 1000})
        for card in cards.all():
            assert_good(card)
    lab.picture("looks-nbconvert", cards.first)
