// @vitest-environment happy-dom
// The frame of all views: which keys stay in it, and which reach JupyterLab.

import { h, render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Shell } from "../src/shell";

let root: HTMLElement;
let outside: HTMLElement;
/** What JupyterLab would see of a key: whether the focused element itself keeps its keys. */
let kept: boolean[];

const hear = (event: Event) => void kept.push((event.target as Element).hasAttribute("data-lm-suppress-shortcuts"));
const press = (element: Element, key: string, more: object = {}) =>
  void element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...more }));

beforeEach(async () => {
  const about = { question: [], options: [{ letter: "A", words: [] }], choose: "" };
  const surface = { view: "prediction", about, state: { chosen: null }, alive: true, listen: () => () => undefined };
  root = document.body.appendChild(document.createElement("div"));
  outside = document.body.appendChild(document.createElement("button"));
  kept = [];
  document.addEventListener("keydown", hear);
  await act(async () => render(h(Shell, { surface: surface as any }), root));
});

afterEach(() => {
  document.removeEventListener("keydown", hear);
  render(null, root);
  root.remove();
  outside.remove();
});

it("keeps keys from the element that has the focus, where a letter could delete a cell", () => {
  const radio = root.querySelector("input")!;
  press(radio, "d");
  press(radio, "ArrowDown");
  press(radio, "Enter", { ctrlKey: true });
  expect(kept).toEqual([true, true, true]);
});

it("lets the keys through that save the notebook and open the commands", () => {
  const radio = root.querySelector("input")!;
  press(radio, "d");
  press(radio, "s", { ctrlKey: true });
  press(radio, "d");
  press(radio, "C", { ctrlKey: true, shiftKey: true });
  expect(kept).toEqual([true, false, true, false]);
});

it("leaves keys that are pressed elsewhere alone", () => {
  press(outside, "d");
  expect(kept).toEqual([false]);
});
