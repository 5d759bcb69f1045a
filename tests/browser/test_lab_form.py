"""The form as a person sees it, in JupyterLab."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.support.lab import Lab

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETUP = """%load_ext mcp_notebook
from typing import Annotated, Any, Literal
import datetime
from pydantic import BaseModel, Field

class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int = 9

class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    tricks: list[str] = []

class Reader(BaseModel):
    name: Annotated[str, Field(description="As on the card.")]
    born: datetime.date | None = None
"""

TOOL = """%%mcp_tool --read-only
from mcp.server.mcpserver import Context

async def lend(
    title: Annotated[str, Field(description="The book, by its whole title.", min_length=2)],
    weeks: Annotated[int, Field(ge=1, le=8, description="How long.")] = 2,
    note: Annotated[str | None, Field(description="For the librarian.")] = None,
    loud: bool = False,
    shelf: Literal["fiction", "history"] = "fiction",
    reader: Reader | None = None,
    tags: list[str] = [],
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None,
) -> dict[str, Any]:
    "Lend a book to a reader, and say what was asked for."
    return {k: v.model_dump(mode="json") if isinstance(v, BaseModel) else v for k, v in locals().items()}
"""


SLOW = """%%mcp_tool
import anyio

async def search(ctx: Context, a_name_longer_than_the_place_for_it: int = 1000) -> str:
    "Search all shelves, which takes long."
    for shelf in range(a_name_longer_than_the_place_for_it):
        await ctx.report_progress(shelf, a_name_longer_than_the_place_for_it, f"shelf {shelf}")
        await anyio.sleep(0.05)
    return "found"
"""


@pytest.fixture(scope="module")
def form(lab: Lab) -> Locator:
    lab.open("form", [SETUP, TOOL, "%mcp form lend", SLOW, "%mcp form search", "%mcp log --last 1 --no-times"])
    lab.run_all()
    form = lab.output("%mcp form lend")
    form.get_by_role("button", name="Call", exact=True).wait_for()
    return form


def row(form: Locator, label: str) -> Locator:
    return form.get_by_label(label, exact=True)


def call(form: Locator) -> None:
    form.get_by_role("button", name="Call", exact=True).click()


def arguments(form: Locator) -> str:
    if not row(form, "JSON").is_visible():
        form.get_by_role("button", name="JSON and code").click()
    return re.sub(r"\s+", " ", row(form, "JSON").input_value())


def test_what_is_missing_is_said_at_its_field_and_nothing_is_sent(lab: Lab, form: Locator) -> None:
    row(form, "weeks").fill("12")
    call(form)
    expect(form.get_by_text("! 12 is greater than 8")).to_be_visible()
    expect(form.get_by_text("not called").first).to_be_visible()
    lab.picture("form-problems", form)
    row(form, "weeks").fill("")
    row(form, "title").fill("Dune")
    row(form, "title").press("Tab")
    expect(form.get_by_text("! 12 is greater than 8")).to_have_count(0)


def test_fields_for_an_object_an_array_and_a_union_fill_in_what_is_sent(lab: Lab, form: Locator) -> None:
    row(form, "reader").select_option("fill in")
    row(form, "name").fill("Ada")
    row(form, "born").fill("1815-12-10")
    row(form, "tags").select_option("list")
    form.get_by_role("button", name="Add item").click()
    form.get_by_title("item 1").fill("long")
    row(form, "pet").select_option("Dog")
    lab.picture("form-filled", form)
    call(form)
    expect(form.get_by_text("done").first).to_be_visible()
    expect(form).to_contain_text("1815-12-10")
    assert '"tags": [ "long" ], "pet": { "kind": "dog" }' in arguments(form)


def test_nothing_and_an_empty_text_and_null_are_three(form: Locator) -> None:
    assert "note" not in arguments(form)
    chooser = form.get_by_label("when empty", exact=True).first
    chooser.select_option("null")
    expect(row(form, "JSON")).to_have_value(re.compile('"note": null'))
    chooser.select_option('empty ""')
    expect(row(form, "JSON")).to_have_value(re.compile('"note": ""'))
    row(form, "note").fill("x")
    row(form, "note").press("Tab")
    expect(row(form, "JSON")).to_have_value(re.compile('"note": "x"'))
    expect(chooser).to_be_hidden()


def test_json_typed_beside_the_form_fills_it_in_and_what_is_no_json_is_said(lab: Lab, form: Locator) -> None:
    arguments(form)
    row(form, "JSON").fill('{"title": "Kindred", "weeks": 3, "tags": ["a", "b"]}')
    row(form, "JSON").press("Tab")
    expect(row(form, "title")).to_have_value("Kindred")
    expect(row(form, "weeks")).to_have_value("3")
    expect(form.get_by_title("item 2")).to_have_value("b")
    expect(row(form, "copy as %mcp")).to_have_value('%mcp call lend title="Kindred" weeks=3 tags=["a", "b"]')
    lab.picture("form-json", form)
    row(form, "JSON").fill('{"title": ')
    row(form, "JSON").press("Tab")
    expect(form.get_by_text("not applied")).to_be_visible()
    expect(row(form, "JSON")).to_have_value('{"title": ')
    expect(row(form, "title")).to_have_value("Kindred")
    lab.theme(dark=True)
    lab.picture("form-dark", form)
    lab.theme(dark=False)


def height(of: Locator) -> float:
    box = of.bounding_box()
    assert box is not None
    return box["height"]


def test_progress_moves_nothing_and_cancel_reaches_the_server(lab: Lab, form: Locator) -> None:
    slow = lab.output("%mcp form search")
    before = height(slow)
    call(slow)
    expect(slow.get_by_text("shelf 3")).to_be_visible()
    assert height(slow) == before
    lab.picture("form-progress", slow)
    slow.get_by_role("button", name="Cancel").click()
    expect(slow.get_by_text("cancelled").first).to_be_visible()
    assert height(slow) == before
    lab.run("%mcp log --last")
    expect(lab.output("%mcp log --last")).to_contain_text("cancelled")


def test_a_form_is_filled_in_and_called_by_keyboard_alone(lab: Lab, form: Locator) -> None:
    row(form, "title").focus()
    keys = lab.page.keyboard
    keys.press("Control+A")
    keys.type("Emma")
    for _ in range(60):
        keys.press("Tab")
        if lab.page.evaluate("document.activeElement.textContent") == "Call":
            break
    keys.press("Space")
    expect(form.get_by_text("done").first).to_be_visible()
    expect(form).to_contain_text("Emma")
