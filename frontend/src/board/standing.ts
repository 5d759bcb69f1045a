// How far a class is: what a row has, the totals of the class, the order of the learners, and times in words.

export interface Exercise {
  number: string;
  title: string;
}

export interface Chapter extends Exercise {
  exercises: Exercise[];
}

export interface Row {
  /** The place in the order in which the learners came; nothing else is theirs alone. */
  seat: number;
  name: string;
  /** The tries of each exercise, in the order of the course: below zero if no answer has passed. */
  work: number[];
  /** Predictions that were right. */
  right: number;
  /** Seconds since the latest report, when the kernel sent this. */
  ago: number;
}

export interface Total extends Exercise {
  /** The place of the exercise in a row's work. */
  place: number;
  passed: number;
  tried: number;
  notYet: number;
}

export type State = "passed" | "tried" | "not yet";

export const stateOf = (tries: number): State => (tries > 0 ? "passed" : tries < 0 ? "tried" : "not yet");

export const passedOf = (work: number[]) => work.filter((tries) => tries > 0).length;

/** Count the class for each exercise. */
export function totals(chapters: Chapter[], rows: Row[]): Total[] {
  return chapters
    .flatMap(({ exercises }) => exercises)
    .map(({ number, title }, place) => {
      const passed = rows.filter(({ work }) => work[place]! > 0).length;
      const tried = rows.filter(({ work }) => work[place]! < 0).length;
      return { number, title, place, passed, tried, notYet: rows.length - passed - tried };
    });
}

/** The exercises that most learners have tried without passing, the most first. */
export function whereToHelp(counted: Total[], most: number): Total[] {
  return counted
    .filter(({ tried }) => tried > 0)
    .sort((one, other) => other.tried - one.tried || other.notYet - one.notYet)
    .slice(0, most);
}

export const ORDERS = {
  name: "by name",
  fewest: "fewest passed first",
  most: "most passed first",
  latest: "latest report first",
  silent: "longest silent first",
};
export type Order = keyof typeof ORDERS;

const byName = new Intl.Collator(undefined, { sensitivity: "base", numeric: true }).compare;

/** The learners whose names have all words; of a chosen exercise, those who have not passed it, who have tried it first. */
export function listed(rows: Row[], text: string, order: Order, chosen?: number): Row[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const open = chosen === undefined ? rows : rows.filter(({ work }) => work[chosen]! <= 0);
  const found = open.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)));
  const compare: Record<Order, (one: Row, other: Row) => number> = {
    name: () => 0,
    fewest: (one, other) => passedOf(one.work) - passedOf(other.work),
    most: (one, other) => passedOf(other.work) - passedOf(one.work),
    latest: (one, other) => one.ago - other.ago,
    silent: (one, other) => other.ago - one.ago,
  };
  const tries = ({ work }: Row) => (chosen === undefined ? 0 : work[chosen]!);
  return [...found].sort((one, other) => tries(one) - tries(other) || compare[order](one, other) || byName(one.name, other.name));
}

/** Write how long ago something was: just now, 5 min, 2 h, 3 days. */
export function agoInWords(seconds: number): string {
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  const days = Math.floor(seconds / 86_400);
  return days === 1 ? "1 day" : `${days} days`;
}

export const count = (number: number, noun: string) => `${number ? number.toLocaleString("en") : "no"} ${noun}${number === 1 ? "" : "s"}`;

/** Say what has changed, for those who hear the page: the new learners if there are few, and where the class is. */
export function announced(before: Row[], now: Row[]): string {
  const known = new Set(before.map(({ seat }) => seat));
  const came = now.filter(({ seat }) => !known.has(seat));
  const passed = (rows: Row[]) => rows.reduce((sum, { work }) => sum + passedOf(work), 0);
  if (!came.length && passed(before) === passed(now)) return "";
  const who = came.length && came.length <= 2 ? `${came.map(({ name }) => name).join(" and ")} joined. ` : "";
  return `${who}${count(now.length, "learner")}, ${count(passed(now), "exercise")} passed.`;
}
