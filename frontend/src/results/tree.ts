// The JSON that a tree of `rendering/content/values.py` shows.

import { type Json, Num, number, write } from "../json";

/** Write the value of a tree as JSON. What the tree leaves out is left out there, too. */
export function textOfTree(tree: Element): string {
  return write(valueOf(tree), true);
}

function valueOf(part: Element): Json {
  const fold = part.querySelector(":scope > details");
  if (!fold) return leaf(part);
  const items = [...fold.querySelectorAll(":scope > ul > li")].filter((item) => item.querySelector("code"));
  if (/items?$/.test(fold.querySelector(":scope > summary > .dim")?.textContent ?? "")) return items.map(valueOf);
  return new Map(items.map((item) => [keyOf(item), valueOf(item)]));
}

function keyOf(item: Element): string {
  const text = item.querySelector("code.key")?.textContent ?? "";
  return text.startsWith('"') ? String(read(text)) : text;
}

function leaf(item: Element): Json {
  const text = item.querySelector("code:not(.key)")?.textContent ?? "";
  return number(text) ?? read(text);
}

/** Read a value without parts; a text that is cut off or has other escapes stays what is shown. */
function read(text: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "number" ? new Num(text) : typeof value === "object" && value ? (Array.isArray(value) ? [] : new Map()) : (value as Json);
  } catch {
    return text.replace(/^"|"$/g, "");
  }
}
