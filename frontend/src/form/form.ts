// A form: the whole object of arguments, with the problems that Python found in it.

import { type Json, parse, write } from "../json";
import type { Description, Problem } from "./description";
import { Context, Field, MISSING, UNSET } from "./field";
import { problemsOf } from "./problems";

const NO_OBJECT = "the arguments must be one object, in braces";

export class Form {
  readonly whole: Field;
  /** What Python says about the draft `checked`. */
  private found: Problem[] = [];
  private checked = "";

  constructor(description: Description) {
    const context = new Context(description);
    this.whole = new Field(context, description.root, {
      name: "arguments",
      required: true,
      depth: 0,
      choices: 0,
      loose: Boolean(description.loose),
      missing: MISSING,
    });
    this.whole.begin();
  }

  /** The arguments as JSON text, valid or not. */
  draft(indented = false): string {
    const value = this.whole.value();
    return write(value instanceof Map ? value : new Map(), indented);
  }

  /** Show arguments (JSON text); those that are not named become unset. */
  fill(text: string): void {
    const value = parse(text);
    if (!(value instanceof Map)) throw new SyntaxError(NO_OBJECT);
    this.fillWith(value);
  }

  fillWith(value: Map<string, Json>): void {
    this.whole.context.replenish();
    if (value.size) this.whole.fill(value);
    else {
      this.whole.reset();
      this.whole.begin();
    }
  }

  /** Keep what Python said about a draft. */
  told(draft: string, problems: Problem[]): void {
    this.checked = draft;
    this.found = problems;
  }

  /** All that is known to be wrong, in the order of the fields; Python's words count if both know a place. */
  problems(): Problem[] {
    const local = this.localProblems();
    const sure = local.filter(({ unsure }) => !unsure);
    if (this.draft() !== this.checked || this.unchosen || !this.found.length) return sure;
    const key = (problem: Problem) => JSON.stringify(problem.place);
    const typed = new Set(sure.filter((problem) => this.whole.at(problem.place).typedProblem()).map(key));
    // Python may speak of another variant than the one that was chosen; this one has its own problems.
    const here = (problem: Problem) => sure.length === local.length || this.whole.has(problem.place);
    const found = this.found.filter((problem) => !typed.has(key(problem)) && here(problem));
    const known = new Set(found.map(key));
    return this.inOrder([...local.filter((problem) => !known.has(key(problem))), ...found]);
  }

  /** Whether a person has to choose among kinds of arguments first. */
  private get unchosen(): boolean {
    return this.whole.node.kind === "union" && this.whole.mode === "unset";
  }

  private localProblems(): Problem[] {
    if (this.unchosen) return [{ place: [], reason: "choose what to send" }];
    const value = this.whole.value();
    if (value === UNSET) return []; // nothing is written instead of fields: no arguments
    const found = problemsOf(this.whole);
    return found.length || value instanceof Map ? found : [{ place: [], reason: NO_OBJECT }];
  }

  private inOrder(problems: Problem[]): Problem[] {
    const order = new Map([...this.whole.shown()].map((field, index) => [field, index]));
    const index = (problem: Problem) => order.get(this.whole.at(problem.place)) ?? 0;
    return problems
      .map((problem) => ({ problem, index: index(problem) }))
      .sort((one, other) => one.index - other.index)
      .map(({ problem }) => problem);
  }
}
