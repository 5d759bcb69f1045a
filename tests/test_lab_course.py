"""The fourth notebook in a real JupyterLab, from top to bottom, and an exercise of it solved there."""

from __future__ import annotations

import re

import nbformat
import pytest
from playwright.sync_api import expect

from mcp_notebook.course.copy import course_source
from tests.lab import Lab

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTEBOOK = "04-advanced-patterns.ipynb"


def solution(exercise: str) -> str:
    """Return the solution, as a learner finds it in the notebook."""
    cells = nbformat.read(course_source() / NOTEBOOK, as_version=4).cells
    (source,) = [cell.source for cell in cells if cell.id == f"solution-{exercise}"]
    found = re.search(r"```python\n(.*?)```", source, re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_fourth_notebook_runs_from_top_to_bottom_and_a_typed_solution_passes(lab: Lab) -> None:
    page = lab.page
    page.goto(re.sub(r"/lab.*", f"/doc/tree/{NOTEBOOK}", lab.url))
    lab.wait_until_idle()
    lab.menu("Edit", "Clear Outputs of All Cells")
    lab.run_all()
    page.locator(".jp-OutputArea-output", has_text="has no tool 'scan' yet").wait_for()
    lab.wait_until_idle()
    expect(page.locator("[data-mime-type='application/vnd.jupyter.error']")).to_have_count(0)
    expect(page.locator("[data-mime-type='application/vnd.jupyter.stderr']")).to_have_count(0)
    expect(page.locator(".jp-OutputArea-output", has_text="not attempted")).to_have_count(4)

    lab.cell("# Exercise 2:").locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(solution("discard"))
    page.keyboard.press("Control+Enter")
    lab.output("%%mcp_tool discard").get_by_text("tool discard").first.wait_for()
    lab.run("discarded = await check(")
    checked = lab.output("discarded = await check(")
    expect(checked).to_contain_text("passed")
    expect(checked).to_contain_text("to decline is an answer, not an error")
    lab.picture("course-exercise")
