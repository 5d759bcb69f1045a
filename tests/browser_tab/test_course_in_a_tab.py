"""The course in a browser tab: JupyterLite's kernel and its site, in Node and in Chromium."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import expect

from scripts import lite
from scripts.chapters import SOLUTIONS
from tests.support.lab import browser_or_skip, in_browser
from tests.support.programs import installed_or_skip
from tests.support.pyodide import distribution
from tests.support.pyodide.kernel import TabKernel, TabRan, running, served

pytestmark = [pytest.mark.slow, pytest.mark.once]

CHAPTERS = [next(SOLUTIONS.glob(f"{number}-*.ipynb")) for number in ("00", "01", "04b")]
"""The chapters that are tried. Others draw with pandas and matplotlib, which PyPI does not have for a tab."""

FEWER_CALLS = {"01-getting-started": ["code-stop"]}
"""The cells that run, but show less, because an earlier cell could not make its calls."""

NEEDS_A_PORT = re.compile(r"%mcp (serve|token|clients|export)\b")


class Site(NamedTuple):
    """A site with its own distribution of Pyodide, and its address."""

    folder: Path
    url: str


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    installed_or_skip()
    place = tmp_path_factory.mktemp("lite")
    distribution.make(place / "pyodide", place)
    lite.build(place / "site", place / "work", place / "pyodide")
    with served(place / "site") as url:
        yield Site(place / "site", url)


@pytest.fixture(scope="module")
def tab(site: Site) -> Iterator[TabKernel]:
    """A kernel with the extension loaded."""
    with running(*site) as kernel:
        assert kernel.run("".join(cells_of(CHAPTERS[0])[0]["source"])).raised == ""
        assert kernel.run("%load_ext mcp_notebook").text == ""
        yield kernel


def cells_of(chapter: Path) -> list[dict[str, Any]]:
    cells = json.loads(chapter.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def shown_in_jupyter(cell: dict[str, Any]) -> tuple[str, str]:
    """Return the text and the exception's name that the notebook holds as a cell's output."""
    texts, raised = [], ""
    for output in cell["outputs"]:
        raised = output.get("ename", raised)
        texts.append("".join(output.get("text") or output.get("data", {}).get("text/plain", "")))
    return "".join(texts), raised


def ending(text: str, raised: str) -> tuple[str, bool]:
    return raised, "UsageError" in text


def plain(text: str) -> str:
    """Leave out what differs between two kernels, as tests/support/nbval_sanitize.cfg does."""
    return re.sub(r"\bcell \d+\b|errors\.pydantic\.dev/[\d.]+|\x1b\[[\d;]*m", "", text)


def run_through(chapter: Path, site: Site) -> list[TabRan]:
    """Run all cells of a chapter in a kernel of its own."""
    with running(*site) as kernel:
        return [kernel.run("".join(cell["source"]), cell["id"]) for cell in cells_of(chapter)]


@pytest.fixture(scope="module")
def runs(site: Site) -> Iterator[dict[Path, Future[list[TabRan]]]]:
    """All chapters, two at a time: most of the time, a kernel is starting."""
    with ThreadPoolExecutor(2) as pool:
        yield {chapter: pool.submit(run_through, chapter, site) for chapter in CHAPTERS}


@pytest.mark.platform("lite", "cells", "course")
@pytest.mark.outside
@pytest.mark.parametrize("chapter", CHAPTERS, ids=[chapter.stem for chapter in CHAPTERS])
def test_each_cell_does_in_a_tab_what_it_does_in_jupyter_except_those_that_are_tagged(
    chapter: Path, runs: dict[Path, Future[list[TabRan]]]
) -> None:
    tagged, failed, different = [], [], []
    all_ran = runs[chapter].result()
    for cell, ran in zip(cells_of(chapter), all_ran, strict=True):
        name, tags = cell["id"], cell["metadata"].get("tags", [])
        text_in_jupyter, raised_in_jupyter = shown_in_jupyter(cell)
        if name == "code-where-the-course-is":
            assert ran.text.startswith("Installed.")
            continue
        if "nbval-ignore-output" in tags:
            text_in_jupyter, raised_in_jupyter = ran.text.replace("UsageError", ""), ""
        if ending(ran.text, ran.raised) != ending(text_in_jupyter, raised_in_jupyter):
            failed.append(name)
        elif plain(ran.text) != plain(text_in_jupyter):
            different.append(name)
        if lite.TAG in tags:
            tagged.append(name)
        if name in failed and not ran.raised and NEEDS_A_PORT.search("".join(cell["source"])):
            # The server may be missing, because an earlier cell could not make it.
            assert re.match("UsageError: (Not in a browser tab: |There is no server )", ran.text)
    assert set(failed) <= set(tagged)
    assert sorted(set(different) - set(tagged)) == FEWER_CALLS.get(chapter.stem, [])
    assert set(tagged) <= {*failed, *different}, "some tags are stale"
    assert all_ran[-1].threads == []


def test_the_site_shows_a_note_above_each_cell_that_needs_jupyter() -> None:
    cell = {"cell_type": "code", "id": "serve", "metadata": {"tags": [lite.TAG]}, "source": ["%mcp serve"]}
    note, same = lite.noted(cell)
    assert same is cell
    assert note["source"][0].startswith("> **Not in a browser tab:**")
    assert lite.noted({**cell, "metadata": {}}) == [{**cell, "metadata": {}}]


LIBRARY = """%%mcp_tool copies lend
from typing import Annotated
from mcp.server.mcpserver import Elicit, Resolve
from pydantic import BaseModel

class Period(BaseModel):
    weeks: int

def ask() -> Elicit[Period]:
    return Elicit("For how many weeks?", Period)

def copies(title: str) -> int:
    print("looking up", title)
    return len(title)

async def lend(title: str, period: Annotated[Period, Resolve(ask)]) -> str:
    return f"{title} for {period.weeks} weeks"
"""


@pytest.fixture(scope="module")
def library(tab: TabKernel) -> TabKernel:
    """The kernel, with a server."""
    assert "copies" in tab.run(LIBRARY).text
    return tab


@pytest.mark.outside
@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("%mcp call copies title=Dune", "4"),
        ("%mcp call copies title=Dune --era legacy", "4"),
        ("%mcp eras copies title=Dune --yes", "The result is the same."),
        ("%mcp replay 1", "4"),
        ("%mcp log --no-times", "copies"),
        ("%mcp call copies", "title"),
    ],
)
def test_a_server_of_the_page_is_called_in_the_page(library: TabKernel, line: str, shown: str) -> None:
    ran = library.run(line)
    assert shown in ran.text
    assert ran.threads == []


@pytest.mark.platform("lite", "question")
@pytest.mark.outside
def test_a_question_is_asked_with_an_input_line(library: TabKernel) -> None:
    assert "Emma for 3 weeks" in library.run("%mcp call lend title=Emma").text


@pytest.mark.outside
@pytest.mark.parametrize(
    "line",
    [
        "%mcp serve",
        "%mcp token",
        "%mcp clients cursor",
        "%mcp connect python server.py",
        "%mcp connect https://library.example/mcp --oauth",
        "%mcp export /tmp/books",
        "%%mcp_tool --run-on worker\ndef slow() -> int:\n    return 1",
    ],
)
def test_what_a_page_cannot_do_refuses_in_one_line_that_says_where_it_works(library: TabKernel, line: str) -> None:
    ran = library.run(line)
    assert ran.raised == ""
    (refusal,) = ran.text.strip().splitlines()
    assert refusal.startswith("UsageError: Not in a browser tab: a page ")
    assert 'uvx --from "mcp-notebook[tutorial]" mcp-notebook lab opens the course on your own machine' in refusal
    assert ran.threads == []


@pytest.mark.outside
def test_the_button_of_a_form_calls_although_the_page_cannot_wait_for_it(library: TabKernel) -> None:
    form = library.run("%mcp form copies").opened[-1]
    ran = library.send(form, {"do": "send", "ask": 1, "arguments": '{"title": "Kindred"}'})
    messages = ran.messages(form)
    assert {"method": "custom", "content": {"answer": 1, "ok": {"problems": []}}} in messages
    assert '"phase": "done"' in json.dumps(messages)
    assert ran.threads == []


@pytest.mark.platform("lite", "workbench")
@pytest.mark.outside
def test_the_workbench_calls_again_and_follows_without_a_thread(library: TabKernel) -> None:
    bench = library.run("%mcp inspect").opened[-1]
    library.run("%mcp call copies title=Persuasion")
    ran = library.send(bench, {"do": "replay", "ask": 2, "call": 1})
    messages = ran.messages(bench)
    assert [m["content"]["answer"] for m in messages if m["method"] == "custom"] == [2]
    assert "error" not in json.dumps([m["content"] for m in messages if m["method"] == "custom"])
    assert [m for m in messages if m["method"] == "update"], "it shows the new calls"
    assert ran.threads == []


@pytest.mark.platform("lite", "card", "form")
@pytest.mark.browser
def test_the_first_chapter_runs_in_chromium_and_its_form_calls(site: Site, tmp_path: Path) -> None:
    browser_or_skip()
    notebook = site.folder / "files" / "00-welcome.ipynb"
    with in_browser(tmp_path, f"{site.url}/lab/index.html?path={notebook.name}") as lab:
        lab.wait_until_idle()
        lab.menu("Edit", "Clear Outputs of All Cells")
        lab.run_all()
        lab.page.locator(".jp-OutputArea-output", has_text="this is a browser tab").wait_for()
        lab.wait_until_idle()
        expect(lab.page.locator("[data-mime-type='application/vnd.jupyter.error']")).to_have_count(0)
        lab.page.locator(".jp-WindowedPanel-outer").first.evaluate("panel => panel.scrollTop = 0")
        form = lab.output("%mcp form copies")
        form.get_by_role("textbox").fill("Kindred")
        form.get_by_role("button", name="Call", exact=True).click()
        expect(form).to_contain_text("done")
        form.scroll_into_view_if_needed()
        lab.picture("browser-tab")
