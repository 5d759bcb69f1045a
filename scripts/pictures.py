"""Take the pictures of the documents in a real JupyterLab: ``python scripts/pictures.py [NAME ...]``.

They are written to docs/images, and are looked at before they are committed: nothing else checks that they are good.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, expect

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.support.lab import Lab, in_browser, running_lab  # noqa: E402  the driver is the tests'
from tests.support.outside import connected  # noqa: E402

IMAGES = ROOT / "docs" / "images"
WIDTH = 980
"""Of the page; the pictures are a little narrower."""

SETUP = """%load_ext mcp_notebook
from datetime import date
from typing import Annotated, Any, Literal
from mcp.server.mcpserver import Elicit, Resolve
from pydantic import BaseModel, Field
"""

LEND = """class Reader(BaseModel):
    name: Annotated[str, Field(description="As on the card.")]
    born: date | None = None
"""

LEND_TOOL = """%%mcp_tool --read-only
def lend(
    title: Annotated[str, Field(description="The whole title.", min_length=2)],
    weeks: Annotated[int, Field(ge=1, le=8)] = 2,
    shelf: Literal["fiction", "history"] = "fiction",
    reader: Reader | None = None,
    tags: list[str] = [],
) -> dict[str, Any]:
    "Lend a book to a reader."
    return {"title": title, "weeks": weeks, "to": reader.name if reader else "nobody", "tags": tags}
"""

QUESTION = """class Choice(BaseModel):
    branch: Literal["Harbour", "Hill"] = Field(description="Where you fetch it")
    days: int = Field(3, ge=1, le=7, description="How long we keep it for you")

def ask_where() -> Elicit[Choice]:
    return Elicit("The book is in two branches. Where do you want to fetch it?", Choice)
"""

QUESTION_TOOL = """%%mcp_tool
def reserve(title: str, choice: Annotated[Choice, Resolve(ask_where)]) -> str:
    "Reserve a book."
    return f"{title} waits at {choice.branch} for {choice.days} days"
"""

BOOKS = """%%mcp_tool --read-only --closed-world
def find_books(words: str, most: int = 3) -> list[dict]:
    "Find books by words of the title."
    print("looking for", words)
    return [{"title": f"The {words.title()}, volume {i}", "year": 1900 + i} for i in range(1, most + 1)]
"""

DELETE = """%%mcp_tool --destructive
def delete_book(title: str, shelf: int = 1) -> str:
    "Take a book out of the library for good."
    return f"deleted {title}"
"""

RENEW = """%%mcp_tool --idempotent
def renew(title: str, weeks: int = 2) -> str:
    "Keep a book for longer."
    if weeks > 8:
        raise ValueError("eight weeks are the longest")
    return f"{title}: {weeks} weeks more"
"""

CLASS = """import random
from mcp_notebook.course.exercises import exercises
from mcp_notebook.rendering.board import Work
chance, reports = random.Random(3), get_ipython()._mcp_notebook.session.board.reports
names = "Ada Grace Mary Omar Zoë Björn Łukasz Priya Sam Noa Yuki Diego Chloé Ines Tomás Aoife Kwame Elif Hugo Leila"
names = names.split() + "Mateo Nina Oskar Pia Rami Sara Timo Uma Vera Wen".split()
for seat, name in enumerate(names):
    work = {}
    for number in list(exercises())[: chance.randint(3, len(exercises()))]:
        hard = number in ("2.3", "4.2")
        work[number] = Work(chance.randint(1, 5), chance.random() < (0.4 if hard else 0.9))
    reports.take(f"{seat:032x}", name, work, chance.randint(2, 14))
for one in list(reports._learners.values())[::2]:
    one.reported -= 61 * one.seat
print("thirty")
"""

WHERE = """with open("where", "w") as where:
    print(listener.url, str(listener.token), file=where)
print("written")
"""

SCRIPT = """script = [
    ["I will look in the catalog.", {"tool": "find_books", "arguments": {"words": "sea", "most": 2}}],
    "We have two volumes of The Sea. The older one is from 1901.",
]
"""

CHAT = """%%mcp_chat --new --script script
Which books about the sea do we have, and which is the oldest?
"""


def button(place: Locator, name: str) -> Locator:
    return place.get_by_role("button", name=name, exact=True)


def take(of: Locator, name: str) -> None:
    """Write a picture."""
    of.scroll_into_view_if_needed()
    path = IMAGES / f"{name}.png"
    of.screenshot(path=path)
    print(path.relative_to(ROOT), f"{path.stat().st_size / 1000:.0f} kB")


def run(lab: Lab, name: str, *cells: str) -> None:
    """Open a notebook of these cells; run all but the last, and begin with that one."""
    lab.open(name, cells)
    if lab.page.locator(".jp-FileBrowser").first.is_visible():
        lab.page.keyboard.press("Control+b")
    for cell in cells:
        lab.run(cell.splitlines()[0])
        if cell is not cells[-1]:
            lab.wait_until_idle()


def tool(lab: Lab) -> None:
    cells = re.findall(r"```python\n(.*?)\n```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    run(lab, "tool", *cells)
    place = lab.output("%%mcp_tool")
    place.get_by_label("title", exact=True).fill("Kindred")
    button(place, "Call").click()
    expect(place.get_by_role("status").get_by_text("done")).to_be_visible()
    lab.page.set_viewport_size({"width": WIDTH, "height": 965})
    take(lab.page.locator(".jp-Notebook"), "tool")
    lab.page.set_viewport_size({"width": WIDTH, "height": 1700})


def form(lab: Lab) -> None:
    run(lab, "form", SETUP, LEND, LEND_TOOL, "%mcp form lend")
    place = lab.output("%mcp form lend")
    place.get_by_label("title", exact=True).fill("Dune")
    button(place, "+ Fill in reader").click()
    place.get_by_label("name", exact=True).fill("Ada")
    place.get_by_label("born", exact=True).fill("1815-12-10")
    place.get_by_label("tags", exact=True).fill("summer")
    place.get_by_label("tags", exact=True).press("Enter")
    button(place, "{ } JSON").click()
    button(place, "Call").click()
    expect(place.get_by_role("status").get_by_text("done")).to_be_visible()
    take(lab.cell("%mcp form lend"), "form")


def question(lab: Lab) -> None:
    line = "%mcp call reserve title=Kindred"
    run(lab, "question", SETUP, QUESTION, QUESTION_TOOL, line)
    place = lab.output(line)
    place.get_by_label("Harbour").check()
    take(lab.cell(line), "question")
    button(place, "Accept").click()
    expect(place).to_contain_text("waits at Harbour")


def workbench(lab: Lab) -> None:
    run(lab, "workbench", SETUP, BOOKS, DELETE, "listener = %mcp serve", WHERE, "%mcp inspect")
    place = lab.output("%mcp inspect")
    button(place, "Refresh").wait_for()
    url, token = (lab.home / "course" / "where").read_text().split()
    with connected(url, token) as client:
        for words in ("sea", "sky"):
            client.call("find_books", words=words)
        client.call("delete_book", title="Emma")
        calls = place.get_by_role("listbox", name="calls")
        expect(calls).to_contain_text("delete_book")
        calls.focus()
        calls.press("Home")
        expect(place).to_contain_text("looking for")
        lab.theme(dark=True)
        take(lab.cell("%mcp inspect"), "workbench-dark")
        lab.theme(dark=False)


def statistics(lab: Lab) -> None:
    run(lab, "statistics", SETUP, BOOKS, DELETE, RENEW, "listener = %mcp serve", WHERE, "%mcp stats")
    place = lab.output("%mcp stats")
    expect(place.get_by_text("No calls yet.").first).to_be_visible()
    url, token = (lab.home / "course" / "where").read_text().split()
    with connected(url, token) as client:
        for number in range(240):
            client.call("find_books", words="sea", most=number % 60)
            if number % 3 == 0:
                client.call("renew", title="Dune", weeks=12 if number % 30 == 0 else 2)
            if number % 40 == 0:
                client.call("delete_book", title="Emma")
            lab.page.wait_for_timeout(60 + 90 * (number // 40 % 2))
    lab.page.wait_for_timeout(1_500)
    take(lab.cell("%mcp stats"), "statistics")


def board(lab: Lab) -> None:
    run(lab, "board", "%load_ext mcp_notebook", "%mcp board", CLASS)
    expect(lab.output("import random")).to_contain_text("thirty")
    place = lab.output("%mcp board")
    expect(place.get_by_role("rowheader")).to_have_count(30)
    place.locator(".mcpnb-learners").evaluate("region => { region.style.maxHeight = '24em'; }")
    take(lab.cell("%mcp board"), "board")


def approval(lab: Lab) -> None:
    run(lab, "approval", SETUP, BOOKS, DELETE, "listener = %mcp serve --approve destructive", WHERE)
    lab.output("with open").get_by_text("written").wait_for()
    url, token = (lab.home / "course" / "where").read_text().split()
    place = lab.output("listener = %mcp serve")
    with connected(url, token) as client:
        call = client.start("delete_book", title="Emma", shelf=3)
        expect(place.get_by_text("1 waiting for you")).to_be_visible()
        deny = place.get_by_role("button", name=re.compile("^Deny"))
        expect(deny).to_be_enabled()
        take(place, "approval")
        deny.click()
        call.result(30)


def eras(lab: Lab) -> None:
    line = "%mcp eras find_books words=sea most=1"
    run(lab, "eras", SETUP, BOOKS, line)
    lab.wait_until_idle()
    expect(lab.output(line)).to_contain_text("modern")
    take(lab.output(line), "eras")


def chat(lab: Lab) -> None:
    run(lab, "chat", SETUP, BOOKS, SCRIPT, CHAT)
    lab.wait_until_idle()
    expect(lab.output("mcp_chat")).to_contain_text("from 1901")
    take(lab.cell("mcp_chat"), "chat")


EVALS = re.findall(r"```python\n(.*?)\n```", (ROOT / "docs" / "evals.md").read_text(encoding="utf-8"), re.DOTALL)


def evals(lab: Lab) -> None:
    run(lab, "evals", *EVALS)
    lab.wait_until_idle()
    shown = lab.output("%mcp eval books")
    expect(shown).to_contain_text("present is better than earlier")
    shown.locator("summary").first.click()
    take(lab.cell("%mcp eval books"), "evals")


def export(lab: Lab) -> None:
    line = "%mcp export library"
    run(lab, "export", SETUP, BOOKS, "%mcp call find_books words=sea most=2", line)
    place = lab.output(line)
    place.get_by_text("proven: the package behaves as the notebook").wait_for()
    lab.wait_until_idle()
    take(lab.cell(line), "export")
    lab.theme(dark=True)
    take(lab.cell(line), "export-dark")
    lab.theme(dark=False)


APPS = re.findall(r"```python\n(.*?)\n```", (ROOT / "docs" / "apps.md").read_text(encoding="utf-8"), re.DOTALL)


def app(lab: Lab) -> None:
    run(lab, "app", SETUP, APPS[0])
    expect(lab.output("def sales").locator(".mcpnb-app-frame > iframe")).to_be_visible()
    lab.wait_until_idle()
    frame = lab.output("def sales").frame_locator("iframe").frame_locator("iframe")
    expect(frame.get_by_role("img")).to_be_visible()
    take(lab.output("def sales").locator(".mcpnb-app"), "app")


PICTURES: dict[str, Callable[[Lab], None]] = {
    picture.__name__: picture
    for picture in (tool, form, question, workbench, statistics, board, approval, eras, chat, evals, export, app)
}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home, running_lab(Path(home)) as url, in_browser(Path(home), url) as lab:
        lab.page.set_viewport_size({"width": WIDTH, "height": 1700})
        for name in sys.argv[1:] or PICTURES:
            PICTURES[name](lab)
