"""The first notebook in a real JupyterLab, as a learner meets it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OUTPUT = Path("test-output")
README = Path(__file__).parent.parent / "README.md"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PATIENCE = 120_000


def find_browser() -> str | None:
    names = [os.environ.get("MCP_NOTEBOOK_BROWSER", ""), "chromium", "chromium-browser", "google-chrome"]
    return next((found for name in names if name and (found := shutil.which(name))), None)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("a learner's home")


@pytest.fixture(scope="module")
def lab_url(home: Path) -> Iterator[str]:
    """Start JupyterLab by the command a learner uses, in a folder with a space in its name."""
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }
    command = [sys.executable, "-m", "mcp_notebook", "lab", "--no-browser", "--port", "8941"]
    process = subprocess.Popen(
        command, cwd=home, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    with process, process.stdout as output:
        address = read_address(output)
        # Read on, or the pipe fills up and JupyterLab waits for it.
        reader = threading.Thread(target=output.read, daemon=True)
        reader.start()
        yield address
        process.terminate()
        process.wait(timeout=30)
        reader.join(timeout=30)


def read_address(output: IO[str]) -> str:
    seen: list[str] = []
    for line in output:
        seen.append(line)
        if found := re.search(r"http://(?:localhost|127\.0\.0\.1)\S+token=\S+", line):
            return found.group()
    pytest.fail("JupyterLab printed no address:\n" + "".join(seen))


@pytest.fixture(scope="module")
def page(lab_url: str) -> Iterator[Page]:
    browser_path = find_browser()
    if browser_path is None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail("REQUIRE_BROWSER=1, and there is no Chromium. Install it, or set MCP_NOTEBOOK_BROWSER.")
        pytest.skip("NO BROWSER: install Chromium, or set MCP_NOTEBOOK_BROWSER to its path")
    OUTPUT.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(PATIENCE)
        page.goto(lab_url)
        # JupyterLab's own question about news would stand in the pictures.
        page.get_by_role("button", name="No", exact=True).click()
        yield page
        browser.close()


def cell(page: Page, text: str) -> Locator:
    """Return the notebook cell whose source holds this text."""
    return page.locator(".jp-Notebook .jp-CodeCell").filter(has=page.locator(".cm-content", has_text=text)).first


def wait_until_idle(page: Page) -> None:
    page.locator('.jp-NotebookPanel-toolbar .jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()
    # The indicator is idle also before there is a kernel; the status bar is not.
    page.locator("#jp-main-statusbar").get_by_text("Python 3 (ipykernel) | Idle").wait_for()


def menu(page: Page, name: str, *items: str) -> None:
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile(f"^{name}$")).click()
    for item in items[:-1]:
        page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{item}$")).hover()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{items[-1]}$")).click()


def test_the_first_notebook_runs_from_top_to_bottom_and_its_form_calls_the_tool(page: Page) -> None:
    expect(page.get_by_role("tab", name="01-getting-started.ipynb")).to_be_visible()
    wait_until_idle(page)
    menu(page, "Edit", "Clear Outputs of All Cells")
    menu(page, "Run", "Run All Cells")
    page.locator(".jp-OutputArea-output", has_text="it listens no longer").wait_for()
    wait_until_idle(page)
    failed = page.locator(".jp-OutputArea-output", has_text="Traceback (most recent call last)")
    expect(failed).to_have_count(1)
    expect(failed).to_contain_text("searhc")

    form = cell(page, "%mcp form greet").locator(".jp-OutputArea")
    form.scroll_into_view_if_needed()
    form.get_by_label("name").fill("Octavia")
    form.get_by_label("language").select_option("es")
    form.get_by_role("button", name="Call").click()
    expect(form.locator(".mcpnb")).to_contain_text("Te damos la bienvenida, Octavia! (5 books)")
    expect(form.get_by_text("done")).to_be_visible()
    page.screenshot(path=OUTPUT / "form.png")


def test_a_tool_changed_in_its_cell_is_called_anew_by_the_same_form(page: Page) -> None:
    source = cell(page, "(books)")
    if not source.count():
        source = cell(page, 'books)"')
    editor = source.locator(".cm-content")
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(
        "%%mcp_tool\n"
        'def greet(name: str, language: str = "en") -> str:\n    "Greet."\n    return f"Changed for {name}"\n'
    )
    page.keyboard.press("Shift+Enter")
    wait_until_idle(page)
    changed = page.locator(".jp-OutputArea-output", has_text="changed for clients").last
    changed.scroll_into_view_if_needed()
    page.screenshot(path=OUTPUT / "changed.png")
    form = cell(page, "%mcp form greet").locator(".jp-OutputArea")
    form.get_by_role("button", name="Call").click()
    expect(form.locator(".mcpnb")).to_contain_text("Changed for Octavia")


def test_the_example_of_the_readme_shows_its_card_and_its_form(page: Page, home: Path) -> None:
    cells = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in cells])
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(notebook, home / "course" / "readme.ipynb")
    page.set_viewport_size({"width": 1200, "height": 900})
    page.goto(re.sub(r"/lab.*", "/doc/tree/readme.ipynb", page.url))
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()
    page.locator("#jp-main-statusbar").get_by_text("Idle").wait_for()
    menu(page, "Run", "Run All Cells")
    form = cell(page, "%%mcp_tool").locator(".jp-OutputArea")
    form.get_by_label("title").fill("Kindred")
    form.get_by_role("button", name="Call").click()
    expect(form.locator(".mcpnb").last).to_contain_text("1")
    page.locator(".jp-Notebook").screenshot(path=OUTPUT / "readme.png")


def test_the_card_is_readable_in_the_dark_theme(page: Page) -> None:
    menu(page, "Settings", "Theme", "JupyterLab Dark")
    page.locator("body[data-jp-theme-light=false]").wait_for(state="attached")
    card = cell(page, "%%mcp_tool").locator(".mcpnb").first
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
    page.screenshot(path=OUTPUT / "dark.png")
