// A call in the background, with a button that cancels it.

import { useMemo, useState } from "preact/hooks";
import { Elapsed } from "../parts/elapsed";
import { Html } from "../parts/html";
import type { Surface } from "../surface";

export function TaskView({ surface }: { surface: Surface }) {
  const { about, state } = surface;
  const since = useMemo(() => Date.now() - 1000 * about.seconds, []);
  const [cancelling, setCancelling] = useState(false);
  const cancel = () => {
    setCancelling(true);
    void surface.ask("cancel");
  };
  return (
    <section class="mcpnb mcpnb-ui" aria-label={`call of ${about.tool} in the background`}>
      <Html html={state.html} />
      {state.open && (
        <div class="mcpnb-actions">
          <button type="button" class="mcpnb-stop" disabled={cancelling || !surface.alive} aria-label={`Cancel ${about.tool}`} onClick={cancel}>
            Cancel
          </button>
          <Elapsed since={since} />
        </div>
      )}
    </section>
  );
}
