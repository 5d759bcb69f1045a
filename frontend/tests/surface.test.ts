import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Model, Refused, Surface } from "../src/surface";

class Kernel implements Model {
  readonly values: Record<string, unknown> = { view: "request", state: { count: 0 }, about: {}, kept: { a: 1 }, mount: "" };
  readonly sent: any[] = [];
  saved = 0;
  private callbacks: Record<string, ((...args: any[]) => void)[]> = {};

  get(name: string): any {
    return this.values[name];
  }

  set(name: string, value: unknown): void {
    this.values[name] = value;
  }

  save_changes(): void {
    this.saved += 1;
  }

  send(content: unknown): void {
    this.sent.push(content);
  }

  on(name: string, callback: (...args: any[]) => void): void {
    (this.callbacks[name] ??= []).push(callback);
  }

  emit(name: string, ...args: any[]): void {
    for (const callback of this.callbacks[name] ?? []) callback(...args);
  }

  answer(message: object): void {
    this.emit("msg:custom", message);
  }
}

let kernel: Kernel;
let surface: Surface;
let drawn: number;

beforeEach(() => {
  vi.useFakeTimers();
  kernel = new Kernel();
  surface = new Surface(kernel);
  drawn = 0;
  surface.listen(() => void (drawn += 1));
});
afterEach(() => void vi.useRealTimers());

describe("an action", () => {
  it("is asked with its values, and answered under its number", async () => {
    const one = surface.ask("check", { arguments: "{}" });
    const other = surface.ask("check", { arguments: "[]" });
    expect(kernel.sent).toEqual([
      { do: "check", ask: 1, arguments: "{}" },
      { do: "check", ask: 2, arguments: "[]" },
    ]);
    kernel.answer({ answer: 2, ok: "second" });
    kernel.answer({ answer: 1, ok: "first" });
    expect([await one, await other]).toEqual(["first", "second"]);
  });

  it("is refused with a reason", async () => {
    const asked = surface.ask("send");
    kernel.answer({ answer: 1, error: "not now" });
    await expect(asked).rejects.toThrow(new Refused("not now"));
  });

  it("cannot be renamed or renumbered by its values", () => {
    void surface.ask("check", { do: "send", ask: 7 });
    expect(kernel.sent).toEqual([{ do: "check", ask: 1 }]);
  });

  it("is answered once, and an answer to nothing is left alone", async () => {
    const asked = surface.ask("check");
    kernel.answer({ answer: 9, ok: "another" });
    kernel.answer({ answer: 1, ok: "first" });
    kernel.answer({ answer: 1, ok: "again" });
    expect(await asked).toBe("first");
  });
});

describe("a busy kernel", () => {
  it("is one that has not answered for a moment, and this is drawn", () => {
    void surface.ask("check");
    vi.advanceTimersByTime(399);
    expect([surface.busy, drawn]).toEqual([false, 0]);
    vi.advanceTimersByTime(1);
    expect([surface.busy, drawn]).toEqual([true, 1]);
    kernel.answer({ answer: 1, ok: null });
    expect([surface.busy, drawn]).toEqual([false, 2]);
  });

  it("is not one that answers soon", () => {
    void surface.ask("check");
    kernel.answer({ answer: 1, ok: null });
    vi.advanceTimersByTime(10_000);
    expect([surface.busy, drawn]).toEqual([false, 1]);
  });
});

describe("a connection that changed", () => {
  it("is lost if nobody answers, and there again with an answer", async () => {
    kernel.emit("comm_live_update");
    expect(kernel.sent).toEqual([{ do: "ping", ask: 1 }]);
    vi.advanceTimersByTime(2_499);
    expect(surface.alive).toBe(true);
    vi.advanceTimersByTime(1);
    expect(surface.alive).toBe(false);
    kernel.answer({ answer: 1, ok: true });
    await vi.advanceTimersByTimeAsync(0);
    expect(surface.alive).toBe(true);
  });

  it("is kept if the kernel answers in time", async () => {
    kernel.emit("comm_live_update");
    kernel.answer({ answer: 1, ok: true });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(surface.alive).toBe(true);
  });

  it("is kept by any answer", async () => {
    kernel.emit("comm_live_update");
    kernel.answer({ answer: 1, error: "unknown action 'ping'" });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(surface.alive).toBe(true);
  });
});

describe("what is kept", () => {
  it("is not undone by an older echo of the kernel", () => {
    surface.keep({ show: "frames" });
    kernel.values.kept = { a: 1 };
    expect(surface.kept).toEqual({ a: 1, show: "frames" });
    surface.keep({ text: "tools" });
    expect(kernel.values.kept).toEqual({ a: 1, show: "frames", text: "tools" });
  });

  it("is known at once, and saved once after the last change", () => {
    surface.keep({ draft: "1" });
    vi.advanceTimersByTime(299);
    surface.keep({ draft: "2", tab: "code" });
    expect(surface.kept).toEqual({ a: 1, draft: "2", tab: "code" });
    vi.advanceTimersByTime(299);
    expect(kernel.saved).toBe(0);
    vi.advanceTimersByTime(1);
    expect(kernel.saved).toBe(1);
    vi.advanceTimersByTime(10_000);
    expect(kernel.saved).toBe(1);
  });

  it("is saved at once where that is needed, and not again later", () => {
    surface.keep({ draft: "1" });
    surface.keepNow({ filled: 1 });
    expect([kernel.saved, surface.kept]).toEqual([1, { a: 1, draft: "1", filled: 1 }]);
    vi.advanceTimersByTime(10_000);
    expect(kernel.saved).toBe(1);
  });
});

describe("a surface", () => {
  it("is drawn again when its state changes, until nobody listens", () => {
    const leave = surface.listen(() => void (drawn += 10));
    kernel.values.state = { count: 1 };
    kernel.emit("change:state");
    expect([drawn, surface.state]).toEqual([11, { count: 1 }]);
    leave();
    kernel.emit("change:about");
    expect(drawn).toBe(12);
  });

  it("makes a thing of a name once for all its views", () => {
    const make = vi.fn(() => ({}));
    expect(surface.once("form", make)).toBe(surface.once("form", make));
    expect(make).toHaveBeenCalledTimes(1);
  });
});
