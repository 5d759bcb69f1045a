// The workbench: everything that one server offers, with its traffic always in sight.

import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Copy } from "../parts/copy";
import { Html } from "../parts/html";
import { shown } from "../parts/shown";
import { Tabs } from "../parts/tabs";
import type { Surface } from "../surface";
import { Bench } from "./bench";
import { ListPane } from "./pane";
import { Separator } from "./separator";
import { Controls, Traffic } from "./traffic";

const TRAITS = ["read-only", "writes", "destructive"];

export function WorkbenchView({ surface }: { surface: Surface }) {
  const bench = surface.once("bench", () => new Bench(surface));
  const id = useMemo(() => `mcpnb-${Math.random().toString(36).slice(2)}`, []);
  const { state } = surface;
  bench.take();
  if (state.closed) {
    return (
      <p class="mcpnb-banner" role="status">
        {state.closed}
      </p>
    );
  }
  const folded = Boolean(surface.kept.folded);
  return (
    <section class="mcpnb mcpnb-ui mcpnb-bench" aria-label={`workbench on ${state.name}`} data-lm-suppress-shortcuts="true" onKeyDown={search}>
      <Head surface={surface} />
      {state.problems && <Html html={state.problems} />}
      <Offers bench={bench} id={id} />
      <Separator label="height of the upper pane" size={bench.size("upper", 400)} least={200} most={1000} resize={(size) => bench.resize("upper", size)} />
      <section class="mcpnb-lower" data-pane="traffic" aria-label="traffic">
        <div class="mcpnb-traffic-head">
          <button type="button" class="mcpnb-quiet" aria-expanded={!folded} onClick={() => bench.keep({ folded: !folded })}>
            <span aria-hidden="true">{folded ? "▸" : "▾"}</span> <b>Traffic</b> ({(state.counts?.traffic ?? 0).toLocaleString("en")})
          </button>
          {!folded && <Controls bench={bench} />}
          <span class="mcpnb-said" role="status">{shown(bench.said)}</span>
        </div>
        {!folded && (
          <>
            <div class="mcpnb-pane" style={{ "--mcpnb-tall": `${bench.size("lower", 300)}px` }}>
              <Traffic bench={bench} id={id} />
            </div>
            <Separator label="height of the traffic" size={bench.size("lower", 300)} least={140} most={1000} resize={(size) => bench.resize("lower", size)} />
          </>
        )}
      </section>
    </section>
  );
}

/** The key that leads to the search field of the pane with the focus. */
function search(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  if (event.key !== "/" || target.closest("input, textarea, select, [contenteditable=true]")) return;
  const pane = target.closest("[data-pane]") ?? (event.currentTarget as HTMLElement).querySelector("[data-pane]");
  const field = pane?.querySelector<HTMLInputElement>("input[type=search]");
  if (!field) return;
  event.preventDefault();
  event.stopPropagation();
  field.focus();
  field.select();
}

function Head({ surface }: { surface: Surface }) {
  const { state } = surface;
  return (
    <header class="mcpnb-bench-head">
      <span class={`mcpnb-dot ${state.open ? "good" : "bad"}`}>
        <span aria-hidden="true">{state.open ? "●" : "○"}</span> {state.open ? "connected" : "closed"}
      </span>
      <h4 class="jp-toc-ignore">
        <code>{state.name}</code>
      </h4>
      <span class="dim mcpnb-cut" title={state.about}>{state.about}</span>
      <span class="mcpnb-said" role="status">
        {surface.busy ? "The kernel is busy: what you ask for comes when it answers." : (state.problem ?? "")}
      </span>
      <button type="button" title="Ask the server for its lists again" onClick={() => void surface.ask("refresh")}>
        Refresh
      </button>
      <button type="button" title="Close the workbench" onClick={() => void surface.ask("close")}>
        Close
      </button>
    </header>
  );
}

function Offers({ bench, id }: { bench: Bench; id: string }) {
  const { state, about } = bench.surface;
  const counts = state.counts ?? {};
  const counted = (words: string, name: string): [string, string] => [name, `${words} (${(counts[name] ?? 0).toLocaleString("en")})`];
  const tabs: [string, string][] = [
    ["overview", "Overview"],
    counted("Tools", "tools"),
    counted("Resources", "resources"),
    counted("Prompts", "prompts"),
    counted("Notifications", "notifications"),
  ];
  if (about.home) tabs.push(["clients", "Clients"]);
  if (counts.stderr) tabs.push(["stderr", "Standard error"]);
  const tab = tabs.some(([name]) => name === bench.tab) ? bench.tab : "overview";
  const common = { bench, id };
  const pages: Record<string, () => ComponentChildren> = {
    overview: () => <ListPane {...common} list="definitions" what="definitions" hint="Choose a definition to see its cell." empty={null} filters={about.home ? ["tool", "resource", "prompt"] : []} />,
    tools: () => <ListPane {...common} list="tools" what="tools" hint="Choose a tool to call it, and to see it as an agent does." empty={<NoOffers surface={bench.surface} kind="tool" />} filters={TRAITS} />,
    resources: () => <ListPane {...common} list="resources" what="resources" hint="Choose a resource to read or follow it." empty={<NoOffers surface={bench.surface} kind="resource" />} filters={["resource", "template"]} />,
    prompts: () => <ListPane {...common} list="prompts" what="prompts" hint="Choose a prompt to fill it in." empty={<NoOffers surface={bench.surface} kind="prompt" />} />,
    notifications: () => (
      <ListPane {...common} list="notifications" what="notifications" hint="Choose a notification to see it whole." follows
        empty={<p><b>No notifications yet.</b> One comes when a list changes, when a resource that you subscribed to is updated, or when the server logs something.</p>} />
    ),
    clients: () => <Page bench={bench} name="clients" version={state.versions?.traffic} />,
    stderr: () => <Page bench={bench} name="stderr" version={counts.stderr} />,
  };
  return (
    <div data-pane="offers" class="mcpnb-upper">
      <Tabs label={`what ${state.name} offers`} id={`${id}-main`} tabs={tabs} chosen={tab} choose={(name) => bench.keep({ tab: name })}>
        <div class="mcpnb-pane" style={{ "--mcpnb-tall": `${bench.size("upper", 400)}px` }} key={tab}>
          {pages[tab]!()}
        </div>
      </Tabs>
    </div>
  );
}

const CELLS: Record<string, string> = {
  tool: '%%mcp_tool\ndef add(a: int, b: int) -> int:\n    "Add two numbers."\n    return a + b',
  resource: '%%mcp_resource notes://today\ndef today() -> str:\n    "The notes of today."\n    return "Water the plants."',
  prompt: '%%mcp_prompt\ndef review(title: str) -> str:\n    "Ask for a review."\n    return f"Write a review of {title}."',
};

/** What to do for a first tool, resource or prompt. */
function NoOffers({ surface, kind }: { surface: Surface; kind: string }) {
  if (!surface.about.home) return <p><b>The server offers no {kind}s.</b></p>;
  return (
    <>
      <p><b>No {kind}s yet.</b> Run a cell such as this one, and it appears here:</p>
      <div class="mcpnb-block">
        <Copy text={CELLS[kind]!} what="the cell" />
        <pre tabIndex={0}>{CELLS[kind]}</pre>
      </div>
    </>
  );
}

/** HTML of the kernel that follows a version. */
function Page({ bench, name, version }: { bench: Bench; name: string; version: number }) {
  const [html, setHtml] = useState("");
  const wanted = useRef(version);
  const asking = useRef(false);
  useEffect(() => {
    wanted.current = version;
    const ask = async () => {
      if (asking.current) return;
      asking.current = true;
      const now = wanted.current;
      setHtml((await bench.surface.ask("page", { name }).catch(() => "")) as string);
      asking.current = false;
      if (wanted.current !== now) void ask();
    };
    void ask();
  }, [version]);
  return <Html html={html} class="mcpnb-page" />;
}
