// The lists of the workbench: which rows are in the page, which are asked for, and how names are shortened.

import { describe, expect, it, vi } from "vitest";
import { placeAfter, placesIn } from "../src/workbench/list";
import { ends } from "../src/workbench/middle";
import { ALL, Rows } from "../src/workbench/rows";

/** A kernel with a list of so many rows, which answers when it is let. */
function kernel(total: number) {
  const state = { total, first: 0, asked: [] as any[], waiting: [] as (() => void)[], held: false };
  const answer = (message: any) => {
    const place = message.anchor ? Number(message.anchor) - state.first : -1;
    const by = place >= 0 ? place - message.at : 0;
    const [from, to] = [Math.max(message.from + by, 0), Math.min(message.to + by, state.total)];
    const rows = Array.from({ length: Math.max(to - from, 0) }, (_, index) => ({ key: String(state.first + from + index) }));
    return { rows, from, total: state.total, of: state.total, place };
  };
  const surface = {
    changed: vi.fn(),
    ask(_: string, message: any): Promise<any> {
      state.asked.push(message);
      if (!state.held) return Promise.resolve(answer(message));
      return new Promise((done) => state.waiting.push(() => done(answer(message))));
    },
  };
  return { state, rows: new Rows(surface as any, "traffic", ALL, total) };
}

const settled = () => new Promise((done) => setTimeout(done));

describe("the rows in the page", () => {
  it("are those in view and a few around them, of any number", () => {
    const [from, to] = placesIn(44_000, 440, 44, 10_000);
    expect(from).toBeLessThanOrEqual(1000);
    expect(to).toBeGreaterThanOrEqual(1010);
    expect(to - from).toBeLessThan(30);
  });

  it("end where the list ends", () => {
    expect(placesIn(0, 440, 44, 3)).toEqual([0, 3]);
    expect(placesIn(44_000, 440, 44, 3)).toEqual([3, 3]);
    expect(placesIn(0, 440, 44, 0)).toEqual([0, 0]);
  });
});

describe("the keys of a list", () => {
  it("lead from row to row, by pages and to the ends", () => {
    expect(placeAfter("ArrowDown", 3, 10, 100)).toBe(4);
    expect(placeAfter("ArrowUp", 3, 10, 100)).toBe(2);
    expect(placeAfter("PageDown", 3, 10, 100)).toBe(13);
    expect(placeAfter("PageUp", 30, 10, 100)).toBe(20);
    expect(placeAfter("Home", 3, 10, 100)).toBe(0);
    expect(placeAfter("End", 3, 10, 100)).toBe(99);
  });

  it("do not lead out of the list, and start at its beginning", () => {
    expect(placeAfter("ArrowDown", 99, 10, 100)).toBe(99);
    expect(placeAfter("ArrowUp", 0, 10, 100)).toBe(0);
    expect(placeAfter("PageUp", 3, 10, 100)).toBe(0);
    expect(placeAfter("ArrowDown", -1, 10, 100)).toBe(0);
  });

  it("do nothing in an empty list, and other keys do nothing", () => {
    expect(placeAfter("End", -1, 10, 0)).toBeUndefined();
    expect(placeAfter("x", 3, 10, 100)).toBeUndefined();
  });
});

describe("the rows of the kernel", () => {
  it("are asked for by range, and not again while they are known", async () => {
    const { state, rows } = kernel(10_000);
    rows.look(5000, 5010);
    await settled();
    expect(rows.at(5005)?.key).toBe("5005");
    expect(state.asked).toHaveLength(1);
    expect(state.asked[0].to - state.asked[0].from).toBeLessThan(100);
    rows.look(5002, 5012);
    await settled();
    expect(state.asked).toHaveLength(1);
  });

  it("are asked for once while the kernel is busy, and then for what is in view by then", async () => {
    const { state, rows } = kernel(10_000);
    state.held = true;
    for (let place = 0; place < 5000; place += 100) rows.look(place, place + 10);
    expect(state.asked).toHaveLength(1);
    expect(rows.at(4900)).toBeUndefined();
    state.held = false;
    state.waiting.forEach((answer) => answer());
    await settled();
    expect(state.asked).toHaveLength(2);
    expect(rows.at(4900)?.key).toBe("4900");
  });

  it("stay until the new ones are there when the list changes", async () => {
    const { state, rows } = kernel(20);
    rows.look(0, 10);
    await settled();
    state.total = 21;
    state.held = true;
    rows.renew();
    expect(rows.at(3)?.key).toBe("3");
    state.waiting.forEach((answer) => answer());
    await settled();
    expect(rows.total).toBe(21);
  });

  it("move with the row that is to stay in its place", async () => {
    const { state, rows } = kernel(1000);
    const moved = vi.fn();
    rows.moved = moved;
    rows.look(500, 510);
    await settled();
    state.first = 3; // the first three rows are gone
    state.total = 997;
    rows.anchor = { key: "502", at: 502 };
    rows.renew();
    await settled();
    expect(moved).toHaveBeenCalledExactlyOnceWith(-3);
    expect(rows.at(499)?.key).toBe("502");
  });

  it("come into view when one is sought", async () => {
    const { rows } = kernel(1000);
    const moved = vi.fn();
    rows.moved = moved;
    rows.look(0, 10);
    await settled();
    rows.seek("700");
    await settled();
    expect(moved).toHaveBeenCalledExactlyOnceWith(700);
    expect(rows.at(700)?.key).toBe("700");
  });

  it("of an earlier filter are not taken", async () => {
    const { state, rows } = kernel(100);
    state.held = true;
    rows.look(0, 10);
    rows.filter({ ...ALL, text: "x" });
    state.held = false;
    state.total = 1;
    const [earlier] = state.waiting.splice(0);
    state.total = 100;
    earlier!();
    state.total = 1;
    await settled();
    expect(state.asked[1].text).toBe("x");
    expect(rows.total).toBe(1);
  });
});

describe("a long name", () => {
  it("keeps its end, so that equal beginnings are told apart", () => {
    const [beginning, end] = ends("library://collections/europe/france/paris/shelves/12/books");
    expect(beginning + end).toBe("library://collections/europe/france/paris/shelves/12/books");
    expect(end).toBe("/shelves/12/books".padStart(18, "s").slice(-18));
  });

  it("is whole if it is short", () => {
    expect(ends("library://hours")).toEqual(["library://hours", ""]);
  });

  it("is not cut within a character", () => {
    const text = "📚".repeat(60);
    expect(ends(text).join("")).toBe(text);
    expect(ends(text)[1]).toBe("📚".repeat(18));
  });
});
