"""A real JupyterLab in Chromium, and what a person does there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from tests.support.outside import Connected, connected

OUTPUT = Path("test-output")
"""Where screenshots go."""

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PATIENCE = 60_000
"""Milliseconds that a test waits for something to be seen."""


class Lab:
    """A JupyterLab with one page.

    Attributes:
        page: The browser's page.
        home: The learner's home; the notebooks are in its folder ``course``.
        url: Where it starts: with the page that welcomes open.
    """

    def __init__(self, page: Page, home: Path, url: str) -> None:
        self.page = page
        self.home = home
        self.url = url

    def open(self, name: str, cells: Sequence[str]) -> None:
        """Write a notebook of these cells and open it, alone on the page, with a kernel of its own."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
        notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
        nbformat.write(notebook, self.home / "course" / f"{name}.ipynb")
        self.page.goto(re.sub(r"/lab.*", f"/doc/tree/{name}.ipynb", self.url))
        self.wait_until_idle()

    def wait_until_idle(self) -> None:
        """Wait until the kernel is there and has nothing to do."""
        self.page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()
        # The indicator is idle also before there is a kernel; the status bar is not.
        self.page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for()

    def run_all(self) -> None:
        """Run all cells; the last may still be running on return."""
        self.menu("Run", "Run All Cells")

    def cell(self, text: str) -> Locator:
        """Return the cell whose source holds this text."""
        return (
            self.page.locator(".jp-Notebook .jp-CodeCell")
            .filter(has=self.page.locator(".cm-content", has_text=text))
            .first
        )

    def output(self, text: str) -> Locator:
        """Return the output area of that cell."""
        return self.cell(text).locator(".jp-OutputArea").first

    def run(self, text: str) -> None:
        """Run that cell; it may still be running on return."""
        self.cell(text).locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")

    def edit(self, text: str, source: str) -> None:
        """Give that cell another source, as a person types it: what only the page holds may not be in the model yet."""
        self.cell(text).locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)

    def menu(self, name: str, *items: str) -> None:
        """Choose from the menu bar."""
        self.page.locator(".lm-MenuBar-itemLabel", has_text=re.compile(f"^{name}$")).click()
        for item in items[:-1]:
            self.page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{item}$")).hover()
        self.page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{items[-1]}$")).click()

    def theme(self, *, dark: bool) -> None:
        """Switch between the dark and the light theme."""
        self.menu("Settings", "Theme", "JupyterLab Dark" if dark else "JupyterLab Light")
        self.page.locator(f"body[data-jp-theme-light={'false' if dark else 'true'}]").wait_for(state="attached")
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")  # which is over it while it changes

    def picture(self, name: str, of: Locator | None = None) -> None:
        """Take a screenshot, of the page or of a part of it."""
        OUTPUT.mkdir(exist_ok=True)
        if of is None:
            self.page.screenshot(path=OUTPUT / f"{name}.png")
        else:
            of.scroll_into_view_if_needed()
            of.screenshot(path=OUTPUT / f"{name}.png")


@contextmanager
def client_of(lab: Lab, name: str, cells: Sequence[str], *more: str) -> Iterator[Connected]:
    """Open a notebook, run its cells, which end in ``listener = %mcp serve``, and yield a client from outside.

    The notebook has the cells in `more`, too, which do not run.
    """
    served = f"with open('where-{name}', 'w') as where:\n    print(listener.url, str(listener.token), file=where)"
    lab.open(name, [*cells, f"{served}\nprint('written')", *more])
    for cell in (*cells, served):
        lab.run(cell.splitlines()[0])
    lab.output(served.splitlines()[0]).get_by_text("written").wait_for()
    url, token = (lab.home / "course" / f"where-{name}").read_text().split()
    with connected(url, token) as client:
        yield client


def find_browser() -> str | None:
    """Return the path of a Chromium; None where there is none."""
    names = [os.environ.get("MCP_NOTEBOOK_BROWSER", ""), "chromium", "chromium-browser", "google-chrome"]
    return next((found for name in names if name and (found := shutil.which(name))), None)


def browser_or_skip() -> str:
    """Return the path of a Chromium, or skip the test; with REQUIRE_BROWSER=1 fail instead."""
    path = find_browser()
    if path is not None:
        return path
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail("REQUIRE_BROWSER=1, and there is no Chromium. Install it, or set MCP_NOTEBOOK_BROWSER.")
    pytest.skip("NO BROWSER: install Chromium, or set MCP_NOTEBOOK_BROWSER to its path")


@contextmanager
def running_lab(home: Path) -> Iterator[str]:
    """Start JupyterLab by the command a learner uses, with nothing of this machine's settings; yield its address."""
    # JupyterLab takes cells that are out of sight out of the page; a test looks for them anywhere.
    set_up(home, "notebook-extension/tracker", {"windowingMode": "none"})
    # Its own question about news would stand in the pictures.
    set_up(home, "apputils-extension/notification", {"fetchNews": "false"})
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }
    command = [sys.executable, "-m", "mcp_notebook", "lab", "--no-browser", "--port", "0"]
    process = subprocess.Popen(
        command, cwd=home, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    with process, process.stdout as output:
        address = read_address(output)
        # Read on, or the pipe fills up and JupyterLab waits for it.
        reader = threading.Thread(target=output.read, daemon=True)
        reader.start()
        try:
            yield address
        finally:
            process.terminate()
            process.wait(timeout=30)
            reader.join(timeout=30)


def set_up(home: Path, plugin: str, settings: Mapping[str, str]) -> None:
    """Write settings of one of JupyterLab's plugins."""
    path = home / "settings" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings), encoding="utf-8")


def read_address(output: IO[str]) -> str:
    """Return the address with the token that a server of Jupyter prints."""
    seen: list[str] = []
    for line in output:
        seen.append(line)
        if found := re.search(r"http://(?:localhost|127\.0\.0\.1)\S+token=\S+", line):
            return found.group()
    pytest.fail("The server printed no address:\n" + "".join(seen))


@contextmanager
def in_browser(home: Path, url: str) -> Iterator[Lab]:
    """Open a JupyterLab in Chromium.

    While this is open, no test of the same process can run an event loop: Playwright's is in its way.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_or_skip(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        page.goto(url)
        yield Lab(page, home, url)
        browser.close()
