// Inputs of text that the browser has a control for: dates, times, colors, files.

import { useRef, useState } from "preact/hooks";
import { size } from "../parts/shown";
import { emptyWords, useHost } from "./host";
import { type DrawProps, aria, useType } from "./texts";

/** The browser's control that picks a text of a format, and how to write its value. */
interface Picker {
  type: "date" | "time" | "datetime-local" | "color";
  write: (value: string) => string;
  example: string;
}

export const PICKERS: { [format: string]: Picker } = {
  date: { type: "date", write: (value) => value, example: "2026-01-31" },
  time: { type: "time", write: (value) => `${withSeconds(value)}${zone(new Date())}`, example: "12:00:00Z" },
  "date-time": {
    type: "datetime-local",
    write: (value) => `${withSeconds(value)}${zone(new Date(value))}`,
    example: "2026-01-31T12:00:00Z",
  },
  color: { type: "color", write: (value) => value, example: "#3366cc" },
};

function withSeconds(value: string): string {
  return /T?\d\d:\d\d$/.test(value) ? `${value}:00` : value;
}

/** The difference to UTC at a moment where the browser is: JSON Schema's times have one. */
function zone(at: Date): string {
  const minutes = -at.getTimezoneOffset();
  if (!minutes) return "Z";
  const [hours, rest] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? "-" : "+"}${String(hours).padStart(2, "0")}:${String(rest).padStart(2, "0")}`;
}

/** A text of a format, with a button that opens the browser's control for it. */
export function Picked(props: DrawProps) {
  const { field, label } = props;
  const type = useType(field);
  const picker = useRef<HTMLInputElement>(null);
  const { type: kind, write, example } = PICKERS[field.node.format!]!;
  const open = () => {
    const { current } = picker;
    if (!current) return;
    try {
      current.showPicker();
    } catch {
      current.click();
    }
  };
  return (
    <span class="mcpnb-picked">
      <input
        type="text"
        {...aria(props)}
        placeholder={emptyWords(field) || example}
        value={field.mode === "own" ? field.typed : ""}
        autocomplete="off"
        onInput={type}
      />
      <button type="button" aria-label={`Pick ${label}`} title="Pick" onClick={open}>
        {kind === "color" ? <span class="mcpnb-swatch" style={{ background: field.typed || "transparent" }} /> : kind === "time" ? "◷" : "▦"}
      </button>
      <input
        ref={picker}
        class="mcpnb-picker"
        type={kind}
        step={kind === "date" || kind === "color" ? undefined : 1}
        tabIndex={-1}
        aria-hidden="true"
        onChange={(event) => event.currentTarget.value && type({ currentTarget: { value: write(event.currentTarget.value) } })}
      />
    </span>
  );
}

const MOST_BYTES = 20_000_000;

/** Bytes as base64, or a data URI: from a file, or typed. */
export function FileText(props: DrawProps) {
  const { field, label } = props;
  const host = useHost();
  const type = useType(field);
  const chooser = useRef<HTMLInputElement>(null);
  const [said, setSaid] = useState("");
  const uri = (field.node.format ?? "").startsWith("data-");
  const value = field.mode === "own" ? field.typed : "";
  const preview = /^data:image\/(?:png|jpeg|gif|webp);base64,/.test(value) && value.length < 2_000_000 ? value : "";
  const take = async (file: File | undefined) => {
    if (!file) return;
    if (file.size > MOST_BYTES) {
      setSaid(`${file.name} has ${size(file.size)}; at most ${size(MOST_BYTES)} fit into a call`);
      return;
    }
    const reader = new FileReader();
    reader.onload = () => {
      const found = String(reader.result);
      field.type(uri ? found : found.slice(found.indexOf(",") + 1));
      setSaid(`${file.name}, ${size(file.size)}`);
      host.changed();
    };
    reader.readAsDataURL(file);
  };
  return (
    <div
      class="mcpnb-file"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        event.stopPropagation();
        void take(event.dataTransfer?.files[0]);
      }}
    >
      <input
        type="text"
        class="mcpnb-code"
        {...aria(props)}
        placeholder={emptyWords(field) || (uri ? "data:…" : "base64")}
        value={value.length > 500 ? `${value.slice(0, 500)}…` : value}
        readOnly={value.length > 500}
        autocomplete="off"
        onInput={type}
      />
      <button type="button" aria-label={`Choose a file for ${label}`} onClick={() => chooser.current?.click()}>
        Choose a file
      </button>
      <input ref={chooser} type="file" hidden onChange={(event) => void take(event.currentTarget.files?.[0])} />
      {said && <span class="mcpnb-state" role="status">{said}</span>}
      {preview && <img src={preview} alt="the chosen image" />}
    </div>
  );
}
