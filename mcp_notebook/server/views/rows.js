// An app's side of the protocol, and the rows in the result that it gets. No library: the page is small and offline.
let numbers = 0;
const waiting = new Map();
const host = window.parent;

function request(method, params) {
  const id = ++numbers;
  host.postMessage({ jsonrpc: "2.0", id, method, params }, "*");
  return new Promise((done, failed) => waiting.set(id, { done, failed }));
}

const notify = (method, params) => host.postMessage({ jsonrpc: "2.0", method, params }, "*");

const isRow = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const areRows = (value) => Array.isArray(value) && value.every(isRow);

/** The rows of a result: a list of objects in its structured content, else in its texts. */
function rowsOf({ structuredContent, content }) {
  for (const value of [structuredContent, ...Object.values(structuredContent ?? {})]) if (areRows(value)) return value;
  const texts = (content ?? []).filter(({ type }) => type === "text");
  try {
    const values = texts.map(({ text }) => JSON.parse(text));
    if (values.length === 1 && areRows(values[0])) return values[0];
    return areRows(values) ? values : undefined;
  } catch {
    return undefined;
  }
}

const columnsOf = (rows) => [...new Set(rows.flatMap((row) => Object.keys(row)))];
const isNumeric = (rows, column) => {
  const values = rows.map((row) => row[column]).filter((value) => value !== null && value !== undefined);
  return values.length > 0 && values.every((value) => typeof value === "number");
};
const inWords = (value) => {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
};

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function takeOn(context) {
  const { style } = document.documentElement;
  for (const [name, value] of Object.entries(context.styles?.variables ?? {})) style.setProperty(name, value);
  if (context.theme) style.colorScheme = context.theme;
}

/** Speak with the host, and call `show` with the rows of each result, and again when the width changes. */
function begin(show) {
  const place = document.getElementById("view");
  let rows;
  const say = (words) => place.replaceChildren(element("p", { class: "quiet", role: "status" }, words));
  const draw = () => {
    if (rows === undefined) return;
    if (rows.length) show(place, rows);
    else say("No rows.");
  };
  const heard = {
    "ui/notifications/tool-result": (result) => {
      const found = rowsOf(result);
      if (result.isError) return say(`The tool failed: ${inWords(result.content?.[0]?.text)}`);
      if (!found) return say("This result has no rows: a list of objects is shown here.");
      rows = found;
      draw();
    },
    "ui/notifications/tool-cancelled": () => say("The call was cancelled."),
    "ui/notifications/host-context-changed": (context) => {
      takeOn(context);
      draw();
    },
  };
  window.addEventListener("message", ({ data, source }) => {
    if (source !== host || data?.jsonrpc !== "2.0") return;
    if (data.method === "ui/resource-teardown") host.postMessage({ jsonrpc: "2.0", id: data.id, result: {} }, "*");
    else if (data.method) heard[data.method]?.(data.params);
    else if (data.error) waiting.get(data.id)?.failed(data.error);
    else waiting.get(data.id)?.done(data.result);
  });
  const about = { name: document.title, version: "1.0.0" };
  const told = { protocolVersion: "2026-01-26", appInfo: about, appCapabilities: { availableDisplayModes: ["inline"] } };
  request("ui/initialize", told).then(({ hostContext }) => {
    takeOn(hostContext ?? {});
    notify("ui/notifications/initialized", {});
    const size = () => {
      const { width, height } = document.documentElement.getBoundingClientRect();
      notify("ui/notifications/size-changed", { width: Math.ceil(width), height: Math.ceil(height) });
    };
    new ResizeObserver(size).observe(document.documentElement);
  });
}
