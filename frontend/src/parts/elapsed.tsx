import { useEffect, useState } from "preact/hooks";
import { duration } from "./shown";

/** The time since a moment (milliseconds), running. Screen readers are not told each tenth of a second. */
export function Elapsed({ since }: { since: number }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 100);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(now - since, 0) / 1000;
  return (
    <span class="mcpnb-elapsed" aria-hidden="true">
      {seconds < 10 ? `${seconds.toFixed(1)} s` : duration(seconds)}
    </span>
  );
}
