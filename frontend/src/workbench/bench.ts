// What a workbench keeps besides the data in the kernel: what is open, chosen, filtered and pinned, and how wide it is.

import { Refused, type Surface } from "../surface";
import { ALL, type Query, Rows } from "./rows";


/** Something about a call that is shown beside it: a comparison, a replay, a saved test. */
export interface Extra {
  call: number;
  words: string;
  html: string;
}

export class Bench {
  extra: Extra | undefined;
  /** Whether nobody has seen it yet. */
  fresh = false;
  /** The call that is to be compared with another one. */
  comparing = 0;
  /** What happened, for the live region. */
  said = "";
  /** The list to whose form the focus moves when it is there. */
  goTo = "";
  private saidOf: unknown;
  private lists = new Map<string, { rows: Rows; version: number }>();

  constructor(readonly surface: Surface) {}

  get tab(): string {
    return this.surface.kept.tab ?? "tools";
  }

  get pinned(): string[] {
    return this.surface.kept.pinned ?? [];
  }

  /** Keep values, and draw again. */
  keep(values: Record<string, unknown>): void {
    this.surface.keep(values);
    this.surface.changed();
  }

  chosen(list: string): string {
    return this.surface.kept.chosen?.[list] ?? (list === "definitions" ? "server" : "");
  }

  choose(list: string, key: string): void {
    this.keep({ chosen: { ...this.surface.kept.chosen, [list]: key } });
  }

  query(list: string): Query {
    return { ...ALL, ...this.surface.kept.queries?.[list] };
  }

  filter(list: string, change: Partial<Query>): void {
    const query = { ...this.query(list), ...change };
    this.keep({ queries: { ...this.surface.kept.queries, [list]: query } });
    this.lists.get(list)?.rows.filter(query);
  }

  size(name: string, usual: number): number {
    return this.surface.kept.sizes?.[name] ?? usual;
  }

  resize(name: string, size: number): void {
    this.keep({ sizes: { ...this.surface.kept.sizes, [name]: size } });
  }

  /** The rows of a list; they are asked for again when the list has changed. */
  rows(list: string): Rows {
    const version = this.surface.state.versions?.[list === "pinned" ? "traffic" : list] ?? 0;
    let known = this.lists.get(list);
    if (!known) {
      const query = list === "pinned" ? { ...ALL, pinned: this.pinned } : this.query(list);
      known = { rows: new Rows(this.surface, list, query, list === "pinned" ? 0 : (this.surface.state.counts?.[list] ?? 0)), version };
      this.lists.set(list, known);
    } else if (known.version !== version) {
      known.version = version;
      known.rows.renew();
    }
    return known.rows;
  }

  /** Take what the kernel said of a replay since. */
  take(): void {
    const { said } = this.surface.state;
    if (!said?.call || said === this.saidOf) return;
    this.saidOf = said;
    this.add({ call: said.call, words: "Replay", html: said.html });
  }

  private add(extra: Extra): void {
    this.extra = extra;
    this.fresh = true;
  }

  pin(call: number): void {
    const key = `call ${call}`;
    const pinned = this.pinned.includes(key) ? this.pinned.filter((other) => other !== key) : [...this.pinned, key];
    this.said = pinned.includes(key) ? `call ${call} is pinned` : `call ${call} is no longer pinned`;
    this.keep({ pinned });
    this.rows("pinned").filter({ ...ALL, pinned });
  }

  /** Choose one call for a comparison, or compare it with the one chosen before. */
  async mark(call: number): Promise<void> {
    if (!this.comparing || this.comparing === call) {
      this.comparing = this.comparing ? 0 : call;
      this.said = this.comparing ? `Choose another call to compare call ${call} with.` : "";
      this.surface.changed();
      return;
    }
    const other = this.comparing;
    this.comparing = 0;
    this.said = "";
    await this.compare(call, other);
  }

  async compare(call: number, other: number): Promise<void> {
    await this.do("compare", { call, other }, (html) => {
      this.add({ call, words: `With call ${other}`, html });
      this.choose("traffic", `call ${call}`);
    });
  }

  async replay(call: number): Promise<void> {
    this.choose("traffic", `call ${call}`);
    await this.do("replay", { call }, () => (this.said = `call ${call} is made again`));
  }

  async edit(call: number): Promise<void> {
    await this.do("edit", { call }, (key) => {
      this.goTo = "tools";
      this.choose("tools", key);
      this.keep({ tab: "tools" });
      this.said = `call ${call} is in the form of its tool`;
    });
  }

  async save(call: number, file: string): Promise<void> {
    await this.do("save", { call, file }, (html) => this.add({ call, words: "Test", html }));
  }

  /** Ask for an action; why it was refused is said. */
  private async do(action: string, values: Record<string, unknown>, then: (answer: any) => void): Promise<void> {
    try {
      then(await this.surface.ask(action, values));
    } catch (error) {
      this.said = error instanceof Refused ? error.message : String(error);
    }
    this.surface.changed();
  }
}
