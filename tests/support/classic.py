"""The classic Notebook in Chromium, by its own server (notebook 6) or by nbclassic, and what a person does there."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import nbformat
from playwright.sync_api import Locator, Page

from tests.support.lab import OUTPUT, read_address
from tests.support.packages import free_port


class Classic:
    """A classic Notebook with one page.

    Attributes:
        page: The browser's page.
        name: The program that serves it.
    """

    def __init__(self, page: Page, home: Path, url: str, name: str) -> None:
        self.page = page
        self.name = name
        self._home = home
        self._url = url

    def open(self, name: str, cells: Sequence[str]) -> None:
        """Write a notebook of these cells and open it, with a kernel of its own."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
        notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
        nbformat.write(notebook, self._home / f"{name}.ipynb")
        place, _, token = self._url.partition("?")
        self.page.goto(f"{place.removesuffix('/').removesuffix('/tree')}/notebooks/{name}.ipynb?{token}")
        self.wait_until_idle()

    def wait_until_idle(self) -> None:
        """Wait until the kernel is there and has nothing to do."""
        self.page.locator("#kernel_indicator_icon.kernel_idle_icon").wait_for()

    def cell(self, text: str) -> Locator:
        """Return the cell whose source holds this text."""
        return self.page.locator(".code_cell").filter(has=self.page.locator(".CodeMirror-code", has_text=text)).first

    def output(self, text: str) -> Locator:
        """Return the output area of that cell."""
        return self.cell(text).locator(".output_wrapper")

    def run(self, text: str) -> None:
        """Run that cell; it may still be running on return."""
        self.cell(text).locator(".CodeMirror-line").first.click()
        self.page.keyboard.press("Control+Enter")

    def picture(self, name: str, of: Locator) -> None:
        """Take a screenshot of a part of the page."""
        OUTPUT.mkdir(exist_ok=True)
        of.scroll_into_view_if_needed()
        of.screenshot(path=OUTPUT / f"classic-{self.name}-{name}.png")


@contextmanager
def running_classic(python: Path, module: str, home: Path) -> Iterator[str]:
    """Start the server of an environment, with nothing of this machine's settings; yield its address.

    Args:
        python: The environment's interpreter.
        module: ``notebook`` or ``nbclassic``.
        home: The folder of the notebooks.
    """
    private = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    environment = {**os.environ, **private}
    command = [str(python), "-m", module, "--no-browser", f"--port={free_port()}", "--allow-root"]
    process = subprocess.Popen(
        command, cwd=home, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    with process, process.stdout as output:
        address = read_address(output)
        # Read on, or the pipe fills up and the server waits for it.
        reader = threading.Thread(target=output.read, daemon=True)
        reader.start()
        try:
            yield address
        finally:
            process.terminate()
            process.wait(timeout=30)
            reader.join(timeout=30)
