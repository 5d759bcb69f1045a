import { useLayoutEffect, useRef } from "preact/hooks";
import type { Whole } from "../results/download";
import { enhance } from "./enhance";

interface Props {
  html: string;
  class?: string;
  /** Returns the whole result that the HTML shows, to be downloaded. */
  whole?: Whole;
}

/** HTML that Python's `rendering` made: it is escaped there. Long parts of it become searchable, sortable and foldable. */
export function Html({ html, class: name = "", whole }: Props) {
  const element = useRef<HTMLDivElement>(null);
  // Before the browser paints, so that nothing moves.
  useLayoutEffect(() => {
    if (!element.current) return;
    element.current.innerHTML = html;
    return enhance(element.current, whole);
  }, [html]);
  return <div ref={element} class={name} />;
}
