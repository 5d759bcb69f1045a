// Reach a person who looks elsewhere: the title of the page counts what waits, and the focus moves in.

import { useEffect, useRef } from "preact/hooks";

const KEY = Symbol.for("mcp_notebook.waiting");

interface Waiting {
  titles: Map<object, string>;
  /** The page's own title, and the title with the mark. */
  plain: string;
  marked: string | undefined;
  watch: MutationObserver | undefined;
}

function waiting(): Waiting {
  const page = globalThis as unknown as Record<symbol, Waiting | undefined>;
  return (page[KEY] ??= { titles: new Map(), plain: "", marked: undefined, watch: undefined });
}

/** Write the title that counts what waits, or else the page's own. */
function retitle(): void {
  const now = waiting();
  if (now.titles.size) {
    const [words] = [...now.titles.values()].slice(-1);
    if (document.title !== now.marked) now.plain = document.title;
    now.marked = `(${now.titles.size}) ${words}: ${now.plain}`;
    if (document.title !== now.marked) document.title = now.marked;
    watch(now);
  } else if (now.marked !== undefined) {
    now.watch?.disconnect();
    if (document.title === now.marked) document.title = now.plain;
    now.watch = now.marked = undefined;
  }
}

/** Mark the title again whenever the page writes its own. */
function watch(now: Waiting): void {
  const element = document.querySelector("title");
  if (now.watch || !element) return;
  now.watch = new MutationObserver(() => document.title !== now.marked && retitle());
  now.watch.observe(element, { childList: true, characterData: true, subtree: true });
}

/** Mark the title of the page as long as something waits. */
export function useTitle(words: string | undefined): void {
  const key = useRef({});
  useEffect(() => {
    if (words === undefined) return;
    waiting().titles.set(key.current, words);
    retitle();
    return () => {
      waiting().titles.delete(key.current);
      retitle();
    };
  }, [words]);
}

/** Tell the desktop, if the person has allowed it. Returns nothing: a browser may show no notice at all. */
export function notify(words: string): void {
  try {
    if (globalThis.Notification?.permission === "granted" && document.hidden) new Notification(words);
  } catch {
    // Some browsers offer notices and refuse to show them.
  }
}

/** Whether the desktop can be told, and the person has not decided yet. */
export function canAskForNotices(): boolean {
  return globalThis.Notification?.permission === "default";
}
