// A block of a result, with its tools: they come first for the Tab key, and are gone without a trace when they are taken away.

import { type ComponentChild, render } from "preact";
import type { Undo } from "../parts/enhance";

/** Put tools above an element, or over its corner. */
export function withTools(element: HTMLElement, tools: ComponentChild, place: "above" | "over"): Undo {
  const block = document.createElement("div");
  block.className = `mcpnb-block ${place}`;
  const bar = document.createElement("div");
  bar.className = "mcpnb-tools";
  element.replaceWith(block);
  block.append(bar, element);
  render(tools, bar);
  return () => {
    render(null, bar);
    block.replaceWith(element);
  };
}

/** Let the keyboard reach an element that scrolls. */
export function withFocus(element: HTMLElement): Undo {
  if (element.hasAttribute("tabindex")) return () => undefined;
  element.tabIndex = 0;
  return () => element.removeAttribute("tabindex");
}
