import { useEffect, useRef } from "preact/hooks";
import { enhance } from "./enhance";

/** HTML that Python's `rendering` made: it is escaped there. Long parts of it become searchable, sortable and foldable. */
export function Html({ html, class: name = "" }: { html: string; class?: string }) {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!element.current) return;
    element.current.innerHTML = html;
    return enhance(element.current);
  }, [html]);
  return <div ref={element} class={name} />;
}
