"""Apps in a real JupyterLab: shown, fed, confined, and asked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Locator, expect

from tests.support.app_pages import PROTOCOL, ROWS, page
from tests.support.lab import Lab
from tests.support.looks import assert_good

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.platform("lab", "app")]

TOOL = """%%mcp_tool --read-only
def rows(count: int = 2) -> list[dict]:
    "Return the readings of days."
    return [{"day": day, "value": scale * day} for day in range(1, count + 1)]
"""
APP = f"%%mcp_app ui://readings --tool rows\n{PROTOCOL}{ROWS}"


def view(lab: Lab, cell: str) -> Locator:
    return lab.output(cell).locator(".mcpnb-app")


def inside(lab: Lab, cell: str) -> FrameLocator:
    """The app of a cell, in its two frames."""
    return lab.output(cell).frame_locator(".mcpnb-app-frame > iframe:visible").frame_locator("iframe")


def test_an_app_calls_a_tool_and_is_shown_again_when_a_cell_runs_again(lab: Lab) -> None:
    lab.open("apps", ["%load_ext mcp_notebook\nscale = 10", TOOL, APP])
    lab.run_all()
    app = inside(lab, "ui://readings")
    expect(app.get_by_role("listitem")).to_have_text(["1: 10", "2: 20"])
    expect(app.locator("#said")).to_have_text("on mcp-notebook")
    app.get_by_role("button", name="One more").click()
    expect(app.get_by_role("listitem")).to_have_text(["1: 10", "2: 20", "3: 30"])
    lab.wait_until_idle()

    # The tool's cell runs again, with other data.
    lab.cell("scale = 10").locator(".cm-content").fill("%load_ext mcp_notebook\nscale = 7")
    lab.run("scale = 7")
    lab.run("def rows")
    expect(app.get_by_role("listitem")).to_have_text(["1: 7", "2: 14"])

    # So does the app's.
    lab.cell("ui://readings").locator(".cm-content").fill(APP.replace("Readings", "Measurements"))
    lab.run("ui://readings")
    expect(app.get_by_role("heading", name="Measurements")).to_be_visible()
    expect(app.get_by_role("listitem")).to_have_text(["1: 7", "2: 14"])
    expect(lab.output("ui://readings").locator("iframe")).to_have_count(1)

    for dark in (True, False):
        lab.theme(dark=dark)
        for width in (700, 1280):
            lab.page.set_viewport_size({"width": width, "height": 1000})
            assert_good(view(lab, "ui://readings"))
            lab.picture(f"app-{'dark' if dark else 'light'}-{width}", view(lab, "ui://readings"))
