// Inputs of text: a line, a number, several lines, JSON.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Field } from "./field";
import { emptyWords, useHost } from "./host";

export interface DrawProps {
  field: Field;
  id: string;
  /** The ids of the elements that describe the field. */
  described: string;
  wrong: boolean;
  label: string;
}

export function aria({ field, id, described, wrong }: DrawProps) {
  return {
    id,
    "aria-describedby": described || undefined,
    "aria-invalid": wrong || undefined,
    "aria-required": field.place.required || undefined,
  } as const;
}

export function useType(field: Field) {
  const host = useHost();
  return (event: { currentTarget: { value: string } }) => {
    field.type(event.currentTarget.value);
    host.changed();
  };
}

export function ShortText(props: DrawProps) {
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

export function NumberText(props: DrawProps) {
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

export function LongText(props: DrawProps) {
  const { field } = props;
  const type = useType(field);
  const value = field.mode === "own" ? field.typed : "";
  return <Area props={props} area={{ placeholder: emptyWords(field), value, onInput: type }} />;
}

export function JsonText(props: DrawProps) {
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
