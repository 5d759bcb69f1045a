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


def wait_until_shown_again(lab: Lab, cell: str, number: int) -> None:
    """Wait until the app is shown for the n-th time, and its frame before is gone.

    Chromium crashes now and then if it is asked about the content of a frame that is just taken out.
    """
    frame = lab.output(cell).locator(f".mcpnb-app-frame[data-shown='{number}']")
    expect(frame).to_be_attached()
    expect(frame.locator("iframe")).to_have_count(1)


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
    lab.edit("scale = 10", "%load_ext mcp_notebook\nscale = 7")
    lab.run("scale = 7")
    lab.run("def rows")
    wait_until_shown_again(lab, "ui://readings", 2)
    expect(app.get_by_role("listitem")).to_have_text(["1: 7", "2: 14"])

    # So does the app's.
    lab.edit("ui://readings", APP.replace("Readings", "Measurements"))
    lab.run("ui://readings")
    wait_until_shown_again(lab, "Measurements", 1)
    expect(app.get_by_role("heading", name="Measurements")).to_be_visible()
    expect(app.get_by_role("listitem")).to_have_text(["1: 7", "2: 14"])
    expect(lab.output("ui://readings").locator("iframe")).to_have_count(1)

    for dark in (True, False):
        lab.theme(dark=dark)
        for width in (700, 1280):
            lab.page.set_viewport_size({"width": width, "height": 1000})
            assert_good(view(lab, "ui://readings"))
            lab.picture(f"app-{'dark' if dark else 'light'}-{width}", view(lab, "ui://readings"))


ESCAPES = page(
    """
    const tries = {
      "the page": () => window.parent.parent.document.title,
      "the top": () => window.top.document.cookie,
      "the storage": () => localStorage.length,
      "the cookies": () => document.cookie,
      "the kernel": () => fetch(LAB + "/api/kernels"),
      "a socket": () => new Promise((done, failed) => {
        const socket = new WebSocket(LAB.replace("http", "ws") + "/api/events/subscribe");
        socket.onopen = done;
        socket.onerror = () => failed(new Error("refused"));
      }),
      "an image": () => new Promise((done, failed) => {
        const image = new Image();
        image.onload = done;
        image.onerror = () => failed(new Error("refused"));
        image.src = LAB + "/static/favicon.ico?stolen";
      }),
      "a script": () => import(LAB + "/stolen.js"),
      "a window": () => { if (!window.open(LAB + "/window-stolen")) throw new Error("refused"); },
      "the top's place": () => { window.top.location.href = LAB + "/top-stolen"; },
      "the outer frame's place": () => { window.parent.location.href = LAB + "/outer-stolen"; },
      "a foreign tool": () => request("tools/call", { name: "run", arguments: { code: "1" } }),
      "an unknown request": () => request("kernel/execute", { code: "1" }),
    };
    await begin();
    navigator.sendBeacon(LAB + "/beacon-stolen", "x");
    for (const [name, attempt] of Object.entries(tries)) {
      try {
        await attempt();
        say("reached " + name);
      } catch (error) {
        say("kept from " + name);
      }
    }
    say("done");
    document.getElementById("navigate").onclick = () => { location.href = LAB + "/inner-stolen"; };
    """,
    '<form action="/form-stolen"><button>Send</button></form><button id="navigate">Navigate</button>',
)


def test_an_app_cannot_reach_the_page_the_network_or_the_kernel(lab: Lab) -> None:
    answered: list[str] = []
    lab.page.on("response", lambda response: answered.append(response.url))
    origin = lab.url.split("/lab")[0]
    html = ESCAPES.replace("<form action=", f"<script>const LAB = {origin!r}</script><form action=")
    lab.open("escapes", ["%load_ext mcp_notebook", f"%%mcp_app ui://escapes\n{html}"])
    lab.run_all()
    app = inside(lab, "ui://escapes")
    expect(app.locator("#log")).to_contain_text("done")
    tried = app.locator("#log").inner_text().splitlines()
    reached = [line for line in tried if line.startswith("reached")]
    assert reached == [], tried
    assert len(tried) > 13
    outer = lab.output("ui://escapes").locator(".mcpnb-app-frame > iframe:visible")
    for button in ("Navigate", "Send"):
        app.get_by_role("button", name=button).click()
        expect(app.locator("#log")).to_have_count(0)  # the browser shows that it was blocked
        view(lab, "ui://escapes").get_by_role("button", name="Refresh").click()
        expect(app.locator("#log")).to_contain_text("done")
    assert answered  # by what JupyterLab itself asks for
    assert [url for url in answered if "stolen" in url or "/api/events" in url] == []
    assert lab.page.url.endswith("escapes.ipynb")
    assert outer.get_attribute("sandbox") == "allow-scripts allow-forms"


FOREIGN = """
from mcp.server.apps import Apps, ResourceCsp
from mcp.server.mcpserver import MCPServer
from mcp_types import ToolAnnotations

apps = Apps()
HTML = {html!r}

@apps.tool(resource_uri="ui://readings", annotations=ToolAnnotations(read_only_hint=True))
def rows(count: int = 2) -> list[dict]:
    "Return the readings of days."
    return [{{"day": day, "value": 5 * day}} for day in range(1, count + 1)]

apps.add_html_resource("ui://readings", HTML, csp=ResourceCsp(connect_domains=["https://data.example", "* ; bad"]))
server = MCPServer("station", extensions=[apps])

@server.tool()
def erase() -> str:
    "Erase all readings."
    return "erased"

server.run()
"""


def test_the_app_of_a_foreign_server_waits_for_consent(lab: Lab) -> None:
    script = lab.home / "station.py"
    script.write_text(FOREIGN.format(html=PROTOCOL + ROWS), encoding="utf-8")
    python = Path(sys.executable).as_posix()
    connect = f"%mcp connect {python!r} {script.as_posix()!r} --as station"
    call = "%mcp call rows count=1 --on station --app"
    lab.open("foreign", ["%load_ext mcp_notebook", connect, call, f"{call} # again"])
    for cell in ("load_ext", "mcp connect"):
        lab.run(cell)
    lab.wait_until_idle()
    lab.run("mcp call rows")
    asking = view(lab, "mcp call rows")
    expect(asking).to_contain_text("call 2 tools of station: rows, erase destructive")
    expect(asking).to_contain_text("connect to https://data.example")
    expect(asking).to_contain_text("Not allowed, because they are not origins: * ; bad")
    assert lab.output("mcp call rows").locator("iframe").count() == 0
    for dark in (True, False):
        lab.theme(dark=dark)
        for width in (700, 1280):
            lab.page.set_viewport_size({"width": width, "height": 1000})
            assert_good(asking)
            lab.picture(f"app-consent-{'dark' if dark else 'light'}-{width}", asking)
    asking.get_by_role("button", name="Do not show it").click()
    expect(asking).to_contain_text("Not shown, because you said no")
    assert lab.output("mcp call rows").locator("iframe").count() == 0
    lab.run("mcp call rows")
    asking.get_by_role("button", name="Show the app").click()
    expect(inside(lab, "mcp call rows").get_by_role("listitem")).to_have_text(["1: 5"])
    inside(lab, "mcp call rows").get_by_role("button", name="One more").click()
    expect(inside(lab, "mcp call rows").get_by_role("listitem")).to_have_text(["1: 5", "2: 10"])


SALES = """%%mcp_tool --read-only --view {view}
def sales() -> list[dict]:
    "Return the sales of each city."
    return [
        {{"city": city, "sold": sold, "returned": sold // 9, "note": None if sold % 2 else "<b>even</b>"}}
        for city, sold in zip("Oslo Bergen Tromsø Drammen Bodø Molde Skien Moss Narvik".split(), range(40, 4, -4))
    ] + [{{"city": "Alta", "sold": 103, "returned": 1.5}}]
"""


def looks(lab: Lab, cell: str, name: str) -> None:
    """Take pictures of the view, light and dark, narrow and wide, and check it by axe-core's rules."""
    for dark in (True, False):
        lab.theme(dark=dark)
        for width in (500, 1280):
            lab.page.set_viewport_size({"width": width, "height": 1200})
            assert_good(view(lab, cell))
            lab.picture(f"app-{name}-{'dark' if dark else 'light'}-{width}", view(lab, cell))


def test_rows_are_shown_as_a_table_that_sorts_and_filters(lab: Lab) -> None:
    lab.open("table", ["%load_ext mcp_notebook", SALES.format(view="table")])
    lab.run_all()
    app = inside(lab, "def sales")
    cells = app.locator("tbody tr td:first-child")
    expect(cells).to_have_count(10)
    expect(cells.first).to_have_text("Oslo")
    expect(app.locator("tbody tr").first).to_contain_text("<b>even</b>")  # text, not HTML
    app.get_by_role("button", name="sold").click()
    expect(cells.first).to_have_text("Narvik")
    app.get_by_role("button", name="sold").click()
    expect(cells.first).to_have_text("Alta")
    expect(app.get_by_role("columnheader", name="sold")).to_have_attribute("aria-sort", "descending")
    app.get_by_role("searchbox").fill("mo")
    expect(cells).to_have_text(["Molde", "Moss"])
    expect(app.get_by_role("status")).to_have_text("2 of 10 rows")
    app.get_by_role("searchbox").fill("")
    looks(lab, "def sales", "table")


def test_rows_are_shown_as_a_chart(lab: Lab) -> None:
    lab.open("plot", ["%load_ext mcp_notebook", SALES.format(view="plot")])
    lab.run_all()
    app = inside(lab, "def sales")
    expect(app.get_by_role("img", name="Bar chart of sold, returned by city, 10 rows")).to_be_visible()
    expect(app.locator("rect")).to_have_count(20)
    app.get_by_role("checkbox", name="returned").uncheck()
    expect(app.locator("rect")).to_have_count(10)
    app.get_by_role("checkbox", name="returned").check()
    looks(lab, "def sales", "plot")
    app.get_by_role("combobox").select_option("returned")
    expect(app.get_by_role("img", name="Line chart of sold by returned")).to_be_visible()
    lab.picture("app-plot-line", view(lab, "def sales"))


ASKING = page(
    """
    await begin();
    const attempt = async (name, method, params) => {
      try {
        await request(method, params);
        say(name + ": ok");
      } catch (error) {
        say(name + ": " + error.code + " " + error.message);
      }
    };
    document.getElementById("link").onclick = () => attempt("link", "ui/open-link", { url: "https://example.org/a" });
    document.getElementById("script").onclick = () => attempt("script", "ui/open-link", { url: "javascript:alert(1)" });
    const message = { role: "user", content: [{ type: "text", text: "What are these?" }] };
    document.getElementById("message").onclick = () => attempt("message", "ui/message", message);
    const call = (id, name, given) => {
      document.getElementById(id).onclick = () => attempt(id, "tools/call", { name, arguments: given });
    };
    call("hidden", "internal", {});
    call("fails", "rows", { count: "x" });
    say("ready");
    """,
    "".join(f'<button id="{name}">{name}</button>' for name in ("link", "script", "message", "hidden", "fails")),
)
INTERNAL = """server = get_ipython()._mcp_notebook_session.live().server
@server.tool(meta={"ui": {"visibility": ["model"]}})
def internal() -> str:
    "Is for models."
    return "secret"
"""


def test_links_and_messages_wait_for_the_person_and_refusals_are_errors_of_the_protocol(lab: Lab) -> None:
    said = (
        "[block.text for m in get_ipython()._mcp_notebook_session.conversation.messages for block in m.content_as_list]"
    )
    cells = ["%load_ext mcp_notebook\nscale = 1", TOOL, INTERNAL, f"%%mcp_app ui://asks\n{ASKING}", said]
    lab.open("asks", cells)
    lab.page.context.route("https://example.org/**", lambda route: route.fulfill(body="the page"))
    for cell in ("scale = 1", "def rows", "def internal", "ui://asks"):
        lab.run(cell)
    app, around = inside(lab, "ui://asks"), view(lab, "ui://asks")
    log = app.locator("#log")
    expect(log).to_contain_text("ready")

    app.locator("#link").click()
    expect(around.get_by_role("alertdialog")).to_contain_text("The app asks to open a page of example.org")
    around.get_by_role("button", name="Deny").click()
    expect(log).to_contain_text("link: -32000 Link opening denied by user")
    app.locator("#script").click()
    expect(log).to_contain_text("script: -32000 This is not the link of a web page")

    app.locator("#message").click()
    expect(around.get_by_role("alertdialog")).to_contain_text("What are these?")
    lab.picture("app-message", around)
    around.get_by_role("button", name="Deny").click()
    expect(log).to_contain_text("message: -32000 Message sending denied")
    app.locator("#message").click()
    around.get_by_role("button", name="Send it").click()
    expect(log).to_contain_text("message: ok")
    lab.run("conversation.messages")
    expect(lab.output("conversation.messages")).to_contain_text("['What are these?']")

    app.locator("#hidden").click()
    expect(log).to_contain_text("hidden: -32000 The tool 'internal' is only for models")
    app.locator("#fails").click()
    expect(log).to_contain_text("fails: ok")  # the tool's own error is a result

    # At the end, because the browser gives the focus to the page that opens.
    app.locator("#link").click()
    with lab.page.context.expect_page() as opened:
        around.get_by_role("button", name="Open the page").click()
    opened.value.get_by_text("the page").wait_for()
    assert opened.value.evaluate("window.opener") is None
    opened.value.close()
    expect(log).to_contain_text("link: ok")


SDK = """%%mcp_app ui://official --tool rows --sdk
<ul id="rows"></ul><button id="more">One more</button><button id="pick">Pick the first</button>
<script type="module">
  const app = new App({ name: "official", version: "1.0.0" });
  app.ontoolresult = ({ structuredContent }) => {
    const items = structuredContent.result.map(({ day, value }) => `<li>${day}: ${value}</li>`);
    document.getElementById("rows").innerHTML = items.join("");
  };
  document.getElementById("more").onclick = async () =>
    app.ontoolresult(await app.callServerTool({ name: "rows", arguments: { count: 3 } }));
  let picked = 0;
  document.getElementById("pick").onclick = () => {
    const content = [{ type: "text", text: `Day 1 was picked ${++picked} times.` }];
    app.updateModelContext({ content, structuredContent: { picked } });
  };
  app.onhostcontextchanged = ({ theme }) => theme && applyDocumentTheme(theme);
  await app.connect();
  app.onhostcontextchanged(app.getHostContext());
</script>"""


def test_a_page_with_the_official_class_tells_the_model_only_what_the_person_sends(lab: Lab) -> None:
    said = (
        "[block.text for m in get_ipython()._mcp_notebook_session.conversation.messages for block in m.content_as_list]"
    )
    lab.open("official", ["%load_ext mcp_notebook\nscale = 10", TOOL, SDK, said])
    for cell in ("scale = 10", "def rows", "ui://official"):
        lab.run(cell)
    app, around = inside(lab, "ui://official"), view(lab, "ui://official")
    expect(app.get_by_role("listitem")).to_have_text(["1: 10", "2: 20"])
    app.get_by_role("button", name="One more").click()
    expect(app.get_by_role("listitem")).to_have_text(["1: 10", "2: 20", "3: 30"])

    for _ in range(2):  # the second takes the place of the first
        app.get_by_role("button", name="Pick the first").click()
    kept = around.get_by_text("What the app wants the model to know")
    expect(kept).to_be_visible()
    kept.click()
    text = 'Day 1 was picked 2 times.\n{\n  "picked": 2\n}'
    expect(around.get_by_label("what the app wants the model to know")).to_have_text(text)
    lab.run(said)
    expect(lab.output(said)).to_contain_text("[]")
    for dark in (True, False):
        lab.theme(dark=dark)
        assert_good(around)
        lab.picture(f"app-kept-{'dark' if dark else 'light'}", around)
    around.get_by_role("button", name="Send it to the model").click()
    expect(around.get_by_role("status")).to_have_text("It is a message of the chat now.")
    lab.run(said)
    expect(lab.output(said)).to_contain_text("Day 1 was picked 2 times.")


def test_a_page_is_made_again_when_its_function_s_cell_runs_again(lab: Lab) -> None:
    function = "def page():\n    return '<h2>first</h2>'"
    tool = TOOL.replace("--read-only", "--app page")
    lab.open("made", ["%load_ext mcp_notebook\nscale = 1", function, tool])
    lab.run_all()
    app = inside(lab, "def rows")
    expect(app.get_by_role("heading")).to_have_text("first")
    lab.wait_until_idle()
    lab.edit("def page", function.replace("first", "second"))
    lab.run("def page")
    wait_until_shown_again(lab, "def rows", 2)
    expect(app.get_by_role("heading")).to_have_text("second")


def test_a_saved_notebook_without_a_kernel_says_what_was_there(lab: Lab) -> None:
    lab.open("saved", ["%load_ext mcp_notebook\nscale = 3", TOOL, APP])
    lab.run_all()
    expect(inside(lab, "ui://readings").get_by_role("listitem")).to_have_text(["1: 3", "2: 6"])
    lab.menu("File", "Save Notebook")
    lab.menu("Kernel", "Shut Down Kernel")
    lab.page.reload()
    output = lab.output("ui://readings")
    expect(output).to_contain_text("app ui://readings on notebook with rows")
    expect(output).to_contain_text("Run this cell in a notebook with a kernel to show the app.")
    assert output.locator("iframe").count() == 0
    lab.picture("app-saved", output)


def test_a_form_shows_its_result_in_the_app(lab: Lab) -> None:
    lab.open("formed", ["%load_ext mcp_notebook", SALES.format(view="table"), "%mcp form sales"])
    lab.run_all()
    form = lab.output("mcp form sales")
    form.get_by_role("button", name="Call", exact=True).click()
    form.get_by_role("button", name="Show in its app").click()
    expect(inside(lab, "mcp form sales").locator("tbody tr")).to_have_count(10)
    lab.picture("app-form", form)
    assert_good(form.locator(".mcpnb-root").first)
    form.get_by_role("button", name="Call", exact=True).click()
    expect(form.get_by_role("button", name="Show in its app")).to_be_visible()
    expect(form.locator("iframe")).to_have_count(0)
