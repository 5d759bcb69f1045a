"""Allow and Deny in a real JupyterLab, for a client of another process."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.support.lab import Lab, client_of
from tests.support.looks import assert_good
from tests.support.outside import Connected
from tests.support.results import text_of

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.platform("lab", "approval", "serve")]

TOOLS = """%%mcp_tool --destructive
def delete_book(title: str, shelf: int = 1) -> str:
    "Take a book out of the library for good."
    deleted.append(title)
    return f"deleted {title}"
"""


@pytest.fixture(scope="module")
def client(lab: Lab) -> Iterator[Connected]:
    """A client of the notebook's server, from outside its kernel."""
    serve = "listener = %mcp serve --approve destructive --approve-timeout 60"
    busy = "while 'Kim' not in deleted: pass\nprint('allowed while this ran')"
    cells = ["%load_ext mcp_notebook", "deleted = []", TOOLS, serve]
    with client_of(lab, "approval", cells, busy, "listener.approval.timeout = 2", "%mcp log --no-times") as client:
        yield client


def card(lab: Lab) -> Locator:
    return lab.output("mcp serve --approve").locator(".mcpnb-root")


def row(lab: Lab, title: str) -> Locator:
    """The row of a request, by an argument of it."""
    return card(lab).get_by_role("group").filter(has_text=re.compile(f'"{title}"')).last


def test_a_call_is_allowed_by_its_button(lab: Lab, client: Connected) -> None:
    call = client.start("delete_book", title="Dune", shelf=3)
    expect(card(lab).get_by_text("approvals: 1 waiting for you")).to_be_visible()
    expect(row(lab, "Dune")).to_contain_text("mcp 0.1.0 (as it calls itself)")
    expect(row(lab, "Dune").get_by_role("timer")).to_contain_text("denied in")
    assert lab.page.title().startswith("(1) approve delete_book")
    row(lab, "Dune").get_by_role("button", name=re.compile("^Allow delete_book")).focus()
    for dark in (True, False):
        lab.theme(dark=dark)
        for width in (900, 1280):
            lab.page.set_viewport_size({"width": width, "height": 1000})
            assert_good(card(lab))
        lab.picture(f"approval-{'dark' if dark else 'light'}", card(lab))
    row(lab, "Dune").get_by_role("button", name=re.compile("^Allow delete_book")).press("Enter")
    assert call.result(30).structured_content == {"result": "deleted Dune"}
    expect(card(lab).get_by_text("approvals: none waiting")).to_be_visible()
    assert "approve" not in lab.page.title()


def test_a_call_is_denied_with_a_reason_that_its_model_reads(lab: Lab, client: Connected) -> None:
    call = client.start("delete_book", title="Emma")
    row(lab, "Emma").get_by_label("reason").fill("it is on loan")
    row(lab, "Emma").get_by_role("button", name="Deny").click()
    assert "They say: it is on loan" in text_of(call.result(30))
    expect(row(lab, "Emma").get_by_role("button", name="Deny")).to_be_disabled()


def test_a_call_is_allowed_while_a_cell_runs(lab: Lab, client: Connected) -> None:
    lab.run("while 'Kim'")
    call = client.start("delete_book", title="Kim")
    row(lab, "Kim").get_by_role("button", name=re.compile("^Allow delete_book")).click()
    expect(lab.output("while 'Kim'")).to_contain_text("allowed while this ran")
    assert not call.result(30).is_error


def test_a_call_that_nobody_answers_is_denied_and_the_card_says_so(lab: Lab, client: Connected) -> None:
    lab.run("listener.approval.timeout")
    lab.wait_until_idle()
    call = client.start("delete_book", title="Ivanhoe")
    assert "Nobody allowed this call within 2 s" in text_of(call.result(30))
    expect(row(lab, "Ivanhoe")).to_contain_text("denied: nobody answered in time")
    lab.run("mcp log")
    expect(lab.output("mcp log")).to_contain_text("error, denied")
    lab.picture("approval-decided", card(lab))
