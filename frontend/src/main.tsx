// The front end of all surfaces, for anywidget.

import { render as draw } from "preact";
import { mounts } from "./mounts";
import { Shell } from "./shell";
import { type Model, Surface } from "./surface";

export { matches } from "./form/checks";
export { Form } from "./form/form";
export { parse, write } from "./json";

const surfaces = new Map<string, Surface>();

/** The surface of a model: the same for all its views. anywidget passes another object for the model each time. */
function surfaceOf(model: Model): Surface {
  const key: string = model.get("key");
  const surface = surfaces.get(key) ?? new Surface(model);
  surfaces.set(key, surface);
  return surface;
}

/** Called once for each surface: attach it to the HTML that the kernel put into the notebook for it. */
function initialize({ model, signal }: { model: Model; signal?: AbortSignal }): () => void {
  const surface = surfaceOf(model);
  const attach = () => surface.mount && mounts.attach(surface.mount, surface);
  attach();
  model.on("change:mount", attach);
  const end = () => {
    mounts.detach(surface);
    surfaces.delete(model.get("key"));
  };
  signal?.addEventListener("abort", end);
  return end;
}

/** Called for each view, where a front end shows the widget itself. */
function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const surface = surfaceOf(model);
  draw(<Shell surface={surface} />, el);
  return () => draw(null, el);
}

export default { initialize, render };
