import { describe, expect, it } from "vitest";
import { type Json, Num, number, parse, same, write } from "../src/json";

describe("numbers", () => {
  it.each(["1", "1.0", "-0", "1e3", "1E+3", "12345678901234567890", "0.10", "1e-999"])("%s keeps its digits", (text) => {
    expect(write(parse(text))).toBe(text);
  });

  it.each(["01", "+1", "1.", ".5", "1e", "--1", "0x1", "1_000", "NaN", "Infinity", "1e999", "-1e999", "", "１"])(
    "%s is none",
    (text) => {
      expect(number(text)).toBeUndefined();
      expect(() => parse(text)).toThrow(SyntaxError);
    },
  );

  it("of thousands of digits are read in time", () => {
    const text = "9".repeat(100_000);
    expect(write(parse(text))).toBe(text);
  });
});

describe("objects", () => {
  it("keep the order of their keys, also of those that look like numbers", () => {
    const text = '{"b": 1, "10": 2, "9": 3, "a": 4}';
    expect(write(parse(text))).toBe(text);
  });

  it.each(["__proto__", "constructor", "toString", ""])("may have the key %s", (key) => {
    const text = `{${JSON.stringify(key)}: {"x": 1}}`;
    const found = parse(text) as Map<string, Json>;
    expect([...found.keys()]).toEqual([key]);
    expect(write(found)).toBe(text);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it("keep the last value of a key that is there twice", () => {
    expect(write(parse('{"a": 1, "b": 2, "a": 3}'))).toBe('{"a": 3, "b": 2}');
  });
});

describe("what is wrong", () => {
  it.each([
    ["", "the end is missing at line 1, column 1"],
    ["[1, 2", "the end is missing at line 1, column 6"],
    ['{"a": 1\n  "b": 2}', "a comma is missing at line 2, column 6"],
    ["{\n\n  a: 1}", 'unexpected "a" at line 3, column 3'],
    ["[1,]", 'unexpected "]" at line 1, column 5'],
    ["{1: 2}", "a name in double quotes is missing at line 1, column 3"],
    ['{"a" 1}', "a colon is missing at line 1, column 7"],
    ["1 2", "something after the end at line 1, column 2"],
    ['"a\nb"', "unexpected \"\\\"\" at line 1, column 1"],
    ['"\\x"', "a text with a wrong escape at line 1, column 5"],
    ["'a'", "unexpected \"'\" at line 1, column 1"],
    ["undefined", 'unexpected "u" at line 1, column 1'],
    ["trueish", "something after the end at line 1, column 5"],
  ])("%j is said with its place", (text, words) => {
    expect(() => parse(text)).toThrow(new SyntaxError(words));
  });

  it("may be nested without end", () => {
    expect(() => parse("[".repeat(100_000))).toThrow("too many levels");
    expect(() => parse('{"a":'.repeat(100_000))).toThrow("too many levels");
    const deep = "[".repeat(400) + "]".repeat(400);
    expect(write(parse(deep))).toBe(deep);
  });

  it("is found in time in a long text", () => {
    expect(() => parse(`"${"a".repeat(1_000_000)}`)).toThrow(SyntaxError);
    expect(() => parse(" ".repeat(1_000_000))).toThrow("the end is missing");
    expect(() => parse(`[${"1 ".repeat(100_000)}]`)).toThrow("a comma is missing");
  });
});

describe("a round trip", () => {
  it.each([
    "null",
    '[true, false, null, "", [], {}]',
    '{"a": {"b": [1, 2.50, {"c": "d"}]}}',
    '"\\"\\\\\\n\\u0001é😀"',
    '"\\ud800"',
  ])("leaves %s as it is", (text) => {
    expect(write(parse(text))).toBe(text);
    expect(same(parse(write(parse(text), true)), parse(text))).toBe(true);
  });

  it("is indented by two spaces a level", () => {
    expect(write(parse('{"a":[1,{}],"b":[]}'), true)).toBe('{\n  "a": [\n    1,\n    {}\n  ],\n  "b": []\n}');
  });

  it("ignores white space around, also such as pages have between words", () => {
    expect(write(parse(" \n\t[ 1 ,\r\n2 ] "))).toBe("[1, 2]");
    expect(write(parse("\u00a0[1,\u00a02]\ufeff"))).toBe("[1, 2]");
  });
});

describe("same", () => {
  it("does not mind the order of keys", () => {
    expect(same(parse('{"a": 1, "b": [2]}'), parse('{"b": [2], "a": 1}'))).toBe(true);
  });

  it.each([
    ["1", "1.0"],
    ["1", "true"],
    ["1", '"1"'],
    ["0", "false"],
    ["null", "false"],
    ["[]", "{}"],
    ["[1, 2]", "[2, 1]"],
    ['{"a": null}', "{}"],
    ['{"a": 1}', '{"a": 1, "b": 2}'],
  ])("tells %s from %s", (one, other) => {
    expect(same(parse(one), parse(other))).toBe(false);
    expect(same(parse(other), parse(one))).toBe(false);
    expect(same(parse(one), parse(one))).toBe(true);
  });

  it("compares numbers by their text", () => {
    expect(same(new Num("7"), new Num("7"))).toBe(true);
  });
});
