// An app in its frame: what it asks for goes to the kernel, and to the person where the person decides.

import { useEffect, useRef, useState } from "preact/hooks";
import { Html } from "../parts/html";
import { Inside } from "../parts/inside";
import { shown as visible } from "../parts/shown";
import type { Surface } from "../surface";
import type { Connected, Context, Host, Shown } from "./bridge";
import { makeFrame } from "./sandbox";
import { look, onLook } from "./theme";

type Bridge = typeof import("./bridge");

/** What the app asks the person for. */
interface Asked {
  words: string;
  detail: string;
  cautions: string[];
  verb: string;
  allow: () => void;
  deny: () => void;
}

const START_HEIGHT = 150;
const MOST_HEIGHT = 4_000;
const KEY = Symbol.for("mcp_notebook.app_bridge");

/** The bridge, loaded once for a page. */
function bridge(surface: Surface): Promise<Bridge> {
  const page = globalThis as unknown as Record<symbol, Promise<Bridge> | undefined>;
  const load = async () => {
    const url = URL.createObjectURL(new Blob([await surface.ask("bridge")], { type: "text/javascript" }));
    try {
      return (await import(/* @vite-ignore */ url)) as Bridge;
    } finally {
      URL.revokeObjectURL(url);
    }
  };
  const loading = (page[KEY] ??= load());
  loading.catch(() => delete page[KEY]);
  return loading;
}

export function AppView({ surface }: { surface: Surface }) {
  const { about, state } = surface;
  const [asked, setAsked] = useState<Asked[]>([]);
  const [ended, setEnded] = useState(false);
  const [kept, setKept] = useState("");
  const ask = (question: Omit<Asked, "allow" | "deny">) =>
    new Promise<boolean>((decide) => {
      const end = (allowed: boolean) => () => {
        setAsked((all) => all.filter((each) => each !== entry));
        decide(allowed);
      };
      const entry: Asked = { ...question, allow: end(true), deny: end(false) };
      setAsked((all) => [...all, entry]);
    });
  useEffect(() => {
    setEnded(false);
    setKept("");
  }, [state.shown?.number]);
  return (
    <section class="mcpnb mcpnb-ui mcpnb-app" aria-label={`app ${about.uri}`}>
      <div class="mcpnb-header">
        <h4 class="jp-toc-ignore">
          app <code>{about.uri}</code>
        </h4>
        <span class="mcpnb-hint">
          {about.tool && <>shows <code>{about.tool}</code> </>}
          {about.foreign ? `from ${about.server}, not of this notebook` : `on ${about.server}`}
        </span>
        {state.phase === "shown" && (
          <button type="button" class="mcpnb-quiet" title={about.tool ? `Call ${about.tool} again` : "Load the page again"} onClick={() => void surface.ask("again")}>
            ↻ Refresh
          </button>
        )}
      </div>
      {state.error && (
        <p class="mcpnb-wrong" role="alert">
          <span aria-hidden="true">✗ </span>
          {state.error}
        </p>
      )}
      {state.phase === "asking" && <Consent surface={surface} />}
      {state.phase === "refused" && <p class="mcpnb-hint">Not shown, because you said no. Run the cell again to be asked again.</p>}
      {state.phase === "shown" && !ended && <Frame surface={surface} shown={state.shown} ask={ask} keep={setKept} end={() => setEnded(true)} />}
      {state.phase === "shown" && ended && <p class="mcpnb-hint">The app has closed itself. Refresh shows it again.</p>}
      {state.phase === "shown" && state.note && <p class="mcpnb-hint">{state.note}</p>}
      {kept && <Kept key={kept} surface={surface} text={kept} />}
      {asked.length > 0 && <Question {...asked[0]!} />}
      {(state.questions ?? []).map((mount: string) => (
        <Inside key={mount} mount={mount} />
      ))}
    </section>
  );
}

/** Ask before the page of a server that is not of this notebook is shown. */
function Consent({ surface }: { surface: Surface }) {
  return (
    <div class="mcpnb-waits" role="group" aria-label={`Show the app of ${surface.about.server}?`}>
      <Html html={surface.state.consent} />
      <div class="mcpnb-actions">
        <button type="button" class="mcpnb-primary" onClick={() => void surface.ask("agree")}>
          Show the app
        </button>
        <button type="button" onClick={() => void surface.ask("refuse")}>
          Do not show it
        </button>
      </div>
    </div>
  );
}

/** What the app wants the model to know. It stays here until the person sends it. */
function Kept({ surface, text }: { surface: Surface; text: string }) {
  const [sent, setSent] = useState("");
  const send = () =>
    surface.ask("say", { text }).then(
      () => setSent("It is a message of the chat now."),
      (error) => setSent(String(error.message ?? error)),
    );
  return (
    <details class="mcpnb-kept">
      <summary>What the app wants the model to know, not sent unless you send it</summary>
      <pre tabIndex={0} aria-label="what the app wants the model to know">{visible(text)}</pre>
      <div class="mcpnb-actions">
        <button type="button" disabled={sent !== ""} onClick={() => void send()}>
          Send it to the model
        </button>
        <span class="mcpnb-hint" role="status">{sent}</span>
      </div>
    </details>
  );
}

/** Milliseconds before an answer counts, so that a click meant for the app is none. */
const PAUSE = 500;

function Question({ words, detail, cautions, verb, allow, deny }: Asked) {
  const [armed, setArmed] = useState(false);
  useEffect(() => {
    setArmed(false);
    const timer = setTimeout(() => setArmed(true), PAUSE);
    return () => clearTimeout(timer);
  }, [detail]);
  return (
    <div class="mcpnb-waits" role="alertdialog" aria-label={words}>
      <p>
        <strong>{words}</strong>
      </p>
      <pre>{detail}</pre>
      {cautions.map((caution) => (
        <p class="mcpnb-caution">
          <span aria-hidden="true">! </span>
          {caution}
        </p>
      ))}
      <div class="mcpnb-actions">
        <button type="button" class="mcpnb-primary" disabled={!armed} onClick={allow}>
          {verb}
        </button>
        <button type="button" disabled={!armed} onClick={deny}>
          Deny
        </button>
      </div>
    </div>
  );
}

interface FrameProps {
  surface: Surface;
  shown: Shown;
  ask: (question: Omit<Asked, "allow" | "deny">) => Promise<boolean>;
  keep: (text: string) => void;
  end: () => void;
}

function Frame({ surface, shown, ask, keep, end }: FrameProps) {
  const place = useRef<HTMLDivElement>(null);
  const [wrong, setWrong] = useState("");
  useEffect(() => {
    const around = place.current!;
    const frame = makeFrame(shown.policy, `app ${surface.about.uri}`);
    frame.style.height = `${(surface.once("heights", () => ({ last: START_HEIGHT })) as { last: number }).last}px`;
    let connected: Connected | undefined;
    let gone = false;
    const host = hostOf({ surface, around, frame, ask, keep, end });
    const start = async () => {
      const { connect } = await bridge(surface);
      if (gone) return;
      around.append(frame); // only now: it speaks first, as soon as it is loaded
      connected = await connect(frame, shown, host);
    };
    setWrong("");
    start().catch((error) => setWrong(error instanceof Error ? error.message : String(error)));
    const again = () => {
      const context = host.context();
      frame.style.colorScheme = context.theme;
      connected?.look(context);
    };
    again();
    const stop = onLook(again);
    const sizes = new ResizeObserver(again);
    sizes.observe(around);
    return () => {
      gone = true;
      stop();
      sizes.disconnect();
      void leave(frame, connected);
    };
  }, [shown.number]);
  return (
    <>
      <div ref={place} class={`mcpnb-app-frame${shown.border === false ? " bare" : ""}`} data-shown={shown.number} />
      {wrong && <p class="mcpnb-wrong" role="alert">{`The app cannot be shown: ${wrong}`}</p>}
    </>
  );
}

/** Let an app end: its frame stays on the page, unseen, until it has answered, because a frame that is taken out is gone. */
async function leave(frame: HTMLIFrameElement, connected: Connected | undefined): Promise<void> {
  frame.style.display = "none";
  await connected?.end().catch(() => undefined);
  frame.remove();
}

function hostOf({ surface, around, frame, ask, keep, end }: Omit<FrameProps, "shown"> & { around: HTMLElement; frame: HTMLIFrameElement }): Host {
  return {
    version: surface.about.version,
    context: (): Context => ({
      ...look(around),
      displayMode: "inline",
      availableDisplayModes: ["inline"],
      containerDimensions: { width: Math.round(around.clientWidth), maxHeight: MOST_HEIGHT },
      locale: navigator.language,
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      userAgent: `mcp-notebook/${surface.about.version}`,
      platform: "web",
    }),
    call: (name, given) => surface.ask("call", { name, arguments: given ?? {} }),
    read: (uri) => surface.ask("read", { uri }),
    open: async (url) => {
      const link = await surface.ask("link", { url });
      if (!link.href) throw new Error(`This is not the link of a web page: ${link.written}`);
      const allowed = await ask({ words: `The app asks to open a page of ${visible(link.host)}`, detail: visible(link.href), cautions: link.cautions, verb: "Open the page" });
      if (!allowed) throw new Error("Link opening denied by user");
      window.open(link.href, "_blank", "noopener,noreferrer");
    },
    say: async (text) => {
      const allowed = await ask({ words: "The app asks to send this to the model, as your message", detail: visible(text), cautions: [], verb: "Send it" });
      if (!allowed) throw new Error("Message sending denied");
      await surface.ask("say", { text });
    },
    keep,
    resize: (height) => {
      const pixels = Math.min(Math.max(Math.ceil(height), 20), MOST_HEIGHT);
      frame.style.height = `${pixels}px`;
      (surface.once("heights", () => ({ last: 0 })) as { last: number }).last = pixels;
    },
    end,
  };
}
