// The frame of every surface: its view, or what is to be said if the kernel no longer knows it.

import { Component, type ComponentChildren, type ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
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
      <div inert={Boolean(lost)}>
        <Caught>
          <View surface={surface} />
        </Caught>
      </div>
    </>
  );
}

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
