"""Pages of apps for tests, which speak the protocol as the specification writes it, without a library."""

from __future__ import annotations

import re

from tests.support.programs import PROGRAMS, installed_or_skip

__all__ = ["PROTOCOL", "ROWS", "npm_page", "page"]

PROTOCOL = """
<script>
let numbers = 0;
const waiting = new Map();
const heard = {};
function request(method, params = {}) {
  const id = ++numbers;
  window.parent.postMessage({ jsonrpc: "2.0", id, method, params }, "*");
  return new Promise((done, failed) => waiting.set(id, { done, failed }));
}
function notify(method, params = {}) {
  window.parent.postMessage({ jsonrpc: "2.0", method, params }, "*");
}
function answer(id) {
  window.parent.postMessage({ jsonrpc: "2.0", id, result: {} }, "*");
}
window.addEventListener("message", ({ data, source }) => {
  if (source !== window.parent || data?.jsonrpc !== "2.0") return;
  if (data.method === "ui/resource-teardown") return answer(data.id);
  if (data.method) return heard[data.method]?.(data.params);
  const { done, failed } = waiting.get(data.id);
  if (data.error) failed(Object.assign(new Error(data.error.message), { code: data.error.code }));
  else done(data.result);
});
async function begin() {
  const said = await request("ui/initialize", {
    protocolVersion: "2026-01-26", appInfo: { name: "test", version: "1.0.0" }, appCapabilities: {},
  });
  notify("ui/notifications/initialized");
  const size = () => notify("ui/notifications/size-changed", { height: document.documentElement.offsetHeight });
  new ResizeObserver(size).observe(document.documentElement);
  return said;
}
</script>
"""
"""What a page needs to speak with its host."""

ROWS = """
<style>
  body { margin: 0; padding: 12px; font-family: var(--font-sans, sans-serif); color: var(--color-text-primary, #111); }
  button { font: inherit; padding: 4px 12px; }
</style>
<h3>Readings</h3>
<ul id="rows"></ul>
<button id="more">One more</button> <span id="said"></span>
<script>
const show = (result) => {
  const rows = result.structuredContent.result;
  document.getElementById("rows").innerHTML = rows.map(({ day, value }) => `<li>${day}: ${value}</li>`).join("");
};
heard["ui/notifications/tool-result"] = show;
document.getElementById("more").onclick = async () => {
  const count = document.querySelectorAll("li").length + 1;
  show(await request("tools/call", { name: "rows", arguments: { count } }));
};
const style = (context) => {
  const { style } = document.documentElement;
  for (const [name, value] of Object.entries(context.styles?.variables ?? {})) style.setProperty(name, value);
  if (context.theme) style.colorScheme = context.theme;
};
heard["ui/notifications/host-context-changed"] = style;
begin().then(({ hostInfo, hostContext }) => {
  style(hostContext);
  document.getElementById("said").textContent = `on ${hostInfo.name}`;
});
</script>
"""
"""A list of rows, with a button that calls the tool for one more."""


def page(script: str, html: str = "") -> str:
    """Return a page that runs a script with the protocol at hand, and shows what it writes by `say(words)`."""
    return f"""{PROTOCOL}{html}<pre id="log"></pre>
<script>
const say = (words) => (document.getElementById("log").textContent += words + "\\n");
(async () => {{ {script} }})().catch((error) => say("failed: " + error.message));
</script>"""


def npm_page(script: str) -> str:
    """Return a page that runs a script with the class `App` of npm's package, and shows what it writes by `say(words)`.

    The script skips the test without the package.
    """
    installed_or_skip()
    package = PROGRAMS.parent / "@modelcontextprotocol" / "ext-apps" / "dist" / "src" / "app-with-deps.js"
    bundle = package.read_text(encoding="utf-8")
    named = {name: re.search(rf"([\w$]+) as {name}[,}}]", bundle) for name in ("App", "applyDocumentTheme")}
    known = "".join(f"const {name} = {found[1]};\n" for name, found in named.items() if found is not None)
    return f"""<!doctype html><html><body><pre id="log"></pre><script type="module">
{bundle}
{known}
const say = (words) => (document.getElementById("log").textContent += words + "\\n");
{script}
</script></body></html>"""
