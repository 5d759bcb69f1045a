// The rates of calls: bars for the latest seconds, which go on while the kernel has nothing new to say.

/** Calls that ended in one second: how many seconds ago, how many, and how many of them failed. */
export type Second = [ago: number, calls: number, errors: number];

export interface Bar {
  calls: number;
  errors: number;
}

/** Seconds that the rate "now" is the mean of. */
export const NOW = 10;

/** A bar for each second, oldest first, some seconds after the kernel counted. The second that is not over is left out. */
export function bars(series: Second[], since: number, seconds: number): Bar[] {
  const made: Bar[] = Array.from({ length: seconds }, () => ({ calls: 0, errors: 0 }));
  for (const [ago, calls, errors] of series) {
    const place = seconds - (ago + since);
    if (place >= 0 && place < seconds) made[place] = { calls, errors };
  }
  return made;
}

/** Calls in a second, as the mean of the latest seconds. */
export function rate(made: Bar[]): number {
  return made.slice(-NOW).reduce((sum, bar) => sum + bar.calls, 0) / NOW;
}

/** Write a rate: 0, 0.3, 12, 1,234. */
export function inWords(perSecond: number): string {
  return perSecond < 10 ? String(Math.round(perSecond * 10) / 10) : Math.round(perSecond).toLocaleString("en");
}

/** The smallest of 1, 2, 5, 10, 20, 50 ... that is not below a number. */
export function roundUp(most: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(most, 1)));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= most)!;
}

/** Powers of ten around all latencies (seconds), as the ends of a scale. */
export function scaleOf(latencies: (number | null)[]): [from: number, to: number] {
  const known = latencies.filter((one): one is number => one !== null).map((one) => Math.max(one, 1e-5));
  if (!known.length) return [1e-3, 1];
  const from = 10 ** Math.floor(Math.log10(Math.min(...known)) + 1e-9);
  return [from, Math.max(10 ** Math.ceil(Math.log10(Math.max(...known)) - 1e-9), from * 10)];
}

/** The place of a latency on a scale with equal steps for equal ratios, from 0 to 1. */
export function placeOn([from, to]: [number, number], latency: number): number {
  return Math.min(Math.max(Math.log(Math.max(latency, 1e-9) / from) / Math.log(to / from), 0), 1);
}
