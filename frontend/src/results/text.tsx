// Preformatted text and trees of JSON.

import type { Undo } from "../parts/enhance";
import { Copy } from "../parts/copy";
import { withFocus, withTools } from "./block";
import { Finder } from "./finder";
import { Search } from "./search";
import { textOfTree } from "./tree";

/** Lines from which a value can be searched. */
const MANY_LINES = 20;

export function enhanceTexts(within: HTMLElement): Undo[] {
  return [
    ...[...within.querySelectorAll<HTMLElement>("pre")].flatMap(ofPre),
    ...[...within.querySelectorAll<HTMLElement>(".tree")].flatMap(ofTree),
  ];
}

function ofPre(pre: HTMLElement): Undo[] {
  // A view that draws its own copy button has it in a block.
  if (pre.closest(".mcpnb-block")) return [];
  const text = pre.textContent ?? "";
  const long = text.split("\n").length > MANY_LINES;
  const what = pre.classList.contains("json") ? "JSON" : "text";
  const copy = <Copy text={text} what={`this ${what}`} />;
  if (!long) return [withTools(pre, copy, "over")];
  const finder = new Finder(pre, () => [pre]);
  const tools = (
    <>
      <Search finder={finder} what={what} />
      {copy}
    </>
  );
  return [withFocus(pre), () => finder.clear(), withTools(pre, tools, "above")].reverse();
}

function ofTree(tree: HTMLElement): Undo[] {
  const folds = () => [...tree.querySelectorAll("details")];
  const before = folds().map(({ open }) => open);
  const long = tree.querySelectorAll("li").length > MANY_LINES;
  const finder = new Finder(tree, () => [...tree.querySelectorAll<HTMLElement>("summary, li:not(:has(> details))")]);
  const all = (open: boolean) => {
    folds().forEach((fold) => (fold.open = open || fold === folds()[0]));
    finder.keepFolds();
  };
  // A very large value is cut, and the copy with it.
  const cut = [...tree.querySelectorAll("li")].some((item) => !item.querySelector("code"));
  const tools = (
    <>
      {long && <Search finder={finder} what="JSON" />}
      <button type="button" class="mcpnb-quiet" onClick={() => all(true)}>
        Expand all
      </button>
      <button type="button" class="mcpnb-quiet" onClick={() => all(false)}>
        Collapse all
      </button>
      <Copy text={() => textOfTree(tree)} what={cut ? "the part of this JSON that is shown" : "this JSON"} />
    </>
  );
  const restore = () => {
    finder.clear();
    folds().forEach((fold, i) => (fold.open = before[i]!));
  };
  return [withTools(tree, tools, "above"), restore];
}
