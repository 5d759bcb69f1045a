// The controls of a form, one for each kind of value.

import type { ComponentType, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { size, shown } from "../parts/shown";
import type { Field } from "./field";
import { FieldView, Parts, Rows, idOf, useHost } from "./view";

export interface DrawProps {
  field: Field;
  id: string;
  /** The ids of the elements that describe the field. */
  described: string;
  wrong: boolean;
  label: string;
}

export interface Control {
  Draw: ComponentType<DrawProps>;
  /** Whether it consists of several controls, under one legend. */
  grouped: boolean;
}

const MOST_RADIOS = 5;
const MOST_CHARACTERS_OF_RADIOS = 60;
const MOST_IN_SELECT = 15;

/** Choose the control for a field. */
export function controlOf(field: Field): Control {
  const { node } = field;
  if (field.mode === "json" || node.kind === "json") return { Draw: JsonText, grouped: false };
  switch (node.kind) {
    case "text":
      if (PICKERS[node.format ?? ""]) return { Draw: Picked, grouped: false };
      if (isFile(field)) return { Draw: FileText, grouped: false };
      return { Draw: field.long ? LongText : ShortText, grouped: false };
    case "number":
      return { Draw: NumberText, grouped: false };
    case "choice":
      if (node.options!.length === 1 && field.place.required) return { Draw: Constant, grouped: true };
      if (isBoolean(field)) return { Draw: Check, grouped: false };
      if (few(field)) return { Draw: Radios, grouped: true };
      return { Draw: node.options!.length > MOST_IN_SELECT ? Search : Select, grouped: false };
    case "many":
      return { Draw: Checks, grouped: true };
    case "record":
      return { Draw: Record, grouped: true };
    case "rows":
      return isTags(field) ? { Draw: Tags, grouped: false } : { Draw: List, grouped: true };
    default:
      return { Draw: Variants, grouped: true };
  }
}

function isBoolean({ node }: Field): boolean {
  return node.options!.length === 2 && node.options!.every(([, value]) => value === "true" || value === "false");
}

function few({ node }: Field): boolean {
  const characters = node.options!.reduce((sum, [label]) => sum + label.length, 0);
  return node.options!.length <= MOST_RADIOS && characters <= MOST_CHARACTERS_OF_RADIOS;
}

function isFile({ node }: Field): boolean {
  const format = node.format ?? "";
  return ["binary", "base64", "byte", "data-url", "data-uri"].includes(format) || (node.encoding ?? "").startsWith("base64");
}

/** A list of short texts without choices is written as tags. */
function isTags(field: Field): boolean {
  const { node, context } = field;
  if (node.first!.length || node.rest == null) return false;
  const item = context.node(node.rest);
  const plain = item.kind === "text" && !item.nullable && !item.media && !item.encoding && !PICKERS[item.format ?? ""];
  return plain && !item.about && (item.most ?? 0) <= 120 && field.rows.every((row) => row.field.mode === "own" && row.field.node.kind === "text" && row.field.typed !== "" && !row.field.lines);
}

function aria({ field, id, described, wrong }: DrawProps) {
  return {
    id,
    "aria-describedby": described || undefined,
    "aria-invalid": wrong || undefined,
    "aria-required": field.place.required || undefined,
  } as const;
}

/** What an empty input says about itself. */
function emptyWords(field: Field): string {
  if (field.mode === "null") return "null";
  if (field.mode === "own" && field.typed === "" && field.node.kind === "text") return "";
  if (field.place.required) return "";
  return field.node.default === undefined ? "not sent" : `not sent: default ${shown(field.node.default)}`;
}

function useType(field: Field) {
  const host = useHost();
  return (event: { currentTarget: { value: string } }) => {
    field.type(event.currentTarget.value);
    host.changed();
  };
}

function ShortText(props: DrawProps) {
  const { field, id } = props;
  const host = useHost();
  const type = useType(field);
  const [options, setOptions] = useState<string[]>([]);
  const asked = useRef(0);
  const suggest = async (typed: string) => {
    if (!host.suggest) return;
    const number = ++asked.current;
    const found = await host.suggest(field.place.name, typed).catch(() => []);
    if (number === asked.current) setOptions(found);
  };
  return (
    <>
      <input
        type={field.node.format === "email" ? "email" : field.node.format === "uri" ? "url" : "text"}
        {...aria(props)}
        placeholder={emptyWords(field)}
        value={field.mode === "own" ? field.typed : ""}
        autocomplete="off"
        spellcheck={false}
        list={host.suggest ? `${id}-list` : undefined}
        onFocus={() => suggest(field.typed)}
        onInput={(event) => {
          type(event);
          void suggest(event.currentTarget.value);
        }}
      />
      {host.suggest && (
        <datalist id={`${id}-list`}>
          {options.map((option) => (
            <option value={option} />
          ))}
        </datalist>
      )}
    </>
  );
}

function NumberText(props: DrawProps) {
  const { field } = props;
  const type = useType(field);
  const step = (event: KeyboardEvent) => {
    const by = event.altKey ? 0 : ({ ArrowUp: 1, ArrowDown: -1 }[event.key] ?? 0);
    const now = Number(field.typed || field.node.default || 0);
    if (!by || !Number.isSafeInteger(now)) return;
    event.preventDefault();
    const { minimum = -Infinity, maximum = Infinity } = field.node.bounds ?? {};
    type({ currentTarget: { value: String(Math.min(Math.max(now + by, Number(minimum)), Number(maximum))) } });
  };
  return (
    <input
      type="text"
      inputMode={field.node.whole ? "numeric" : "decimal"}
      class="mcpnb-figure"
      {...aria(props)}
      placeholder={emptyWords(field)}
      value={field.mode === "own" ? field.typed : ""}
      autocomplete="off"
      onInput={type}
      onKeyDown={step}
    />
  );
}

/** An area that grows with its text. */
function Area({ area, props }: { area: JSX.IntrinsicElements["textarea"]; props: DrawProps }) {
  const element = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    const { current } = element;
    if (!current) return;
    current.style.height = "auto";
    if (current.scrollHeight) current.style.height = `${Math.min(current.scrollHeight + 2, 400)}px`;
  });
  return <textarea ref={element} rows={3} spellcheck={false} {...aria(props)} {...area} />;
}

function LongText(props: DrawProps) {
  const { field } = props;
  const type = useType(field);
  const value = field.mode === "own" ? field.typed : "";
  return <Area props={props} area={{ placeholder: emptyWords(field), value, onInput: type }} />;
}

function JsonText(props: DrawProps) {
  const { field } = props;
  const host = useHost();
  const shownText = field.mode === "unset" || field.mode === "null" ? "" : field.typed;
  const input = (event: { currentTarget: { value: string } }) => {
    field.type(event.currentTarget.value);
    host.changed();
  };
  const placeholder = field.why ?? (field.mode === "null" ? "null" : "JSON");
  return <Area props={props} area={{ class: "mcpnb-code", placeholder, value: shownText, onInput: input }} />;
}

/** The browser's control that picks a text of a format, and how to write its value. */
interface Picker {
  type: "date" | "time" | "datetime-local" | "color";
  write: (value: string) => string;
  example: string;
}

const PICKERS: { [format: string]: Picker } = {
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
function Picked(props: DrawProps) {
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
function FileText(props: DrawProps) {
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

/** True or false: a box that is neither as long as nothing is chosen. */
function Check(props: DrawProps) {
  const { field } = props;
  const host = useHost();
  const box = useRef<HTMLInputElement>(null);
  const chosen = field.mode === "own" ? field.node.options![field.option]?.[1] : undefined;
  useEffect(() => {
    if (box.current) box.current.indeterminate = chosen === undefined;
  });
  const set = (on: boolean) => {
    field.choose(field.node.options!.findIndex(([, value]) => value === String(on)));
    host.changed();
  };
  const nothing = field.mode === "null" ? "null" : field.place.required ? "choose: true or false" : emptyWords(field);
  return (
    <span class="mcpnb-check">
      <input ref={box} type="checkbox" {...aria(props)} checked={chosen === "true"} onChange={(event) => set(event.currentTarget.checked)} />
      <span class={chosen === undefined ? "mcpnb-state" : ""} aria-hidden="true">
        {chosen ?? nothing}
      </span>
    </span>
  );
}

function Radios(props: DrawProps) {
  const { field, id } = props;
  const host = useHost();
  return (
    <div class="mcpnb-segments" role="radiogroup" aria-label={props.label} aria-required={field.place.required || undefined} aria-invalid={props.wrong || undefined}>
      {field.node.options!.map(([label], index) => (
        <label class={field.mode === "own" && field.option === index ? "on" : ""}>
          <input
            type="radio"
            name={id}
            checked={field.mode === "own" && field.option === index}
            onChange={() => {
              field.choose(index);
              host.changed();
            }}
          />
          {label || '""'}
        </label>
      ))}
      {field.mode === "unset" && !field.place.required && <span class="mcpnb-state">{emptyWords(field)}</span>}
    </div>
  );
}

/** The only value that is valid, such as the one that tells the kinds of a union apart. */
function Constant({ field }: DrawProps) {
  return <code>{shown(field.node.options![0]![0])}</code>;
}

function Select(props: DrawProps) {
  const { field } = props;
  const host = useHost();
  const empty = field.mode === "null" ? "null" : field.place.required ? "choose" : emptyWords(field);
  return (
    <select
      {...aria(props)}
      value={field.mode === "own" ? field.option : -1}
      onChange={(event) => {
        field.choose(Number(event.currentTarget.value));
        host.changed();
      }}
    >
      <option value={-1}>{`(${empty})`}</option>
      {field.node.options!.map(([label], index) => (
        <option value={index}>{label || '""'}</option>
      ))}
    </select>
  );
}

/** A long list of options: type to search in it. */
function Search(props: DrawProps) {
  const { field, id } = props;
  const host = useHost();
  const options = field.node.options!;
  const [typed, setTyped] = useState<string | undefined>(undefined);
  const chosen = field.mode === "own" ? (options[field.option]?.[0] ?? "") : "";
  const look = (text: string) => {
    const index = options.findIndex(([label]) => label === text);
    setTyped(index < 0 ? text : undefined);
    field.choose(index);
    host.changed();
  };
  return (
    <span class="mcpnb-search">
      <input
        type="text"
        {...aria(props)}
        list={`${id}-list`}
        placeholder={`${emptyWords(field) || "choose"} · type to search ${options.length} options`}
        value={typed ?? chosen}
        autocomplete="off"
        onInput={(event) => look(event.currentTarget.value)}
        onBlur={() => setTyped(undefined)}
      />
      <datalist id={`${id}-list`}>
        {options.map(([label]) => (
          <option value={label} />
        ))}
      </datalist>
    </span>
  );
}

function Checks(props: DrawProps) {
  const { field } = props;
  const host = useHost();
  return (
    <div class="mcpnb-checks" role="group" aria-label={props.label}>
      {field.node.options!.map(([label], index) => (
        <label>
          <input
            type="checkbox"
            checked={field.mode === "own" && field.options.has(index)}
            onChange={(event) => {
              field.toggle(index, event.currentTarget.checked);
              host.changed();
            }}
          />
          {label || '""'}
        </label>
      ))}
    </div>
  );
}

/** An object: a button begins it, unless it has to be there. */
function Record({ field, label }: DrawProps) {
  const host = useHost();
  if (field.mode === "own") return <Parts field={field} />;
  const begin = () => {
    field.context.replenish();
    field.begin();
    if (field.mode !== "own") field.open();
    host.changed();
  };
  return (
    <div class="mcpnb-begin">
      <button type="button" class="mcpnb-add" onClick={begin}>
        + Fill in {label}
      </button>
      <span class="mcpnb-state">{field.mode === "null" ? "null" : emptyWords(field)}</span>
    </div>
  );
}

function List({ field }: DrawProps) {
  const state = field.mode === "null" ? "null" : field.mode === "unset" ? emptyWords(field) : "";
  return (
    <>
      {state && <span class="mcpnb-state">{state}</span>}
      <Rows field={field} />
    </>
  );
}

/** A list of texts: Enter adds what is typed, and Backspace in the empty input takes the last one back. */
function Tags(props: DrawProps) {
  const { field, label } = props;
  const host = useHost();
  const [typed, setTyped] = useState("");
  const add = (text: string) => {
    if (!text) return;
    field.add();
    field.rows[field.rows.length - 1]!.field.type(text);
    setTyped("");
    host.changed();
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === "Enter" && typed && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      event.stopPropagation();
      add(typed);
    } else if (event.key === "Backspace" && !typed && field.rows.length) {
      setTyped(field.rows[field.rows.length - 1]!.field.typed);
      field.remove(field.rows.length - 1);
      host.changed();
      event.preventDefault();
    }
  };
  return (
    <div class="mcpnb-tags">
      {field.rows.map((row, index) => (
        <span class="mcpnb-tag" key={row.key}>
          {shown(row.field.typed)}
          <button
            type="button"
            class="mcpnb-quiet"
            tabIndex={-1}
            aria-label={`Remove ${row.field.typed} from ${label}`}
            title="Remove (Backspace)"
            onClick={() => {
              field.remove(index);
              host.changed();
            }}
          >
            ✕
          </button>
        </span>
      ))}
      <input
        type="text"
        {...aria(props)}
        placeholder={field.mode === "own" ? (field.rows.length ? "" : "empty list") : `${emptyWords(field) || "none yet"} · Enter adds a text`}
        value={typed}
        autocomplete="off"
        onInput={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={key}
        onBlur={() => add(typed)}
      />
    </div>
  );
}

/** One of several shapes: which one, and its fields. */
function Variants(props: DrawProps) {
  const { field, id, label } = props;
  const host = useHost();
  const inside = field.variantShown;
  return (
    <>
      <div class="mcpnb-segments" role="radiogroup" aria-label={`kind of ${label}`}>
        {field.node.variants!.map(([words], index) => (
          <label class={field.mode === "own" && field.variant === index ? "on" : ""}>
            <input
              type="radio"
              name={`${id}-variant`}
              checked={field.mode === "own" && field.variant === index}
              onChange={() => {
                field.chooseVariant(index);
                host.changed();
              }}
            />
            {words}
          </label>
        ))}
        {field.mode !== "own" && <span class="mcpnb-state">{field.mode === "null" ? "null" : emptyWords(field)}</span>}
      </div>
      {inside &&
        (inside.node.kind === "record" && inside.mode === "own" ? (
          <Parts field={inside} />
        ) : (
          <FieldView key={idOf(host, inside)} field={inside} name={label} />
        ))}
    </>
  );
}
