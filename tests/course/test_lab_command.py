"""The first notebook in a real JupyterLab, as a learner meets it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.support import ROOT
from tests.support.lab import Lab

pytestmark = [pytest.mark.browser, pytest.mark.slow]

README = ROOT / "README.md"


def test_the_first_notebook_runs_from_top_to_bottom_and_its_form_calls_the_tool(lab: Lab) -> None:
    page = lab.page
    page.goto(lab.url)
    page.get_by_role("tab", name="00-welcome.ipynb").wait_for()
    page.goto(re.sub(r"/lab.*", "/doc/tree/01-getting-started.ipynb", lab.url))
    lab.wait_until_idle()
    lab.menu("Edit", "Clear Outputs of All Cells")
    lab.run_all()
    page.locator(".jp-OutputArea-output", has_text="it no longer listens").wait_for()
    lab.wait_until_idle()
    failed = page.locator(".jp-OutputArea-output", has_text="Traceback (most recent call last)")
    expect(failed).to_have_count(1)
    expect(failed).to_contain_text("searhc")

    form = lab.output("%mcp form greet")
    form.scroll_into_view_if_needed()
    form.get_by_label("name", exact=True).fill("Octavia")
    form.get_by_label("es", exact=True).check()
    form.get_by_role("button", name="Call", exact=True).click()
    expect(form.locator(".mcpnb-result")).to_contain_text("Te damos la bienvenida, Octavia! (12 books)")
    expect(form.get_by_role("status").get_by_text("done")).to_be_visible()
    lab.picture("form")


def test_a_tool_changed_in_its_cell_is_called_anew_by_the_same_form(lab: Lab) -> None:
    page = lab.page
    source = lab.cell("(books)")
    if not source.count():
        source = lab.cell('books)"')
    editor = source.locator(".cm-content")
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(
        "%%mcp_tool\n"
        'def greet(name: str, language: str = "en") -> str:\n    "Greet."\n    return f"Changed for {name}"\n'
    )
    page.keyboard.press("Shift+Enter")
    lab.wait_until_idle()
    changed = page.locator(".jp-OutputArea-output", has_text="changed for clients").last
    changed.scroll_into_view_if_needed()
    lab.picture("changed")
    form = lab.output("%mcp form greet")
    form.get_by_role("button", name="Call", exact=True).click()
    expect(form.locator(".mcpnb-result")).to_contain_text("Changed for Octavia")


def test_the_example_of_the_readme_shows_its_card_and_its_form(lab: Lab) -> None:
    cells = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    lab.page.set_viewport_size({"width": 1200, "height": 900})
    lab.open("readme", [cell.strip() for cell in cells])
    lab.run_all()
    form = lab.output("%%mcp_tool")
    form.get_by_label("title", exact=True).fill("Kindred")
    form.get_by_role("button", name="Call", exact=True).click()
    expect(form.locator(".mcpnb-result")).to_contain_text("1")
    lab.picture("readme", lab.page.locator(".jp-Notebook"))


def test_the_card_is_readable_in_the_dark_theme(lab: Lab) -> None:
    lab.theme(dark=True)
    card = lab.cell("%%mcp_tool").locator(".mcpnb").first
    card.scroll_into_view_if_needed()
    foreground, background = card.evaluate(
        """card => {
            const luminance = colour => {
                const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
                    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const background = getComputedStyle(document.body).backgroundColor;
            return [luminance(getComputedStyle(card).color), luminance(background)];
        }"""
    )
    # WCAG AA asks for 4.5 for text.
    assert (max(foreground, background) + 0.05) / (min(foreground, background) + 0.05) >= 4.5
    lab.picture("dark")
    lab.theme(dark=False)
