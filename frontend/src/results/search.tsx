import { useState } from "preact/hooks";
import type { Finder } from "./finder";

/** A field that searches: Enter goes to the next match, Shift+Enter to the previous one, Escape ends it. */
export function Search({ finder, what }: { finder: Finder; what: string }) {
  const [text, setText] = useState("");
  const [, again] = useState(0);
  const find = (wanted: string) => {
    setText(wanted);
    finder.find(wanted);
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === "Enter") finder.move(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape" && text) find("");
    else return;
    event.preventDefault();
    event.stopPropagation();
    again((count) => count + 1);
  };
  const count = `${finder.count}${finder.more ? "+" : ""}`;
  return (
    <span class="mcpnb-search">
      <span role="status">{text && (finder.count ? `${finder.number} of ${count}` : "no match")}</span>
      <input
        type="text"
        value={text}
        placeholder="Search"
        aria-label={`Search in this ${what}`}
        title="Enter: next match, Shift+Enter: previous"
        spellcheck={false}
        onInput={(event) => find(event.currentTarget.value)}
        onKeyDown={key}
      />
    </span>
  );
}
