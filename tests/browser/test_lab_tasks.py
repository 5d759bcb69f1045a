"""Calls in the background in a real JupyterLab: followed, asked and cancelled, while other cells run."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.support.lab import Lab
from tests.support.looks import assert_good

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TOOLS = """%%mcp_tool --task
import asyncio
from mcp.server.mcpserver import Context
from pydantic import BaseModel

class Name(BaseModel):
    name: str

async def train(steps: int, ctx: Context) -> str:
    "Train a model."
    for step in range(steps):
        await ctx.report_progress(step + 1, steps, "fitting")
        while len(let_go) <= step:
            await asyncio.sleep(0.01)
    return f"trained in {steps} steps"

async def label(ctx: Context) -> str:
    "Ask for a label."
    answer = await ctx.elicit("What shall it be called?", Name)
    return f"it is called {answer.data.name}"
"""
CELLS = [
    "%load_ext mcp_notebook",
    "let_go = []",
    TOOLS,
    "%mcp call train steps=2 --background",
    "let_go += [1]; print('one step')",
    "let_go += [2]; print('two steps')",
    "%mcp call label --background",
    "%mcp call train steps=9 --background",
    "%mcp tasks",
]


@pytest.fixture(scope="module")
def notebook(lab: Lab) -> Lab:
    lab.open("tasks", CELLS)
    for cell in CELLS[:3]:
        lab.run(cell.splitlines()[0])
        lab.wait_until_idle()
    return lab


def test_a_call_is_followed_while_other_cells_run(notebook: Lab) -> None:
    notebook.run("train steps=2")
    output = notebook.output("train steps=2")
    expect(output.get_by_text("1 of 2: fitting")).to_be_visible()
    expect(output.get_by_role("button", name="Cancel train")).to_be_enabled()
    assert_good(output.locator(".mcpnb-root"))
    notebook.run("one step")
    expect(output.get_by_text("2 of 2: fitting")).to_be_visible()
    notebook.run("two steps")
    expect(output.get_by_text("trained in 2 steps")).to_be_visible()
    expect(output.get_by_text("completed")).to_be_visible()
    expect(output.get_by_role("button", name="Cancel train")).to_have_count(0)


def test_a_question_is_answered_below_the_cell_that_called(notebook: Lab) -> None:
    notebook.run("call label")
    output = notebook.output("call label")
    expect(output.get_by_text("What shall it be called?").first).to_be_visible()
    output.get_by_role("textbox", name="name").fill("Ada")
    output.get_by_role("button", name="Accept").click()
    expect(output.get_by_text("it is called Ada")).to_be_visible()


def test_a_call_is_cancelled_by_its_button(notebook: Lab) -> None:
    notebook.run("train steps=9")
    output = notebook.output("train steps=9")
    output.get_by_role("button", name="Cancel train").click()
    expect(output.get_by_text("cancelled")).to_be_visible()
    notebook.run("%mcp tasks")
    expect(notebook.output("%mcp tasks").get_by_text("cancelled")).to_be_visible()
