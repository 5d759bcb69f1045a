// Attach surfaces to elements of the page: those with the class that the kernel gave to the static HTML of a surface.
// Front ends make and remove these elements at any time, and cells that run again make surfaces of the same class, of
// which the latest counts. Each surface has its own copy of this code, so they share the list through the page.

import { render } from "preact";
import { Shell } from "./shell";
import type { Surface } from "./surface";

interface Attached {
  surface: Surface;
  draw: (element: Element) => void;
  /** Clear an element; only the copy of the code that drew it can. */
  clear: (element: Element) => void;
  drawn: Set<Element>;
}

interface Shared {
  attached: Map<string, Attached>;
}

const KEY = Symbol.for("mcp_notebook.mounts");
const ROOT = "mcpnb-root";

function shared(): Shared {
  const page = globalThis as unknown as Record<symbol, Shared | undefined>;
  const known = page[KEY];
  if (known) return known;
  const made: Shared = (page[KEY] = { attached: new Map() });
  new MutationObserver(() => look(made)).observe(document.documentElement, { childList: true, subtree: true });
  return made;
}

/** Draw the surfaces whose elements are new, and forget elements that have gone. */
function look({ attached }: Shared): void {
  for (const [name, { draw, clear, drawn }] of attached) {
    for (const element of drawn) {
      if (!element.isConnected) clear(element);
    }
    for (const element of document.getElementsByClassName(name)) {
      if (!drawn.has(element)) draw(element);
    }
  }
}

const rootOf = (element: Element) => element.querySelector(`:scope > .${ROOT}`);

function drawInto(surface: Surface, element: Element): void {
  clearFrom(element);
  const root = document.createElement("div");
  root.className = ROOT;
  element.prepend(root);
  element.classList.add("mcpnb-on");
  render(<Shell surface={surface} within={element} />, root);
}

function clearFrom(element: Element): void {
  const root = rootOf(element);
  if (root) render(null, root);
  root?.remove();
  element.classList.remove("mcpnb-on");
}

/** Say beside the static HTML why the view is gone. */
function leaveWords(element: Element, words: string): void {
  const note = document.createElement("p");
  note.className = `mcpnb-banner ${ROOT}`;
  note.setAttribute("role", "status");
  note.textContent = words;
  element.prepend(note);
}

export const mounts = {
  attach(name: string, surface: Surface): void {
    const page = shared();
    const earlier = page.attached.get(name);
    if (earlier?.surface === surface) return;
    if (earlier) [...earlier.drawn].forEach(earlier.clear);
    const drawn = new Set<Element>();
    const draw = (element: Element) => {
      drawn.add(element);
      drawInto(surface, element);
    };
    const clear = (element: Element) => {
      drawn.delete(element);
      clearFrom(element);
    };
    page.attached.set(name, { surface, draw, clear, drawn });
    look(page);
  },

  detach(surface: Surface): void {
    for (const [name, { surface: attached, clear, drawn }] of shared().attached) {
      if (attached !== surface) continue;
      shared().attached.delete(name);
      for (const element of [...drawn]) {
        clear(element);
        if (surface.state?.closed) leaveWords(element, surface.state.closed);
      }
    }
  },
};
