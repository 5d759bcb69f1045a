// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { enhance } from "../src/parts/enhance";
import { sorted } from "../src/results/sorting";

let root: HTMLElement;
let undo: () => void = () => undefined;

function shown(html: string, whole?: Parameters<typeof enhance>[1]): HTMLElement {
  root.innerHTML = html;
  undo = enhance(root, whole);
  return root;
}

const button = (name: string) =>
  [...root.querySelectorAll("button")].find((each) => (each.getAttribute("aria-label") ?? each.textContent) === name)!;
const texts = (selector: string) => [...root.querySelectorAll(selector)].map((each) => each.textContent);
const drawn = () => new Promise((done) => setTimeout(done, 0));
const press = (element: Element, key: string, more = {}) =>
  element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));

async function type(text: string): Promise<HTMLInputElement> {
  const field = root.querySelector<HTMLInputElement>("input")!;
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await drawn();
  return field;
}

beforeEach(() => {
  root = document.createElement("div");
  root.className = "mcpnb mcpnb-ui";
  document.body.append(root);
});

afterEach(() => {
  undo();
  root.remove();
  vi.unstubAllGlobals();
});

const item = (key: string, value: string) => `<li><code class="key">${key}</code>: ${value}</li>`;
const leaf = (text: string) => `<code class="str">${text}</code>`;
const fold = (label: string, many: string, items: string[], open = false) =>
  `<details${open ? " open" : ""}><summary>${label}<span class="dim">${many}</span></summary><ul>${items.join("")}</ul></details>`;
const TREE = `<div class="tree">${fold("", "3 keys", [
  item("name", leaf('"Emma"')),
  `<li>${fold('<code class="key">list</code>: ', "30 items", [...Array(30).keys()].map((n) => item(String(n), leaf(`"book ${n}"`))))}</li>`,
  item('"\\""', '<code class="num">12345678901234567890</code>'),
], true)}</div>`;
const LONG = `<pre class="json">${[...Array(25).keys()].map((n) => `<span class="key">"k${n}"</span>: <span class="num">${n}</span>`).join("\n")}</pre>`;

function table(rows: [string, string][], heads = ["city", "t"]): string {
  const cells = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join("")}</tr>`).join("");
  return `<div class="scrolled"><table><tbody><tr>${heads.map((head) => `<th>${head}</th>`).join("")}</tr>${cells}</tbody></table></div>`;
}

describe("any block", () => {
  it("is what it was when the tools are taken away, also after they were used", async () => {
    const html = `<div class="mcpnb"><h4>result</h4><pre>text</pre>${LONG}${TREE}${table([["Graz", "2"], ["Wien", "1"]])}<p><img alt="dot" src="data:image/png;base64,AA=="></p></div>`;
    root.innerHTML = html;
    const before = root.innerHTML;
    shown(html, () => Promise.reject(new Error("none")));
    expect(root.innerHTML).not.toBe(before);
    await type("2");
    button("t").click();
    button("Expand all").click();
    button("Enlarge dot").click();
    undo();
    expect(root.innerHTML).toBe(before);
    undo = () => undefined;
  });

  it("can be copied", async () => {
    const copied: string[] = [];
    vi.stubGlobal("navigator", { clipboard: { writeText: async (text: string) => void copied.push(text) } });
    shown(`<pre>one\n two</pre>${table([["Graz", "2"], ["a\tb", "1"]])}${TREE}`);
    button("Copy this text").click();
    button("Copy this table, for a spreadsheet").click();
    button("Copy this JSON").click();
    await drawn();
    expect(copied[0]).toBe("one\n two");
    expect(copied[1]).toBe("city\tt\nGraz\t2\na b\t1");
    const whole = copied[2]!;
    expect(whole).toContain('"\\"": 12345678901234567890');
    expect(JSON.parse(whole)).toMatchObject({ name: "Emma", list: { length: 30, 7: "book 7" } });
    expect(root.textContent).toContain("✓ Copied");
  });

  it("keeps the copy button that its view has drawn", () => {
    shown('<div class="mcpnb-block"><pre>x</pre></div>');
    expect(root.querySelectorAll("button")).toHaveLength(0);
  });
});

describe("a search", () => {
  it("is offered only for what is long", () => {
    shown(`<pre>short</pre>${LONG}`);
    expect(root.querySelectorAll("input")).toHaveLength(1);
  });

  it("marks all matches, across colors, and counts them", async () => {
    shown(LONG);
    await type('2": 2');
    expect(texts("mark").join("")).toBe('2": 2' + '2": 2');
    expect(root.querySelector(".mcpnb-search [role=status]")!.textContent).toBe("1 of 2");
  });

  it("goes to the next match with Enter and to the previous with Shift, and round at the end", async () => {
    shown(LONG);
    const field = await type("K2");
    const now = () => [...root.querySelectorAll("mark")].findIndex((mark) => mark.classList.contains("mcpnb-now"));
    expect(now()).toBe(0);
    press(field, "Enter");
    expect(now()).toBe(1);
    press(field, "Enter", { shiftKey: true });
    press(field, "Enter", { shiftKey: true });
    expect(now()).toBe(root.querySelectorAll("mark").length - 1);
  });

  it("opens the folded parts that match, and folds them again", async () => {
    shown(TREE);
    const list = root.querySelectorAll("details")[1]!;
    await type("Emma");
    expect(list.open).toBe(false);
    await type("book 12");
    expect(list.open).toBe(true);
    const field = await type("book 12");
    press(field, "Escape");
    await drawn();
    expect(list.open).toBe(false);
    expect(root.querySelectorAll("mark")).toHaveLength(0);
  });

  it("says that nothing matches", async () => {
    shown(LONG);
    await type("nowhere");
    expect(root.querySelector(".mcpnb-search [role=status]")!.textContent).toBe("no match");
  });

  it("leaves a text as it was", async () => {
    shown(LONG);
    const before = root.querySelector("pre")!.innerHTML;
    await type("k1");
    await type("");
    expect(root.querySelector("pre")!.innerHTML).toBe(before);
  });
});

describe("a tree", () => {
  it("says that its copy is a part, if the tree is one", () => {
    shown(`<div class="tree">${fold("", "3 items", [item("0", leaf('"a"')), "<li>... and 2 more, not shown.</li>"])}</div>`);
    expect(button("Copy the part of this JSON that is shown")).toBeDefined();
  });

  it("opens as a whole, and closes but for its first level", () => {
    shown(TREE);
    const open = () => [...root.querySelectorAll("details")].map((each) => each.open);
    button("Expand all").click();
    expect(open()).toEqual([true, true]);
    button("Collapse all").click();
    expect(open()).toEqual([true, false]);
  });
});

describe("a table", () => {
  it("sorts by a column up, down, and back, and says so", async () => {
    shown(table([["Wien", "10"], ["Graz", "9"], ["Linz", "null"]]));
    const column = () => texts("td:first-child");
    const heads = () => [...root.querySelectorAll("th")].map((head) => head.getAttribute("aria-sort"));
    button("t").click();
    expect(column()).toEqual(["Graz", "Wien", "Linz"]);
    expect(heads()).toEqual(["none", "ascending"]);
    button("t").click();
    expect(column()).toEqual(["Wien", "Graz", "Linz"]);
    expect(heads()).toEqual(["none", "descending"]);
    button("t").click();
    expect(column()).toEqual(["Wien", "Graz", "Linz"]);
    expect(heads()).toEqual(["none", "none"]);
  });

  it("has pages of fifty rows and counts them", async () => {
    shown(table([...Array(120).keys()].map((n) => [`c${n}`, String(n)])));
    const seen = () => [...root.querySelectorAll<HTMLTableRowElement>("tr:not([hidden])")].slice(1).map((row) => row.cells[1]!.textContent);
    expect(seen()).toHaveLength(50);
    expect(root.textContent).toContain("rows 1 to 50 of 120");
    button("Next →").click();
    button("Next →").click();
    await drawn();
    expect(seen()[0]).toBe("100");
    expect(root.textContent).toContain("rows 101 to 120 of 120");
    button("t").click();
    await drawn();
    expect(seen()[0]).toBe("0");
    expect(button("← Previous").getAttribute("aria-disabled")).toBe("true");
  });

  it("leaves tables of facts alone", () => {
    shown("<table><tbody><tr><th>a</th></tr><tr><td>1</td></tr></tbody></table>");
    expect(root.querySelectorAll("button")).toHaveLength(0);
  });
});

describe("the order of values", () => {
  const order = (values: string[]) => sorted(values, (value) => value, "ascending");

  it("is that of numbers, of dates, or of texts", () => {
    expect(order(["10", "9", "-1e3", "null", "1.5"])).toEqual(["-1e3", "1.5", "9", "10", "null"]);
    expect(order(["2026-01-02T10:00:00+02:00", "2026-01-02T09:00:00Z"])).toEqual(["2026-01-02T10:00:00+02:00", "2026-01-02T09:00:00Z"]);
    expect(order(["b10", "b9", "A"])).toEqual(["A", "b9", "b10"]);
  });
});

describe("an image", () => {
  it("opens in a dialog, which gives the focus back", () => {
    shown('<p><img alt="dot" src="data:image/png;base64,AA=="></p>');
    const zoom = button("Enlarge dot");
    zoom.click();
    const dialog = root.querySelector("dialog")!;
    expect(dialog.open).toBe(true);
    expect(dialog.querySelector("img")!.alt).toBe("dot");
    button("Close").click();
    expect(root.querySelector("dialog")).toBeNull();
    expect(document.activeElement).toBe(zoom);
  });

  it("is saved with the ending of its type", () => {
    const saved: string[] = [];
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
      saved.push(this.download);
    });
    shown('<img alt="" src="data:image/svg+xml;base64,AA==">');
    button("Download image").click();
    expect(saved).toEqual(["image.svg"]);
    vi.restoreAllMocks();
  });
});

describe("a whole result", () => {
  const card = '<div class="mcpnb"><h4>result</h4><pre>x</pre></div>';

  it("is downloaded as the kernel has it", async () => {
    const saved: [string, string][] = [];
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
      saved.push([this.download, this.href]);
    });
    shown(card, async () => ({ name: "plot.png", type: "image/png", data: "AA==" }));
    button("Download").click();
    await drawn();
    expect(saved).toEqual([["plot.png", "data:image/png;base64,AA=="]]);
    vi.restoreAllMocks();
  });

  it("says why it cannot be", async () => {
    shown(card, () => Promise.reject(new Error("The result is no longer kept.")));
    button("Download").click();
    await drawn();
    await drawn();
    expect(root.textContent).toContain("✗ The result is no longer kept.");
  });
});
