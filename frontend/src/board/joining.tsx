// How learners join: the address, and the class code in large letters. Both are only on the page, and only while they are shown.

import { useState } from "preact/hooks";
import { Copy } from "../parts/copy";
import { shown } from "../parts/shown";
import { Refused, type Surface } from "../surface";

interface Joining {
  url: string;
  code: string;
  who: string;
}

/** What learners need, or why it is not there; asked for when it is shown, and forgotten when it is hidden. */
export function useJoining(surface: Surface): { joining: Joining | undefined; wrong: string; toggle: () => void } {
  const [joining, setJoining] = useState<Joining>();
  const [wrong, setWrong] = useState("");
  const toggle = async () => {
    setWrong("");
    if (joining) return setJoining(undefined);
    try {
      setJoining(await surface.ask("join"));
    } catch (error) {
      setWrong(error instanceof Refused ? error.message : String(error));
    }
  };
  return { joining, wrong, toggle };
}

/** The address, with that of this page in place of a part that the kernel does not know. */
const whole = (url: string) => url.replace(/^https:\/\/YOUR-(HUB|JUPYTER)(?=\/)/, globalThis.location.origin);

export function JoiningView({ joining }: { joining: Joining }) {
  const command = `%mcp progress --share ${whole(joining.url)} --as NAME`;
  return (
    <div class="mcpnb-joining" role="group" aria-label="how to join">
      <p class="mcpnb-classcode">
        <span class="dim">class code</span> <code>{shown(joining.code)}</code>
      </p>
      <div>
        <p>Learners run this, with a name that they choose, and type the class code when they are asked:</p>
        <p class="mcpnb-command">
          <code>{shown(command)}</code> <Copy text={command} what="the command" />
        </p>
        <p class="dim">{shown(joining.who)} The code is not saved in the notebook.</p>
      </div>
    </div>
  );
}
