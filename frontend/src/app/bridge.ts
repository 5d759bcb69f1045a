// The official bridge between an app and its host, with what this host offers. A bundle of its own, because the bridge is
// several times as large as the rest of the front end: the kernel sends it when the page first shows an app.

import { ProtocolError } from "@modelcontextprotocol/client";
import { AppBridge, PostMessageTransport, type McpUiHostContext } from "@modelcontextprotocol/ext-apps/app-bridge";
import { page } from "./sandbox";

/** What an app is told about its surroundings; the protocol leaves the choice of the style's variables to the host. */
export type Context = Omit<McpUiHostContext, "styles" | "theme"> & { theme: "light" | "dark"; styles: { variables: Record<string, string> } };

/** What is shown. */
export interface Shown {
  number: number;
  html: string;
  policy: string;
  domains: Record<string, string[]>;
  border?: boolean;
  tool?: any;
  input: Record<string, unknown>;
  result?: any;
}

/** What the app may ask for. Each may refuse, by throwing. */
export interface Host {
  version: string;
  context: () => Context;
  call: (name: string, given: unknown) => Promise<any>;
  read: (uri: string) => Promise<any>;
  open: (url: string) => Promise<void>;
  say: (text: string) => Promise<void>;
  /** Keep what the app wants the model to know, in place of what it said before; "" for nothing. */
  keep: (text: string) => void;
  resize: (height: number) => void;
  end: () => void;
}

/** What the host does with a connected app. */
export interface Connected {
  /** Tell it that the look or the width changed. */
  look: (context: Context) => void;
  /** Tell it that it goes, and wait for it for a moment. */
  end: () => Promise<void>;
}

const REFUSED = -32000;
const GOODBYE = 500;

const refusing = async <T>(done: Promise<T>): Promise<T> => {
  try {
    return await done;
  } catch (error) {
    throw error instanceof ProtocolError ? error : new ProtocolError(REFUSED, error instanceof Error ? error.message : String(error));
  }
};

/** The most characters that an app may want a model to know; messages have the same limit in the kernel. */
const MOST_TEXT = 20_000;

function textsOf(content: any): string[] {
  const blocks = Array.isArray(content) ? content : [content];
  const texts = blocks.filter((block) => block?.type === "text").map((block) => block.text);
  if (texts.length < blocks.length) throw new ProtocolError(REFUSED, "This host takes text only.");
  return texts;
}

function messageOf(content: any): string {
  const texts = textsOf(content);
  if (!texts.length) throw new ProtocolError(REFUSED, "This message is empty.");
  return texts.join("\n");
}

function contextOf({ content, structuredContent }: { content?: unknown[]; structuredContent?: unknown }): string {
  const data = structuredContent === undefined ? [] : [JSON.stringify(structuredContent, null, 2)];
  const text = [...textsOf(content ?? []), ...data].join("\n");
  if (text.length > MOST_TEXT) throw new ProtocolError(REFUSED, `This is more than ${MOST_TEXT} characters.`);
  return text;
}

/** Connect the app in a frame, and give it the result that it shows. */
export async function connect(frame: HTMLIFrameElement, shown: Shown, host: Host): Promise<Connected> {
  const tool = shown.tool ? { toolInfo: { tool: shown.tool } } : {};
  const bridge = new AppBridge(
    null,
    { name: "mcp-notebook", version: host.version },
    {
      openLinks: {},
      serverTools: {},
      serverResources: {},
      logging: {},
      message: { text: {} },
      updateModelContext: { text: {}, structuredContent: {} },
      sandbox: { csp: shown.domains },
    },
    { hostContext: { ...host.context(), ...tool } as McpUiHostContext },
  );
  let ready = false;
  bridge.oncalltool = (params) => refusing(host.call(params.name, params.arguments));
  bridge.onreadresource = (params) => refusing(host.read(params.uri));
  bridge.onopenlink = async (params) => {
    await refusing(host.open(params.url));
    return {};
  };
  bridge.onmessage = async (params) => {
    await refusing((async () => host.say(messageOf(params.content)))());
    return {};
  };
  bridge.onupdatemodelcontext = async (params) => {
    host.keep(contextOf(params));
    return {};
  };
  bridge.onrequestdisplaymode = async () => ({ mode: "inline" as const });
  bridge.onloggingmessage = ({ level, logger, data }) => console.debug(`app ${logger ?? ""} ${level}:`, data);
  bridge.onsizechange = ({ height }) => height !== undefined && host.resize(height);
  bridge.onrequestteardown = host.end;
  bridge.oninitialized = () => {
    ready = true;
    if (shown.tool && shown.result) {
      void bridge.sendToolInput({ arguments: shown.input });
      void bridge.sendToolResult(shown.result);
    }
  };
  bridge.onsandboxready = () => void bridge.sendSandboxResourceReady({ html: page(shown.html, shown.policy), csp: shown.domains });
  const inside = frame.contentWindow!;
  await bridge.connect(new PostMessageTransport(inside, inside));
  return {
    look: (context) => bridge.setHostContext({ ...context, ...tool } as McpUiHostContext),
    end: async () => {
      const late = new Promise((done) => setTimeout(done, GOODBYE));
      if (ready) await Promise.race([bridge.teardownResource({}).catch(() => undefined), late]);
      await bridge.close();
    },
  };
}
