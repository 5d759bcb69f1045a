"""What a server asks is answered on a card in JupyterLab, while the cell that called it waits."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.support.lab import Lab

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.platform("lab", "question")]

PIZZERIA = """
%load_ext mcp_notebook
from typing import Annotated, Literal
from mcp.server.mcpserver import Elicit, Resolve, Sample
from mcp_types import CreateMessageResult, SamplingMessage, TextContent
from pydantic import BaseModel, Field

class Size(BaseModel):
    name: str = Field(description="For whom it is")
    size: Literal["small", "large"]
    slices: int = Field(8, ge=1, le=12, description="How many slices")

class Sauce(BaseModel):
    hot: bool

def ask_for_size() -> Elicit[Size]:
    return Elicit("Which size?", Size)

def ask_for_sauce() -> Elicit[Sauce]:
    return Elicit("Which sauce?", Sauce)

def ask_model() -> Sample:
    message = SamplingMessage(role="user", content=TextContent(type="text", text="A motto for a pizzeria?"))
    return Sample([message], max_tokens=50, system_prompt="You write mottos.")
"""
TOOLS = """
%%mcp_tool
def order(size: Annotated[Size, Resolve(ask_for_size)]) -> str:
    "Order a pizza."
    return f"a {size.size} one in {size.slices} slices for {size.name}"

def feast(
    size: Annotated[Size, Resolve(ask_for_size)], sauce: Annotated[Sauce, Resolve(ask_for_sauce)]
) -> str:
    "Order a pizza with sauce."
    return f"{size.size} for {size.name}, hot: {sauce.hot}"

def motto(said: Annotated[CreateMessageResult, Resolve(ask_model)]) -> str:
    "Have a model write a motto."
    return said.content.text
"""
AWAIT = """
import asyncio
connection = get_ipython()._mcp_notebook_session.connection(get_ipython()._mcp_notebook_session.live())
outcome = await asyncio.wrap_future(connection.start_call("order", {}))
outcome.result
"""
CELLS = [
    PIZZERIA.strip(),
    TOOLS.strip(),
    "%mcp call order --era legacy",
    AWAIT.strip(),
    "%mcp call motto",
    "%mcp form order",
    "%mcp call feast",
    "print('still', 'here')",
]


@pytest.fixture(scope="module")
def pizzeria(lab: Lab) -> Lab:
    lab.open("questions", CELLS)
    for cell in CELLS[:2]:
        lab.run(cell.splitlines()[-1])
        lab.wait_until_idle()
    return lab


def fill(card: Locator, name: str) -> None:
    """Make two edits, as somebody who thinks again."""
    card.get_by_label("name", exact=True).fill("Nobody")
    card.get_by_label("large").check()
    card.get_by_label("name", exact=True).fill(name)


def test_a_cell_that_waits_hears_every_edit_of_the_answer(pizzeria: Lab) -> None:
    pizzeria.run(CELLS[2])
    output = pizzeria.output(CELLS[2])
    fill(output, "Ada")
    pizzeria.picture("question", output)
    assert "asks" in pizzeria.page.title()
    output.get_by_role("button", name="Accept").click()
    expect(output).to_contain_text("a large one in 8 slices for Ada")
    expect(output).to_contain_text("accepted")
    expect(output.get_by_role("button")).to_have_count(0)
    pizzeria.wait_until_idle()
    assert "asks" not in pizzeria.page.title()
    pizzeria.picture("question-answered", output)


def test_a_cell_that_awaits_hears_every_edit_too(pizzeria: Lab) -> None:
    pizzeria.run("wrap_future")
    output = pizzeria.output("wrap_future")
    fill(output, "Grace")
    output.get_by_role("button", name="Accept").click()
    expect(output).to_contain_text("a large one in 8 slices for Grace")
    pizzeria.wait_until_idle()


def test_what_does_not_fit_is_said_and_nothing_typed_is_lost(pizzeria: Lab) -> None:
    pizzeria.run(CELLS[2])
    output = pizzeria.output(CELLS[2])
    fill(output, "Alan")
    output.get_by_label("slices", exact=True).fill("many")
    output.get_by_role("button", name="Accept").click()
    expect(output.get_by_role("alert").filter(has_text="Not sent")).to_contain_text("slices")
    expect(output.get_by_label("slices", exact=True)).to_be_focused()
    expect(output.get_by_label("name", exact=True)).to_have_value("Alan")
    pizzeria.picture("question-problem", output)
    output.get_by_label("slices", exact=True).fill("6")
    output.get_by_role("button", name="Accept").click()
    expect(output).to_contain_text("a large one in 6 slices for Alan")
    pizzeria.wait_until_idle()


def test_an_interrupt_ends_the_question_and_the_next_one_works(pizzeria: Lab) -> None:
    pizzeria.run(CELLS[2])
    output = pizzeria.output(CELLS[2])
    output.get_by_label("name", exact=True).fill("Nobody")
    pizzeria.menu("Kernel", "Interrupt Kernel")
    expect(output).to_contain_text("interrupted")
    expect(output.get_by_role("button")).to_have_count(0)
    expect(output).to_contain_text("KeyboardInterrupt")
    pizzeria.wait_until_idle()
    pizzeria.run(CELLS[2])
    output.get_by_role("button", name="Decline").click()
    expect(output).to_contain_text("declined")
    pizzeria.wait_until_idle()
    pizzeria.run("'still'")
    expect(pizzeria.output("'still'")).to_contain_text("still here")


def test_an_interrupted_await_ends_the_question(pizzeria: Lab) -> None:
    pizzeria.run("wrap_future")
    output = pizzeria.output("wrap_future")
    output.get_by_label("name", exact=True).fill("Nobody")
    pizzeria.menu("Kernel", "Interrupt Kernel")
    expect(output).to_contain_text("interrupted")
    expect(output.get_by_role("button")).to_have_count(0)
    pizzeria.wait_until_idle()


def test_a_person_answers_for_a_model(pizzeria: Lab) -> None:
    pizzeria.run(CELLS[4])
    output = pizzeria.output(CELLS[4])
    expect(output).to_contain_text("deprecated in 2026-07-28")
    expect(output).to_contain_text("You write mottos.")
    output.get_by_label("answer").fill("Round is")
    output.get_by_label("answer").fill("Round is enough.")
    pizzeria.theme(dark=True)
    pizzeria.picture("question-sampling-dark", output)
    pizzeria.theme(dark=False)
    output.get_by_role("button", name="Accept").click()
    expect(output.locator(".mcpnb").last).to_contain_text("Round is enough.")
    pizzeria.wait_until_idle()


def test_two_questions_at_once_are_answered_in_any_order(pizzeria: Lab) -> None:
    pizzeria.run(CELLS[6])
    output = pizzeria.output(CELLS[6])
    expect(output.get_by_role("button", name="Accept")).to_have_count(2)
    pizzeria.picture("questions-two", output)
    output.get_by_label("hot", exact=True).check()
    output.get_by_role("button", name="Accept").last.click()
    expect(output.get_by_role("button", name="Accept")).to_have_count(1)
    fill(output, "Edsger")
    output.get_by_role("button", name="Accept").click()
    expect(output).to_contain_text("large for Edsger, hot: True")
    pizzeria.wait_until_idle()


def test_a_form_shows_the_questions_of_its_call_inside_itself(pizzeria: Lab) -> None:
    pizzeria.run(CELLS[5])
    form = pizzeria.output(CELLS[5])
    form.get_by_role("button", name="Call").click()
    fill(form, "Barbara")
    pizzeria.theme(dark=True)
    pizzeria.picture("question-in-form-dark", form)
    pizzeria.theme(dark=False)
    form.get_by_role("button", name="Accept").click()
    expect(form).to_contain_text("a large one in 8 slices for Barbara")
    expect(form).to_contain_text("accepted")
    pizzeria.picture("question-in-form", form)
