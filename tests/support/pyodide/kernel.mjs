// A notebook's kernel as JupyterLite runs it, without the page: the steps and the Python of its worker, in Node.
// node --experimental-wasm-jspi kernel.mjs PYODIDE WHEELS, with a line of JSON for each message on stdin: a cell is
// {"code", "metadata"}, a message for a widget is {"comm"}. It prints a line of JSON for each.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

// Node's own report repeats a line of 1 MB.
process.on("uncaughtException", (error) => {
    console.error(error.message);
    process.exit(1);
});

const [folder, wheels] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
const { piplite, urls } = JSON.parse(wheels);

const quiet = () => {};
const pyodide = await loadPyodide({ indexURL: `${folder}/`, stdout: quiet, stderr: quiet });
await pyodide.loadPackage(["micropip"]);
await pyodide.runPythonAsync(`
import micropip
await micropip.install("${piplite}", keep_going=True)
import piplite.piplite
piplite.piplite._PIPLITE_DISABLE_PYPI = True
piplite.piplite._PIPLITE_URLS = ${JSON.stringify(urls)}
for name in "ipykernel", "comm", "pyodide-kernel", "jedi", "ipython":
    await piplite.install(name, keep_going=True)
import socket
import threading

def listen(*_):
    raise OSError(138, "Not supported")  # as in a browser, where Emscripten has no listening sockets

socket.socket.listen = listen
started = []

def start(thread):
    started.append(thread.name)
    raise RuntimeError(f"a thread was started: {thread.name}")

threading.Thread.start = start
import pyodide_kernel
`);

const python = pyodide.globals.get("pyodide_kernel");
const kernel = python.kernel_instance;
const shell = kernel.interpreter;
const plain = (value) => (value?.toJs ? value.toJs({ dict_converter: Object.fromEntries }) : value);
let said = [];
const stream = (name, text) => said.push([name, text]);
python.stdout_stream.publish_stream_callback = stream;
python.stderr_stream.publish_stream_callback = stream;
const show = (kind) => (...parts) => said.push([kind, plain(parts.at(kind === "execute_result" ? 1 : 0))]);
shell.displayhook.publish_execution_result = show("execute_result");
shell.display_pub.display_data_callback = show("display_data");
shell.display_pub.update_display_data_callback = show("update_display_data");
shell.display_pub.clear_output_callback = () => {};
shell.send_comm = (kind, content, metadata, ident, buffers) => said.push([kind, plain(content)]);
shell.input = () => "3";

for await (const line of createInterface({ input: process.stdin })) {
    const { code, metadata, comm } = JSON.parse(line);
    said = [];
    const before = performance.now();
    let result = { status: "ok" };
    if (comm) {
        // As the page does it: called, not awaited, so that Python cannot wait in it.
        kernel.comm_manager.comm_msg(pyodide.toPy(null), pyodide.toPy(null), pyodide.toPy(comm));
        await new Promise((done) => setTimeout(done, 1000));
    } else {
        kernel._parent_header = pyodide.toPy({ header: { msg_id: "1" }, metadata: metadata ?? {}, content: { allow_stdin: true } });
        result = plain(await kernel.run(code));
    }
    const seconds = (performance.now() - before) / 1000;
    const threads = plain(pyodide.globals.get("started"));
    console.log(JSON.stringify({ ...result, said, seconds, threads }));
}
