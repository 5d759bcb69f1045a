// Tables of rows: their order, their pages, and a copy for spreadsheets.

import { render } from "preact";
import { useState } from "preact/hooks";
import { Copy } from "../parts/copy";
import type { Undo } from "../parts/enhance";
import { withFocus, withTools } from "./block";
import { type Direction, sorted } from "./sorting";

const ROWS_OF_A_PAGE = 50;

export function enhanceTables(within: HTMLElement): Undo[] {
  return [...within.querySelectorAll<HTMLTableElement>(".scrolled > table")].flatMap((table) => {
    const box = table.parentElement!;
    const rows = new Rows(table);
    const tools = (
      <>
        <Pages rows={rows} />
        <Copy text={() => rows.tsv()} what="this table, for a spreadsheet" />
      </>
    );
    return [withTools(box, tools, "above"), withFocus(box), rows.offerSorting(), () => rows.restore()];
  });
}

class Rows {
  page = 0;
  private readonly head: HTMLTableRowElement | undefined;
  private readonly before: HTMLTableRowElement[];
  private now: HTMLTableRowElement[];
  private by: [column: number, direction: Direction] | undefined;
  listener: () => void = () => undefined;

  constructor(table: HTMLTableElement) {
    const all = [...table.rows];
    this.head = all[0]?.querySelector("th") ? all[0] : undefined;
    this.before = this.head ? all.slice(1) : all;
    this.now = this.before;
    this.show(0);
  }

  get count(): number {
    return this.now.length;
  }

  get pages(): number {
    return Math.max(Math.ceil(this.count / ROWS_OF_A_PAGE), 1);
  }

  show(page: number): void {
    this.page = page;
    const first = page * ROWS_OF_A_PAGE;
    this.now.forEach((row, i) => (row.hidden = i < first || i >= first + ROWS_OF_A_PAGE));
    this.listener();
  }

  /** Sort by a column: first up, then down, then as it was. */
  sort(column: number): void {
    const earlier = this.by?.[0] === column ? this.by[1] : undefined;
    const direction = earlier === undefined ? "ascending" : earlier === "ascending" ? "descending" : undefined;
    this.by = direction && [column, direction];
    this.place(direction ? sorted(this.before, (row) => row.cells[column]?.textContent ?? "", direction) : this.before);
    this.heads.forEach((cell, i) => cell.setAttribute("aria-sort", i === column && direction ? direction : "none"));
    this.show(0);
  }

  offerSorting(): Undo {
    const before = this.heads.map((cell) => cell.textContent ?? "");
    this.heads.forEach((cell, column) => {
      if (!before[column]) return;
      cell.textContent = "";
      cell.setAttribute("aria-sort", "none");
      cell.setAttribute("scope", "col");
      const sort = (
        <button type="button" class="mcpnb-sort" title="Sort" onClick={() => this.sort(column)}>
          {before[column]}
        </button>
      );
      render(sort, cell);
    });
    return () =>
      this.heads.forEach((cell, column) => {
        if (!before[column]) return;
        render(null, cell);
        cell.textContent = before[column]!;
        cell.removeAttribute("aria-sort");
        cell.removeAttribute("scope");
      });
  }

  restore(): void {
    this.place(this.before);
    this.before.forEach((row) => row.removeAttribute("hidden"));
  }

  /** All rows in their present order, as spreadsheets take them. */
  tsv(): string {
    const rows = [...(this.head ? [this.head] : []), ...this.now];
    return rows.map((row) => [...row.cells].map((cell) => (cell.textContent ?? "").replace(/\s/g, " ")).join("\t")).join("\n");
  }

  private get heads(): HTMLTableCellElement[] {
    return [...(this.head?.cells ?? [])];
  }

  private place(rows: HTMLTableRowElement[]): void {
    this.now = rows;
    rows[0]?.parentElement?.append(...rows);
  }
}

function Pages({ rows }: { rows: Rows }) {
  const [, again] = useState(0);
  rows.listener = () => again((count) => count + 1);
  const first = rows.page * ROWS_OF_A_PAGE;
  const last = Math.min(first + ROWS_OF_A_PAGE, rows.count);
  const many = rows.pages > 1;
  return (
    <span class="mcpnb-pages">
      <span role="status">
        {many ? `rows ${first + 1} to ${last} of ${rows.count}` : `${rows.count} ${rows.count === 1 ? "row" : "rows"}`}
      </span>
      {many && (
        <>
          <button type="button" class="mcpnb-quiet" aria-disabled={rows.page === 0} onClick={() => rows.page > 0 && rows.show(rows.page - 1)}>
            ← Previous
          </button>
          <button
            type="button"
            class="mcpnb-quiet"
            aria-disabled={rows.page === rows.pages - 1}
            onClick={() => rows.page < rows.pages - 1 && rows.show(rows.page + 1)}
          >
            Next →
          </button>
        </>
      )}
    </span>
  );
}
