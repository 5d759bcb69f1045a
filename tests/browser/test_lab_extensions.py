"""What people see of the protocol's extensions in JupyterLab: the cards, and the events below a cell."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.support.lab import Lab, client_of
from tests.support.looks import assert_good

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TASK = """%%mcp_tool --task --view table --read-only
def sales(least: int = 0) -> list[dict]:
    "Return the sales of each city that sold at least so much."
    return [{"city": "Oslo", "sold": 40}, {"city": "Alta", "sold": 9}]
"""
SKILL = """%%mcp_skill refunds --description "Use it when a customer of the shop asks for their money back."
# Refunds

If the order is younger than 30 days, call `sales` and pay it back.
"""
EVENT = """%%mcp_event order.placed
from pydantic import BaseModel
class Order(BaseModel):
    "Somebody has ordered in the shop."
    customer: str
    total: float = 0
"""
MANY = """many = get_ipython()._mcp_notebook_session.live().server
for number in range(20):
    @many.tool(name=f"a_tool_with_a_rather_long_name_{number}", description="Does something with care.")
    def one_of_many(a: int) -> int:
        return a
"""
ADDRESS = "address, secret = listener.url, str(listener.token)"
OTHER = "%mcp connect address --token secret --as other"
PLAIN = "%mcp connect address --token secret --as plain --extensions none"
CARDS = [
    SKILL,
    "%mcp skills --verify",
    "%mcp skills refunds --on other",
    EVENT,
    "%mcp events --on other",
    "%mcp eras sales --extensions",
    OTHER,
    PLAIN,
    "%mcp tools",
    "%mcp clients",
]
"""Cells whose cards are looked at."""


@pytest.fixture(scope="module")
def notebook(lab: Lab) -> Lab:
    """A notebook that is connected to itself over HTTP, so that it is a foreign server to itself."""
    serve = [
        "%load_ext mcp_notebook",
        TASK,
        SKILL,
        EVENT,
        MANY,
        "listener = %mcp serve --search",
        ADDRESS,
        OTHER,
        PLAIN,
    ]
    lab.open("extensions", [*serve, *(cell for cell in CARDS if cell not in serve), "%mcp inspect other"])
    if lab.page.locator(".jp-FileBrowser").first.is_visible():
        lab.page.keyboard.press("Control+b")
    lab.run_all()
    lab.output("%mcp inspect other").get_by_role("button", name="Refresh").wait_for()
    lab.wait_until_idle()
    return lab


@pytest.mark.parametrize("width", [1280, 500])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_cards_look_right(notebook: Lab, width: int, dark: bool) -> None:
    notebook.page.set_viewport_size({"width": 1280, "height": 1000})
    notebook.theme(dark=dark)
    notebook.page.set_viewport_size({"width": width, "height": 1000})
    for cell in CARDS:
        name = cell.splitlines()[0]
        card = notebook.output(name).locator(".mcpnb").first
        assert_good(card)
        words = "-".join(word.strip('%-"') for word in name.split()[:4])
        notebook.picture(f"extensions-{words}-{width}-{'dark' if dark else 'light'}", card)
    bench = notebook.output("%mcp inspect other").locator(".mcpnb-root").first
    bench.get_by_role("tab", name="Overview").click()
    expect(bench).to_contain_text("gets no events")
    assert_good(bench)
    notebook.picture(f"extensions-overview-{width}-{'dark' if dark else 'light'}", bench)


def test_the_cards_say_what_there_is(notebook: Lab) -> None:
    shown = notebook.output("%mcp skills refunds --on other")
    expect(shown).to_contain_text("untrusted")
    expect(shown).to_contain_text("fits its digest")
    expect(notebook.output("%mcp eras sales")).to_contain_text("modern with extensions: ")
    rows = notebook.output(PLAIN).get_by_role("row")
    expect(rows.filter(has_text="tasks")).to_contain_text("does not declare it")
    expect(notebook.output(OTHER).get_by_role("row").filter(has_text="tasks")).to_contain_text("declares it")
    expect(notebook.output("%mcp tools")).to_contain_text("Clients list only search_notebook_tools")
    hosts = notebook.output("%mcp clients")
    for name in ("Codex", "Gemini CLI", "Goose"):
        hosts.get_by_role("tab", name=name).click()
        expect(hosts.get_by_role("tabpanel").filter(visible=True)).to_contain_text("mcp_notebook")


BUY = """%%mcp_tool
def buy(customer: str) -> str:
    "Order something."
    shop.emit("bought", {"customer": customer})
    return "thanks"
"""
FOLLOW = "%mcp events bought -o got"


def test_events_appear_below_the_cell_that_follows_until_it_is_interrupted(lab: Lab) -> None:
    lab.page.set_viewport_size({"width": 1280, "height": 1000})
    begin = "%load_ext mcp_notebook\nfrom mcp_notebook import NotebookServer\nshop = NotebookServer('shop')"
    cells = [begin, "%mcp use shop", BUY, "shop.emit('bought', {'customer': 'nobody'})", "listener = %mcp serve"]
    after = ["len(got), shop.name", "%mcp events --on shop"]
    with client_of(lab, "followed", cells, FOLLOW, *after) as client:
        lab.run(FOLLOW)
        output = lab.output(FOLLOW)
        expect(output).to_contain_text("following bought by push.")
        for customer in ("Ada", "Bob"):
            client.call("buy", customer=customer)
            expect(output).to_contain_text(f'{{"customer": "{customer}"}}')
        lab.menu("Kernel", "Interrupt Kernel")
        ended = "KeyboardInterrupt: the events of bought are no longer followed."
        expect(output.locator(".jp-OutputArea-child").last).to_have_text(ended)
        lab.wait_until_idle()
        expect(output).not_to_contain_text("nobody")
        lab.run("len(got)")
        expect(lab.output("len(got)")).to_contain_text("(2, 'shop')")
        lab.run("%mcp events --on shop")
        lab.wait_until_idle()
        lab.run(FOLLOW)
        expect(output).not_to_contain_text("Ada")
        expect(output).to_contain_text("following bought by push.")
        client.call("buy", customer="Eve")
        expect(output).to_contain_text('{"customer": "Eve"}')
        lab.menu("Kernel", "Interrupt Kernel")
        expect(output).to_contain_text(ended)
