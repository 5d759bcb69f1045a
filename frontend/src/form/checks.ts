// What can be checked without the kernel: whether something is missing, bounds, and patterns that end in time. Python
// checks the rest, and its words are the same (tests/widgets/test_front_end_form.py holds them together).

import { type Json, Num, parse, same } from "../json";
import type { Description, Id, Node } from "./description";
import type { Field } from "./field";

const MOST_LEVELS = 20;

/** Why what is in a field is not valid; undefined if nothing is known against it. */
export function shortfalls(node: Node, field: Field): string | undefined {
  switch (node.kind) {
    case "text":
      return ofText(node, field.typed);
    case "number":
      return ofNumber(node, field.typed.trim());
    case "rows":
      return ofCount(node, field.rows.length, "items");
    case "many":
      return ofCount(node, field.options.size, "items");
    default:
      return undefined;
  }
}

function ofText(node: Node, text: string): string | undefined {
  // In characters, as Python counts them.
  const count = node.least !== undefined || node.most !== undefined ? [...text].length : 0;
  const counted = ofCount(node, count, "characters");
  if (counted !== undefined || !node.pattern) return counted;
  const pattern = localPattern(node.pattern);
  return !pattern || text.length > MOST_MATCHED || pattern.test(text) ? undefined : ofPattern(node, text);
}

function ofPattern(node: Node, text: string): string {
  if (node.says?.pattern) return node.says.pattern;
  const example = node.examples?.map((each) => parse(each)).find((each) => typeof each === "string");
  if (example !== undefined) return `${brief(text)} does not have the form of ${brief(example)}`;
  return `${brief(text)} does not match ${shortened(node.pattern!)}`;
}

const WIDTH = 60;

function brief(text: string): string {
  return shortened(JSON.stringify(text));
}

function shortened(text: string): string {
  const characters = [...text];
  return characters.length <= WIDTH ? text : `${characters.slice(0, WIDTH - 1).join("")}…`;
}

function ofCount(node: Node, count: number, what: string): string | undefined {
  if (node.least !== undefined && count < node.least) {
    return node.says?.least ?? `${count} ${what}; at least ${node.least} are required`;
  }
  if (node.most !== undefined && count > node.most) {
    return node.says?.most ?? `${count} ${what}; at most ${node.most} are allowed`;
  }
  return undefined;
}

const BOUNDS = [
  ["minimum", "is less than", (value: number, bound: number) => value >= bound],
  ["maximum", "is greater than", (value: number, bound: number) => value <= bound],
  ["exclusiveMinimum", "is not greater than", (value: number, bound: number) => value > bound],
  ["exclusiveMaximum", "is not less than", (value: number, bound: number) => value < bound],
] as const;

function ofNumber(node: Node, typed: string): string | undefined {
  for (const [name, words, holds] of BOUNDS) {
    const bound = node.bounds?.[name];
    if (bound !== undefined && !holds(Number(typed), bound)) {
      return node.says?.[name] ?? `${typed} ${words} ${bound}`;
    }
  }
  return undefined;
}

const MOST_MATCHED = 1000;

/**
 * Compile a pattern of a foreign schema, if matching is sure to end soon: without groups that repeat, references and
 * looking around, and with one open repetition at most. In other cases Python matches it, with a limit of time.
 */
export function localPattern(pattern: string): RegExp | undefined {
  const plain = pattern.replace(/\\[^1-9]/g, "x").replace(/\[(?:[^\]\\]|\\.)*\]/g, "x");
  const open = (plain.match(/[*+]|\{\d*,\}/g) ?? []).length;
  if (open > 1 || /\)[*+?{]|\\[1-9]|\(\?[^:]|\{\d{4,}/.test(plain) || pattern.length > 500) return undefined;
  try {
    return new RegExp(pattern, "u");
  } catch {
    return undefined;
  }
}

/** Whether a value looks as if it were meant for a node: this chooses among the variants of a union. */
export function fits(description: Description, id: Id, value: Json, levels = 0): boolean {
  const node = description.nodes[id];
  if (!node || levels > MOST_LEVELS) return true;
  if (value === null && node.nullable) return true;
  const inside = (part: Id, item: Json) => fits(description, part, item, levels + 1);
  switch (node.kind) {
    case "text":
      return typeof value === "string" && ofText(node, value) === undefined;
    case "number":
      return (
        value instanceof Num &&
        (!node.whole || !/[.eE]/.test(value.text) || Number.isInteger(Number(value.text))) &&
        ofNumber(node, value.text) === undefined
      );
    case "choice":
      return node.options!.some(([, option]) => same(parse(option), value));
    case "many":
      return Array.isArray(value) && value.every((item) => node.options!.some(([, o]) => same(parse(o), item)));
    case "union":
      return node.variants!.some(([, variant]) => inside(variant, value));
    case "rows":
      return (
        Array.isArray(value) &&
        (node.rest !== null || value.length <= node.first!.length) &&
        ofCount(node, value.length, "") === undefined &&
        value.every((item, index) => inside(node.first![index] ?? node.rest!, item))
      );
    case "record":
      return (
        value instanceof Map &&
        node.fields!.every(([name, part, required]) => {
          const item = value.get(name);
          return item === undefined ? !required : inside(part, item);
        }) &&
        (node.others!.open || node.others!.patterns.length > 0 || value.size <= node.fields!.length) &&
        [...value.keys()].every((name) => node.others!.open || node.fields!.some(([known]) => known === name))
      );
    default:
      return true;
  }
}
