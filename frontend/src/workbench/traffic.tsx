// The traffic: calls and frames as they come, what can be done with them, and one of them in full.

import { useEffect, useState } from "preact/hooks";
import { Html } from "../parts/html";
import { Tabs } from "../parts/tabs";
import { duration, shown } from "../parts/shown";
import type { Bench } from "./bench";
import { Icon, type Picture } from "./icon";
import { VirtualList } from "./list";
import { Bar, Beside, Found, useShown } from "./pane";
import type { Row } from "./rows";

const ROW = 30;
const SIGNS: Record<string, string> = { good: "✓", info: "→", warn: "!", bad: "✗" };
const STATES = ["running", "done", "error", "refused", "cancelled"];
const SENDERS = ["from client", "from server"];
const KINDS = [["calls", "Calls"], ["frames", "Frames"], ["both", "Both"]] as const;
/** Pinned rows that are in view. */
const PINS = 3;

interface Span {
  from: number;
  to: number;
}

export function Traffic({ bench, id }: { bench: Bench; id: string }) {
  const { state } = bench.surface;
  const show = bench.query("traffic").show ?? "calls";
  const calls = state.counts?.traffic ?? 0;
  if (!calls && show === "calls") return <NoCalls bench={bench} />;
  return (
    <Beside bench={bench} name="traffic" what="calls" list={<Left bench={bench} id={id} show={show} />}>
      {bench.chosen("traffic") && <Detail bench={bench} id={id} />}
    </Beside>
  );
}

function NoCalls({ bench }: { bench: Bench }) {
  return (
    <div class="mcpnb-empty">
      <p>
        <b>No calls yet.</b> Choose a tool above and press <b>Call</b>, or run a cell with <code>%mcp call</code>
        {bench.surface.about.home && (
          <>
            , or let a client connect: <code>%mcp serve</code>
          </>
        )}
        . Each call appears here, also while a cell runs.
      </p>
      <p>
        <button type="button" class="mcpnb-link" onClick={() => bench.filter("traffic", { show: "frames" })}>
          Show the frames on the wire
        </button>
      </p>
    </div>
  );
}

function Left({ bench, id, show }: { bench: Bench; id: string; show: string }) {
  const rows = bench.rows("traffic");
  const pinned = bench.rows("pinned");
  const [span, setSpan] = useState<Span>({ from: 0, to: 0 });
  const inView = (seen: Row[]) => {
    if (!seen.length) return;
    const from = Math.min(...seen.map((row) => row.at));
    setSpan({ from, to: Math.max(...seen.map((row) => row.at + (row.took ?? 0))) });
  };
  const common = {
    height: ROW,
    chosen: bench.chosen("traffic"),
    choose: (row: Row) => choose(bench, row),
    draw: (row: Row) => <Line row={row} span={span} />,
    beside: (row: Row) => <Actions bench={bench} row={row} />,
    keys: (key: string, row: Row) => act(bench, key, row),
  };
  return (
    <>
      <Bar bench={bench} list="traffic" what={show === "calls" ? "calls" : "traffic"} filters={show === "frames" ? SENDERS : show === "calls" ? STATES : [...STATES, ...SENDERS]} />
      <Columns span={span} />
      {bench.pinned.length > 0 && pinned.total > 0 && (
        <div class="mcpnb-pinned" style={{ height: `${Math.min(pinned.total, PINS) * ROW + 1}px` }}>
          <VirtualList {...common} rows={pinned} id={`${id}-pinned`} label="pinned calls" />
        </div>
      )}
      <VirtualList {...common} rows={rows} id={`${id}-traffic`} label={show === "calls" ? "calls" : "calls and frames"} follows inView={inView} />
      {show !== "calls" && rows.answered && !rows.of && <p class="mcpnb-empty dim">No frames yet. They are kept from now on: make a call.</p>}
      <Found bench={bench} list="traffic" what={show === "calls" ? "calls" : "rows"} />
    </>
  );
}

/** What the list shows, whether it stands still, and what was said of it. */
export function Controls({ bench }: { bench: Bench }) {
  const { state } = bench.surface;
  const rows = bench.rows("traffic");
  const { method, show = "calls" } = bench.query("traffic");
  return (
    <>
      <span class="mcpnb-chips" role="group" aria-label="show">
        {KINDS.map(([name, words]) => (
          <button type="button" aria-pressed={show === name} onClick={() => bench.filter("traffic", { show: name, marks: [], method: "" })}>
            {words}
          </button>
        ))}
      </span>
      <select aria-label="method" value={method} onChange={(event) => bench.filter("traffic", { method: event.currentTarget.value })}>
        <option value="">any method</option>
        {[...new Set([...rows.methods, ...(method ? [method] : [])])].map((name) => (
          <option value={name}>{shown(name)}</option>
        ))}
      </select>
      <button type="button" aria-pressed={state.held} title="Hold the list still" onClick={() => void bench.surface.ask("hold", { on: !state.held })}>
        {state.held ? "Resume" : "Pause"}
      </button>
      <span class="dim" role="status">
        {state.held ? (state.news ? `paused, ${state.news} new` : "paused") : ""}
      </span>
    </>
  );
}

function Columns({ span }: { span: Span }) {
  return (
    <div class="mcpnb-columns mcpnb-traffic-row dim" aria-hidden="true">
      <span />
      <span class="mcpnb-number">no.</span>
      <span>call</span>
      <span>state</span>
      <span class="mcpnb-when">began</span>
      <span class="mcpnb-length">took</span>
      <span class="mcpnb-axis">
        <span>0</span>
        <span>{span.to > span.from ? duration(span.to - span.from) : ""}</span>
      </span>
    </div>
  );
}

function choose(bench: Bench, row: Row): void {
  if (bench.comparing && row.call && row.call !== bench.comparing) void bench.mark(row.call);
  else bench.choose("traffic", row.key);
}

/** The keys that act on a call. */
function act(bench: Bench, key: string, row: Row): boolean {
  if (key === "Escape" && bench.chosen("traffic")) bench.choose("traffic", "");
  else if (!row.call) return false;
  else if (key === "r") void bench.replay(row.call);
  else if (key === "e") void bench.edit(row.call);
  else if (key === "p") bench.pin(row.call);
  else if (key === "c") void bench.mark(row.call);
  else return false;
  return true;
}

function Line({ row, span }: { row: Row; span: Span }) {
  const whole = Math.max(span.to - span.from, 1e-6);
  const left = Math.min(Math.max((100 * (row.at - span.from)) / whole, 0), 99.5);
  const width = Math.min(row.took === null ? 100 : (100 * row.took) / whole, 100 - left);
  return (
    <span class={`mcpnb-traffic-row ${row.kind}`}>
      <span class="mcpnb-way" role="img" aria-label={row.who} title={row.who}>
        {row.out ? "→" : "←"}
      </span>
      <span class="mcpnb-number">{row.call || ""}</span>
      <span class="mcpnb-what">
        <b class="mcpnb-cut">
          <code>{row.title}</code>
        </b>
        <span class="mcpnb-cut dim">{row.text || (row.out ? "" : row.who)}</span>
      </span>
      <span class={`chip ${row.kind}`}>
        {row.kind !== "" && <span>{SIGNS[row.kind]}</span>} {row.state}
      </span>
      <span class="mcpnb-when dim">{row.clock}</span>
      <span class="mcpnb-length">{row.length}</span>
      <span class="mcpnb-time" aria-hidden="true">
        <span class={row.took === null ? "open" : ""} style={{ left: `${left}%`, width: `max(${width}%, 3px)` }} />
      </span>
    </span>
  );
}

/** For the pointer; the keys of the list and the buttons beside the open call do the same. */
function Actions({ bench, row }: { bench: Bench; row: Row }) {
  const button = (picture: Picture, words: string, act: () => void, on = false) => (
    <button type="button" tabIndex={-1} class={`mcpnb-quiet ${on ? "on" : ""}`} title={words} onClick={act}>
      <Icon name={picture} />
    </button>
  );
  const { call } = row;
  if (!call) return button("open", "Open the frame", () => bench.choose("traffic", row.key));
  const pinned = bench.pinned.includes(row.key);
  return (
    <>
      {button("open", "Open", () => bench.choose("traffic", row.key))}
      {button("replay", "Replay: make the call again (r)", () => void bench.replay(call))}
      {button("edit", "Edit and call (e)", () => void bench.edit(call))}
      {button("pin", pinned ? "No longer pin (p)" : "Pin on top (p)", () => bench.pin(call), pinned)}
      {button("compare", bench.comparing ? `Compare with call ${bench.comparing} (c)` : "Compare with another call (c)", () => void bench.mark(call), bench.comparing === call)}
      {button("save", "Save as test", () => {
        bench.choose("traffic", row.key);
        bench.keep({ saving: call });
      })}
    </>
  );
}

function Detail({ bench, id }: { bench: Bench; id: string }) {
  const shown = useShown(bench, "traffic");
  const [tab, setTab] = useState("Call");
  const { extra } = bench;
  useEffect(() => {
    if (!bench.fresh || !extra || extra.call !== shown?.call) return;
    bench.fresh = false;
    setTab(extra.words);
  });
  if (!shown) return null;
  if (shown.gone) return <p class="mcpnb-empty dim">It is no longer kept. Choose another row.</p>;
  const parts: [string, string][] = [...shown.parts];
  if (extra && extra.call === shown.call) parts.push([extra.words, extra.html]);
  const chosen = parts.find(([words]) => words === tab) ?? parts[0]!;
  return (
    <div class="mcpnb-detail">
      <div class="mcpnb-actions">
        {shown.call ? <CallActions bench={bench} shown={shown} /> : (
          <button type="button" disabled={!shown.part_of} onClick={(event) => {
            toList(event.currentTarget);
            bench.filter("traffic", { show: "calls", text: "", marks: [], method: "" });
            bench.choose("traffic", `call ${shown.part_of}`);
          }}>
            Show the call
          </button>
        )}
        <button type="button" class="mcpnb-quiet mcpnb-close" aria-label="Close the details" title="Close the details (Esc)" onClick={(event) => {
          toList(event.currentTarget);
          bench.choose("traffic", "");
        }}>
          <Icon name="close" />
        </button>
      </div>
      <Tabs label={shown.call ? `call ${shown.call}` : "frame"} id={`${id}-detail`} tabs={parts.map(([words]) => [words, words])} chosen={chosen[0]} choose={setTab}>
        <div aria-live="polite">
          <Html html={chosen[1]} />
        </div>
      </Tabs>
    </div>
  );
}

/** Move the focus to the list, because the element that has it disappears. */
function toList(element: Element): void {
  element.closest("[data-pane]")?.querySelector<HTMLElement>("[role=listbox]:last-of-type")?.focus();
}

function CallActions({ bench, shown }: { bench: Bench; shown: any }) {
  const { call } = shown;
  const saving = bench.surface.kept.saving === call;
  const [file, setFile] = useState("");
  const name = file || `test_call_${call}.py`;
  const pinned = bench.pinned.includes(`call ${call}`);
  return (
    <>
      <button type="button" disabled={!shown.replay} title="Make the call again, with the same arguments" onClick={() => void bench.replay(call)}>
        <Icon name="replay" /> Replay
      </button>
      <button type="button" disabled={!shown.edit} title="Open the arguments in the form of the tool" onClick={() => void bench.edit(call)}>
        <Icon name="edit" /> Edit and call
      </button>
      <button type="button" aria-pressed={pinned} title="Keep the call on top" onClick={() => bench.pin(call)}>
        <Icon name="pin" /> {pinned ? "Pinned" : "Pin"}
      </button>
      <select aria-label="Compare with" disabled={!shown.others.length} value="" onChange={(event) => {
        const other = Number(event.currentTarget.value);
        event.currentTarget.value = "";
        if (other) void bench.compare(call, other);
      }}>
        <option value="">{shown.others.length ? "Compare with …" : "no other call to compare with"}</option>
        {shown.others.map((other: { call: number; words: string }) => (
          <option value={other.call}>{other.words}</option>
        ))}
      </select>
      <button type="button" aria-expanded={saving} disabled={!shown.save} onClick={() => bench.keep({ saving: saving ? 0 : call })}>
        <Icon name="save" /> Save as test
      </button>
      {saving && shown.save && (
        <form class="mcpnb-saving" onSubmit={(event) => {
          event.preventDefault();
          void bench.save(call, name);
        }}>
          <input type="text" aria-label="file of the test" value={name} onInput={(event) => setFile(event.currentTarget.value)} />
          <button type="submit" class="mcpnb-primary">Save</button>
        </form>
      )}
    </>
  );
}
