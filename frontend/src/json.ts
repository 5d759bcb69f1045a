// JSON values that lose nothing: numbers keep their digits (1, 1.0 and 12345678901234567890 stay what they are), objects
// keep the order of their keys, and "__proto__" is a key like any other. `JSON.parse` keeps none of these.

/** A number as it was written. */
export class Num {
  constructor(readonly text: string) {}
}

export type Json = null | boolean | string | Num | Json[] | Map<string, Json>;

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const TOKEN = /\s*(?:([[\]{},:])|("(?:[^"\\\u0000-\u001f]|\\.)*")|(-?\d[\d.eE+-]*)|(true|false|null))/y;
const MOST_LEVELS = 500;

/** Read a number; undefined if it is none, or none that a kernel can hold. */
export function number(text: string): Num | undefined {
  if (!NUMBER.test(text)) return undefined;
  return /[.eE]/.test(text) && !Number.isFinite(Number(text)) ? undefined : new Num(text);
}

/** Read JSON. Throws a SyntaxError with what is wrong where. */
export function parse(text: string): Json {
  let at = 0;
  let token = "";

  function fail(what: string): never {
    const before = text.slice(0, at).split("\n");
    const place = `line ${before.length}, column ${before[before.length - 1]!.length + 1}`;
    throw new SyntaxError(`${what} at ${place}`);
  }

  function next(): string {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (!found) {
      at += /\s*/.exec(text.slice(at))![0].length;
      fail(at >= text.length ? "the end is missing" : `unexpected ${JSON.stringify(text[at])}`);
    }
    at = TOKEN.lastIndex;
    return (token = found[1] ?? found[2] ?? found[3] ?? found[4]!);
  }

  function value(levels: number): Json {
    if (levels > MOST_LEVELS) fail("too many levels");
    if (token === "[") return list(levels);
    if (token === "{") return object(levels);
    if (token === "null") return null;
    if (token === "true" || token === "false") return token === "true";
    if (token.startsWith('"')) return string();
    return number(token) ?? fail(`unexpected ${JSON.stringify(token)}`);
  }

  function string(): string {
    try {
      return JSON.parse(token) as string;
    } catch {
      return fail("a text with a wrong escape");
    }
  }

  function list(levels: number): Json[] {
    const items: Json[] = [];
    if (next() === "]") return items;
    for (;;) {
      items.push(value(levels + 1));
      if (next() === "]") return items;
      if (token !== ",") fail("a comma is missing");
      next();
    }
  }

  function object(levels: number): Map<string, Json> {
    const found = new Map<string, Json>();
    if (next() === "}") return found;
    for (;;) {
      if (!token.startsWith('"')) fail("a name in double quotes is missing");
      const name = string();
      if (next() !== ":") fail("a colon is missing");
      next();
      found.set(name, value(levels + 1));
      if (next() === "}") return found;
      if (token !== ",") fail("a comma is missing");
      next();
    }
  }

  next();
  const whole = value(0);
  if (text.slice(at).trim()) fail("something after the end");
  return whole;
}

/** Write JSON on one line, or indented by two spaces a level. */
export function write(value: Json, indented = false, level = 0): string {
  if (value instanceof Num) return value.text;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const parts = Array.isArray(value)
    ? value.map((item) => write(item, indented, level + 1))
    : [...value].map(([name, item]) => `${JSON.stringify(name)}: ${write(item, indented, level + 1)}`);
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  if (!parts.length || !indented) return open + parts.join(", ") + close;
  const pad = "  ".repeat(level);
  return `${open}\n${parts.map((part) => `${pad}  ${part}`).join(",\n")}\n${pad}${close}`;
}

/** Return whether two values have the same JSON, in any order of keys; 1, 1.0 and true differ. */
export function same(one: Json, other: Json): boolean {
  if (one instanceof Num || other instanceof Num) {
    return one instanceof Num && other instanceof Num && one.text === other.text;
  }
  if (Array.isArray(one)) {
    return Array.isArray(other) && one.length === other.length && one.every((item, i) => same(item, other[i]!));
  }
  if (one instanceof Map) {
    return (
      other instanceof Map &&
      one.size === other.size &&
      [...one].every(([name, item]) => other.has(name) && same(item, other.get(name)!))
    );
  }
  return one === other;
}
