// The frame of every surface: its view, or what is to be said if the kernel no longer knows it.

import { Component, type ComponentChildren, type ComponentType, type RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Surface } from "./surface";
import { views } from "./views";

/** Draw again whenever the surface changes. */
export function useSurface(surface: Surface): void {
  const [, again] = useState(0);
  useEffect(() => surface.listen(() => again((count) => count + 1)), [surface]);
}

interface Props {
  surface: Surface;
  /** The element with the static HTML, if there is one: it takes over when the kernel is gone. */
  within?: Element;
}

export function Shell({ surface, within }: Props) {
  useSurface(surface);
  const View = views[surface.view] as ComponentType<{ surface: Surface }> | undefined;
  useEffect(() => {
    within?.classList.toggle("mcpnb-on", surface.alive);
  }, [within, surface.alive]);
  const own = useOwnKeys();
  if (!View) return null;
  const lost = !surface.alive && (
    <p class="mcpnb-banner" role="status">
      <span aria-hidden="true">↻ </span>Kernel restarted: run this cell again.
    </p>
  );
  if (lost && within) return lost;
  return (
    <>
      {lost}
      <div inert={Boolean(lost)} ref={own}>
        <Caught>
          <View surface={surface} />
        </Caught>
      </div>
    </>
  );
}

/**
 * Keep the keys that are pressed in an element from JupyterLab, where a letter can delete a cell, and Ctrl+Enter runs
 * one; except those that save the notebook and open the commands. JupyterLab looks for the attribute at each key, from
 * the focused element outward, and stops at the first that a shortcut is for: most are for whatever has the focus.
 */
function useOwnKeys(): RefObject<HTMLDivElement | null> {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const focused = event.target;
      if (!(focused instanceof Element && element.current?.contains(focused))) return;
      const command = event.ctrlKey || event.metaKey;
      const theirs = command && (event.shiftKey ? event.key.toLowerCase() === "c" : event.key === "s");
      for (const each of [element.current, focused]) {
        if (theirs) each.removeAttribute(SUPPRESS);
        else each.setAttribute(SUPPRESS, "true");
      }
    };
    // At the window, because JupyterLab listens at the document.
    window.addEventListener("keydown", press, true);
    return () => window.removeEventListener("keydown", press, true);
  }, []);
  return element;
}

const SUPPRESS = "data-lm-suppress-shortcuts";

/** An error of ours is shown, so that it can be reported, and breaks only its own surface. */
class Caught extends Component<{ children: ComponentChildren }, { error?: Error }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    return error ? <pre class="mcpnb-failed">{`This view failed: ${error.stack ?? error}`}</pre> : this.props.children;
  }
}
