"""Chapter 4b in a real JupyterLab: from top to bottom, and then what a learner does in it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from mcp_notebook.course.exercises import exercises
from tests.support.lab import Lab

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.platform("lab", "course", "cells", "card")]

NOTEBOOK = "04b-asking-the-user.ipynb"


def retype(lab: Lab, text: str, source: str) -> None:
    """Type this source into the cell that holds the text, and run it; it may still be running on return."""
    lab.cell(text).locator(".cm-content").click()
    lab.page.keyboard.press("Control+A")
    lab.page.keyboard.insert_text(source)
    lab.page.keyboard.press("Control+Enter")


@pytest.fixture(scope="module")
def course(lab: Lab) -> Lab:
    """The learner's copy of the notebook, just run from top to bottom."""
    lab.page.goto(re.sub(r"/lab.*", f"/doc/tree/{NOTEBOOK}", lab.url))
    lab.wait_until_idle()
    # Opening it has changed nothing that would have to be saved.
    assert not lab.page.title().startswith("*")
    expect(lab.page.locator(".jp-mod-dirty")).to_have_count(0)
    lab.menu("Edit", "Clear Outputs of All Cells")
    lab.run_all()
    lab.page.locator(".jp-OutputArea-output", has_text="has no tool 'scan' yet").wait_for()
    lab.wait_until_idle()
    return lab


def test_the_notebook_runs_from_top_to_bottom_without_an_error(course: Lab) -> None:
    page = course.page
    expect(page.locator("[data-mime-type='application/vnd.jupyter.error']")).to_have_count(0)
    # One cell fails on purpose, in one line.
    expect(page.locator("[data-mime-type='application/vnd.jupyter.stderr']")).to_have_count(1)
    expect(page.locator(".jp-OutputArea-output", has_text="not attempted")).to_have_count(3)


def test_without_answers_the_learner_is_asked_under_the_cell(course: Lab) -> None:
    call = "%mcp call reserve title=Emma"
    retype(course, call, call)
    output = course.output(call)
    expect(output).to_contain_text("All copies of Emma by Jane Austen are lent")
    output.get_by_label("wait", exact=True).check()
    course.picture("course-question", output)
    output.get_by_role("button", name="Accept").click()
    expect(output).to_contain_text("on the waiting list")
    course.wait_until_idle()


def test_a_typed_solution_passes_its_check(course: Lab) -> None:
    retype(course, "# Exercise 4b.1", exercises()["4b.1"].solution.strip())
    expect(course.output("%%mcp_tool discard")).to_contain_text("Take a book out of the library")
    course.run("%mcp check 4b.1")
    checked = course.output("%mcp check 4b.1")
    expect(checked).to_contain_text("passed")
    expect(checked).to_contain_text("to decline is an answer, not an error")
    course.picture("course-exercise", checked)
