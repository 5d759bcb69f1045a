import { describe, expect, it } from "vitest";
import { fits, localPattern, matches } from "../src/form/checks";
import type { Description, Node } from "../src/form/description";
import { parse } from "../src/json";

describe("a pattern", () => {
  it.each([
    "(a+)+$",
    "(a|a)*b",
    "^(a|aa)+$",
    "(a{0,50}){0,50}$",
    "(?:a{1,9}){1,9}",
    "a*a*a*$",
    "^.*.*.*$",
    `${"(a|a)".repeat(30)}b`,
    `${"a{0,99}".repeat(5)}b`,
    `${"a?".repeat(50)}b`,
    "(?=a*)a",
    "(?<name>a)",
    "(a)\\1",
    "\\p{L}",
    "a{10001}",
    "a".repeat(501),
    "(",
    "[z-a]",
    "a{,3}",
  ])("%s is left to Python", (pattern) => {
    expect(localPattern(pattern)).toBeUndefined();
    expect(matches(pattern, "a".repeat(100))).toBeUndefined();
  });

  it.each([
    ["^a+$", "aaa", "ab"],
    ["^(?:a|b)?c$", "ac", "abc"],
    ["^[(+*]+$", "(+*", "a"],
    ["^\\(\\)\\*$", "()*", "("],
    ["^.$", "😀", "ab"],
    ["^\\u{1F600}$", "😀", "u"],
    ["^\\d{3}-\\d{4}$", "555-1234", "555"],
    ["a|b|c", "xbx", "d"],
    ["^[\\]]$", "]", "a"],
    ["^a{2,}?b$", "aab", "ab"],
  ])("%s is matched here", (pattern, fitting, other) => {
    expect(matches(pattern, fitting)).toBe(true);
    expect(matches(pattern, other)).toBe(false);
  });

  it("that is matched here ends soon in the worst case", () => {
    const slow = ["^a*a*$", "a*b", "a?a?a?a*b", "^(a|a)(a|a)a*a*b", ".{0,200}b", "^(?:a*)?a*b", "(a|b|c|d)?a*c"];
    for (const pattern of slow) {
      const start = performance.now();
      matches(pattern, "a".repeat(200));
      expect(performance.now() - start, pattern).toBeLessThan(1000);
    }
  });

  it("is not matched with a long text", () => {
    expect(matches("a", "a".repeat(201))).toBeUndefined();
    expect(matches("a", "a".repeat(200))).toBe(true);
  });
});

function of(...nodes: Node[]): Description {
  return { nodes, root: 0 };
}

const text: Node = { kind: "text" };
const integer: Node = { kind: "number", whole: true, bounds: { minimum: "1" } };

describe("a value fits", () => {
  it.each<[string, Node, string[], string[]]>([
    ["a text", { ...text, least: 2 }, ['"ab"', '"😀😀"'], ['"a"', "1", "null", "[]"]],
    ["a whole number", integer, ["1", "1.0", "1e3"], ["0", "1.5", '"1"', "true", "null"]],
    ["a choice", { kind: "choice", options: [["one", "1"]] }, ["1"], ["1.0", '"1"', "null"]],
    ["what may be null", { ...text, nullable: true }, ["null", '""'], ["0"]],
    ["some of a few", { kind: "many", options: [["a", '"a"']] }, ["[]", '["a"]'], ['["b"]', '"a"', "{}"]],
    ["anything", { kind: "json" }, ["1", "null", "[]", '{"a": 1}'], []],
  ])("%s", (_, node, fitting, others) => {
    for (const value of fitting) expect(fits(of(node), 0, parse(value)), value).toBe(true);
    for (const value of others) expect(fits(of(node), 0, parse(value)), value).toBe(false);
  });

  it("an object with its required names, and with other names if it is open", () => {
    const others = { open: false, patterns: [], rest: 1 };
    const record: Node = { kind: "record", fields: [["a", 1, true], ["__proto__", 1, false]], others };
    const closed = of(record, integer);
    expect(fits(closed, 0, parse('{"a": 1}'))).toBe(true);
    expect(fits(closed, 0, parse('{"a": 1, "__proto__": 2}'))).toBe(true);
    for (const wrong of ["{}", '{"a": 0}', '{"a": 1, "b": 2}', '{"a": 1, "__proto__": 0}', "[]", "null"]) {
      expect(fits(closed, 0, parse(wrong)), wrong).toBe(false);
    }
    expect(fits(of({ ...record, others: { ...others, open: true } }, integer), 0, parse('{"a": 1, "b": 2}'))).toBe(true);
  });

  it("a list with the nodes of its first items, of which there may be no more", () => {
    const rows: Node = { kind: "rows", first: [1], rest: null };
    expect(fits(of(rows, integer), 0, parse("[1]"))).toBe(true);
    expect(fits(of(rows, integer), 0, parse("[]"))).toBe(true);
    for (const wrong of ["[0]", "[1, 1]", "{}"]) expect(fits(of(rows, integer), 0, parse(wrong)), wrong).toBe(false);
  });

  it("one of the variants of a union", () => {
    const union: Node = { kind: "union", variants: [["text", 1], ["integer", 2]] };
    for (const value of ['"a"', "1"]) expect(fits(of(union, text, integer), 0, parse(value))).toBe(true);
    expect(fits(of(union, text, integer), 0, parse("0"))).toBe(false);
  });

  it("a union that contains itself, without end", () => {
    const union: Node = { kind: "union", variants: [["itself", 0]] };
    expect(fits(of(union), 0, parse("1"))).toBe(true);
  });
});
