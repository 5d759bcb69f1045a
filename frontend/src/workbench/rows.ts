// The rows of a list that the kernel keeps: those in view, and a few more.

import type { Surface } from "../surface";

export interface Row {
  key: string;
  [what: string]: any;
}

/** What the rows have to have. */
export interface Query {
  text: string;
  marks: string[];
  method: string;
  [what: string]: any;
}

export const ALL: Query = { text: "", marks: [], method: "" };

/** Rows beyond those in view that are asked for, so that scrolling finds them. */
const MORE = 30;

export class Rows {
  /** The number of rows that there are; before the first answer, a guess. */
  total: number;
  /** The number without filters. */
  of: number;
  methods: string[] = [];
  /** Whether the kernel has answered. */
  answered = false;
  /** Called when rows have moved by so many places, because others before them came or went. */
  moved: (by: number) => void = () => undefined;
  /** The row that is to stay where it is. */
  anchor: { key: string; at: number } | undefined;
  /** The first place in view. */
  top = 0;
  private known = new Map<number, Row>();
  private from = 0;
  private to = 0;
  private asking = false;
  private stale = true;
  private sought = "";

  constructor(
    private readonly surface: Surface,
    private readonly list: string,
    public query: Query,
    guess: number,
  ) {
    this.total = this.of = guess;
  }

  /** The row at a place; undefined while it is not known. */
  at(place: number): Row | undefined {
    return this.known.get(place);
  }

  /** Find a known row. */
  place(key: string): number {
    for (const [place, row] of this.known) if (row.key === key) return place;
    return -1;
  }

  /** The rows from `from` up to `to` are in view. */
  look(from: number, to: number): void {
    this.from = from;
    this.to = to;
    void this.fetch();
  }

  /** The list has changed: its rows stay until the new ones are there. */
  renew(): void {
    this.stale = true;
    void this.fetch();
  }

  /** Bring a row into view, wherever it is. */
  seek(key: string): void {
    this.sought = key;
    this.renew();
  }

  /** Ask for other rows. */
  filter(query: Query): void {
    this.query = query;
    this.anchor = undefined;
    this.renew();
  }

  private get complete(): boolean {
    const last = Math.min(this.to, this.total);
    for (let place = this.from; place < last; place++) if (!this.known.has(place)) return false;
    return true;
  }

  /** Ask for what is missing: one question at a time, so that a busy kernel is not asked again and again. */
  private async fetch(): Promise<void> {
    if (this.asking || (!this.stale && this.complete)) return;
    const { query, stale } = this;
    const anchor = this.sought ? { key: this.sought, at: this.top } : this.anchor;
    this.sought = "";
    const [from, to] = [Math.max(this.from - MORE, 0), this.to + MORE];
    this.asking = true;
    this.stale = false;
    const asked = { list: this.list, ...query, from, to, ...(anchor && { anchor: anchor.key, at: anchor.at }) };
    const answer = await this.surface.ask("rows", asked).catch(() => undefined);
    this.asking = false;
    if (!answer) return;
    if (query === this.query) this.take(answer, stale, anchor);
    this.surface.changed();
    void this.fetch();
  }

  private take(answer: any, fresh: boolean, anchor: { at: number } | undefined): void {
    const by = anchor && answer.place >= 0 ? answer.place - anchor.at : 0;
    if (fresh || by) this.known = new Map();
    answer.rows.forEach((row: Row, index: number) => this.known.set(answer.from + index, row));
    [this.total, this.of, this.answered] = [answer.total, answer.of, true];
    this.methods = answer.methods ?? [];
    if (by) {
      this.from += by;
      this.to += by;
      this.moved(by);
    }
  }
}
