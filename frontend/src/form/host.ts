// What the fields of a form on the page share.

import { type ComponentType, createContext } from "preact";
import { useContext } from "preact/hooks";
import { shown } from "../parts/shown";
import type { Field } from "./field";
import type { Form } from "./form";

const LONGEST_LABEL = 60;

export interface FieldProps {
  field: Field;
  /** The label; a field of an array has none that is seen. */
  label?: string;
  /** For screen readers where no label is seen. */
  name?: string;
}

export interface Host {
  form: Form;
  /** Makes the ids of the elements unique on the page. */
  id: string;
  /** Whether all problems are shown, not only those of fields that a person was at. */
  all: boolean;
  /** Suggests values for a text. */
  suggest?: (name: string, typed: string) => Promise<string[]>;
  /** Draw again, and check: a value has changed. */
  changed: () => void;
}

/** What drawing a form adds to its host. */
export interface Drawing extends Host {
  /** Draws a field: controls with parts draw fields again. */
  Field: ComponentType<FieldProps>;
  /** The problems of each field, found once for all of them. */
  wrong: Map<Field, Set<string>>;
}

export const HostContext = createContext<Drawing>(undefined as unknown as Drawing);
export const useHost = () => useContext(HostContext);

/** The fields that a person was at. They show their problems. */
export const seen = new WeakSet<Field>();
const numbers = new WeakMap<Field, number>();
let last = 0;

export function idOf(host: Host, field: Field): string {
  if (!numbers.has(field)) numbers.set(field, ++last);
  return `${host.id}-${numbers.get(field)}`;
}

export function cut(text: string): string {
  return text.length <= LONGEST_LABEL ? text : `${text.slice(0, LONGEST_LABEL - 1)}…`;
}

export function labelOf(name: string): string {
  return cut(/^[\p{Z}\s]*$/u.test(name) || /[\n\t]/.test(name) ? JSON.stringify(name) : shown(name));
}

/** What an empty input says about itself. */
export function emptyWords(field: Field): string {
  if (field.mode === "null") return "null";
  if (field.mode === "own" && field.typed === "" && field.node.kind === "text") return "";
  if (field.place.required) return "";
  return field.node.default === undefined ? "not sent" : `not sent: default ${shown(field.node.default)}`;
}
