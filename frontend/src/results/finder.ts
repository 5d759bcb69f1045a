// Find a text in an element: mark all matches, and move from one to the next.

/** Matches that are marked; a person narrows the search down long before. */
const MOST_MATCHES = 1_000;

export class Finder {
  /** The marks of each match: several, if it goes over parts of different color. */
  private matches: HTMLElement[][] = [];
  private opened: HTMLDetailsElement[] = [];
  private at = -1;

  /** `units` returns the elements whose texts are searched, each on its own. */
  constructor(
    private readonly root: HTMLElement,
    private readonly units: () => HTMLElement[],
  ) {}

  get count(): number {
    return this.matches.length;
  }

  /** The number of the present match, from 1 on; 0 if there is none. */
  get number(): number {
    return this.at + 1;
  }

  get more(): boolean {
    return this.matches.length >= MOST_MATCHES;
  }

  /** Mark all places of a text, in upper or lower case. */
  find(wanted: string): void {
    this.clear();
    if (!wanted) return;
    for (const unit of this.units()) {
      if (!this.more) this.matches.push(...marked(unit, wanted, MOST_MATCHES - this.matches.length));
    }
    for (const [mark] of this.matches) this.unfold(mark!);
    if (this.matches.length) this.move(1);
  }

  /** Go to the next match, or to the previous one. */
  move(by: 1 | -1): void {
    if (!this.matches.length) return;
    this.matches[this.at]?.forEach((mark) => mark.classList.remove("mcpnb-now"));
    this.at = this.at < 0 ? 0 : (this.at + by + this.matches.length) % this.matches.length;
    const now = this.matches[this.at]!;
    now.forEach((mark) => mark.classList.add("mcpnb-now"));
    this.unfold(now[0]!);
    now[0]!.scrollIntoView?.({ block: "nearest" });
  }

  /** Take all marks away, and fold what was opened for them. */
  clear(): void {
    for (const mark of this.matches.flat()) {
      const parent = mark.parentNode;
      mark.replaceWith(...mark.childNodes);
      parent?.normalize();
    }
    this.opened.forEach((fold) => (fold.open = false));
    this.opened = [];
    this.matches = [];
    this.at = -1;
  }

  /** What is open now stays open. */
  keepFolds(): void {
    this.opened = [];
  }

  private unfold(mark: HTMLElement): void {
    for (let at = mark.parentElement; at && at !== this.root; at = at.parentElement) {
      if (!(at instanceof HTMLDetailsElement) || at.open) continue;
      // The line of a folded part is seen without opening it.
      if (mark.closest("summary")?.parentElement === at) continue;
      at.open = true;
      this.opened.push(at);
    }
  }
}

function marked(unit: HTMLElement, wanted: string, most: number): HTMLElement[][] {
  const nodes = textsOf(unit);
  const whole = lower(nodes.map(({ data }) => data).join(""));
  const low = lower(wanted);
  const places: number[] = [];
  for (let at = whole.indexOf(low); at >= 0 && places.length < most; at = whole.indexOf(low, at + low.length)) {
    places.push(at);
  }
  const found: HTMLElement[][] = places.map(() => []);
  // From the end, so that the places of earlier matches stay right while nodes are split.
  let end = whole.length;
  for (const node of nodes.reverse()) {
    const start = end - node.data.length;
    for (let i = places.length - 1; i >= 0; i--) {
      const from = Math.max(places[i]!, start);
      const to = Math.min(places[i]! + low.length, end);
      if (from < to) found[i]!.unshift(wrapped(node, from - start, to - start));
    }
    end = start;
  }
  return found;
}

function wrapped(node: Text, from: number, to: number): HTMLElement {
  const middle = node.splitText(from);
  middle.splitText(to - from);
  const mark = document.createElement("mark");
  middle.replaceWith(mark);
  mark.append(middle);
  return mark;
}

function textsOf(unit: HTMLElement): Text[] {
  const walker = document.createTreeWalker(unit, NodeFilter.SHOW_TEXT);
  const found: Text[] = [];
  while (walker.nextNode()) found.push(walker.currentNode as Text);
  return found;
}

/** Lower case that changes no length, so that places stay the same. */
function lower(text: string): string {
  return [...text].map((char) => (char.toLowerCase().length === char.length ? char.toLowerCase() : char)).join("");
}
