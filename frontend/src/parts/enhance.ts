// What only a script can give to static HTML. The HTML stays readable without it.

import { enhanceImages } from "../results/image";
import { enhanceTables } from "../results/table";
import { enhanceTexts } from "../results/text";
import { offerDownload, type Whole } from "../results/download";

export type Undo = () => void;

/**
 * Make static HTML of `rendering` searchable, sortable and easy to copy.
 *
 * `whole` returns the result that it shows, which can then be downloaded.
 *
 * Returns a function that takes everything away again.
 */
export function enhance(element: HTMLElement, whole?: Whole): Undo {
  const undo = [
    ...enhanceTexts(element),
    ...enhanceTables(element),
    ...enhanceImages(element, whole !== undefined),
    ...(whole ? offerDownload(element, whole) : []),
  ];
  return () => undo.reverse().forEach((each) => each());
}
