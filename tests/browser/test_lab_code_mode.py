"""Code that a model sends, read and allowed in a real JupyterLab."""

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

TOOLS = """%%mcp_tool --read-only
def orders(customer: str) -> list[int]:
    "The orders of a customer."
    return [3, 5, 8]
"""
CODE = 'found = await servers.notebook.orders("ada")\n\n# Only the large ones\n[order for order in found if order > 4]'


@pytest.fixture(scope="module")
def client(lab: Lab) -> Iterator[Connected]:
    """A client of code mode, from outside the kernel."""
    cells = ["%load_ext mcp_notebook", TOOLS, "listener = %mcp serve --code --approve-timeout 60"]
    with client_of(lab, "code-mode", cells, "%mcp log --no-times") as client:
        yield client


def card(lab: Lab) -> Locator:
    return lab.output("mcp serve --code").locator(".mcpnb-root")


def test_code_is_shown_line_by_line_and_allowed_by_its_button(lab: Lab, client: Connected) -> None:
    call = client.start("run", code=CODE)
    expect(card(lab).get_by_text("approvals: 1 waiting for you")).to_be_visible()
    expect(card(lab).get_by_text(re.compile("code, line by line"))).to_be_visible()
    assert CODE in [text.rstrip("\n") for text in card(lab).locator("pre").all_text_contents()]
    for dark in (True, False):
        lab.theme(dark=dark)
        for width in (900, 1280):
            lab.page.set_viewport_size({"width": width, "height": 1000})
            assert_good(card(lab))
        lab.picture(f"code-mode-{'dark' if dark else 'light'}", card(lab))
    card(lab).get_by_role("button", name=re.compile("^Allow run")).click()
    assert text_of(call.result(30)) == "[5, 8]"


def test_the_log_has_the_calls_below_the_run(lab: Lab, client: Connected) -> None:
    lab.run("%mcp log --no-times")
    log = lab.output("%mcp log --no-times")
    expect(log.get_by_text("↳ orders")).to_be_visible()
    lab.picture("code-mode-log", log)
