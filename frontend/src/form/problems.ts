// Find what is wrong with a field, as far as that is known without the kernel.

import { shortfalls } from "./checks";
import type { Problem } from "./description";
import type { Field } from "./field";

/** The problems of a field and of all in it; Python knows the others. */
export function problemsOf(field: Field): Problem[] {
  const { node, place, mode } = field;
  const here = (reason: string | undefined): Problem[] => (reason === undefined ? [] : [{ place: [], reason }]);
  /** Mark problems that are none if the node does not apply here. */
  const unless = (problems: Problem[]): Problem[] =>
    place.loose ? problems.map((problem) => ({ ...problem, unsure: true })) : problems;

  if (mode === "unset") return unless(here(place.required ? place.missing : undefined));
  if (mode === "null") return [];
  const typed = field.typedProblem();
  if (typed !== undefined || mode === "json") return here(typed);
  switch (node.kind) {
    case "union":
      return field.variantShown ? problemsOf(field.variantShown) : here("choose one");
    case "rows":
      return [
        ...field.rows.flatMap((row, index) =>
          row.field.mode === "unset"
            ? [{ place: [index], reason: "fill in or remove" }]
            : within(index, problemsOf(row.field)),
        ),
        ...unless(here(shortfalls(node, field))),
      ];
    case "record":
      return [
        ...[...field.fields].flatMap(([name, part]) => within(name, problemsOf(part))),
        ...field.entries.flatMap((entry, index) => within(entry.name, ofEntry(field, index))),
      ];
    default:
      return unless(here(shortfalls(node, field)));
  }
}

function ofEntry(around: Field, index: number): Problem[] {
  const { name, field, given } = around.entries[index]!;
  if (around.fields.has(name) || around.entries.filter((entry) => entry.name === name).length > 1) {
    return [{ place: [], reason: "this name is used twice" }];
  }
  if (!name && !given) return [{ place: [], reason: "give it a name" }];
  return field.mode === "unset" ? [{ place: [], reason: "fill in or remove" }] : problemsOf(field);
}

function within(part: string | number, problems: Problem[]): Problem[] {
  return problems.map(({ place, ...problem }) => ({ place: [part, ...place], ...problem }));
}
