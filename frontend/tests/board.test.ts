// The board of a class: totals, where to help, the order of the learners, and times in words.

import { describe, expect, it } from "vitest";
import { agoInWords, announced, type Chapter, listed, type Row, totals, whereToHelp } from "../src/board/standing";

const exercises = (...numbers: string[]) => numbers.map((number) => ({ number, title: `about ${number}` }));
const CHAPTERS: Chapter[] = [
  { number: "1", title: "One", exercises: exercises("1.1", "1.2") },
  { number: "2", title: "Two", exercises: exercises("2.1") },
];
const row = (seat: number, name: string, work: number[], ago = 0): Row => ({ seat, name, work, right: 0, ago });
const CLASS = [row(1, "Zoë", [1, -3, 0], 500), row(2, "ada", [2, 1, 0], 5), row(3, "Björn K.", [-1, -1, 0], 90)];
const names = (rows: Row[]) => rows.map(({ name }) => name);

describe("the totals of the class", () => {
  it("count who passed, who tried, and who has not yet", () => {
    expect(totals(CHAPTERS, CLASS).map(({ number, passed, tried, notYet }) => [number, passed, tried, notYet])).toEqual([
      ["1.1", 2, 1, 0],
      ["1.2", 1, 2, 0],
      ["2.1", 0, 0, 3],
    ]);
  });

  it("name the exercises that most have tried without passing, and none that nobody has tried", () => {
    expect(whereToHelp(totals(CHAPTERS, CLASS), 5).map(({ number }) => number)).toEqual(["1.2", "1.1"]);
    expect(whereToHelp(totals(CHAPTERS, CLASS), 1)).toHaveLength(1);
    expect(whereToHelp(totals(CHAPTERS, []), 5)).toEqual([]);
  });
});

describe("the list of learners", () => {
  it("is by name, whatever the case and the accents", () => expect(names(listed(CLASS, "", "name"))).toEqual(["ada", "Björn K.", "Zoë"]));

  it("has other orders", () => {
    expect(names(listed(CLASS, "", "fewest"))).toEqual(["Björn K.", "Zoë", "ada"]);
    expect(names(listed(CLASS, "", "most"))[0]).toBe("ada");
    expect(names(listed(CLASS, "", "latest"))[0]).toBe("ada");
    expect(names(listed(CLASS, "", "silent"))[0]).toBe("Zoë");
  });

  it("has the learners with all words that are searched", () => {
    expect(names(listed(CLASS, " k. BJÖ ", "name"))).toEqual(["Björn K."]);
    expect(listed(CLASS, "x", "name")).toEqual([]);
  });

  it("has, for an exercise, those who have not passed it, and the most tries first", () => {
    expect(names(listed(CLASS, "", "name", 1))).toEqual(["Zoë", "Björn K."]);
    expect(names(listed(CLASS, "", "name", 0))).toEqual(["Björn K."]);
  });

  it("leaves the rows as they were", () => {
    listed(CLASS, "", "fewest");
    expect(CLASS[0]!.name).toBe("Zoë");
  });
});

it("says how long ago a report came", () => {
  expect([0, 59, 60, 3599, 3600, 86_399, 86_400, 500_000].map(agoInWords)).toEqual([
    "just now", "just now", "1 min", "59 min", "1 h", "23 h", "1 day", "5 days",
  ]);
});

describe("what is announced", () => {
  it("names one or two who came, and counts more", () => {
    expect(announced([], CLASS.slice(0, 2))).toBe("Zoë and ada joined. 2 learners, 3 exercises passed.");
    expect(announced([], CLASS)).toBe("3 learners, 3 exercises passed.");
  });

  it("is nothing if only times have changed", () => expect(announced(CLASS, CLASS.map((one) => ({ ...one, ago: one.ago + 5 })))).toBe(""));
});
