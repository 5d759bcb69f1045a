// What a view needs that the kernel draws again by itself, while it is on the page.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Surface } from "../surface";

/** Tell the kernel while this view is on the page, because it sends news only to those who look. */
export function useInSight(surface: Surface): void {
  const view = useMemo(() => `mcpnb-${Math.random().toString(36).slice(2)}`, []);
  useEffect(() => {
    const ignore = () => undefined; // the kernel has gone, and the shell of the surface says so
    void surface.ask("enter", { view }).catch(ignore);
    return () => void surface.ask("leave", { view }).catch(ignore);
  }, [surface]);
}

/** Whole seconds since the kernel sent this version of the state, looked at each `every` ms; they stand still while it is held. */
export function useSecondsSince(version: number, every: number, held = false): number {
  const came = useRef({ version, at: Date.now() });
  if (came.current.version !== version) came.current = { version, at: Date.now() };
  const [, again] = useState(0);
  useEffect(() => {
    if (held) return;
    const timer = setInterval(() => again((count) => count + 1), every);
    return () => clearInterval(timer);
  }, [held, every]);
  const since = Math.floor((Date.now() - came.current.at) / 1000);
  const stood = useRef(since);
  if (!held) stood.current = since;
  return stood.current;
}
