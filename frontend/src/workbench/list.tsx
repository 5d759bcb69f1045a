// A list of any length: only the rows in view are in the page.

import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Row, Rows } from "./rows";

/** Rows beyond the view on each side that are in the page, so that fast scrolling shows no gap. */
const AROUND = 6;
/** Milliseconds that the arrow keys rest on a row until it is opened. */
const REST = 160;

interface Props {
  rows: Rows;
  /** Makes the ids of the rows unique on the page. */
  id: string;
  label: string;
  /** The height of a row in pixels. */
  height: number;
  chosen: string;
  choose: (row: Row) => void;
  draw: (row: Row) => ComponentChildren;
  /** What the pointer can do with a row; the keyboard has other ways. */
  beside?: (row: Row) => ComponentChildren;
  /** Further keys, for the row that they act on. */
  keys?: (key: string, row: Row) => boolean;
  /** Whether the end stays in view as the list grows. */
  follows?: boolean;
  inView?: (rows: Row[]) => void;
}

/** The rows in view, with those around them. */
export function placesIn(top: number, tall: number, height: number, total: number): [from: number, to: number] {
  const from = Math.max(Math.floor(top / height) - AROUND, 0);
  return [Math.min(from, total), Math.min(Math.ceil((top + tall) / height) + AROUND, total)];
}

/** The place that a key leads to; undefined for other keys. */
export function placeAfter(key: string, at: number, page: number, total: number): number | undefined {
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: total - 1, PageDown: at + page, PageUp: at - page }[key];
  return to === undefined || !total ? undefined : Math.min(Math.max(to, 0), total - 1);
}

interface Active {
  key: string;
  at: number;
}

/** What is in view of a list: it follows the end as long as that is in view and nobody points at a row. */
class View {
  top = 0;
  tall = 400;
  atEnd = true;
  /** Whether the pointer is over the list, so that no row may move under it. */
  held = false;
  /** The number of rows when the end was last in view. */
  seen = 0;

  constructor(
    private readonly box: RefObject<HTMLDivElement | null>,
    private readonly height: number,
    private readonly changed: () => void,
  ) {}

  measure(): void {
    const element = this.box.current!;
    const { top, tall } = this;
    this.top = element.scrollTop;
    this.tall = element.clientHeight || tall;
    if (top !== this.top || tall !== this.tall) this.changed();
  }

  scrolled(total: number): void {
    const element = this.box.current!;
    this.atEnd = element.scrollTop + element.clientHeight >= element.scrollHeight - this.height / 2;
    if (this.atEnd) this.seen = total;
    this.measure();
  }

  toEnd(): void {
    this.box.current!.scrollTop = this.box.current!.scrollHeight;
    this.measure();
  }

  /** Bring a row into view. */
  show(place: number): void {
    const element = this.box.current!;
    const top = place * this.height;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + this.height > element.scrollTop + element.clientHeight) element.scrollTop = top + this.height - element.clientHeight;
    this.measure();
  }

  get page(): number {
    return Math.max(Math.floor(this.tall / this.height) - 1, 1);
  }
}

/** Follow the list: its growth, the rows that move, and what is chosen elsewhere. */
function useView(box: RefObject<HTMLDivElement | null>, { rows, height, chosen, follows }: Props, active: Active | undefined): View {
  const [, again] = useState(0);
  const [view] = useState(() => new View(box, height, () => again((count) => count + 1)));
  const { total } = rows;
  useLayoutEffect(() => {
    const watch = new ResizeObserver(() => (follows && view.atEnd ? view.toEnd() : view.measure()));
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (view.atEnd) view.seen = total;
    if (follows && view.atEnd && !view.held) view.toEnd();
    else view.measure();
  }, [total]);
  useEffect(() => {
    if (!chosen || chosen === active?.key) return;
    const place = rows.place(chosen);
    if (place >= 0) return view.show(place);
    view.atEnd = false;
    rows.seek(chosen);
  }, [chosen]);
  useEffect(() => {
    rows.top = Math.floor(view.top / height);
    rows.look(...placesIn(view.top, view.tall, height, total));
    const first = Math.ceil(view.top / height);
    const row = rows.at(first);
    const following = follows && view.atEnd && !view.held;
    rows.anchor = following || !row || first === 0 ? undefined : { key: row.key, at: first };
  });
  return view;
}

/** The row that the keys act on; one on which they rest is opened. */
function useActive(rows: Rows, choose: (row: Row) => void): [Active | undefined, (active: Active | undefined, rests?: boolean) => void] {
  const [active, setActive] = useState<Active | undefined>();
  const [resting, setResting] = useState(0);
  useEffect(() => {
    if (!resting || !active) return;
    const timer = setTimeout(() => {
      const row = rows.at(active.at);
      if (row) choose(row);
    }, REST);
    return () => clearTimeout(timer);
  }, [resting, active?.at, active ? rows.at(active.at)?.key : ""]);
  const activate = (to: Active | undefined, rests = false) => {
    setActive(to);
    setResting((count) => (rests ? count + 1 : 0));
  };
  return [active, activate];
}

export function VirtualList(props: Props) {
  const { rows, id, label, height, chosen, choose, keys, follows, inView } = props;
  const box = useRef<HTMLDivElement>(null);
  const [active, activate] = useActive(rows, choose);
  const view = useView(box, props, active);
  rows.moved = (by) => {
    if (active) activate({ ...active, at: active.at + by });
    requestAnimationFrame(() => box.current && (box.current.scrollTop += by * height));
  };
  const { total } = rows;
  const [from, to] = placesIn(view.top, view.tall, height, total);
  const places = Array.from({ length: Math.max(to - from, 0) }, (_, index) => from + index);
  const seen = places.map((place) => rows.at(place)).filter((row) => row !== undefined);
  useEffect(() => inView?.(seen), [seen.map((row) => row.key + row.state).join()]);
  const current = active?.at ?? rows.place(chosen);
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = placeAfter(event.key, current, view.page, total);
    const row = rows.at(current);
    if (to !== undefined) {
      view.show(to);
      activate({ key: rows.at(to)?.key ?? "", at: to }, true);
    } else if (row && (event.key === "Enter" || event.key === " ")) choose(row);
    else if (!row || !keys?.(event.key, row)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="mcpnb-list">
      <div
        ref={box}
        class="mcpnb-scroll"
        role="listbox"
        aria-label={label}
        tabIndex={0}
        aria-activedescendant={current >= from && current < to ? `${id}-${current}` : undefined}
        onScroll={() => view.scrolled(total)}
        onKeyDown={key}
        onPointerEnter={() => (view.held = true)}
        onPointerLeave={() => (view.held = false)}
      >
        <div role="presentation" style={{ height: `${total * height}px`, position: "relative" }}>
          {places.map((place) => (
            <Item key={rows.at(place)?.key ?? place} {...props} place={place} active={place === current} activate={activate} />
          ))}
        </div>
      </div>
      {follows && !view.atEnd && <Latest news={total - view.seen} go={() => {
        activate(undefined);
        view.atEnd = true;
        view.toEnd();
        box.current!.focus();
      }} />}
    </div>
  );
}

function Item({ rows, id, height, chosen, choose, draw, beside, place, active, activate }: Props & { place: number; active: boolean; activate: (active: Active) => void }) {
  const row = rows.at(place);
  const click = () => {
    if (!row) return;
    activate({ key: row.key, at: place });
    choose(row);
  };
  return (
    <div role="presentation" class="mcpnb-item" style={{ top: `${place * height}px`, height: `${height}px` }}>
      <div
        id={`${id}-${place}`}
        role="option"
        aria-selected={row !== undefined && row.key === chosen}
        aria-setsize={rows.total}
        aria-posinset={place + 1}
        class={active ? "active" : ""}
        onClick={click}
      >
        {row ? draw(row) : <span class="mcpnb-placeholder" aria-label="not loaded yet" />}
      </div>
      {row && beside && (
        <div class="mcpnb-beside" aria-hidden="true">
          {beside(row)}
        </div>
      )}
    </div>
  );
}

function Latest({ news, go }: { news: number; go: () => void }) {
  return (
    <button type="button" class="mcpnb-latest" onClick={go}>
      ↓ Latest{news > 0 ? ` (${news} new)` : ""}
    </button>
  );
}
