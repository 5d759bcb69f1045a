// The card of a request, such as the call of a tool: what it is, a form, what comes of it, and what an agent sees of it.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Form } from "../form/form";
import type { Host } from "../form/host";
import { FormView, Summary, focusFirstProblem } from "../form/view";
import { Copy } from "../parts/copy";
import { Elapsed } from "../parts/elapsed";
import { Html } from "../parts/html";
import { Inside } from "../parts/inside";
import { Tabs } from "../parts/tabs";
import { Refused, type Surface } from "../surface";
import { Arguments } from "./arguments";

/** Milliseconds after the last change until Python checks the arguments. */
const CHECK_AFTER = 200;

/** One call of the form, from the click until the result is there. */
interface Calling {
  since: number;
  /** Whether the kernel has started it. */
  started: boolean;
}

/** What a form keeps between its views. */
class Request {
  readonly form: Form;
  /** What Python says about the code of the present call. */
  code: Record<string, string> = {};
  all = false;
  calling: Calling | undefined;
  refused = "";
  filled = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly surface: Surface) {
    this.form = new Form(surface.about.description);
    const { draft } = surface.kept;
    if (draft) this.form.fill(draft);
    this.take();
    void this.check();
  }

  /** Fill in what Python wants to be filled in. */
  take(): void {
    const fill = this.surface.state.fill as { number: number; text: string } | undefined;
    if (!fill || fill.number === this.filled) return;
    this.filled = fill.number;
    if (fill.number === this.surface.kept.filled) return;
    this.form.fill(fill.text);
    this.changed();
  }

  changed(): void {
    this.refused = "";
    this.surface.keep({ draft: this.form.draft(), filled: this.filled });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.check(), CHECK_AFTER);
  }

  async check(): Promise<void> {
    const draft = this.form.draft();
    const told = await this.surface.ask("check", { arguments: draft }).catch(() => undefined);
    if (!told) return;
    this.form.told(draft, told.problems);
    if (draft === this.form.draft()) this.code = told.code;
    this.surface.changed();
  }

  /** Make the request. Returns whether it was started. */
  async send(): Promise<boolean> {
    if (this.calling) return true;
    this.all = true;
    this.refused = "";
    const draft = this.form.draft();
    if (this.form.problems().length) {
      this.surface.changed();
      return false;
    }
    this.calling = { since: Date.now(), started: false };
    this.surface.keepNow({ draft, filled: this.filled });
    this.surface.changed();
    try {
      const told = await this.surface.ask("send", { arguments: draft });
      if (told.problems.length) {
        this.form.told(draft, told.problems);
        this.calling = undefined;
      } else if (this.calling) {
        this.calling.started = true;
      }
    } catch (error) {
      this.calling = undefined;
      this.refused = error instanceof Refused ? error.message : String(error);
    }
    this.surface.changed();
    return Boolean(this.calling);
  }

  /** The kernel's state has changed: the call may have ended. */
  follow(): void {
    if (this.calling?.started && this.surface.state.phase !== "running") this.calling = undefined;
    if (!this.calling && this.surface.state.phase === "running") this.calling = { since: Date.now(), started: true };
  }

  cancel(): void {
    void this.surface.ask("cancel");
  }

  /** Follow what the form reads, or no longer. */
  async subscribe(): Promise<void> {
    const draft = this.form.draft();
    this.all = true;
    this.refused = "";
    try {
      const told = await this.surface.ask("subscribe", { arguments: draft });
      this.form.told(draft, told.problems);
    } catch (error) {
      this.refused = error instanceof Refused ? error.message : String(error);
    }
    this.surface.changed();
  }
}

export function RequestView({ surface }: { surface: Surface }) {
  const form = surface.once("form", () => new Request(surface));
  form.take();
  form.follow();
  const id = useMemo(() => `mcpnb-${Math.random().toString(36).slice(2)}`, []);
  const { about } = surface;
  const tab: string = surface.kept.tab ?? "call";
  const tabs: [string, string][] = [["call", about.verb]];
  if (about.schema) tabs.push(["schema", "Schema"]);
  if (about.lint) tabs.push(["lint", `Lint (${about.lint.length})`]);
  if (about.entry) tabs.push(["json", "JSON"]);
  if (about.codes.length) tabs.push(["code", "Code"]);
  return (
    <section class="mcpnb mcpnb-ui" aria-label={`${about.kind} ${about.name}`}>
      <header class="mcpnb-header">
        <h4 class="jp-toc-ignore">
          {about.title && <span>{about.title} </span>}
          <code>{about.name}</code>
        </h4>
        <Html html={about.badges} class="mcpnb-inline" />
        <span class="dim">{about.place}</span>
      </header>
      {about.text && <p class="mcpnb-about">{about.text}</p>}
      {about.changed?.length > 0 && (
        <details>
          <summary>changed for clients ({about.changed.length})</summary>
          <ul>
            {about.changed.map((line: string) => (
              <li>{line}</li>
            ))}
          </ul>
        </details>
      )}
      <Tabs label={`views of ${about.name}`} id={id} tabs={tabs} chosen={tab} choose={(name) => surface.keep({ tab: name })}>
        {tab === "call" && <Call form={form} id={id} />}
        {tab === "schema" && <Html html={about.schema} />}
        {tab === "lint" &&
          (about.lint.length ? (
            <ul>
              {about.lint.map((line: string) => (
                <li>{line}</li>
              ))}
            </ul>
          ) : (
            <p>Nothing to remark: the name, the description and the schema say what an agent needs.</p>
          ))}
        {tab === "json" && (
          <div class="mcpnb-block">
            <Copy text={about.entry} what="the entry" />
            <pre tabIndex={0}>{about.entry}</pre>
          </div>
        )}
        {tab === "code" && <Code form={form} />}
      </Tabs>
      <Outcome form={form} />
    </section>
  );
}

function Call({ form, id }: { form: Request; id: string }) {
  const { surface } = form;
  const element = useRef<HTMLDivElement>(null);
  const [tried, setTried] = useState(0);
  const beside = Boolean(surface.kept.beside);
  const host: Host = {
    form: form.form,
    id,
    all: form.all,
    changed: () => form.changed(),
    ...(surface.about.completes && {
      suggest: (name, typed) => surface.ask("suggest", { name, typed, given: form.form.draft() }),
    }),
  };
  useEffect(() => {
    if (tried) focusFirstProblem(host);
  }, [tried]);
  const call = async () => {
    if (!(await form.send())) setTried((count) => count + 1);
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.isComposing) return;
    const target = event.target as HTMLElement;
    const line = target instanceof HTMLInputElement && !["checkbox", "radio", "file"].includes(target.type);
    if (event.ctrlKey || event.metaKey || (line && !event.shiftKey && !event.altKey)) {
      event.preventDefault();
      event.stopPropagation();
      void call();
    }
  };
  const wrong = form.all && form.form.problems().length > 0;
  return (
    <div ref={element} class={`mcpnb-call ${beside ? "beside" : ""}`} onKeyDown={keys}>
      <div>
        {form.form.whole.fields.size === 0 && form.form.whole.node.kind === "record" && !form.form.whole.node.others!.open && (
          <p class="dim">It takes no arguments.</p>
        )}
        <FormView host={host} />
      </div>
      {beside && <Arguments form={form.form} changed={() => form.changed()} id={id} />}
      <div class="mcpnb-actions">
        {form.calling ? (
          <button type="button" class="mcpnb-stop" onClick={() => form.cancel()}>
            Cancel
          </button>
        ) : (
          <button type="button" class="mcpnb-primary" title={`${surface.about.verb} ${surface.about.name} (Ctrl+Enter)`} onClick={call}>
            {surface.about.verb}
          </button>
        )}
        <button type="button" aria-pressed={beside} onClick={() => surface.keep({ beside: !beside })}>
          {"{ }"} JSON
        </button>
        {surface.about.subscribes && <Subscribe form={form} />}
        <Examples form={form} />
        <Status form={form} />
      </div>
      {wrong && <Summary host={host} title={`Not sent: ${count(form.form.problems().length)}.`} />}
      {form.refused && (
        <p class="mcpnb-wrong" role="alert">
          <span aria-hidden="true">✗ </span>Not sent: {form.refused}
        </p>
      )}
    </div>
  );
}

/** Have what the form reads be read again after each update. */
function Subscribe({ form }: { form: Request }) {
  const subscribed: { uri: string; arguments: string }[] = form.surface.state.subscribed ?? [];
  const on = subscribed.some((each) => each.arguments === form.form.draft());
  return (
    <>
      <button type="button" aria-pressed={on} title="Read it again after each update" onClick={() => void form.subscribe()}>
        {on ? "Unsubscribe" : "Subscribe"}
      </button>
      {subscribed.length > 0 && <span class="dim">subscribed to {subscribed.map(({ uri }) => uri).join(", ")}</span>}
      <span class="dim" role="status">{form.surface.state.note ?? ""}</span>
    </>
  );
}

const count = (problems: number) => (problems === 1 ? "one problem" : `${problems} problems`);

/** Arguments that the schema or earlier calls bring. */
function Examples({ form }: { form: Request }) {
  const examples: { words: string; text: string }[] = form.surface.state.examples ?? form.surface.about.examples ?? [];
  if (!examples.length) return null;
  return (
    <select
      class="mcpnb-examples"
      aria-label="Fill in earlier arguments"
      value=""
      onChange={(event) => {
        const example = examples[Number(event.currentTarget.value)];
        event.currentTarget.value = "";
        if (!example) return;
        form.form.fill(example.text);
        form.changed();
      }}
    >
      <option value="">Fill in …</option>
      {examples.map(({ words }, index) => (
        <option value={index}>{words}</option>
      ))}
    </select>
  );
}

/** How the call stands: at once, and also while the kernel is busy. */
function Status({ form }: { form: Request }) {
  const { surface, calling } = form;
  const { state } = surface;
  if (calling) {
    const queued = !calling.started && surface.busy;
    return (
      <span class="mcpnb-status">
        <span class="mcpnb-spinner" aria-hidden="true" />
        <span role="status">{queued ? "queued: the kernel is running a cell" : "calling"}</span>
        <Elapsed since={calling.since} />
        {state.progress && <Progress {...state.progress} />}
      </span>
    );
  }
  return (
    <span class="mcpnb-status" role="status">
      {state.chip && <Html html={state.chip} class="mcpnb-inline" />}
    </span>
  );
}

/** Output while it runs, and the result; an earlier result stays until then, so that nothing below moves. */
function Outcome({ form }: { form: Request }) {
  const { state } = form.surface;
  const running = Boolean(form.calling);
  return (
    <div class="mcpnb-outcome">
      {running && state.printed && (
        <pre class="mcpnb-live" tabIndex={0} aria-label="output so far">
          {state.printed}
        </pre>
      )}
      {(state.questions ?? []).map((mount: string) => (
        <Inside key={mount} mount={mount} />
      ))}
      <div aria-live="polite" aria-busy={running} class={running ? "mcpnb-earlier" : ""}>
        {form.surface.result && (
          <Html
            html={form.surface.result}
            class="mcpnb-result"
            {...(state.whole && { whole: () => form.surface.ask("file") })}
          />
        )}
      </div>
      {form.surface.about.app && state.whole && !running && !state.app && <InApp form={form} />}
      {state.app && <Inside key={state.app} mount={state.app} />}
    </div>
  );
}

/** Show the result in the tool's app, below it. */
function InApp({ form }: { form: Request }) {
  const [wrong, setWrong] = useState("");
  const show = () => form.surface.ask("app").then(() => setWrong(""), (error) => setWrong(error instanceof Error ? error.message : String(error)));
  return (
    <div class="mcpnb-actions">
      <button type="button" onClick={show}>
        Show in its app
      </button>
      {wrong && (
        <p class="mcpnb-wrong" role="alert">
          {wrong}
        </p>
      )}
    </div>
  );
}

interface ProgressProps {
  share: number | null;
  words: string;
}

export function Progress({ share, words }: ProgressProps) {
  return (
    <span class="mcpnb-progress">
      <progress max={1} value={share ?? undefined} aria-label="progress of the call" />
      <span role="status">{[share === null ? "" : `${Math.round(100 * share)} %`, words].filter(Boolean).join(", ")}</span>
    </span>
  );
}

function Code({ form }: { form: Request }) {
  return (
    <>
      {form.surface.about.codes.map((words: string) => (
        <div class="mcpnb-block">
          <h5 class="jp-toc-ignore">{words}</h5>
          <Copy text={() => form.code[words] ?? ""} what={`the call ${words}`} />
          <pre tabIndex={0}>{form.code[words]}</pre>
        </div>
      ))}
    </>
  );
}
