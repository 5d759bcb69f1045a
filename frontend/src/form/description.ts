// What Python says about a schema (mcp_notebook/widgets/description.py): a table of nodes that refer to each other by
// their index, so that a schema that contains itself has an end. Values are JSON texts, which keep the digits of numbers.

export type Id = number;

export interface Node {
  kind: "text" | "number" | "choice" | "many" | "record" | "rows" | "union" | "json";
  /** The schema's title, if it says more than the name. */
  title?: string;
  about?: string;
  /** What is accepted, in words. */
  accepts?: string;
  nullable?: true;
  default?: string;
  examples?: string[];
  /** Messages of the schema itself, by keyword. */
  says?: Record<string, string>;

  /** text: a format, an encoding, a pattern; bounds of its length. */
  format?: string;
  encoding?: string;
  media?: string;
  pattern?: string;
  long?: boolean;
  least?: number;
  most?: number;

  /** number: JSON texts. */
  whole?: true;
  bounds?: Partial<Record<"minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum", string>>;

  /** choice and many: labels and values. */
  options?: [string, string][];
  /** many: an empty list is not valid. */
  some?: true;

  /** record: names, nodes, whether required; and what other names have, if there may be others. */
  fields?: [string, Id, boolean][];
  /** record: names that the schema has only under a condition. */
  maybe?: string[];
  others?: { open: boolean; patterns: [string, Id][]; rest: Id };
  /** rows: nodes of the first items, and of the others; null if there are none. */
  first?: Id[];
  rest?: Id | null;
  /** rows: another version of JSON Schema has these keywords. */
  loose?: true;

  /** union: labels and nodes. */
  variants?: [string, Id][];

  /** json: why there are no fields, if a person would expect them. */
  why?: string;
}

export interface Description {
  nodes: Node[];
  root: Id;
  /** Only Python can say which values are valid. */
  loose?: true;
}

/** A problem with the part of a value at a place, which is the names and indices that lead there. */
export interface Problem {
  place: (string | number)[];
  reason: string;
  /** Whether the value may be valid nevertheless, as Python finds. */
  unsure?: true;
}
