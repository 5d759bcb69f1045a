"""The classic Notebook: of version 6 in an environment like Colab's, and nbclassic with the newest versions."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect, sync_playwright

from tests.support.classic import Classic, running_classic
from tests.support.lab import FLAGS, PATIENCE, browser_or_skip
from tests.support.looks import assert_good

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETUP = """%load_ext mcp_notebook
from typing import Annotated, Literal
from mcp.server.mcpserver import Elicit, Resolve
from pydantic import BaseModel, Field

class Size(BaseModel):
    name: str = Field(description="For whom it is")
    size: Literal["small", "large"]

def ask_for_size() -> Elicit[Size]:
    return Elicit("Which size?", Size)"""
TOOLS = """%%mcp_tool
def order(size: Annotated[Size, Resolve(ask_for_size)]) -> str:
    "Order a pizza."
    return f"a {size.size} one for {size.name}"

def add(a: int, b: Annotated[int, Field(description="The second number")] = 2) -> int:
    "Add two numbers."
    return a + b"""
FORM = "%mcp form add"
ASKING_FORM = "%mcp form order"
CALL = "%mcp call order"
WORKBENCH = "%mcp inspect"
CELLS = [SETUP, TOOLS, FORM, ASKING_FORM, CALL, WORKBENCH]


def python_of(server: str) -> Path:
    if server == "nbclassic":
        if find_spec("nbclassic") is None:
            pytest.skip("nbclassic is not installed")
        return Path(sys.executable)
    python = os.environ.get("COLAB_PYTHON")
    if not python:
        pytest.skip("NO CLASSIC NOTEBOOK: COLAB_PYTHON names no Python of an environment that scripts/colab.sh made")
    return Path(python)


@pytest.fixture(scope="module", params=["notebook", "nbclassic"])
def classic(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Classic]:
    """A notebook whose tools are defined."""
    python, chromium = python_of(request.param), browser_or_skip()
    home = tmp_path_factory.mktemp(request.param)
    with running_classic(python, request.param, home) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        found = Classic(page, home, url, request.param)
        found.open("pizzeria", CELLS)
        for cell in (SETUP, TOOLS):
            found.run(cell.splitlines()[0])
        yield found
        browser.close()


def fill(view: Locator, name: str) -> None:
    view.get_by_label("name", exact=True).fill(name)
    view.get_by_label("large").check()


@pytest.mark.platform("classic", "cells", "card")
def test_a_cell_shows_the_card_of_a_tool(classic: Classic) -> None:
    output = classic.output("%%mcp_tool")
    card = output.locator(".mcpnb", has_text="Add two numbers.").first
    expect(card).to_contain_text("The second number")
    assert_good(card)
    classic.picture("card", output)


@pytest.mark.platform("classic", "form")
def test_a_form_calls_its_tool(classic: Classic) -> None:
    classic.run(FORM)
    form = classic.output(FORM)
    form.get_by_label("a", exact=True).fill("many")
    form.get_by_role("button", name="Call", exact=True).click()
    expect(form.get_by_role("alert")).to_contain_text("a")
    form.get_by_label("a", exact=True).fill("40")
    form.get_by_role("button", name="Call", exact=True).click()
    expect(form.locator(".mcpnb-result")).to_contain_text("42")
    assert_good(form.locator(".mcpnb-ui").first)
    classic.picture("form", form)


def test_a_letter_typed_into_a_form_is_no_command_of_the_notebook(classic: Classic) -> None:
    cells = classic.page.locator(".cell").count()
    field = classic.output(FORM).get_by_label("a", exact=True)
    field.fill("")
    field.press_sequentially("abdd")
    expect(field).to_have_value("abdd")
    expect(classic.page.locator(".cell")).to_have_count(cells)


def test_a_form_shows_the_question_of_its_call(classic: Classic) -> None:
    classic.run(ASKING_FORM)
    form = classic.output(ASKING_FORM)
    form.get_by_role("button", name="Call", exact=True).click()
    fill(form, "Barbara")
    # The page's own style makes legends larger.
    sizes = form.locator("legend:visible, .mcpnb-ui label:visible").evaluate_all(
        "all => all.map(one => getComputedStyle(one).fontSize)"
    )
    assert len(set(sizes)) == 1, sizes
    assert_good(form.locator(".mcpnb-ui").first)
    classic.picture("question", form)
    form.get_by_role("button", name="Accept").click()
    expect(form).to_contain_text("a large one for Barbara")


@pytest.mark.platform("classic", "question")
def test_a_cell_that_waits_asks_by_input_lines(classic: Classic) -> None:
    classic.run(CALL)
    output = classic.output(CALL)
    for prompt, answer in (("name (", "Ada"), ("size (", "large")):
        line = output.locator(".raw_input_container", has_text=prompt)
        line.locator("input").fill(answer)
        line.locator("input").press("Enter")
    expect(output).to_contain_text("a large one for Ada")
    classic.wait_until_idle()


@pytest.mark.platform("classic", "workbench")
def test_the_workbench_lists_calls_and_shows_traffic(classic: Classic) -> None:
    classic.run(WORKBENCH)
    bench = classic.output(WORKBENCH)
    tools = bench.get_by_role("listbox", name="tools", exact=True)
    tools.get_by_role("option", name="add").click()
    bench.get_by_label("a", exact=True).fill("5")
    bench.get_by_role("button", name="Call", exact=True).click()
    expect(bench.locator(".mcpnb-result")).to_contain_text("7")
    calls = bench.get_by_role("listbox", name="calls", exact=True).get_by_role("option")
    expect(calls.filter(has_text="order").first).to_be_visible()
    assert_good(bench.locator(".mcpnb-ui").first)
    classic.picture("workbench", bench)
