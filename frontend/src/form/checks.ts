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
  return matches(node.pattern, text) === false ? ofPattern(node, text) : undefined;
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

type Figure = bigint | number;

const BOUNDS = [
  ["minimum", "is less than", (value: Figure, bound: Figure) => value >= bound],
  ["maximum", "is greater than", (value: Figure, bound: Figure) => value <= bound],
  ["exclusiveMinimum", "is not greater than", (value: Figure, bound: Figure) => value > bound],
  ["exclusiveMaximum", "is not less than", (value: Figure, bound: Figure) => value < bound],
] as const;

function ofNumber(node: Node, typed: string): string | undefined {
  for (const [name, words, holds] of BOUNDS) {
    const bound = node.bounds?.[name];
    if (bound !== undefined && !holds(figure(typed), figure(bound))) {
      return node.says?.[name] ?? `${figureInWords(typed)} ${words} ${figureInWords(bound)}`;
    }
  }
  return undefined;
}

/** The value of a number, as Python reads it: exact if it is written as an integer. */
function figure(text: string): Figure {
  return /[.eE]/.test(text) ? Number(text) : BigInt(text);
}

/** Write a number as Python writes it: 1e3 is 1000.0. */
function figureInWords(text: string): string {
  const value = figure(text);
  if (typeof value === "bigint") return shortened(value.toString());
  const [digits, exponent] = value.toExponential().split("e") as [string, string];
  const power = Number(exponent);
  if (power < -4 || power >= 16) return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  if (Object.is(value, -0)) return "-0.0";
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

const MOST_MATCHED = 200;
const LONGEST_PATTERN = 500;
/** Steps that matching a text may take. */
const MOST_STEPS = 1e5;

const patterns = new Map<string, RegExp | undefined>();

/**
 * Compile a pattern of a foreign schema, if matching is sure to end soon, and means the same in Python. In other cases
 * Python matches it, with a limit of time.
 */
export function localPattern(pattern: string): RegExp | undefined {
  if (!patterns.has(pattern)) patterns.set(pattern, compiled(pattern));
  return patterns.get(pattern);
}

/** Whether a pattern is found in a text; undefined if only Python can tell. */
export function matches(pattern: string, text: string): boolean | undefined {
  return text.length > MOST_MATCHED ? undefined : localPattern(pattern)?.test(text);
}

function compiled(pattern: string): RegExp | undefined {
  // What a character or a class of characters is does not matter here; \p depends on the version of Unicode.
  if (pattern.length > LONGEST_PATTERN || /\\[pPkK1-9]|\(\?[^:]/.test(pattern)) return undefined;
  const plain = pattern.replace(/\\u\{\w*\}|\\./gs, "x").replace(/\[[^\]]*\]/g, "x");
  if (steps(plain) > MOST_STEPS) return undefined;
  try {
    return new RegExp(pattern, "u");
  } catch {
    return undefined;
  }
}

/** The most ways to match a pattern, whose escapes and classes are written as plain characters. */
function steps(plain: string): number {
  const alternatives = [1];
  let [found, repeated, before] = [1, 1, ""];
  for (const [token] of plain.matchAll(/\{\d+(?:,\d*)?\}\??|[*+?]\??|\(\?:|[^]/g)) {
    if (token.startsWith("(")) alternatives.push(1);
    else if (token === "|") alternatives[alternatives.length - 1]! += 1;
    else if (token === ")" && alternatives.length > 1) found *= alternatives.pop()!;
    else if (/^(?:[*+?]|\{.)/.test(token)) {
      const [least, most] = repetitions(token);
      if (before === ")" && most > 1) return Infinity;
      found *= most - least + 1;
      repeated += least;
    }
    before = token;
  }
  const anchored = plain.startsWith("^") && alternatives[0] === 1;
  return repeated > 10_000 ? Infinity : found * alternatives[0]! * (anchored ? 1 : MOST_MATCHED);
}

function repetitions(token: string): [number, number] {
  if (token.startsWith("?")) return [0, 1];
  const counts = /\{(\d+)(,?)(\d*)\}/.exec(token);
  if (!counts) return [0, MOST_MATCHED];
  const least = Number(counts[1]);
  const most = counts[3] ? Number(counts[3]) : counts[2] ? MOST_MATCHED : least;
  return [least, Math.max(least, most)];
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
