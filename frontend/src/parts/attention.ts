// Reach a person who looks elsewhere: the title of the page counts what waits, and the focus moves in.

import { useEffect, useRef } from "preact/hooks";

const KEY = Symbol.for("mcp_notebook.waiting");

interface Waiting {
  titles: Map<object, string>;
  before: string | undefined;
}

function waiting(): Waiting {
  const page = globalThis as unknown as Record<symbol, Waiting | undefined>;
  return (page[KEY] ??= { titles: new Map(), before: undefined });
}

function retitle(): void {
  const now = waiting();
  if (now.titles.size) {
    const plain = document.title.replace(/^\(\d+\) [^:]*: /, "");
    const [words] = [...now.titles.values()].slice(-1);
    now.before = plain;
    document.title = `(${now.titles.size}) ${words}: ${plain}`;
  } else if (now.before !== undefined) {
    document.title = now.before;
    now.before = undefined;
  }
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
