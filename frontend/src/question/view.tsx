// A question of a server, with fields for the answer.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Form } from "../form/form";
import type { Host } from "../form/host";
import { FormView, Summary, focusFirstProblem } from "../form/view";
import { notify, useTitle } from "../parts/attention";
import { Html } from "../parts/html";
import { Refused, type Surface } from "../surface";

interface About {
  html: string;
  server: string;
  /** Whether the server is not one of this notebook. */
  foreign: boolean;
  why: string;
  refusals: { words: string; why: string }[];
  description?: any;
  fill?: string;
  area?: { label: string; hint: string };
  note?: string;
}

const CHECK_AFTER = 200;

class Answering {
  readonly form: Form | undefined;
  text = "";
  all = false;
  wrong = "";
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly surface: Surface) {
    const { description, fill } = surface.about as About;
    const { draft } = surface.kept;
    if (description) {
      this.form = new Form(description);
      this.form.fill(draft ?? fill ?? "{}");
    } else {
      this.text = draft ?? "";
    }
  }

  get draft(): string {
    return this.form ? this.form.draft() : JSON.stringify({ text: this.text });
  }

  changed(): void {
    this.wrong = "";
    this.surface.keep({ draft: this.form ? this.draft : this.text });
    clearTimeout(this.timer);
    if (this.form) this.timer = setTimeout(() => void this.check(), CHECK_AFTER);
    this.surface.changed();
  }

  private async check(): Promise<void> {
    const { draft } = this;
    const told = await this.surface.ask("check", { arguments: draft }).catch(() => undefined);
    if (told) this.form?.told(draft, told.problems);
    this.surface.changed();
  }

  /** Send the answer. Returns whether it could be sent. */
  async accept(): Promise<boolean> {
    this.all = true;
    const { draft } = this;
    if (this.form?.problems().length) {
      this.surface.changed();
      return false;
    }
    try {
      const { problems } = await this.surface.ask("accept", { arguments: draft });
      this.form?.told(draft, problems);
      if (!this.form && problems.length) this.wrong = problems[0].reason;
      this.surface.changed();
      return !problems.length;
    } catch (error) {
      this.wrong = error instanceof Refused ? error.message : String(error);
      this.surface.changed();
      return false;
    }
  }
}

export function QuestionView({ surface }: { surface: Surface }) {
  const answering = surface.once("answering", () => new Answering(surface));
  const about = surface.about as About;
  const answered = Boolean(surface.state.html);
  const id = useMemo(() => `mcpnb-${Math.random().toString(36).slice(2)}`, []);
  const element = useRef<HTMLElement>(null);
  const [tried, setTried] = useState(0);
  useTitle(answered ? undefined : `${about.server} asks`);
  const host: Host | undefined = answering.form && {
    form: answering.form,
    id,
    all: answering.all,
    changed: () => answering.changed(),
  };
  useEffect(() => {
    if (answered) return;
    notify(`${about.server} asks a question in your notebook`);
    // Not while the person types elsewhere: keys meant for a cell must not answer a question.
    const typing = document.activeElement?.closest("input, textarea, [contenteditable=true]");
    if (!typing || typing.closest(".jp-OutputArea")) {
      element.current?.querySelector<HTMLElement>("input, textarea, select")?.focus({ preventScroll: false });
    }
  }, []);
  useEffect(() => {
    if (tried && host) focusFirstProblem(host);
  }, [tried]);
  if (answered) return <Html html={surface.state.html} />;

  const accept = async () => {
    if (!(await answering.accept())) setTried((count) => count + 1);
  };
  const keys = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    const line = target instanceof HTMLInputElement && !["checkbox", "radio", "file"].includes(target.type);
    if (event.key === "Enter" && !event.isComposing && (event.ctrlKey || event.metaKey || (line && !event.shiftKey))) {
      event.preventDefault();
      event.stopPropagation();
      void accept();
    }
  };
  return (
    <section
      ref={element}
      class="mcpnb mcpnb-ui mcpnb-waits"
      role="group"
      aria-label={`question of ${about.server}`}
      onKeyDown={keys}
    >
      <div role="alert">
        <Html html={about.html} />
      </div>
      {about.foreign && (
        <p class="mcpnb-caution">
          <span aria-hidden="true">! </span>
          {about.server} is not a server of this notebook. It gets what you answer: write only what it may know.
        </p>
      )}
      {host && <FormView host={host} />}
      {about.note && <p>{about.note}</p>}
      {about.area && (
        <div class="mcpnb-field">
          <label for={`${id}-area`}>
            <code>{about.area.label}</code>
          </label>
          <textarea
            id={`${id}-area`}
            rows={4}
            placeholder={about.area.hint}
            value={answering.text}
            onInput={(event) => {
              answering.text = event.currentTarget.value;
              answering.changed();
            }}
          />
        </div>
      )}
      {host && answering.all && <Summary host={host} title="Not sent:" />}
      {answering.wrong && (
        <p class="mcpnb-wrong" role="alert">
          <span aria-hidden="true">✗ </span>Not sent: {answering.wrong}
        </p>
      )}
      <div class="mcpnb-actions">
        <button type="button" class="mcpnb-primary" title={about.why} onClick={accept}>
          Accept
        </button>
        {about.refusals.map(({ words, why }, which) => (
          <button type="button" title={why} onClick={() => void surface.ask("refuse", { which })}>
            {words}
          </button>
        ))}
      </div>
    </section>
  );
}
