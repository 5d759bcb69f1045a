// The calls that wait for a person, each with Allow and Deny.

import { useEffect, useRef, useState } from "preact/hooks";
import { canAskForNotices, notify, useTitle } from "../parts/attention";
import { Html } from "../parts/html";
import type { Surface } from "../surface";

interface Row {
  number: number;
  tool: string;
  who: string;
  html: string;
  /** Seconds until it is denied because nobody answered, when Python said so. */
  left: number;
  open: boolean;
}

export function ApprovalsView({ surface }: { surface: Surface }) {
  const { about, state } = surface;
  const rows: Row[] = state.rows ?? [];
  const open = rows.filter((row) => row.open);
  const [notices, setNotices] = useState(canAskForNotices());
  useTitle(open.length ? `approve ${open[open.length - 1]!.tool}` : undefined);
  const ask = async () => {
    await Notification.requestPermission();
    setNotices(canAskForNotices());
  };
  return (
    <section class="mcpnb mcpnb-ui" aria-label={`approvals of ${about.name}`}>
      <Html html={state.heading} />
      <p class="mcpnb-unseen" role="alert">
        {open.length ? `${open.length} calls wait for you: ${open.map((row) => row.tool).join(", ")}` : ""}
      </p>
      {rows.map((row) => (
        <RowView key={row.number} row={row} surface={surface} />
      ))}
      <div class="mcpnb-actions">
        {state.standing && (
          <button type="button" title='Revoke all "always allow" decisions' onClick={() => void surface.ask("again")}>
            Ask again for all tools
          </button>
        )}
        {notices && (
          <button type="button" class="mcpnb-quiet" onClick={ask}>
            Tell me on the desktop when a call waits
          </button>
        )}
      </div>
      {state.past && <Html html={state.past} />}
    </section>
  );
}

function RowView({ row, surface }: { row: Row; surface: Surface }) {
  const began = useRef(Date.now());
  const [armed, setArmed] = useState(false);
  const [reason, setReason] = useState("");
  const group = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // A click that was meant for another request must not answer this one.
    const timer = setTimeout(() => setArmed(true), 1000 * surface.about.pause + 100);
    if (row.open) notify(`${row.who} wants to call ${row.tool}`);
    return () => clearTimeout(timer);
  }, []);
  useEffect(() => {
    if (!armed || !row.open) return;
    const typing = document.activeElement?.closest("input, textarea, [contenteditable=true]");
    // The focus moves to the request, not to a button: a key pressed now must not decide.
    if (!typing) group.current?.focus();
  }, [armed]);
  const ends = began.current + 1000 * row.left;
  const decide = (action: string, values: Record<string, unknown> = {}) =>
    void surface.ask(action, { number: row.number, ...values });
  const ready = armed && row.open;
  return (
    <div ref={group} class={row.open ? "mcpnb-waits" : ""} role="group" tabIndex={-1} aria-label={`request ${row.number}: ${row.tool}`}>
      <Html html={row.html} />
      {/* They keep their place when the request is decided, so that no button moves under the pointer. */}
        <div class="mcpnb-actions">
          <button type="button" class="mcpnb-primary" disabled={!ready} aria-label={`Allow ${row.tool}, request ${row.number}`} onClick={() => decide("allow")}>
            Allow
          </button>
          <button type="button" class="mcpnb-stop" disabled={!ready} aria-label={`Deny ${row.tool}, request ${row.number}`} onClick={() => decide("deny", { reason })}>
            Deny
          </button>
          <input
            type="text"
            class="mcpnb-reason"
            disabled={!ready}
            aria-label={`reason to deny request ${row.number}`}
            placeholder="reason to deny, for the model"
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
          <button
            type="button"
            disabled={!ready}
            title={`Allow this call and every later one of ${row.tool} by ${row.who}, until you choose "Ask again" or the kernel restarts`}
            onClick={() => decide("allow", { always: true })}
          >
            Always allow {row.tool} for {row.who}
          </button>
          {row.open && <Countdown ends={ends} />}
        </div>
    </div>
  );
}

function Countdown({ ends }: { ends: number }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const left = Math.max(Math.ceil((ends - now) / 1000), 0);
  return (
    <span class="mcpnb-elapsed" role="timer" aria-label="seconds until it is denied">
      denied in {left} s
    </span>
  );
}
