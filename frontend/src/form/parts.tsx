// Controls of values with parts: objects, lists, texts as tags, and one of several shapes.

import { useEffect, useRef, useState } from "preact/hooks";
import { shown } from "../parts/shown";
import type { Field } from "./field";
import { emptyWords, idOf, labelOf, useHost } from "./host";
import { type DrawProps, aria } from "./texts";

/** An object: a button begins it, unless it has to be there. */
export function Record({ field, label }: DrawProps) {
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

export function List({ field }: DrawProps) {
  const state = field.mode === "null" ? "null" : field.mode === "unset" ? emptyWords(field) : "";
  return (
    <>
      {state && <span class="mcpnb-state">{state}</span>}
      <Rows field={field} />
    </>
  );
}

/** A list of texts: Enter adds what is typed, and Backspace in the empty input takes the last one back. */
export function Tags(props: DrawProps) {
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
export function Variants(props: DrawProps) {
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
          <host.Field key={idOf(host, inside)} field={inside} name={label} />
        ))}
    </>
  );
}

/** The fields of an object, and rows of names and values for what is not known beforehand. */
export function Parts({ field }: { field: Field }) {
  const host = useHost();
  const open = field.node.others!.open || field.entries.length > 0;
  return (
    <>
      {[...field.fields].map(([name, part]) => (
        <host.Field key={idOf(host, part)} field={part} label={labelOf(name)} />
      ))}
      {open && (
        <div class="mcpnb-rows">
          {field.entries.map((entry, index) => (
            <div class="mcpnb-row entry" key={entry.key}>
              <input
                class="mcpnb-name"
                type="text"
                placeholder="name"
                aria-label="name of the property"
                value={entry.name}
                onInput={(event) => {
                  field.rename(index, event.currentTarget.value);
                  host.changed();
                }}
              />
              <host.Field key={idOf(host, entry.field)} field={entry.field} name={entry.name || "value"} />
              <RowButtons
                what={entry.name || `property ${index + 1}`}
                remove={() => field.removeEntry(index)}
              />
            </div>
          ))}
          <AddButton words="Add property" add={() => field.addEntry()} />
        </div>
      )}
    </>
  );
}

export function Rows({ field }: { field: Field }) {
  const host = useHost();
  const fixed = field.node.first!.length > 0;
  return (
    <div class="mcpnb-rows">
      {field.rows.map((row, index) => (
        <div class="mcpnb-row" key={row.key}>
          <span class="mcpnb-number" aria-hidden="true">
            {index + 1}.
          </span>
          <host.Field field={row.field} name={`item ${index + 1}`} />
          <RowButtons
            what={`item ${index + 1}`}
            {...(fixed ? {} : { move: (by: number) => field.move(index, by) })}
            first={index === 0}
            final={index === field.rows.length - 1}
            remove={() => field.remove(index)}
          />
        </div>
      ))}
      {field.canAdd && <AddButton words="Add item" add={() => field.add()} />}
      {!field.rows.length && field.mode === "own" && <span class="mcpnb-state">empty list</span>}
    </div>
  );
}

interface RowButtonsProps {
  what: string;
  remove: () => void;
  move?: (by: number) => void;
  first?: boolean;
  final?: boolean;
}

function RowButtons({ what, remove, move, first, final }: RowButtonsProps) {
  const host = useHost();
  const group = useRef<HTMLSpanElement>(null);
  const moved = useRef(0);
  useEffect(() => {
    // Moved elements lose the focus.
    if (moved.current) group.current?.querySelectorAll("button")[moved.current < 0 ? 0 : 1]?.focus();
    moved.current = 0;
  });
  const act = (change: () => void) => () => {
    change();
    host.changed();
  };
  const go = (by: number) =>
    act(() => {
      moved.current = by;
      move!(by);
    });
  return (
    <span class="mcpnb-row-buttons" ref={group}>
      {move && (
        <>
          <button type="button" class="mcpnb-quiet" aria-label={`Move ${what} up`} title="Move up" aria-disabled={first} onClick={first ? undefined : go(-1)}>
            ↑
          </button>
          <button type="button" class="mcpnb-quiet" aria-label={`Move ${what} down`} title="Move down" aria-disabled={final} onClick={final ? undefined : go(1)}>
            ↓
          </button>
        </>
      )}
      <button type="button" class="mcpnb-quiet" aria-label={`Remove ${what}`} title="Remove" onClick={act(() => {
        const rows = group.current?.closest(".mcpnb-rows");
        remove();
        // The focus goes to what is there next, not to the page.
        setTimeout(() => rows?.querySelector<HTMLElement>(":scope > .mcpnb-add")?.focus());
      })}>
        ✕
      </button>
    </span>
  );
}

export function AddButton({ words, add }: { words: string; add: () => void }) {
  const host = useHost();
  const button = useRef<HTMLButtonElement>(null);
  return (
    <button
      ref={button}
      type="button"
      class="mcpnb-add"
      onClick={() => {
        add();
        host.changed();
        setTimeout(() => {
          const rows = button.current?.parentElement?.querySelectorAll(":scope > .mcpnb-row");
          rows?.[rows.length - 1]?.querySelector<HTMLElement>("input, select, textarea, button")?.focus();
        });
      }}
    >
      + {words}
    </button>
  );
}
