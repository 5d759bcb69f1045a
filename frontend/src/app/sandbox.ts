// The two frames around an app. The outer one is the protocol's sandbox proxy: it holds the policy, so that the app in
// the inner one can neither load nor navigate its frame to anything but what it declares. Both have a null origin.

const FORWARD = `
const app = document.createElement("iframe");
app.setAttribute("sandbox", "allow-scripts allow-forms");
app.title = "app";
addEventListener("message", ({ data, source }) => {
  if (source === parent && data?.method === "ui/notifications/sandbox-resource-ready") {
    app.srcdoc = data.params.html;
    document.body.append(app);
  } else if (source === parent) {
    app.contentWindow?.postMessage(data, "*");
  } else if (source === app.contentWindow && !String(data?.method).startsWith("ui/notifications/sandbox-")) {
    parent.postMessage(data, "*");
  }
});
parent.postMessage({ jsonrpc: "2.0", method: "ui/notifications/sandbox-proxy-ready", params: {} }, "*");`;

// A page that does not say that it can be dark gets a white ground in a dark notebook, by the rules of CSS: the color
// scheme of its frame is not its own. One that can be dark is transparent, and its media queries say "dark".
const STYLE = ":root { color-scheme: light dark; } html, body, iframe { margin: 0; border: 0; padding: 0; width: 100%; height: 100%; display: block; background: transparent; }";

const quoted = (text: string) => text.replace(/&/g, "&amp;").replace(/"/g, "&quot;");

/** The policy as an element. Before all else in a page, it holds for the whole page: a parser ignores a later doctype. */
const policed = (policy: string) => `<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${quoted(policy)}">`;

/** The page of the outer frame. */
export function proxy(policy: string): string {
  return `${policed(policy)}<style>${STYLE}</style><body><script>${FORWARD}</script>`;
}

/** The page of an app with its policy, which holds even if a browser should not pass the outer one on. */
export function page(html: string, policy: string): string {
  return policed(policy) + html;
}

/** Make the outer frame. Forms are allowed, because apps handle them in scripts; the policy lets none be sent. */
export function makeFrame(policy: string, title: string): HTMLIFrameElement {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts allow-forms");
  frame.setAttribute("referrerpolicy", "no-referrer");
  frame.title = title;
  frame.srcdoc = proxy(policy);
  return frame;
}
