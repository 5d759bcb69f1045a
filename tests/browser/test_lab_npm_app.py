"""An app on the class `App` of npm's package, as apps for other hosts are, in a real JupyterLab."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_lab_apps import TOOL, inside, view
from tests.support.app_pages import npm_page
from tests.support.lab import Lab

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.outside, pytest.mark.platform("lab", "app")]

NOTES = """%%mcp_resource notes://today
def notes() -> str:
    "What was noted."
    return "nothing yet"
"""
SCRIPT = """
const app = new App({ name: "npm", version: "2.0.4" }, { availableDisplayModes: ["inline", "fullscreen"] });
app.ontoolinput = ({ arguments: given }) => say("input " + JSON.stringify(given));
app.ontoolresult = (result) => say("result " + JSON.stringify(result.structuredContent));
app.onhostcontextchanged = ({ theme }) => theme && say("now " + theme);
app.onteardown = async () => {
  await app.callServerTool({ name: "ended", arguments: {} });
  return {};
};
await app.connect();
const { theme, toolInfo, displayMode, styles } = app.getHostContext();
say("host " + app.getHostVersion().name + " " + theme + " " + displayMode + " " + toolInfo?.tool.name);
say("styles " + (Object.keys(styles.variables).length > 30));
const called = await app.callServerTool({ name: "rows", arguments: { count: 3 } });
say("called " + called.structuredContent.result.length);
const read = await app.readServerResource({ uri: "notes://today" });
say("read " + read.contents[0].text);
const refused = app.callServerTool({ name: "nothing", arguments: {} });
await refused.catch(({ code, message }) => say(`refused ${code} ${message.includes("has no tool")}`));
await app.sendLog({ level: "info", data: "hello" });
say("mode " + (await app.requestDisplayMode({ mode: "fullscreen" })).mode);
document.body.append(Object.assign(document.createElement("div"), { style: "height: 400px" }));
say("ready");
"""
ENDED = """ended_calls = []
server = get_ipython()._mcp_notebook_session.live().server
@server.tool()
def ended() -> str:
    "Is called by an app that ends."
    ended_calls.append(1)
    return "ended"
"""


def test_an_app_of_npm_s_package_works_here_as_in_other_hosts(lab: Lab) -> None:
    app = f"%%mcp_app ui://npm --tool rows count=2\n{npm_page(SCRIPT)}"
    lab.open("npm", ["%load_ext mcp_notebook\nscale = 10", TOOL, NOTES, ENDED, "len(ended_calls)"])
    for cell in ("scale = 10", "def rows", "notes://today", "ended_calls = []"):
        lab.run(cell)
    lab.wait_until_idle()
    # JupyterLab's editor takes long for half a megabyte, so the cell runs in the kernel.
    (lab.home / "course" / "npm.txt").write_text(app, encoding="utf-8")
    lab.theme(dark=False)
    lab.edit("len(ended_calls)", "get_ipython().run_cell(open('npm.txt').read()); len(ended_calls)")
    lab.run("npm.txt")
    log = inside(lab, "npm.txt").locator("#log")
    expect(log).to_contain_text("ready")
    lines = log.inner_text().splitlines()
    for line in (
        "host mcp-notebook light inline rows",
        "styles true",
        'input {"count":2}',
        'result {"result":[{"day":1,"value":10},{"day":2,"value":20}]}',
        "called 3",
        "read nothing yet",
        "refused -32000 true",
        "mode inline",
    ):
        assert line in lines, lines
    frame = lab.output("npm.txt").locator(".mcpnb-app-frame > iframe:visible")
    assert (box := frame.bounding_box()) is not None
    assert box["height"] > 400  # it grew with the page
    lab.theme(dark=True)
    expect(log).to_contain_text("now dark")
    view(lab, "npm.txt").get_by_role("button", name="Refresh").click()
    expect(log).to_contain_text("host mcp-notebook dark inline rows")
    lab.edit("ended_calls = []", "'ended', len(ended_calls)")
    lab.run("'ended', len(ended_calls)")
    expect(lab.output("'ended', len(ended_calls)")).to_contain_text("('ended', 1)")
