import { describe, expect, it } from "vitest";
import type { Description, Node } from "../src/form/description";
import { Form } from "../src/form/form";

const closed = { open: false, patterns: [] as [string, number][], rest: 0 };
const text: Node = { kind: "text" };
const number: Node = { kind: "number" };

/** A form of an object with the field `a` of a node; further nodes have the indices from 2. */
function formOf(node: Node, required = false, ...more: Node[]): Form {
  const root: Node = { kind: "record", fields: [["a", 1, required]], others: closed };
  const description: Description = { nodes: [root, node, ...more], root: 0 };
  return new Form(description);
}

const field = (form: Form, ...place: (string | number)[]) => form.whole.at(["a", ...place]);
const reasons = (form: Form) => form.problems().map(({ place, reason }) => `${place.join(".")}: ${reason}`);

describe("the modes of a field", () => {
  it("tell nothing, null, an empty text and JSON apart", () => {
    const form = formOf({ ...text, nullable: true });
    expect(form.draft()).toBe("{}");
    field(form).setNull();
    expect(form.draft()).toBe('{"a": null}');
    field(form).setEmpty();
    expect(form.draft()).toBe('{"a": ""}');
    field(form).setJson();
    expect([field(form).mode, field(form).typed]).toEqual(["json", '""']);
    field(form).reset();
    expect(form.draft()).toBe("{}");
  });

  it("go back from JSON only if the input can show it", () => {
    const form = formOf(number);
    field(form).type("5");
    field(form).setJson();
    field(form).type("[5]");
    expect(field(form).setOwn()).toBe(false);
    expect(form.draft()).toBe('{"a": [5]}');
    field(form).type("6.0");
    expect(field(form).setOwn()).toBe(true);
    expect(form.draft()).toBe('{"a": 6.0}');
    field(form).setJson();
    field(form).type("");
    expect(reasons(form)).toEqual(["a: write a JSON value"]);
    expect(field(form).setOwn()).toBe(true);
    expect(form.draft()).toBe("{}");
  });

  it("keep what is no number, to be mended", () => {
    const form = formOf({ ...number, accepts: "number" });
    field(form).type("1,5");
    expect(reasons(form)).toEqual(['a: "1,5" is not a number; expected number']);
    expect(form.draft()).toBe('{"a": "1,5"}');
    field(form).type(" 1.5 ");
    expect(form.draft()).toBe('{"a": 1.5}');
  });

  it("begin with a default only where a value is required", () => {
    expect(formOf({ ...number, default: "7" }).draft()).toBe("{}");
    expect(formOf({ ...number, default: "7" }, true).draft()).toBe('{"a": 7}');
  });

  it("show texts that an input cannot hold as JSON", () => {
    const form = formOf(text);
    for (const value of ["a\\r\\nb", "a\\u2028b"]) {
      form.fill(`{"a": "${value}"}`);
      expect(field(form).mode).toBe("json");
    }
    form.fill('{"a": "a\\nb"}');
    expect([field(form).mode, field(form).long]).toEqual(["own", true]);
  });
});

describe("a choice", () => {
  const choice: Node = { kind: "choice", options: [["one", "1"], ["true", "true"], ["null", "null"]] };

  it("tells its options apart, and null is one of them", () => {
    const form = formOf({ ...choice, nullable: true });
    expect(field(form).canBeNull).toBe(false);
    const sent = [0, 1, 2].map((index) => {
      field(form).choose(index);
      return form.draft();
    });
    expect(sent).toEqual(['{"a": 1}', '{"a": true}', '{"a": null}']);
    field(form).choose(-1);
    expect(form.draft()).toBe("{}");
  });

  it("of one is made for the person where it is required", () => {
    const only: Node = { kind: "choice", options: [["one", "1"]] };
    expect(formOf(only, true).draft()).toBe('{"a": 1}');
    expect(formOf(only).draft()).toBe("{}");
    expect(reasons(formOf(choice, true))).toEqual(["a: required"]);
  });
});

describe("some of a few", () => {
  const many: Node = { kind: "many", options: [["x", '"x"'], ["y", '"y"']] };

  it("are sent in the order of the options, and none are not sent unless a person says so", () => {
    const form = formOf(many);
    field(form).toggle(1, true);
    field(form).toggle(0, true);
    expect(form.draft()).toBe('{"a": ["x", "y"]}');
    field(form).toggle(0, false);
    field(form).toggle(1, false);
    expect(form.draft()).toBe("{}");
    field(form).setEmpty();
    expect(form.draft()).toBe('{"a": []}');
    expect(field(form).empty).toBe(true);
  });

  it("in another order or twice are shown as JSON", () => {
    const form = formOf(many);
    for (const value of ['["y", "x"]', '["x", "x"]', '["z"]']) {
      form.fill(`{"a": ${value}}`);
      expect(field(form).mode).toBe("json");
      expect(form.draft()).toBe(`{"a": ${value}}`);
    }
  });
});

describe("rows", () => {
  const rows: Node = { kind: "rows", first: [], rest: 2 };

  it("are added, moved and removed", () => {
    const form = formOf(rows, false, text);
    for (const typed of ["x", "y", "z"]) {
      field(form).add();
      field(form, field(form).rows.length - 1).type(typed);
    }
    field(form).move(2, -1);
    expect(form.draft()).toBe('{"a": ["x", "z", "y"]}');
    field(form).move(0, -1);
    field(form).remove(0);
    expect(form.draft()).toBe('{"a": ["z", "y"]}');
    field(form).remove(0);
    field(form).remove(0);
    expect(form.draft()).toBe('{"a": []}');
  });

  it("that are not filled in are said, and not sent as they are", () => {
    const form = formOf({ ...rows, least: 2 }, true, text);
    expect(field(form).rows).toHaveLength(2);
    field(form, 0).type("x");
    expect(reasons(form)).toEqual(["a.1: fill in or remove"]);
  });

  it("keep the identity of a row that moves", () => {
    const form = formOf(rows, false, text);
    field(form).add();
    field(form).add();
    const keys = field(form).rows.map(({ key }) => key);
    field(form).move(0, 1);
    expect(field(form).rows.map(({ key }) => key)).toEqual(keys.reverse());
  });

  it("are as many as the first items if there may be no others", () => {
    const form = formOf({ kind: "rows", first: [2, 2], rest: null }, false, text);
    field(form).begin();
    expect([field(form).rows.length, field(form).canAdd]).toEqual([2, false]);
  });

  it("are at most fifty, and JSON beyond", () => {
    const form = formOf(rows, false, { kind: "number" });
    for (const [count, mode] of [[50, "own"], [51, "json"]] as const) {
      const value = `[${Array(count).fill("1").join(", ")}]`;
      form.fill(`{"a": ${value}}`);
      expect(field(form).mode).toBe(mode);
      expect(form.draft()).toBe(`{"a": ${value}}`);
    }
  });
});

describe("entries", () => {
  const others = { open: true, patterns: [["^n_", 3]] as [string, number][], rest: 2 };
  const map: Node = { kind: "record", fields: [["known", 2, false]], others };

  it("have a name, and only one of it", () => {
    const form = formOf(map, false, text, number);
    field(form).begin();
    field(form).addEntry();
    expect(reasons(form)).toEqual(["a.: give it a name"]);
    field(form).rename(0, "known");
    expect(reasons(form)).toEqual(["a.known: this name is used twice"]);
    field(form).rename(0, "other");
    expect(reasons(form)).toEqual(["a.other: fill in or remove"]);
    field(form, "other").type("x");
    field(form).addEntry();
    field(form).rename(1, "other");
    expect(reasons(form)).toEqual(["a.other: this name is used twice", "a.other: this name is used twice"]);
    field(form).removeEntry(1);
    expect(form.draft()).toBe('{"a": {"other": "x"}}');
  });

  it("have the input of the pattern that fits their name", () => {
    const form = formOf(map, false, text, number);
    field(form).begin();
    field(form).addEntry();
    field(form).rename(0, "n_a");
    expect(field(form, "n_a").node.kind).toBe("number");
    field(form, "n_a").type("5");
    field(form).rename(0, "s");
    expect(field(form, "s").node.kind).toBe("text");
    expect(form.draft()).toBe('{"a": {"s": 5}}');
  });

  it("do not hang on a pattern that may take forever", () => {
    const slow = { ...others, patterns: [["(a+)+$", 3]] as [string, number][] };
    const form = formOf({ ...map, others: slow }, false, text, number);
    field(form).begin();
    field(form).addEntry();
    const start = performance.now();
    field(form).rename(0, `${"a".repeat(100)}!`);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it.each(["", "__proto__", "constructor", "7"])("may be named %j", (name) => {
    const form = formOf(map, false, text, number);
    const value = `{"a": {${JSON.stringify(name)}: "x", "b": "y"}}`;
    form.fill(value);
    expect(form.draft()).toBe(value);
    expect(reasons(form)).toEqual([]);
  });
});

describe("a union", () => {
  const union: Node = { kind: "union", variants: [["text", 2], ["number", 3], ["record", 4]] };
  const more: Node[] = [text, number, { kind: "record", fields: [["b", 2, true]], others: closed }];

  it("asks for a variant, and shows the one that fits a value", () => {
    const form = formOf(union, true, ...more);
    expect(reasons(form)).toEqual(["a: required"]);
    const found = ['"x"', "5", '{"b": "x"}'].map((value) => {
      form.fill(`{"a": ${value}}`);
      return form.whole.fields.get("a")!.variant;
    });
    expect(found).toEqual([0, 1, 2]);
    form.fill('{"a": [1]}');
    expect(form.whole.fields.get("a")!.mode).toBe("json");
  });

  it("keeps what was filled in for a variant that is chosen again", () => {
    const form = formOf(union, false, ...more);
    const whole = form.whole.fields.get("a")!;
    whole.chooseVariant(0);
    field(form).type("x");
    whole.chooseVariant(1);
    expect(form.draft()).toBe("{}");
    whole.chooseVariant(0);
    expect(form.draft()).toBe('{"a": "x"}');
  });

  it("leaves it to Python what is wrong in a variant, until Python has found it", () => {
    const form = formOf(union, false, ...more);
    form.whole.fields.get("a")!.chooseVariant(2);
    expect(reasons(form)).toEqual([]);
    form.told(form.draft(), [{ place: ["a"], reason: "{} is not of type string" }]);
    expect(reasons(form)).toContain("a.b: required");
  });

  it("that contains itself becomes JSON after a few levels", () => {
    const form = formOf({ kind: "union", variants: [["itself", 1], ["text", 2]] }, false, text);
    let inside = form.whole.fields.get("a")!;
    for (let level = 0; level < 10 && inside.node.kind === "union"; level++) {
      inside.chooseVariant(0);
      inside = inside.variantShown!;
    }
    expect(inside.node.kind).toBe("json");
  });
});

describe("a form", () => {
  it("shows Python's words where both know a problem, and only for what Python has checked", () => {
    const form = formOf({ ...number, bounds: { minimum: "3" } }, true);
    field(form).type("1");
    expect(reasons(form)).toEqual(["a: 1 is less than 3"]);
    form.told(form.draft(), [{ place: ["a"], reason: "Python's words" }]);
    expect(reasons(form)).toEqual(["a: Python's words"]);
    field(form).type("2");
    expect(reasons(form)).toEqual(["a: 2 is less than 3"]);
  });

  it("says what is not JSON in its own words, because Python cannot know", () => {
    const form = formOf({ kind: "json" }, true);
    field(form).type("[1");
    form.told(form.draft(), [{ place: ["a"], reason: "a text" }]);
    expect(reasons(form)).toEqual(["a: not JSON: the end is missing at line 1, column 3; write a JSON value, with quotes around text"]);
  });

  it("refuses arguments that are no object", () => {
    for (const wrong of ["[]", "1", "null", "{", ""]) expect(() => formOf(text).fill(wrong)).toThrow(SyntaxError);
  });

  it("is empty again after it was filled with nothing", () => {
    const form = formOf({ kind: "rows", first: [], rest: 2, least: 1 }, true, text);
    form.fill('{"a": ["x", "y"], "more": 1}');
    expect(form.draft()).toBe('{"a": ["x", "y"], "more": 1}');
    form.fill("{}");
    expect(form.whole.entries).toEqual([]);
    expect(field(form).rows).toHaveLength(1);
  });
});
