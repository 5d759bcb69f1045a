"""Notebook 7: a form, a question of a cell that waits, and the workbench, as in JupyterLab."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.test_classic_notebook import CALL, CELLS, FORM, WORKBENCH, fill
from tests.support.lab import Lab
from tests.support.looks import assert_good

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def seven(lab: Lab) -> Iterator[Lab]:
    """A page of Notebook 7 whose tools are defined."""
    lab.open("seven", CELLS)
    lab.page.goto(re.sub(r"/lab.*", "/notebooks/seven.ipynb", lab.url))
    lab.page.get_by_text("Python 3 (ipykernel)").first.wait_for()  # connected to the kernel
    lab.menu("Run", "Run Selected Cell")
    lab.run("%%mcp_tool")
    expect(lab.output("%%mcp_tool")).to_contain_text("Add two numbers.")
    yield lab
    lab.page.keyboard.press("Control+s")
    lab.page.get_by_text("Last Checkpoint").first.wait_for()


@pytest.mark.platform("notebook", "cells", "card", "form")
def test_a_form_calls_its_tool(seven: Lab) -> None:
    seven.run(FORM)
    form = seven.output(FORM)
    form.get_by_label("a", exact=True).fill("40")
    form.get_by_role("button", name="Call", exact=True).click()
    expect(form.locator(".mcpnb-result")).to_contain_text("42")
    assert_good(form.locator(".mcpnb-root"))
    seven.picture("notebook-7-form", form)


@pytest.mark.platform("notebook", "question")
def test_a_cell_that_waits_asks_on_a_card(seven: Lab) -> None:
    seven.run(CALL)
    output = seven.output(CALL)
    fill(output, "Ada")
    assert_good(output.locator(".mcpnb-root").first)
    seven.picture("notebook-7-question", output)
    output.get_by_role("button", name="Accept").click()
    expect(output).to_contain_text("a large one for Ada")
    expect(output.get_by_role("button")).to_have_count(0)


@pytest.mark.platform("notebook", "workbench")
def test_the_workbench_lists_calls_and_shows_traffic(seven: Lab) -> None:
    seven.run(WORKBENCH)
    bench = seven.output(WORKBENCH)
    tools = bench.get_by_role("listbox", name="tools", exact=True)
    tools.get_by_role("option", name="add").click()
    bench.get_by_label("a", exact=True).fill("5")
    bench.get_by_role("button", name="Call", exact=True).click()
    expect(bench.locator(".mcpnb-result")).to_contain_text("7")
    calls = bench.get_by_role("listbox", name="calls", exact=True).get_by_role("option")
    expect(calls.filter(has_text="order").first).to_be_visible()
    seven.picture("notebook-7-workbench", bench)
