// Choose the control for a field.

import type { ComponentType } from "preact";
import { Check, Checks, Constant, Radios, Search, Select } from "./choices";
import type { Field } from "./field";
import { List, Record, Tags, Variants } from "./parts";
import { FileText, PICKERS, Picked } from "./pickers";
import { type DrawProps, JsonText, LongText, NumberText, ShortText } from "./texts";

export interface Control {
  Draw: ComponentType<DrawProps>;
  /** Whether it consists of several controls, under one legend. */
  grouped: boolean;
}

const MOST_RADIOS = 5;
const MOST_CHARACTERS_OF_RADIOS = 60;
const MOST_IN_SELECT = 15;

/** Choose the control for a field. */
export function controlOf(field: Field): Control {
  const { node } = field;
  if (field.mode === "json" || node.kind === "json") return { Draw: JsonText, grouped: false };
  switch (node.kind) {
    case "text":
      if (PICKERS[node.format ?? ""]) return { Draw: Picked, grouped: false };
      if (isFile(field)) return { Draw: FileText, grouped: false };
      return { Draw: field.long ? LongText : ShortText, grouped: false };
    case "number":
      return { Draw: NumberText, grouped: false };
    case "choice":
      if (node.options!.length === 1 && field.place.required) return { Draw: Constant, grouped: true };
      if (isBoolean(field)) return { Draw: Check, grouped: false };
      if (few(field)) return { Draw: Radios, grouped: true };
      return { Draw: node.options!.length > MOST_IN_SELECT ? Search : Select, grouped: false };
    case "many":
      return { Draw: Checks, grouped: true };
    case "record":
      return { Draw: Record, grouped: true };
    case "rows":
      return isTags(field) ? { Draw: Tags, grouped: false } : { Draw: List, grouped: true };
    default:
      return { Draw: Variants, grouped: true };
  }
}

function isBoolean({ node }: Field): boolean {
  return node.options!.length === 2 && node.options!.every(([, value]) => value === "true" || value === "false");
}

function few({ node }: Field): boolean {
  const characters = node.options!.reduce((sum, [label]) => sum + label.length, 0);
  return node.options!.length <= MOST_RADIOS && characters <= MOST_CHARACTERS_OF_RADIOS;
}

function isFile({ node }: Field): boolean {
  const format = node.format ?? "";
  return ["binary", "base64", "byte", "data-url", "data-uri"].includes(format) || (node.encoding ?? "").startsWith("base64");
}

/** A list of short texts without choices is written as tags. */
function isTags(field: Field): boolean {
  const { node, context } = field;
  if (node.first!.length || node.rest == null) return false;
  const item = context.node(node.rest);
  const plain = item.kind === "text" && !item.nullable && !item.media && !item.encoding && !PICKERS[item.format ?? ""];
  return plain && !item.about && (item.most ?? 0) <= 120 && field.rows.every((row) => row.field.mode === "own" && row.field.node.kind === "text" && row.field.typed !== "" && !row.field.lines);
}
