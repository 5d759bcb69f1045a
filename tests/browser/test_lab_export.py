"""An export in a real JupyterLab: a dry run, the steps of the proof and its card, and the way back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.support.lab import Lab

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.platform("lab", "export")]

# Installing is the longest step, and shows nothing that the others do not show: the proof has this environment.
HERE = """import pathlib, sys
from mcp_notebook.export import exporting
prove = exporting.prove
exporting.prove = lambda *a, **o: prove(*a, **{**o, "python": pathlib.Path(sys.executable)})"""

TOOL = """%%mcp_tool --read-only
def area(radius: float) -> float:
    "Say the area of a circle."
    return 3.14159 * radius * radius"""

TRY = "%mcp call area radius=2"
PLAN = "%mcp export planned --dry-run"
EXPORT = "%mcp export circles"
IMPORT = "%mcp import circles --to circles-again.ipynb"


@pytest.fixture(scope="module")
def exporting(lab: Lab) -> Lab:
    """A notebook with a tool that was called."""
    cells = ["%load_ext mcp_notebook", HERE, TOOL, TRY, PLAN, EXPORT, IMPORT]
    lab.open("export", cells)
    for cell in cells[:4]:
        lab.run(cell.splitlines()[0])
        lab.wait_until_idle()
    expect(lab.output(TRY)).to_contain_text("12.56")
    return lab


def test_a_dry_run_shows_the_server_under_its_name_and_all_files(exporting: Lab) -> None:
    exporting.run(PLAN)
    place = exporting.output(PLAN)
    place.get_by_text("a dry run, so nothing was written").wait_for()
    expect(place.get_by_text("src/planned/server.py", exact=True)).to_be_visible()
    files = place.locator("details[open] pre")
    expect(files).to_contain_text("test_calls.py")
    assert files.evaluate("files => files.scrollHeight <= files.clientHeight + 1")
    exporting.picture("export-dry-run", place)
    assert not (exporting.home / "course/planned").exists()


def test_the_proof_says_what_it_does_and_its_card_fits_a_narrow_window(exporting: Lab) -> None:
    exporting.run(EXPORT)
    place = exporting.output(EXPORT)
    place.get_by_text("starting the package over stdio").wait_for()
    place.get_by_text("proven: the package behaves as the notebook").wait_for()
    exporting.wait_until_idle()
    expect(place.locator("tr", has_text="recorded calls (1)")).to_contain_text("ok")
    for dark in (True, False):
        exporting.theme(dark=dark)
        exporting.picture(f"export-{'dark' if dark else 'light'}", place)
    exporting.page.set_viewport_size({"width": 900, "height": 1000})
    exporting.picture("export-narrow", place)
    card = place.locator(".mcpnb")
    assert card.evaluate("card => card.scrollWidth <= card.clientWidth")
    exporting.page.set_viewport_size({"width": 1280, "height": 1000})


def test_the_way_back_is_a_link_to_the_notebook(exporting: Lab) -> None:
    exporting.run(IMPORT)
    exporting.output(IMPORT).get_by_role("link", name="circles-again.ipynb").click()
    exporting.page.wait_for_url("**/circles-again.ipynb")
    # Only the notebook that came of it has this line, and it is in front.
    exporting.cell("%mcp use ").wait_for()
