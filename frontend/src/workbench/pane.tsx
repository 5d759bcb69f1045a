// A list with a search field and filters, and beside it what is chosen in it.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Html } from "../parts/html";
import { Inside } from "../parts/inside";
import type { Bench } from "./bench";
import { VirtualList } from "./list";
import { Middle } from "./middle";
import type { Row } from "./rows";
import { Separator } from "./separator";

const ROW = 46;
/** The share of a list in the width, in percent, until it is changed. */
const SHARE = 38;

interface Props {
  bench: Bench;
  list: string;
  /** A word for the rows, in the plural. */
  what: string;
  id: string;
  filters?: string[];
  /** What is to be done while there is nothing. */
  empty: ComponentChildren;
  /** What is to be done while nothing is chosen. */
  hint: string;
  follows?: boolean;
}

export function ListPane({ bench, list, what, id, filters = [], empty, hint, follows = false }: Props) {
  const rows = bench.rows(list);
  const count = bench.surface.state.counts?.[list] ?? 0;
  if (!count) return <div class="mcpnb-empty">{empty}</div>;
  return (
    <Beside
      bench={bench}
      name="list"
      what={what}
      list={
        <>
          <Bar bench={bench} list={list} what={what} filters={filters} />
          <VirtualList
            rows={rows}
            id={`${id}-${list}`}
            label={what}
            height={ROW}
            chosen={bench.chosen(list)}
            choose={(row) => bench.choose(list, row.key)}
            draw={(row) => <Offer row={row} />}
            follows={follows}
          />
          <Found bench={bench} list={list} what={what} />
        </>
      }
    >
      <Chosen bench={bench} list={list} hint={hint} />
    </Beside>
  );
}

/** A list on the left of a line that can be moved, and the rest on its right. */
export function Beside({ bench, name, what, list, children }: { bench: Bench; name: string; what: string; list: ComponentChildren; children: ComponentChildren }) {
  const share = bench.size(name, SHARE);
  return (
    <div class={`mcpnb-panes ${children ? "" : "one"}`} style={{ "--mcpnb-share": `${share}%` }}>
      <div class="mcpnb-left">{list}</div>
      {children && <Separator
        label={`width of the list of ${what}`}
        upright
        size={share}
        least={20}
        most={70}
        unit={(element) => 100 / (element.parentElement!.clientWidth || 1)}
        resize={(size) => bench.resize(name, size)}
      />}
      {children && <div class="mcpnb-right">{children}</div>}
    </div>
  );
}

/** The search field, and a button for each filter. */
export function Bar({ bench, list, what, filters, children }: { bench: Bench; list: string; what: string; filters: string[]; children?: ComponentChildren }) {
  const query = bench.query(list);
  const turn = (mark: string) =>
    bench.filter(list, { marks: query.marks.includes(mark) ? query.marks.filter((other) => other !== mark) : [...query.marks, mark] });
  return (
    <div class="mcpnb-bar">
      <input
        type="search"
        placeholder={`Search ${what}  /`}
        aria-label={`Search ${what}`}
        aria-keyshortcuts="/"
        value={query.text}
        onInput={(event) => bench.filter(list, { text: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") event.currentTarget.closest("[data-pane]")?.querySelector<HTMLElement>("[role=listbox]")?.focus();
        }}
      />
      {children}
      {filters.length > 1 && (
        <span class="mcpnb-chips" role="group" aria-label={`show only ${what} that are`}>
          {filters.map((mark) => (
            <button type="button" aria-pressed={query.marks.includes(mark)} onClick={() => turn(mark)}>
              {mark}
            </button>
          ))}
        </span>
      )}
    </div>
  );
}

/** How many rows the filters let through, and a way back if there are none. */
export function Found({ bench, list, what }: { bench: Bench; list: string; what: string }) {
  const { total, of, answered } = bench.rows(list);
  const query = bench.query(list);
  const filtered = Boolean(query.text || query.marks.length || query.method);
  if (!filtered) return null;
  return (
    <p class="mcpnb-found">
      <span role="status">{answered ? `${total.toLocaleString("en")} of ${of.toLocaleString("en")} ${what}` : ""}</span>
      <button type="button" class="mcpnb-link" onClick={() => bench.filter(list, { text: "", marks: [], method: "" })}>
        Show all
      </button>
    </p>
  );
}

function Offer({ row }: { row: Row }) {
  return (
    <>
      <span class="mcpnb-line">
        {row.title ? <b>{row.title}</b> : <b><Middle text={row.name} /></b>}
        {row.badges.map(([words, kind]: [string, string]) => (
          <span class={`badge ${kind}`}>{words}</span>
        ))}
        <span class="mcpnb-end dim">{row.note}</span>
      </span>
      <span class="mcpnb-line dim">
        {row.title && <Middle text={row.name} />}
        <span class="mcpnb-cut">{row.text}</span>
      </span>
    </>
  );
}

/** Ask the kernel for what is chosen, and again when the list has changed; what was there stays meanwhile. */
export function useShown(bench: Bench, list: string): any {
  const { surface } = bench;
  const key = bench.chosen(list);
  const version = surface.state.versions?.[list] ?? 0;
  const [shown, setShown] = useState<any>();
  const asked = useRef({ asking: false, wanted: "" });
  const wanted = `${version} ${key}`;
  useEffect(() => {
    asked.current.wanted = wanted;
    const ask = async () => {
      if (asked.current.asking || !key) return;
      asked.current.asking = true;
      const now = asked.current.wanted;
      const answer = await surface.ask("show", { list, key: now.slice(now.indexOf(" ") + 1) }).catch(() => undefined);
      asked.current.asking = false;
      if (answer) setShown({ ...answer, key: now.slice(now.indexOf(" ") + 1) });
      if (asked.current.wanted !== now) void ask();
    };
    void ask();
  }, [wanted]);
  return key ? shown : undefined;
}

function Chosen({ bench, list, hint }: { bench: Bench; list: string; hint: string }) {
  const shown = useShown(bench, list);
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (bench.goTo !== list || !shown?.form) return;
    bench.goTo = "";
    // The form attaches itself to its element after this.
    setTimeout(() => {
      const first = element.current?.querySelector<HTMLElement>(".mcpnb-form :is(input, textarea, select)");
      (first ?? element.current?.querySelector<HTMLElement>(".mcpnb-call > .mcpnb-actions button"))?.focus();
    }, 50);
  });
  if (!shown || shown.gone) return <p class="mcpnb-empty dim">{shown?.gone ? "It is gone. Choose another one." : hint}</p>;
  if (shown.form) {
    return (
      <div ref={element}>
        <Inside key={shown.form} mount={shown.form} />
      </div>
    );
  }
  return (
    <>
      {shown.parts.map(([, html]: [string, string]) => (
        <Html html={html} />
      ))}
    </>
  );
}
