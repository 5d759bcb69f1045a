// Images: a larger view, and a download.

import type { Undo } from "../parts/enhance";
import { withTools } from "./block";
import { extensionOf, save } from "./download";

export function enhanceImages(within: HTMLElement): Undo[] {
  return [...within.querySelectorAll<HTMLImageElement>("img[src^='data:image/']")].flatMap((image) => {
    const type = /^data:([^;,]*)/.exec(image.src)?.[1] ?? "";
    const tools = (
      <button type="button" class="mcpnb-quiet" onClick={() => save(`image.${extensionOf(type)}`, image.src)}>
        Download image
      </button>
    );
    return [withTools(image, tools, "above"), withZoom(image, within)];
  });
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
