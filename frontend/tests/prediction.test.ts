// @vitest-environment happy-dom
// A prediction in the page: what can be chosen, what is asked of the kernel, and how the comparison is told.

import { h, render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PredictionView } from "../src/prediction/view";
import { Refused } from "../src/surface";

const about = {
  question: [["What does ", false], ["greet", true], [" do?", false]],
  options: ["raise", "refuse", "answer"].map((words, index) => ({ letter: "ABC"[index], words: [[words, false]] })),
  choose: "Choose one.",
};
const outcome = { right: 1, words: "The answer is B.", because: [["It is ", false], ["checked", true], [".", false]], advice: "" };

let root: HTMLElement;
let asked: any[];
let answer: { done: () => void; failed: (error: Error) => void };

function show(state: Record<string, unknown>): Promise<void> {
  const ask = (action: string, values: object) => {
    asked.push({ action, ...values });
    return new Promise<void>((done, failed) => void (answer = { done, failed }));
  };
  return settled(() => render(h(PredictionView, { surface: { about, state, ask } as any }), root));
}

async function settled(step: () => void): Promise<void> {
  await act(async () => step());
}

const radios = () => [...root.querySelectorAll<HTMLInputElement>("input[type=radio]")];
const status = () => root.querySelector("[role=status]")!.textContent;
const rows = () => [...root.querySelectorAll("li")].map((row) => row.textContent);
const pick = (option: number) => settled(() => radios()[option]!.click());

beforeEach(() => {
  [root, asked] = [document.body.appendChild(document.createElement("div")), []];
});

afterEach(() => {
  render(null, root);
  root.remove();
});

describe("before the next cell has run", () => {
  it("asks in a group of radio buttons that has the question as its name", async () => {
    await show({ chosen: null });
    expect(root.querySelector("fieldset > legend")!.textContent).toBe("Prediction: What does greet do?");
    expect(root.querySelector("legend code")!.textContent).toBe("greet");
    expect(radios().map((radio) => radio.labels![0]!.textContent)).toEqual(["Araise", "Brefuse", "Canswer"]);
    expect(new Set(radios().map((radio) => radio.name)).size).toBe(1);
    expect(radios().some((radio) => radio.checked)).toBe(false);
    expect(status()).toBe("Choose one.");
  });

  it("shows a choice at once, and again what the kernel has", async () => {
    await show({ chosen: null });
    await pick(2);
    expect(asked).toEqual([{ action: "choose", option: 2 }]);
    expect(radios()[2]!.checked).toBe(true);
    expect(status()).toContain("You predict C.");
    await show({ chosen: 2 });
    await settled(() => answer.done());
    await show({ chosen: 0 }); // by another view of the same card
    expect(radios().map((radio) => radio.checked)).toEqual([true, false, false]);
  });

  it("keeps the latest of two choices while the kernel has answered only the first", async () => {
    await show({ chosen: null });
    await pick(0);
    const first = answer;
    await pick(2);
    await settled(() => first.done());
    expect(radios()[2]!.checked).toBe(true);
    expect(asked.map(({ option }) => option)).toEqual([0, 2]);
  });

  it("says why a choice is not kept", async () => {
    await show({ chosen: null });
    await pick(1);
    await settled(() => answer.failed(new Refused("the disk is full")));
    expect(root.querySelector("[role=alert]")!.textContent).toBe("✗ Not kept: the disk is full");
  });
});

describe("when the next cell has run", () => {
  it("compares by words and signs, in the region that is announced", async () => {
    await show({ chosen: 0 });
    const region = root.querySelector("[role=status]");
    await show({ chosen: 0, outcome });
    expect(root.querySelector("[role=status]")).toBe(region);
    expect(status()).toBe("The answer is B.It is checked.");
    expect(rows()).toEqual(["Araise✗ your prediction: not right", "Brefuse✓ right", "Canswer"]);
    expect(radios()).toEqual([]);
  });

  it("marks a prediction that was right, and none if there was none", async () => {
    await show({ chosen: 1, outcome });
    expect(rows()).toEqual(["Araise", "Brefuse✓ your prediction: right", "Canswer"]);
    await show({ chosen: null, outcome: { ...outcome, advice: "Guess first." } });
    expect(rows()).toEqual(["Araise", "Brefuse✓ right", "Canswer"]);
    expect(status()).toBe("The answer is B.It is checked.Guess first.");
  });

  it("forgets a choice that came too late", async () => {
    await show({ chosen: null });
    await pick(1);
    await show({ chosen: null, outcome });
    await settled(() => answer.failed(new Refused("the next cell has run")));
    expect(rows()[1]).toBe("Brefuse✓ right");
    expect(root.querySelector("[role=alert]")).toBe(null);
  });

  it("keeps the focus if it was in the card", async () => {
    await show({ chosen: 0 });
    radios()[0]!.focus();
    await show({ chosen: 0, outcome });
    const card = root.firstElementChild as HTMLElement;
    expect(document.activeElement).toBe(card);
    card.blur();
    expect(card.hasAttribute("tabindex")).toBe(false);
  });

  it("leaves the focus where it was if that is elsewhere", async () => {
    await show({ chosen: 0 });
    await show({ chosen: 0, outcome });
    expect(document.activeElement).toBe(document.body);
  });
});
