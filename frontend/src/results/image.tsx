// Images: a larger view, and a download.

import type { Undo } from "../parts/enhance";
import { withTools } from "./block";
import { extensionOf, save } from "./download";

/** Enhance images; `whole` says that the whole result can be downloaded anyway. */
export function enhanceImages(within: HTMLElement, whole: boolean): Undo[] {
  const images = [...within.querySelectorAll<HTMLImageElement>("img[src^='data:image/']")];
  const alone = whole && images.length === 1 && !within.querySelector("pre, .tree, .scrolled");
  return images.flatMap((image) => [...(alone ? [] : [withTools(image, <DownloadImage image={image} />, "above")]), withZoom(image, within)]);
}

function DownloadImage({ image }: { image: HTMLImageElement }) {
  const type = /^data:([^;,]*)/.exec(image.src)?.[1] ?? "";
  return (
    <button type="button" class="mcpnb-quiet" onClick={() => save(`image.${extensionOf(type)}`, image.src)}>
      Download image
    </button>
  );
}

/** Make a button of an image, which shows it as large as the window. */
function withZoom(image: HTMLImageElement, within: HTMLElement): Undo {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "mcpnb-zoom";
  button.title = "Enlarge";
  button.setAttribute("aria-label", `Enlarge ${image.alt || "image"}`);
  image.replaceWith(button);
  button.append(image);
  let close: Undo = () => undefined;
  button.addEventListener("click", () => {
    close = enlarged(image, within, button);
  });
  return () => {
    close();
    button.replaceWith(image);
  };
}

function enlarged(image: HTMLImageElement, within: HTMLElement, back: HTMLElement): Undo {
  const dialog = document.createElement("dialog");
  dialog.className = "mcpnb-large";
  dialog.setAttribute("aria-label", image.alt || "image");
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "Close";
  dialog.append(close, image.cloneNode());
  const gone = () => {
    if (!dialog.isConnected) return;
    dialog.remove();
    back.focus();
  };
  dialog.addEventListener("close", gone);
  // A click beside the image is meant for what is behind the dialog.
  dialog.addEventListener("click", (event) => (event.target === dialog || event.target === close) && dialog.close());
  // Jupyter takes Escape as leaving the cell.
  dialog.addEventListener("keydown", (event) => event.stopPropagation());
  within.append(dialog);
  dialog.showModal();
  return () => dialog.remove();
}
