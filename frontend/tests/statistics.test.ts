// The statistics: the bars of the latest seconds, and the scale of the latencies.

import { describe, expect, it } from "vitest";
import { bars, inWords, placeOn, rate, roundUp, type Second, scaleOf } from "../src/statistics/rates";

describe("the bars of the latest seconds", () => {
  const series: Second[] = [[0, 9, 0], [1, 4, 1], [60, 2, 2]];

  it("leave out the second that is not over, and those that are too old", () => {
    const made = bars(series, 0, 60);
    expect(made).toHaveLength(60);
    expect(made[59]).toEqual({ calls: 4, errors: 1 });
    expect(made[0]).toEqual({ calls: 2, errors: 2 });
    expect(bars([[61, 1, 0], [-3, 1, 0]], 0, 60).every((bar) => !bar.calls)).toBe(true);
  });

  it("go on without the kernel", () => {
    const made = bars(series, 2, 60);
    expect(made[58]).toEqual({ calls: 9, errors: 0 });
    expect(made[57]).toEqual({ calls: 4, errors: 1 });
    expect(made.reduce((sum, bar) => sum + bar.calls, 0)).toBe(13);
    expect(bars(series, 100, 60).every((bar) => !bar.calls)).toBe(true);
  });

  it("give the rate of the last ten seconds", () => {
    expect(rate(bars([[1, 4, 0], [10, 2, 0], [11, 99, 0]], 0, 60))).toBeCloseTo(0.6);
    expect([0, 0.3, 0.04, 12.4, 1234.5].map(inWords)).toEqual(["0", "0.3", "0", "12", "1,235"]);
  });

  it("have a round number as full height", () => {
    expect([0, 1, 3, 10, 11, 4321].map(roundUp)).toEqual([1, 1, 5, 10, 20, 5000]);
  });
});

describe("the scale of the latencies", () => {
  it("runs from one power of ten to another, around all of them", () => {
    const [from, to] = scaleOf([0.004, 0.03, null, 0.2]);
    expect(from).toBeCloseTo(0.001);
    expect(to).toBeCloseTo(1);
  });

  it("has a length for one latency, for none and for zero", () => {
    for (const known of [[0.01], [], [0], [null], [0.01, 0.01]]) {
      const [from, to] = scaleOf(known);
      expect(from).toBeGreaterThan(0);
      expect(to).toBeGreaterThanOrEqual(from * 10 - 1e-12);
    }
  });

  it("has equal steps for equal ratios, and keeps what is outside at its ends", () => {
    expect(placeOn([0.001, 1], 0.001)).toBe(0);
    expect(placeOn([0.001, 1], 0.01)).toBeCloseTo(1 / 3);
    expect(placeOn([0.001, 1], 5)).toBe(1);
    expect(placeOn([0.001, 1], 0)).toBe(0);
  });
});
