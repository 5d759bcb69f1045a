// The live panel of statistics: the rate of calls as bars, and the numbers of each tool.

import { useRef, useState } from "preact/hooks";
import { duration, shown } from "../parts/shown";
import { useInSight, useSecondsSince } from "../parts/watched";
import type { Surface } from "../surface";
import { Bars } from "./bars";
import { bars, inWords, NOW, placeOn, rate, roundUp, type Second, scaleOf } from "./rates";

interface Numbers {
  calls: number;
  errors: number;
  cancelled: number;
  running: number;
  series: Second[];
}

interface Row extends Numbers {
  key: string;
  title: string;
  server: string;
  /** Seconds: the median, the 95th and the 99th percentile; null without answered calls. */
  latency: (number | null)[];
}

const PERCENTILES = ["p50", "p95", "p99"];
const TYPED_AFTER = 250;

export function StatisticsView({ surface }: { surface: Surface }) {
  const { about, state } = surface;
  useInSight(surface);
  const since = useSecondsSince(state.version, 1_000, state.held);
  const [chosen, choose] = useState("");
  if (state.closed) {
    return (
      <p class="mcpnb-banner" role="status">
        {state.closed}
      </p>
    );
  }
  const rows: Row[] = state.rows ?? [];
  const row = rows.find(({ key }) => key === chosen);
  return (
    <section class="mcpnb mcpnb-ui mcpnb-stats" aria-label="statistics of calls" data-lm-suppress-shortcuts="true">
      <Head surface={surface} />
      {state.of ? (
        <>
          <Chart numbers={row ?? state.total} of={row?.title} since={since} seconds={about.seconds} />
          <Table rows={rows} since={since} seconds={about.seconds} chosen={row?.key} choose={(key) => choose(key === chosen ? "" : key)} />
          <p class="dim mcpnb-note">
            {state.found > rows.length ? `The first ${rows.length} of ${state.found.toLocaleString("en")}. ` : ""}
            {state.found ? `Latency: of the latest ${about.latencies.toLocaleString("en")} calls of each that were answered.` : "Nothing here has such a name."}
            {state.found > 0 && <span class="mcpnb-wide"> The dot is p50, the marks are p95 and p99, on a logarithmic scale.</span>}
          </p>
        </>
      ) : (
        <p>
          <b>No calls yet.</b> Run a cell with <code>%mcp call</code>, or let a client connect: <code>%mcp serve</code>. The numbers
          appear here by themselves.
        </p>
      )}
    </section>
  );
}

function Head({ surface }: { surface: Surface }) {
  const { about, state } = surface;
  const total: Numbers = state.total;
  const [text, setText] = useState<string>(state.text);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const look = (changed: { text?: string; order?: string }) => void surface.ask("look", changed);
  return (
    <header class="mcpnb-header">
      <h4 class="jp-toc-ignore">Statistics</h4>
      <span class="chip">
        <span aria-hidden="true">·</span> {count(total.calls, "call")}
      </span>
      <span class={`chip ${total.errors ? "bad" : "good"}`}>
        <span aria-hidden="true">{total.errors ? "✗" : "✓"}</span> {count(total.errors, "error")}
      </span>
      {total.cancelled > 0 && (
        <span class="chip warn">
          <span aria-hidden="true">!</span> {total.cancelled.toLocaleString("en")} cancelled
        </span>
      )}
      {total.running > 0 && (
        <span class="chip info">
          <span aria-hidden="true">→</span> {total.running.toLocaleString("en")} running
        </span>
      )}
      <span class="mcpnb-tools">
        <input
          type="search"
          aria-label="Search tools"
          placeholder="search"
          value={text}
          onInput={({ currentTarget: { value } }) => {
            setText(value);
            clearTimeout(timer.current);
            timer.current = setTimeout(() => look({ text: value }), TYPED_AFTER);
          }}
        />
        <select aria-label="order" value={state.order} onChange={(event) => look({ order: event.currentTarget.value })}>
          {about.orders.map((name: string) => (
            <option value={name}>{ORDERS[name] ?? name}</option>
          ))}
        </select>
        <button type="button" aria-pressed={Boolean(state.held)} title="Hold the numbers still" onClick={() => void surface.ask("hold", { on: !state.held })}>
          {state.held ? "Resume" : "Pause"}
        </button>
      </span>
    </header>
  );
}

const ORDERS: Record<string, string> = { busiest: "busiest first", errors: "most errors first", slowest: "slowest first", name: "by name" };

const count = (number: number, noun: string) => `${number ? number.toLocaleString("en") : "no"} ${noun}${number === 1 ? "" : "s"}`;

/** The calls in each of the latest seconds. */
function Chart({ numbers, of = "", since, seconds }: { numbers: Numbers; of?: string | undefined; since: number; seconds: number }) {
  const made = bars(numbers.series, since, seconds);
  const top = Math.max(...made.map((bar) => bar.calls));
  const most = roundUp(top);
  const sum = (pick: "calls" | "errors") => made.reduce((all, bar) => all + bar[pick], 0);
  const what = of ? `calls of ${of}` : "all calls";
  const label = `${what} in the last minute: ${count(sum("calls"), "call")}, ${count(sum("errors"), "error")}, at most ${top} in a second`;
  return (
    <figure class="mcpnb-chart">
      <figcaption>
        <b>{of ? <code>{shown(of)}</code> : "All calls"}</b>
        <span class="mcpnb-rate">{inWords(rate(made))} per second</span>
        <span class="dim">mean of the last {NOW} s</span>
        <span class="mcpnb-legend dim" aria-hidden="true">
          <i class="mcpnb-calls" /> calls <i class="mcpnb-errors" /> errors
        </span>
      </figcaption>
      <div class="mcpnb-plot">
        <span class="mcpnb-most dim" aria-hidden="true">
          {most.toLocaleString("en")}/s
        </span>
        <Bars bars={made} most={most} label={label} />
      </div>
      <div class="mcpnb-ends dim" aria-hidden="true">
        <span>{seconds} s ago</span>
        <span>now</span>
      </div>
    </figure>
  );
}

interface TableProps {
  rows: Row[];
  since: number;
  seconds: number;
  chosen: string | undefined;
  choose: (key: string) => void;
}

function Table({ rows, since, seconds, chosen, choose }: TableProps) {
  if (!rows.length) return null;
  const scale = scaleOf(rows.flatMap((row) => row.latency));
  const made = rows.map((row) => bars(row.series, since, seconds));
  const most = Math.max(...made.flat().map((bar) => bar.calls), 1);
  // The roles are named, because the style sheet lays the table out as a grid, and a browser then forgets them.
  return (
    <table role="table" aria-label="by tool">
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">tool</th>
          <th role="columnheader" scope="col">calls</th>
          <th role="columnheader" scope="col">errors</th>
          <th role="columnheader" scope="col" title={`mean of the last ${NOW} s`}>per s</th>
          <th role="columnheader" scope="col" class="mcpnb-wide">last minute</th>
          {PERCENTILES.map((name) => (
            <th role="columnheader" scope="col">{name}</th>
          ))}
          <th role="columnheader" scope="col" class="mcpnb-wide mcpnb-scale">
            <span>{duration(scale[0])}</span> <span>{duration(scale[1])}</span>
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row, index) => (
          <tr role="row" key={row.key}>
            <th role="rowheader" scope="row">
              <button type="button" class="mcpnb-link" aria-pressed={row.key === chosen} title="Draw only these calls above" onClick={() => choose(row.key)}>
                <code>{shown(row.title)}</code>
              </button>
              {row.server && <span class="dim"> on {shown(row.server)}</span>}
              {row.running > 0 && <span class="dim"> {row.running.toLocaleString("en")} running</span>}
            </th>
            <td role="cell">{row.calls.toLocaleString("en")}</td>
            <td role="cell" class={row.errors ? "mcpnb-failing" : ""}>
              {row.errors ? `✗ ${row.errors.toLocaleString("en")}` : "0"}
              {row.errors > 0 && <span class="mcpnb-share"> {share(row)}</span>}
            </td>
            <td role="cell">{inWords(rate(made[index]!))}</td>
            <td role="cell" class="mcpnb-wide mcpnb-spark">
              <Bars bars={made[index]!} most={most} />
            </td>
            {row.latency.map((seconds) => (
              <td role="cell">{seconds === null ? "–" : duration(seconds)}</td>
            ))}
            <td role="cell" class="mcpnb-wide">
              <Range latency={row.latency} scale={scale} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const share = ({ errors, calls }: Row) => `${(100 * errors) / calls >= 10 ? Math.round((100 * errors) / calls) : ((100 * errors) / calls).toFixed(1)}%`;

/** The three percentiles on a line with a logarithmic scale: a dot, a mark and the end. */
function Range({ latency, scale }: { latency: (number | null)[]; scale: [number, number] }) {
  const [half, most, all] = latency;
  if (half == null || most == null || all == null) return null;
  const at = (seconds: number) => `${(100 * placeOn(scale, seconds)).toFixed(2)}%`;
  return (
    <span class="mcpnb-range" aria-hidden="true">
      <i class="mcpnb-line" style={{ left: at(half), right: `calc(100% - ${at(all)})` }} />
      <i class="mcpnb-tick" style={{ left: at(most) }} />
      <i class="mcpnb-tick mcpnb-last" style={{ left: at(all) }} />
      <i class="mcpnb-half" style={{ left: at(half) }} />
    </span>
  );
}
