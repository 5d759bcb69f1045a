// Draw a form: a field for each value, with its label above it, and what it accepts and what is wrong below.

import { useState } from "preact/hooks";
import { parse } from "../json";
import { type Item, Menu } from "../parts/menu";
import { shown } from "../parts/shown";
import { controlOf } from "./controls";
import type { Problem } from "./description";
import type { Field } from "./field";
import type { Form } from "./form";
import { type Drawing, type FieldProps, type Host, HostContext, cut, idOf, labelOf, seen, useHost } from "./host";
import { Parts } from "./parts";

const LONG = 240;
/** Milliseconds after a person left a field until its problems are shown. */
const SHOW_AFTER = 250;

export function FormView({ host }: { host: Host }) {
  const { whole } = host.form;
  return (
    <HostContext.Provider value={{ ...host, Field: FieldView, wrong: byField(host.form) }}>
      <div class="mcpnb-form">
        {whole.node.kind === "record" && whole.mode === "own" ? (
          <Parts field={whole} />
        ) : (
          <FieldView field={whole} label={whole.node.kind === "union" ? "one of" : "arguments"} />
        )}
      </div>
    </HostContext.Provider>
  );
}

/** The problems of a form in one list, each a link to its field. */
export function Summary({ host, title }: { host: Host; title: string }) {
  const problems = host.form.problems();
  if (!problems.length) return null;
  const most = 20;
  return (
    <div class="mcpnb-summary" role="alert">
      <p>
        <strong>{title}</strong>
      </p>
      <ul>
        {problems.slice(0, most).map((problem) => (
          <li>
            <button type="button" class="mcpnb-link" onClick={() => focus(host, host.form.whole.at(problem.place))}>
              {inWords(problem)}
            </button>
          </li>
        ))}
        {problems.length > most && <li>and {problems.length - most} more</li>}
      </ul>
    </div>
  );
}

/** Move the focus to the first field with a problem. */
export function focusFirstProblem(host: Host): void {
  const [problem] = host.form.problems();
  if (problem) focus(host, host.form.whole.at(problem.place));
}

function focus(host: Host, field: Field): void {
  const element = document.getElementById(idOf(host, field));
  const inside = element?.matches("input, select, textarea, button")
    ? element
    : element?.querySelector<HTMLElement>("input, select, textarea, button");
  inside?.focus();
}

function inWords({ place, reason }: Problem): string {
  let words = "";
  for (const part of place) {
    words += typeof part === "number" ? `[${part}]` : `${words && "."}${cut(shown(part))}`;
  }
  return words ? `${words}: ${shown(reason)}` : shown(reason);
}

function FieldView({ field, label, name }: FieldProps) {
  const host = useHost();
  const { node } = field;
  const [menu, setMenu] = useState(0);
  const id = idOf(host, field);
  const control = controlOf(field);
  const grouped = control.grouped;
  const title = label !== undefined ? titleOf(field) : "";
  const own = label ?? labelOf(name ?? field.place.name);
  const problems = problemsAt(host, field);
  const hint = label === undefined ? "" : hintOf(field);
  const about = label === undefined ? "" : shown(node.about ?? "");
  const described = [hint || about ? `${id}-hint` : "", problems.length ? `${id}-wrong` : ""].filter(Boolean).join(" ");
  const items = () => menuOf(field, host);

  const head = label !== undefined && (
    <>
      {title && <span class="mcpnb-title">{title} </span>}
      <code>{own}</code>
      {field.place.required && <Required />}
    </>
  );
  const keys = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" && event.altKey) {
      event.preventDefault();
      event.stopPropagation();
      setMenu(menu + 1);
    }
  };
  const leave = () => {
    if (seen.has(field)) return;
    seen.add(field);
    // Later, or a problem that appears now would move the button that a person is just pressing.
    setTimeout(host.changed, SHOW_AFTER);
  };
  const back = () =>
    document.getElementById(id)?.matches("input, select, textarea")
      ? document.getElementById(id)
      : (document.getElementById(id)?.querySelector<HTMLElement>("input, select, textarea, button:not([tabindex])") ?? null);
  const state = stateOf(field);
  const quiet = (
    <>
      {state && <span class="mcpnb-state">{state}</span>}
      <Menu label={`More for ${own}`} items={items} opened={menu} back={back} />
    </>
  );
  const below = (
    <>
      {(hint || about) && <Hint id={`${id}-hint`} hint={hint} about={about} />}
      {problems.length > 0 && (
        <p class="mcpnb-wrong" id={`${id}-wrong`}>
          <span aria-hidden="true">✗ </span>
          {problems.join("; ")}
        </p>
      )}
    </>
  );
  const draw = <control.Draw field={field} id={id} described={described} wrong={problems.length > 0} label={own} />;
  const frame = `mcpnb-field ${problems.length ? "wrong" : ""}`;
  if (grouped) {
    return (
      <fieldset class={`${frame} group`} id={id} aria-describedby={described || undefined} onKeyDown={keys} onFocusOut={leave}>
        <legend class={head ? "" : "mcpnb-unseen"}>{head || own}</legend>
        <span class="mcpnb-corner">{quiet}</span>
        {below}
        {draw}
      </fieldset>
    );
  }
  return (
    <div class={frame} onKeyDown={keys} onFocusOut={leave}>
      <div class="mcpnb-head">
        <label for={id} class={head ? "" : "mcpnb-unseen"}>
          {head || own}
        </label>
        {quiet}
      </div>
      {draw}
      {below}
    </div>
  );
}

/** The schema's title, unless it only repeats the name, as the titles that pydantic makes. */
function titleOf({ node, place }: Field): string {
  const plain = (text: string) => text.toLowerCase().replace(/[\s_-]+/g, "");
  return node.title && plain(node.title) !== plain(place.name) ? shown(node.title) : "";
}

/** A star that screen readers leave out: they hear "required" from the input. */
function Required() {
  return <span class="mcpnb-required" title="required" />;
}

function Hint({ id, hint, about }: { id: string; hint: string; about: string }) {
  const start = about.length > LONG ? about.slice(0, about.lastIndexOf(" ", LONG) + 1 || LONG) : about;
  return (
    <div class="mcpnb-hint" id={id}>
      {start.length < about.length ? (
        <details>
          <summary>{start}…</summary>
          {about.slice(start.length)}
        </details>
      ) : (
        about
      )}
      {hint && <span class="mcpnb-accepts">{about && " · "}{hint}</span>}
    </div>
  );
}

function hintOf({ node }: Field): string {
  // What a control shows by itself is not said once more.
  const plain = ["string", "boolean", "object", "array", "any"];
  const told = node.kind === "choice" || node.kind === "union" || node.kind === "record" || plain.includes(node.accepts ?? "");
  const accepts = told ? "" : shown(node.accepts ?? "");
  // Once something is typed, its input no longer says what the default is.
  const typed = node.kind === "text" || node.kind === "number" || node.kind === "json";
  const standard = node.default === undefined || !typed ? "" : `default ${cut(shown(node.default))}`;
  return [accepts, standard].filter(Boolean).join(", ");
}

function problemsAt(host: Drawing, field: Field): string[] {
  const shows = (host.all || seen.has(field)) && !(field.node.kind === "union" && field.variantShown);
  return shows ? [...(host.wrong.get(field) ?? [])] : [];
}

function byField(form: Form): Map<Field, Set<string>> {
  const found = new Map<Field, Set<string>>();
  for (const { place, reason } of form.problems()) {
    const field = form.whole.at(place);
    found.set(field, (found.get(field) ?? new Set()).add(shown(reason)));
  }
  return found;
}

/** What an input that looks empty means, where that is not simply nothing. */
function stateOf(field: Field): string {
  if (field.mode === "null") return "null";
  if (field.mode === "json" && field.node.kind !== "json") return "as JSON";
  if (field.mode === "own" && field.node.kind === "text" && field.typed === "") return "empty text";
  if (field.mode === "own" && field.node.kind === "many" && !field.options.size) return "empty list";
  return "";
}

function menuOf(field: Field, host: Host): Item[] {
  const { node } = field;
  const act = (change: () => void) => () => {
    seen.add(field);
    change();
    host.changed();
  };
  const items: Item[] = [];
  if (field.canUnset && !(node.kind === "choice" && node.options!.length === 1 && field.place.required)) {
    items.push({ words: "Not sent", on: field.mode === "unset", act: act(() => field.reset()) });
  }
  if (field.canBeEmpty) {
    const words = node.kind === "text" ? "Empty text" : "Empty list";
    items.push({ words, on: field.empty, act: act(() => field.setEmpty()) });
  }
  if (field.canBeNull) items.push({ words: "Null", on: field.mode === "null", act: act(() => field.setNull()) });
  if (node.kind !== "json") {
    if (field.mode === "json") items.push({ words: "As fields", act: act(() => void field.setOwn()) });
    else items.push({ words: "As JSON", act: act(() => field.setJson()) });
  }
  if (node.default !== undefined) {
    items.push({ words: `Default: ${cut(shown(node.default))}`, act: act(() => field.fill(parse(node.default!))) });
  }
  for (const example of node.examples ?? []) {
    items.push({ words: `Example: ${cut(shown(example))}`, act: act(() => field.fill(parse(example))) });
  }
  return items;
}
