// Controls that choose: one of some values, or several of them.

import { useEffect, useRef, useState } from "preact/hooks";
import { shown } from "../parts/shown";
import { emptyWords, useHost } from "./host";
import { type DrawProps, aria } from "./texts";

/** True or false: a box that is neither as long as nothing is chosen. */
export function Check(props: DrawProps) {
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

export function Radios(props: DrawProps) {
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
export function Constant({ field }: DrawProps) {
  return <code>{shown(field.node.options![0]![0])}</code>;
}

export function Select(props: DrawProps) {
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
export function Search(props: DrawProps) {
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

export function Checks(props: DrawProps) {
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
