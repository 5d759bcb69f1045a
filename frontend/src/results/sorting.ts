// The order of the values of a column.

export type Direction = "ascending" | "descending";

const DATE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?$/;
const MISSING = new Set(["", "null"]);

/** Sort rows by a text of each: as numbers or dates if all of them are, else as texts. What is missing comes last. */
export function sorted<Row>(rows: readonly Row[], textOf: (row: Row) => string, direction: Direction): Row[] {
  const texts = new Map(rows.map((row) => [row, textOf(row).trim()]));
  const there = rows.filter((row) => !MISSING.has(texts.get(row)!));
  const compare = comparing(there.map((row) => texts.get(row)!));
  const sign = direction === "ascending" ? 1 : -1;
  there.sort((one, other) => sign * compare(texts.get(one)!, texts.get(other)!));
  return [...there, ...rows.filter((row) => MISSING.has(texts.get(row)!))];
}

function comparing(texts: string[]): (one: string, other: string) => number {
  if (texts.every((text) => Number.isFinite(Number(text)))) return (one, other) => Number(one) - Number(other);
  if (texts.every((text) => DATE.test(text) && !Number.isNaN(Date.parse(text)))) {
    return (one, other) => Date.parse(one) - Date.parse(other);
  }
  return new Intl.Collator(undefined, { numeric: true }).compare;
}
