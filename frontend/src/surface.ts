// One surface: its state in the kernel, messages to and from there, and whether the kernel still knows it.

/** The part of anywidget's model that is used here. */
export interface Model {
  get(name: string): any;
  set(name: string, value: unknown): void;
  save_changes(): void;
  send(content: unknown): void;
  on(name: string, callback: (...args: any[]) => void): void;
  widget_manager?: { get_model?: (id: string) => Promise<unknown> | undefined };
}

/** Why an action failed, in one line, from the kernel. */
export class Refused extends Error {}

type Listener = () => void;

/** Milliseconds without an answer after which the kernel counts as busy. */
const BUSY_AFTER = 400;
/** Milliseconds without an answer after a lost connection, after which the kernel counts as restarted. */
const LOST_AFTER = 2_500;
const KEEP_AFTER = 300;

export class Surface {
  /** Whether the kernel still has this surface. */
  alive = true;
  private asked = new Map<number, { done: (answer: any) => void; failed: (error: Error) => void; at: number }>();
  private numbers = 0;
  private listeners = new Set<Listener>();
  private memory = new Map<string, unknown>();
  /** Ours, because the kernel echoes what was saved, and the echo can be older than what is kept by then. */
  private keepsake: any;
  private keeping: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly model: Model) {
    this.keepsake = model.get("kept") ?? {};
    model.on("change:state", () => this.changed());
    model.on("change:about", () => this.changed());
    model.on("change:result", () => this.changed());
    model.on("change:forms", () => this.summon());
    this.summon();
    model.on("msg:custom", (message: any) => this.heard(message));
    model.on("comm_live_update", () => this.check());
  }

  get view(): string {
    return this.model.get("view");
  }

  get mount(): string {
    return this.model.get("mount");
  }

  /** What the view needs once. */
  get about(): any {
    return this.model.get("about");
  }

  /** What changes. */
  get state(): any {
    return this.model.get("state");
  }

  /** The result of a request, as HTML. */
  get result(): string {
    return this.model.get("result");
  }

  /** What was kept by `keep`, also before the page was loaded again. */
  get kept(): any {
    return this.keepsake;
  }

  /** Whether a question to the kernel waits, because it is running a cell. */
  get busy(): boolean {
    const now = Date.now();
    return [...this.asked.values()].some(({ at }) => now - at >= BUSY_AFTER);
  }

  /** Call a function whenever something changes; returns a function that ends this. */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Draw again. */
  changed(): void {
    for (const listener of [...this.listeners]) listener();
  }

  /** Ask the kernel for an action, and wait for its answer. */
  ask(action: string, values: Record<string, unknown> = {}): Promise<any> {
    const number = ++this.numbers;
    return new Promise((done, failed) => {
      this.asked.set(number, { done, failed, at: Date.now() });
      this.model.send({ ...values, do: action, ask: number });
      setTimeout(() => this.asked.has(number) && this.changed(), BUSY_AFTER);
    });
  }

  /** Keep values in the kernel, so that they are there again after the page was loaded again. */
  keep(values: Record<string, unknown>): void {
    this.hold(values);
    clearTimeout(this.keeping);
    this.keeping = setTimeout(() => this.model.save_changes(), KEEP_AFTER);
    this.changed();
  }

  /** Keep values at once, because what follows needs them. */
  keepNow(values: Record<string, unknown> = {}): void {
    clearTimeout(this.keeping);
    this.hold(values);
    this.model.save_changes();
  }

  /** Return what was made by the first call with this name: it is the same in all views of a surface. */
  once<T>(name: string, make: () => T): T {
    if (!this.memory.has(name)) this.memory.set(name, make());
    return this.memory.get(name) as T;
  }

  private hold(values: Record<string, unknown>): void {
    this.keepsake = { ...this.keepsake, ...values };
    this.model.set("kept", this.keepsake);
  }

  private heard(message: any): void {
    const asked = this.asked.get(message.answer);
    if (asked) {
      this.asked.delete(message.answer);
      if ("error" in message) asked.failed(new Refused(message.error));
      else asked.done(message.ok);
    }
    this.changed();
  }

  /** Have the host make the models of the surfaces inside this one: some hosts make them only on demand. */
  private summon(): void {
    for (const name of this.model.get("forms") ?? []) {
      if (typeof name === "string") this.model.widget_manager?.get_model?.(name.replace("IPY_MODEL_", ""))?.catch(() => undefined);
    }
  }

  /** The connection to the kernel has changed: find out whether the kernel still knows this surface. */
  private check(): void {
    const lost = setTimeout(() => {
      this.alive = false;
      this.changed();
    }, LOST_AFTER);
    const there = () => {
      clearTimeout(lost);
      this.alive = true;
      this.changed();
    };
    // A refusal is an answer, too. Other errors are those of a connection that is closed.
    void this.ask("ping").then(there, (error) => error instanceof Refused && there());
  }
}
