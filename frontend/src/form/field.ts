// One value that a person edits, valid or not. It knows nothing of a page: components draw it, and tests drive it.

import { type Json, Num, number, parse, same, write } from "../json";
import { fits, matches } from "./checks";
import type { Description, Id, Node } from "./description";

export const UNSET = Symbol("unset");
export type Value = Json | typeof UNSET;

/** `own` is the input that the schema asks for; `json` is text that is read as JSON. */
export type Mode = "unset" | "null" | "own" | "json";

const DEEP = 4;
const MAX_DEPTH = 12;
const MAX_CHOICES = 4;
const MOST_ROWS = 50;
const MOST_ROWS_AT_FIRST = 3;
const MOST_FIELDS = 500;
const MOST_CHARACTERS_IN_FIELDS = 20_000;
/** These formats have no empty text. */
const NEVER_EMPTY = new Set(["date-time", "time", "date", "duration", "email", "uri", "uuid", "ipv4", "ipv6", "hostname"]);
const LONG_FORMATS = new Set(["textarea", "multiline", "markdown", "html", "code"]);
const LONG_NAMES = new Set(["body", "code", "content", "markdown", "prompt", "script", "sql", "text"]);

export const MISSING = "required";

/** What all fields of a form share. */
export class Context {
  private room = MOST_FIELDS;

  constructor(readonly description: Description) {}

  node(id: Id): Node {
    return this.description.nodes[id] ?? { kind: "json" };
  }

  /** Allow as many fields again, because a person asked for some. */
  replenish(): void {
    this.room = MOST_FIELDS;
  }

  /** Count so many more fields, and return whether there is room for them. */
  take(fields: number): boolean {
    if (fields > this.room) return false;
    this.room -= fields;
    return true;
  }
}

/** The place of a field among others. */
export interface Place {
  name: string;
  required: boolean;
  /** The number of fields around it. */
  depth: number;
  /** The number of unions around it in this place. */
  choices: number;
  /** Whether the node may not apply here: in one of several variants, or under a condition. */
  loose: boolean;
  /** What is said if it is missing. */
  missing: string;
}

export class Field {
  readonly node: Node;
  mode: Mode = "unset";
  /** The characters in the input of a text, a number or JSON. */
  typed = "";
  /** choice: the index of the option. */
  option = -1;
  /** many: the indices of the options. */
  options = new Set<number>();
  /** union: the index of the variant, and the fields of those that were chosen. */
  variant = -1;
  variants: Field[] = [];
  /** record */
  fields: Map<string, Field> = new Map();
  entries: { key: number; name: string; field: Field; given: boolean }[] = [];
  /** rows */
  rows: { key: number; field: Field }[] = [];
  /** A text that was filled in with line breaks needs several lines. */
  lines = false;
  /** Why fields are not offered here. */
  why: string | undefined;
  private made = false;
  private keys = 0;

  constructor(
    readonly context: Context,
    readonly id: Id,
    readonly place: Place,
  ) {
    const node = context.node(id);
    const parts = node.kind === "record" || node.kind === "rows" || node.kind === "union";
    const toodeep = parts && (place.depth >= MAX_DEPTH || (node.kind === "union" && place.choices >= MAX_CHOICES));
    this.node = toodeep ? { ...node, kind: "json" } : node;
    this.why = node.why;
    this.start();
  }

  // --- what it is -------------------------------------------------------------------------------------------------

  get long(): boolean {
    const { node } = this;
    if (this.lines) return true;
    if (node.most !== undefined) return node.most > 120;
    if (node.media || LONG_FORMATS.has(node.format ?? "")) return true;
    return node.long ?? (LONG_NAMES.has(this.place.name.toLowerCase()) && !node.format && !node.pattern);
  }

  /** Whether leaving it out is something that a person can choose. */
  get canUnset(): boolean {
    const { node, place } = this;
    if (!place.required) return true;
    if (node.kind === "choice") return node.options!.length > 1;
    if (node.kind === "record" || node.kind === "rows") return place.depth > DEEP || this.beginsEmpty;
    return true;
  }

  get canBeNull(): boolean {
    return Boolean(this.node.nullable) && !this.node.options?.some(([, value]) => value === "null");
  }

  /** Whether an empty text or list is something that a person can choose. */
  get canBeEmpty(): boolean {
    if (this.node.kind === "text") return !this.node.least && !NEVER_EMPTY.has(this.node.format ?? "");
    return (this.node.kind === "many" && !this.node.some) || (this.node.kind === "rows" && !this.node.least);
  }

  /** Whether it holds an empty text or list. */
  get empty(): boolean {
    const { kind } = this.node;
    if (this.mode !== "own") return false;
    return (
      (kind === "text" && this.typed === "") ||
      (kind === "many" && !this.options.size) ||
      (kind === "rows" && !this.rows.length)
    );
  }

  private get beginsEmpty(): boolean {
    if (this.node.kind === "rows") return !this.node.least;
    return this.node.kind === "record" && !this.node.fields!.some(([, , required]) => required);
  }

  // --- what a person does -----------------------------------------------------------------------------------------

  /** Leave it out; where it must be sent, start again with an empty one. */
  reset(): void {
    this.mode = "unset";
    this.typed = "";
    this.option = -1;
    this.options = new Set();
    this.variant = -1;
    this.variants = [];
    this.fields = new Map();
    this.entries = [];
    this.rows = [];
    this.lines = false;
    this.why = this.node.why;
    this.made = false;
    const { node } = this;
    if (this.canUnset) return;
    if (node.kind === "choice") this.choose(0);
    else if (node.kind === "record" || node.kind === "rows") this.open();
  }

  private start(): void {
    this.reset();
    if (this.place.required && this.node.default !== undefined) this.fill(parse(this.node.default));
  }

  /** Type into the input of a text or a number, or JSON. */
  type(typed: string): void {
    this.typed = typed;
    if (this.mode !== "json") this.mode = typed === "" ? "unset" : "own";
  }

  setNull(): void {
    this.mode = "null";
  }

  setEmpty(): void {
    this.mode = "own";
    this.typed = "";
    this.options = new Set();
    this.rows = [];
    this.made = this.node.kind === "rows";
  }

  setJson(): void {
    const value = this.value();
    this.typed = value === UNSET ? "" : write(value, true);
    this.mode = "json";
  }

  /** Go back from JSON to the fields, if they can show what it says. */
  setOwn(): boolean {
    this.context.replenish();
    if (this.mode !== "json") {
      this.open();
      return true;
    }
    const value = this.value();
    const typed = this.typed;
    if (value === UNSET || (this.typedProblem() === undefined && this.own(value))) {
      if (value === UNSET) {
        this.reset();
        this.open();
      }
      return true;
    }
    this.mode = "json";
    this.typed = typed;
    return false;
  }

  choose(option: number): void {
    this.mode = option < 0 ? "unset" : "own";
    this.option = option;
  }

  toggle(option: number, on: boolean): void {
    if (on) this.options.add(option);
    else this.options.delete(option);
    this.mode = this.options.size ? "own" : "unset";
  }

  chooseVariant(index: number): void {
    this.context.replenish();
    const before = this.mode === "own" ? this.variants[this.variant] : undefined;
    const fresh = !this.variants[index];
    this.mode = "own";
    this.variant = index;
    const field = this.variantField(index);
    field.begin();
    const value = before?.value() ?? UNSET;
    if (fresh && before && value !== UNSET) {
      field.fill(value);
      if (field.mode === "json") field.reset();
      field.begin();
    }
  }

  /** Begin to fill in a value with parts, because a person asked for it. */
  begin(): void {
    if (this.mode === "unset" && (this.node.kind === "record" || this.node.kind === "rows")) this.open();
  }

  open(): void {
    const { node } = this;
    if (node.kind === "record" && !this.makeFields()) return;
    if (node.kind === "rows" && !this.made) {
      const least = Math.max(node.least ?? 0, node.first!.length);
      const wanted = Math.min(least, Math.max(MOST_ROWS_AT_FIRST, node.first!.length));
      if (node.first!.length > MOST_FIELDS) {
        this.tooMany(node.first!.length);
        return;
      }
      while (this.rows.length < wanted) this.rows.push({ key: this.keys++, field: this.rowField(this.rows.length) });
      this.made = true;
    }
    if (node.kind !== "text" && node.kind !== "number" && node.kind !== "json") this.mode = "own";
  }

  add(): void {
    this.context.replenish();
    this.open();
    const field = this.rowField(this.rows.length);
    field.begin();
    this.rows.push({ key: this.keys++, field });
  }

  get canAdd(): boolean {
    return this.rows.length < this.node.first!.length || this.node.rest !== null;
  }

  remove(index: number): void {
    this.rows.splice(index, 1);
  }

  move(index: number, by: number): void {
    const [row] = this.rows.splice(index, 1);
    this.rows.splice(Math.max(index + by, 0), 0, row!);
  }

  addEntry(name = "", value?: Json): void {
    this.context.replenish();
    const field = this.entryField(name);
    if (value !== undefined) field.fill(value);
    this.entries.push({ key: this.keys++, name, field, given: value !== undefined });
  }

  removeEntry(index: number): void {
    this.entries.splice(index, 1);
  }

  rename(index: number, name: string): void {
    const entry = this.entries[index]!;
    const before = entry.field;
    entry.name = name;
    const [id, loose] = this.entryNode(name);
    if (id === before.id && loose === before.place.loose) return;
    entry.field = this.entryField(name);
    const value = before.value();
    if (value !== UNSET) entry.field.fill(value);
  }

  // --- what is in it ----------------------------------------------------------------------------------------------

  value(): Value {
    if (this.mode === "null") return null;
    if (this.mode === "json" || (this.mode === "own" && this.node.kind === "json")) return this.readJson();
    if (this.mode === "unset") return UNSET;
    switch (this.node.kind) {
      case "text":
        return this.typed;
      case "number":
        return this.readNumber() ?? this.typed;
      case "choice":
        return parse(this.node.options![this.option]![1]);
      case "many":
        return [...this.options].sort((a, b) => a - b).map((index) => parse(this.node.options![index]![1]));
      case "union":
        return this.variants[this.variant]?.value() ?? UNSET;
      case "rows":
        return this.rows.map(({ field }) => {
          const value = field.value();
          return value === UNSET ? null : value;
        });
      default: {
        const found = new Map<string, Json>();
        const named = [...this.fields, ...this.entries.map(({ name, field }) => [name, field] as const)];
        for (const [name, field] of named) {
          const value = field.value();
          if (value !== UNSET) found.set(name, value);
        }
        return found;
      }
    }
  }

  /** Show a value: in its input, or as JSON if the input cannot show it. */
  fill(value: Value): void {
    this.reset();
    if (value === UNSET) return;
    if (this.own(value)) return;
    this.reset();
    this.mode = "json";
    this.typed = write(value, true);
  }

  /** Show a value in the input that the schema asks for, and return whether that worked. */
  private own(value: Json): boolean {
    this.reset();
    return this.take(value) && same(this.valueOr(value), value);
  }

  private valueOr(other: Json): Json {
    const value = this.value();
    return value === UNSET ? (other === null ? false : null) : value;
  }

  private take(value: Json): boolean {
    const { node } = this;
    if (value === null && node.nullable && this.canBeNull) {
      this.mode = "null";
      return true;
    }
    this.mode = "own";
    switch (node.kind) {
      case "text":
        if (typeof value !== "string") return false;
        this.typed = value;
        this.lines = /[\n\r\u2028\u2029]/.test(value);
        // An input of a browser takes these for other line breaks.
        return !/\r|\u2028|\u2029/.test(value);
      case "number":
        if (!(value instanceof Num)) return false;
        this.typed = value.text;
        return this.readNumber() !== undefined;
      case "json":
        this.typed = write(value, true);
        return true;
      case "choice":
        this.option = node.options!.findIndex(([, option]) => same(parse(option), value));
        return this.option >= 0;
      case "many": {
        if (!Array.isArray(value)) return false;
        const found = value.map((item) => node.options!.findIndex(([, option]) => same(parse(option), item)));
        this.options = new Set(found);
        return !found.includes(-1);
      }
      case "union":
        return this.takeVariant(value);
      case "rows":
        return this.takeRows(value);
      default:
        return this.takeRecord(value);
    }
  }

  private takeVariant(value: Json): boolean {
    if (write(value).length > MOST_CHARACTERS_IN_FIELDS) return false;
    const all = this.node.variants!.map((_, index) => index);
    const fitting = all.filter((index) => fits(this.context.description, this.node.variants![index]![1], value));
    for (const index of new Set([...fitting, ...all])) {
      this.variant = index;
      if (this.variantField(index).own(value)) return true;
    }
    return false;
  }

  private takeRows(value: Json): boolean {
    if (!Array.isArray(value) || value.length > MOST_ROWS || !this.context.take(value.length)) return false;
    if (this.node.rest === null && value.length > this.node.first!.length) return false;
    this.made = true;
    this.rows = value.map((item, index) => {
      const field = this.rowField(index);
      field.fill(item);
      return { key: this.keys++, field };
    });
    return true;
  }

  private takeRecord(value: Json): boolean {
    if (!(value instanceof Map) || !this.makeFields()) return false;
    for (const [name, field] of this.fields) field.fill(value.has(name) ? value.get(name)! : UNSET);
    for (const [name, item] of value) {
      if (this.fields.has(name)) continue;
      if (!this.context.take(1)) return false;
      this.entries.push({ key: this.keys++, name, field: this.entryField(name), given: true });
      this.entries[this.entries.length - 1]!.field.fill(item);
    }
    return true;
  }

  // --- what is wrong with it --------------------------------------------------------------------------------------

  /** Why the typed characters are not a value; undefined if they are. */
  typedProblem(): string | undefined {
    if (this.mode === "json" || (this.mode === "own" && this.node.kind === "json")) {
      const expected = this.node.accepts ? ` (${this.node.accepts})` : "";
      if (this.typed.trim() === "") return `write a JSON value${expected}`;
      try {
        parse(this.typed);
        return undefined;
      } catch (error) {
        return `not JSON: ${(error as Error).message}; write a JSON value${expected}, with quotes around text`;
      }
    }
    if (this.node.kind === "number" && this.mode === "own" && this.readNumber() === undefined) {
      return `${JSON.stringify(this.typed.trim())} is not a number; expected ${this.node.accepts ?? "number"}`;
    }
    return undefined;
  }

  private readNumber(): Num | undefined {
    const found = number(this.typed.trim());
    if (!found || !this.node.whole) return found;
    return !/[.eE]/.test(found.text) || Number.isInteger(Number(found.text)) ? found : undefined;
  }

  private readJson(): Value {
    if (this.typed.trim() === "") return UNSET;
    try {
      return parse(this.typed);
    } catch {
      return this.typed;
    }
  }

  // --- its parts --------------------------------------------------------------------------------------------------

  /** The field at a place, or the nearest one around it. */
  at(place: readonly (string | number)[]): Field {
    if (this.mode === "own" && this.node.kind === "union") return this.variants[this.variant]?.at(place) ?? this;
    const [first, ...rest] = place;
    return first === undefined ? this : (this.part(first)?.at(rest) ?? this);
  }

  /** Whether there is a field at a place. */
  has(place: readonly (string | number)[]): boolean {
    const [first, ...rest] = place;
    return first === undefined || Boolean(this.part(first)?.has(rest));
  }

  private part(name: string | number): Field | undefined {
    if (this.mode !== "own") return undefined;
    if (this.node.kind === "union") return this.variants[this.variant]?.part(name);
    return (
      this.fields.get(String(name)) ??
      this.entries.find((entry) => entry.name === name)?.field ??
      (typeof name === "number" ? this.rows[name]?.field : undefined)
    );
  }

  /** This field and all inside it that are shown, in their order. */
  *shown(): Generator<Field> {
    yield this;
    if (this.mode !== "own") return;
    if (this.node.kind === "union") yield* this.variants[this.variant]?.shown() ?? [];
    for (const field of this.fields.values()) yield* field.shown();
    for (const { field } of [...this.entries, ...this.rows]) yield* field.shown();
  }

  get variantShown(): Field | undefined {
    return this.mode === "own" ? this.variants[this.variant] : undefined;
  }

  private variantField(index: number): Field {
    const place = { ...this.place, required: true, choices: this.place.choices + 1, loose: true };
    return (this.variants[index] ??= new Field(this.context, this.node.variants![index]![1], place));
  }

  private makeFields(): boolean {
    if (this.made) return true;
    const fields = this.node.fields!;
    if (!this.context.take(fields.length)) {
      this.tooMany(fields.length);
      return false;
    }
    this.made = true;
    for (const [name, id, required] of fields) {
      const loose = Boolean(this.node.maybe?.includes(name));
      this.fields.set(name, new Field(this.context, id, this.inside(name, required, loose)));
    }
    return true;
  }

  private inside(name: string, required: boolean, loose: boolean): Place {
    const missing = this.node.says?.required ?? MISSING;
    return { name, required, depth: this.place.depth + 1, choices: 0, loose: loose || this.place.loose, missing };
  }

  private tooMany(fields: number): void {
    this.mode = "json";
    const kind = this.node.kind === "rows" ? "list" : "object";
    this.why = `${fields.toLocaleString("en")} fields are too many for this form: write a JSON ${kind}`;
  }

  private rowField(index: number): Field {
    const id = this.node.first![index] ?? this.node.rest ?? -1;
    return new Field(this.context, id, this.inside(`item ${index + 1}`, true, Boolean(this.node.loose)));
  }

  private entryField(name: string): Field {
    const [id, loose] = this.entryNode(name);
    return new Field(this.context, id, this.inside(name || "value", true, loose));
  }

  /** The node for a name, and whether another one may apply. */
  private entryNode(name: string): [Id, boolean] {
    const { patterns, rest } = this.node.others!;
    for (const [pattern, id] of patterns) {
      const found = name ? matches(pattern, name) : undefined;
      if (found !== false) return [id, !found];
    }
    return [rest, false];
  }
}
