"""The form as a person sees it, in JupyterLab."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.support.lab import Lab

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.platform("lab", "form")]

SETUP = """%load_ext mcp_notebook
import threading, time
stop = threading.Event()
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
import time

async def search(ctx: Context, a_name_longer_than_the_place_for_it: int = 1000) -> str:
    "Search all shelves, which takes long."
    for shelf in range(a_name_longer_than_the_place_for_it):
        await ctx.report_progress(shelf, a_name_longer_than_the_place_for_it, f"shelf {shelf}")
        await anyio.sleep(0.05)
    return "found"

def count(words: str = "three") -> str:
    "Print, and wait for a word."
    print("counting", words)
    while not stop.is_set():
        time.sleep(0.05)
    return "counted"
"""

BUSY = "time.sleep(60 if get_ipython().execution_count > 8 else 0)"
"""Does nothing when all cells run, and blocks the kernel after that."""


CELLS = [
    SETUP,
    TOOL,
    "%mcp form lend",
    SLOW,
    "%mcp form search",
    "%mcp form count",
    BUSY,
]


@pytest.fixture(scope="module")
def form(lab: Lab) -> Locator:
    lab.page.set_viewport_size({"width": 1280, "height": 1400})
    lab.open("form", CELLS)
    lab.run_all()
    form = lab.output("%mcp form lend")
    form.get_by_role("button", name="Call", exact=True).wait_for()
    return form


def row(form: Locator, label: str) -> Locator:
    return form.get_by_label(label, exact=True)


def call(form: Locator) -> None:
    form.get_by_role("button", name="Call", exact=True).click()


def panel(form: Locator) -> Locator:
    if not row(form, "Arguments as JSON").is_visible():
        form.get_by_role("button", name="{ } JSON").click()
    return row(form, "Arguments as JSON")


def arguments(form: Locator) -> Any:
    return json.loads(panel(form).input_value())


def menu(form: Locator, name: str, item: str) -> None:
    """Choose from the menu of a field."""
    form.get_by_role("button", name=f"More for {name}", exact=True).click()
    form.get_by_role("menu").get_by_text(item, exact=True).click()


def test_what_is_missing_is_said_at_its_field_and_nothing_is_sent(lab: Lab, form: Locator) -> None:
    row(form, "weeks").fill("12")
    call(form)
    problems = form.get_by_role("alert").filter(has_text="Not sent")
    expect(problems.get_by_role("button")).to_have_text(["title: required", "weeks: 12 is greater than 8"])
    expect(row(form, "title")).to_be_focused()
    expect(row(form, "weeks")).to_have_attribute("aria-invalid", "true")
    expect(row(form, "weeks")).to_have_accessible_description(re.compile("How long.*12 is greater than 8"))
    lab.picture("form-problems", form)
    problems.get_by_role("button", name="weeks").click()
    expect(row(form, "weeks")).to_be_focused()
    row(form, "weeks").fill("")
    expect(problems.get_by_role("button")).to_have_text(["title: required"])
    row(form, "title").fill("Dune")
    expect(problems).to_have_count(0)


def test_fields_for_an_object_an_array_and_a_union_fill_in_what_is_sent(lab: Lab, form: Locator) -> None:
    form.get_by_role("button", name="Fill in reader").click()
    row(form, "name").fill("Ada")
    row(form, "born").fill("1815-12-10")
    row(form, "tags").fill("long")
    row(form, "tags").press("Enter")
    row(form, "tags").fill("blue")
    row(form, "tags").press("Tab")
    form.get_by_label("Dog").check()
    lab.picture("form-filled", form)
    call(form)
    expect(form.get_by_role("status").get_by_text("done")).to_be_visible()
    expect(form.locator(".mcpnb-result")).to_contain_text("1815-12-10")
    assert arguments(form)["tags"] == ["long", "blue"]
    assert arguments(form)["pet"] == {"kind": "dog"}


def test_nothing_and_an_empty_text_and_null_are_three(form: Locator) -> None:
    assert "note" not in arguments(form)
    menu(form, "note", "Null")
    expect(panel(form)).to_have_value(re.compile('"note": null'))
    menu(form, "note", "Empty text")
    expect(panel(form)).to_have_value(re.compile('"note": ""'))
    row(form, "note").fill("x")
    expect(panel(form)).to_have_value(re.compile('"note": "x"'))
    row(form, "note").press("Alt+ArrowDown")
    expect(form.get_by_role("menu").get_by_text("Not sent")).to_be_focused()
    form.page.keyboard.press("Home")
    form.page.keyboard.press("Enter")
    expect(row(form, "note")).to_be_focused()
    expect(panel(form)).not_to_have_value(re.compile("note"))


def test_json_beside_the_form_fills_it_in_and_what_is_no_json_is_said(lab: Lab, form: Locator) -> None:
    panel(form).fill('{"title": "Kindred", "weeks": 3, "tags": ["a", "b"]}')
    expect(row(form, "title")).to_have_value("Kindred")
    expect(row(form, "weeks")).to_have_value("3")
    expect(form.locator(".mcpnb-tag")).to_have_text([re.compile("^a"), re.compile("^b")])
    form.get_by_role("tab", name="Code").click()
    expect(form.get_by_role("tabpanel")).to_contain_text('%mcp call lend title="Kindred" weeks=3 tags=["a", "b"]')
    form.get_by_role("tab", name="Call").click()
    lab.picture("form-json", form)
    panel(form).fill('{"title": ')
    expect(form.get_by_text("Not applied")).to_be_visible()
    expect(panel(form)).to_have_value('{"title": ')
    expect(row(form, "title")).to_have_value("Kindred")
    panel(form).fill('{"title": "Kindred"}')
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
    expect(slow.get_by_text(re.compile(r"shelf \d"))).to_be_visible()
    assert abs(height(slow) - before) <= 4
    lab.picture("form-progress", slow)
    slow.get_by_role("button", name="Cancel").click()
    expect(slow.get_by_role("status").get_by_text("cancelled")).to_be_visible()
    assert abs(height(slow) - before) <= 4
    expect(slow.get_by_role("button", name="Call", exact=True)).to_be_visible()


def test_a_form_is_filled_in_and_called_by_keyboard_alone(lab: Lab, form: Locator) -> None:
    row(form, "title").focus()
    keys = lab.page.keyboard
    keys.press("Control+A")
    keys.type("Emma")
    keys.press("Enter")
    expect(form.locator(".mcpnb-result")).to_contain_text("Emma")
    expect(row(form, "title")).to_be_focused()
    keys.press("Control+A")
    keys.type("Persuasion")
    for _ in range(60):
        keys.press("Tab")
        if lab.page.evaluate("document.activeElement.textContent") == "Call":
            break
    keys.press("Space")
    expect(form.locator(".mcpnb-result")).to_contain_text("Persuasion")


def test_a_running_call_shows_what_it_prints_and_keeps_it_after_cancel(lab: Lab, form: Locator) -> None:
    counting = lab.output("%mcp form count")
    call(counting)
    expect(counting.get_by_label("output so far")).to_contain_text("counting three")
    lab.picture("form-printed", counting)
    counting.get_by_role("button", name="Cancel").click()
    expect(counting.get_by_role("status").get_by_text("cancelled")).to_be_visible()
    expect(counting.locator(".mcpnb-result")).to_contain_text("counting three")


@pytest.mark.platform("lab", "busy")
def test_a_form_is_answered_while_a_cell_runs(lab: Lab, form: Locator) -> None:
    lab.run("time.sleep(60")
    expect(lab.cell("time.sleep(60").get_by_text("[*]:")).to_be_visible()
    row(form, "title").fill("Busy")
    row(form, "title").press("Control+Enter")
    expect(form.locator(".mcpnb-result")).to_contain_text("Busy")
    expect(lab.cell("time.sleep(60").get_by_text("[*]:")).to_be_visible()
    lab.menu("Kernel", "Interrupt Kernel")
    lab.wait_until_idle()


def test_the_page_loaded_again_finds_the_form_as_it_was(lab: Lab, form: Locator) -> None:
    row(form, "title").fill("Middlemarch")
    row(form, "title").press("Enter")
    expect(form.locator(".mcpnb-result")).to_contain_text("Middlemarch")
    lab.page.keyboard.press("Control+s")
    lab.page.wait_for_function("!document.title.startsWith('*')")
    lab.page.reload()
    lab.wait_until_idle()
    expect(row(form, "title")).to_have_value("Middlemarch")
    expect(form.locator(".mcpnb-result")).to_contain_text("Middlemarch")


def test_after_a_restart_one_banner_says_so_and_a_saved_form_is_its_static_card(lab: Lab, form: Locator) -> None:
    lab.menu("Kernel", "Restart Kernel…")
    lab.page.get_by_role("button", name="Confirm Kernel Restart").click()
    expect(form.get_by_text("Kernel restarted: run this cell again.")).to_be_visible()
    expect(form.get_by_role("button")).to_have_count(0)
    expect(form).to_contain_text("form of lend")
    lab.picture("form-restarted", form)
    lab.page.reload()
    lab.wait_until_idle()
    expect(form).to_contain_text("form of lend")
    expect(lab.page.get_by_text("model not found")).to_have_count(0)
    lab.run("%load_ext")
    lab.run("%%mcp_tool --read-only")
    lab.run("%mcp form lend")
    expect(row(form, "title")).to_be_visible()
