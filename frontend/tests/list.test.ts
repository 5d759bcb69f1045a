// @vitest-environment happy-dom
// A list in the page: what is drawn, what a screen reader is told, and what the keys do.

import { h, render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { VirtualList } from "../src/workbench/list";
import { ALL, type Row, Rows } from "../src/workbench/rows";

const TALL = 400;

let root: HTMLElement;
let chosen: string[];
let answers: boolean;

function shown(total: number, options: Record<string, unknown> = {}) {
  let draw = () => undefined as void;
  const surface = {
    changed: () => draw(),
    ask: (_: string, { from, to }: any) =>
      new Promise((done) => {
        if (!answers) return;
        const rows = Array.from({ length: Math.max(Math.min(to, total) - from, 0) }, (_, index) => ({ key: `row ${from + index}` }));
        done({ rows, from, total, of: total, place: -1 });
      }),
  };
  const rows = new Rows(surface as any, "tools", ALL, total);
  draw = () =>
    render(
      h(VirtualList, {
        rows,
        id: "list",
        label: "tools",
        height: 40,
        chosen: chosen.at(-1) ?? "",
        choose: (row: Row) => void chosen.push(row.key),
        draw: (row: Row) => row.key,
        ...options,
      }),
      root,
    );
  return settled(() => draw());
}

/** Do something, and wait until the kernel has answered. */
async function settled(step: () => void): Promise<void> {
  await act(async () => step());
  for (let round = 0; round < 3; round++) await act(async () => void (await new Promise((done) => setImmediate(done))));
}

const list = () => root.querySelector<HTMLElement>("[role=listbox]")!;
const options = () => [...root.querySelectorAll<HTMLElement>("[role=option]")];
const press = (key: string) =>
  settled(() => void list().dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })));
const active = () => root.querySelector(`#${list().getAttribute("aria-activedescendant")}`)?.textContent;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(TALL);
  [root, chosen, answers] = [document.body.appendChild(document.createElement("div")), [], true];
});

afterEach(() => {
  render(null, root);
  root.remove();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("a list of ten thousand rows", () => {
  it("has only the rows in view in the page, and says how many there are", async () => {
    await shown(10_000);
    expect(options().length).toBeLessThan(30);
    expect(options()[3]!.getAttribute("aria-posinset")).toBe("4");
    expect(options()[3]!.getAttribute("aria-setsize")).toBe("10000");
    expect(options()[3]!.textContent).toBe("row 3");
  });

  it("goes to its end by a key, and opens the row on which the keys rest", async () => {
    await shown(10_000);
    await press("End");
    expect(active()).toBe("row 9999");
    await press("ArrowUp");
    expect(chosen).toEqual([]);
    await act(async () => void vi.advanceTimersByTime(300));
    expect(chosen).toEqual(["row 9998"]);
  });

  it("opens a row at once by Enter and by a click", async () => {
    await shown(10_000);
    await press("ArrowDown");
    await press("ArrowDown");
    await press("Enter");
    expect(chosen).toEqual(["row 1"]);
    await act(async () => options()[5]!.click());
    expect(chosen.at(-1)).toBe("row 5");
  });

  it("gives further keys to whoever wants them, with the row", async () => {
    const keys = vi.fn(() => true);
    await shown(10_000, { keys });
    await press("ArrowDown");
    await press("p");
    expect(keys).toHaveBeenCalledWith("p", expect.objectContaining({ key: "row 0" }));
  });

  it("shows places for rows while the kernel does not answer", async () => {
    answers = false;
    await shown(10_000);
    expect(root.querySelectorAll(".mcpnb-placeholder").length).toBe(options().length);
    expect(options().length).toBeGreaterThan(5);
    await press("ArrowDown");
    await press("Enter");
    expect(chosen).toEqual([]);
  });
});
