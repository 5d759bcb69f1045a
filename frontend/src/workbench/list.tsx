// A list of any length: only the rows in view are in the page.

import type { ComponentChildren } from "preact";
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
export function window_(top: number, tall: number, height: number, total: number): [from: number, to: number] {
  const from = Math.max(Math.floor(top / height) - AROUND, 0);
  return [Math.min(from, total), Math.min(Math.ceil((top + tall) / height) + AROUND, total)];
}

/** The place that a key leads to; undefined for other keys. */
export function placeAfter(key: string, at: number, page: number, total: number): number | undefined {
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: total - 1, PageDown: at + page, PageUp: at - page }[key];
  return to === undefined || !total ? undefined : Math.min(Math.max(to, 0), total - 1);
}

export function VirtualList({ rows, id, label, height, chosen, choose, draw, beside, keys, follows, inView }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [, again] = useState(0);
  const view = useRef({ top: 0, tall: 400, atEnd: true, held: false, seen: 0 });
  const [active, setActive] = useState<{ key: string; at: number } | undefined>();
  const [resting, setResting] = useState(0);
  const { total } = rows;
  const [from, to] = window_(view.current.top, view.current.tall, height, total);

  const measure = () => {
    const element = box.current!;
    const { top, tall } = view.current;
    view.current.top = element.scrollTop;
    view.current.tall = element.clientHeight || tall;
    if (top !== view.current.top || tall !== view.current.tall) again((count) => count + 1);
  };
  const scrolled = () => {
    const element = box.current!;
    view.current.atEnd = element.scrollTop + element.clientHeight >= element.scrollHeight - height / 2;
    if (view.current.atEnd) view.current.seen = total;
    measure();
  };
  const toEnd = () => {
    if (follows && view.current.atEnd) box.current!.scrollTop = box.current!.scrollHeight;
    measure();
  };
  useLayoutEffect(() => {
    const watch = new ResizeObserver(toEnd);
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  rows.moved = (by) => {
    if (active) setActive({ ...active, at: active.at + by });
    requestAnimationFrame(() => box.current && (box.current.scrollTop += by * height));
  };
  useLayoutEffect(() => {
    if (view.current.atEnd) view.current.seen = total;
    if (view.current.held) measure();
    else toEnd();
  }, [total]);
  useEffect(() => {
    if (!chosen || chosen === active?.key) return;
    const place = rows.place(chosen);
    if (place >= 0) return show(place);
    view.current.atEnd = false;
    rows.seek(chosen);
  }, [chosen]);
  useEffect(() => {
    rows.look(from, to);
    rows.top = Math.floor(view.current.top / height);
    const first = Math.ceil(view.current.top / height);
    const top = rows.at(first);
    const following = follows && view.current.atEnd && !view.current.held;
    rows.anchor = following || !top || first === 0 ? undefined : { key: top.key, at: first };
  });
  const places = Array.from({ length: Math.max(to - from, 0) }, (_, index) => from + index);
  const seen = places.map((place) => rows.at(place)).filter((row) => row !== undefined);
  useEffect(() => inView?.(seen), [seen.map((row) => row.key + row.state).join()]);
  useEffect(() => {
    if (!resting || !active) return;
    const timer = setTimeout(() => {
      const row = rows.at(active.at);
      if (row) choose(row);
    }, REST);
    return () => clearTimeout(timer);
  }, [resting, active?.at, active ? rows.at(active.at)?.key : ""]);

  const show = (place: number) => {
    const element = box.current!;
    const top = place * height;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + height > element.scrollTop + element.clientHeight) element.scrollTop = top + height - element.clientHeight;
    measure();
  };
  const go = (place: number) => {
    show(place);
    setActive({ key: rows.at(place)?.key ?? "", at: place });
    setResting((count) => count + 1);
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = active?.at ?? rows.place(chosen);
    const page = Math.max(Math.floor(view.current.tall / height) - 1, 1);
    const to = placeAfter(event.key, at, page, total);
    const row = rows.at(at);
    if (to !== undefined) go(to);
    else if (row && (event.key === "Enter" || event.key === " ")) choose(row);
    else if (!row || !keys?.(event.key, row)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const current = active ?? (rows.place(chosen) >= 0 ? { key: chosen, at: rows.place(chosen) } : undefined);
  const shown = current && current.at >= from && current.at < to;
  const missed = follows && !view.current.atEnd ? total - view.current.seen : 0;
  return (
    <div class="mcpnb-list">
      <div
        ref={box}
        class="mcpnb-scroll"
        role="listbox"
        aria-label={label}
        tabIndex={0}
        aria-activedescendant={shown ? `${id}-${current.at}` : undefined}
        onScroll={scrolled}
        onKeyDown={key}
        onPointerEnter={() => (view.current.held = true)}
        onPointerLeave={() => (view.current.held = false)}
      >
        <div role="presentation" style={{ height: `${total * height}px`, position: "relative" }}>
          {places.map((place) => {
            const row = rows.at(place);
            return (
              <div key={row?.key ?? place} role="presentation" class="mcpnb-item" style={{ top: `${place * height}px`, height: `${height}px` }}>
                <div
                  id={`${id}-${place}`}
                  role="option"
                  aria-selected={row !== undefined && row.key === chosen}
                  aria-setsize={total}
                  aria-posinset={place + 1}
                  class={current?.at === place ? "active" : ""}
                  onClick={() => {
                    if (!row) return;
                    setActive({ key: row.key, at: place });
                    choose(row);
                  }}
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
          })}
        </div>
      </div>
      {follows && !view.current.atEnd && (
        <button
          type="button"
          class="mcpnb-latest"
          onClick={() => {
            view.current.atEnd = true;
            setActive(undefined);
            toEnd();
            box.current!.focus();
          }}
        >
          ↓ Latest{missed > 0 ? ` (${missed} new)` : ""}
        </button>
      )}
    </div>
  );
}
