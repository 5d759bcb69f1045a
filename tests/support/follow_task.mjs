// Calls a tool with the client of @modelcontextprotocol/ext-tasks: node follow_task.mjs NODE_MODULES URL TOOL ARGUMENTS.
// Prints the statuses of the task, and how it ended, as JSON.

import { pathToFileURL } from "node:url";

const [, , modules, url, tool, given] = process.argv;
const load = (path) => import(pathToFileURL(`${modules}/@modelcontextprotocol/${path}`).href);
const { Client, StreamableHTTPClientTransport } = await load("client/dist/index.mjs");
const { createTaskSessionFromClient } = await load("ext-tasks/dist/client/index.js");

const clientInfo = { name: "follower", version: "1" };
const clientCapabilities = { elicitation: { form: {} } };
const protocolVersion = "2026-07-28";
const client = new Client(clientInfo, { capabilities: clientCapabilities, versionNegotiation: { mode: "auto" } });
await client.connect(new StreamableHTTPClientTransport(new URL(url)));

// The SDK's client reads results of the core only, so that the host sends the requests of the extension.
let id = 1000;
async function rawDispatch(request) {
  const name = request.params.taskId ?? request.params.name;
  const answer = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": protocolVersion,
      "mcp-method": request.method,
      "mcp-name": name,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: ++id, ...request }),
  });
  const text = await answer.text();
  const message = JSON.parse(text.startsWith("{") ? text : text.match(/^data: (.*)$/m)[1]);
  return message.error ? { kind: "error", error: message.error } : { kind: "result", result: message.result };
}

const session = createTaskSessionFromClient(client, {
  endpointId: "ours",
  rawDispatch,
  v2RequestFraming: { protocolVersion, clientInfo, clientCapabilities },
  onInputRequest: async () => ({ action: "accept", content: { name: "Ada" } }),
});
const execution = await session.callTool(tool, JSON.parse(given));
const seen = [];
const { outcome, lastTask } = await execution.settle({ onEvent: (event) => void seen.push(event) });
console.log(JSON.stringify({ outcome, lastTask, events: seen.map((event) => event.kind ?? event.type) }));
await session.close();
await client.close();
