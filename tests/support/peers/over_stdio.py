"""An MCP server on stdio that misbehaves: ``python over_stdio.py FAULT [FILE]``.

Asked for `good`, its tool answers as it should; asked for `bad`, as the fault says.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO

OUT: BinaryIO = sys.stdout.buffer
NEVER = threading.Event()
TEXT = '{"jsonrpc":"2.0","id":%s,"result":{"content":[{"type":"text","text":"%s"}]}}'


PROGRESS = '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":%s,"progress":%s}}'


def put(line: bytes | str, end: bytes = b"\n") -> None:
    OUT.write((line.encode() if isinstance(line, str) else line) + end)
    OUT.flush()


def send(message: object) -> None:
    put(json.dumps(message))


def answer(request: object, result: object) -> None:
    send({"jsonrpc": "2.0", "id": request, "result": result})


def refuse(request: object, code: int, text: str) -> None:
    send({"jsonrpc": "2.0", "id": request, "error": {"code": code, "message": text}})


def text(words: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": words}]}


def endless(start: str) -> None:
    put(start, b"")
    while True:
        put(b"a" * 1_000_000, b"")


def flood(message: str) -> None:
    while True:
        put(message)


def asks_and_cancels(number: int) -> None:
    send({"jsonrpc": "2.0", "id": f"q{number}", "method": "sampling/createMessage", "params": SAMPLING})
    send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": f"q{number}"}})


SAMPLING = {"messages": [{"role": "user", "content": {"type": "text", "text": "Who?"}}], "maxTokens": 1}


def flood_of_stderr() -> None:
    while True:
        sys.stderr.write("x" * 99_999 + "\n")


BAD_ANSWERS = {
    "half-a-character": lambda i: put(TEXT % (i, "cut \\ud83d")),
    "half-a-character-in-a-key": lambda i: put(f'{{"jsonrpc":"2.0","id":{i},"result":{{"\\udc00":1,"content":[]}}}}'),
    "latin-1": lambda i: put((TEXT % (i, "caf\xe9")).encode("latin-1")),
    "utf-16": lambda i: put((TEXT % (i, "x")).encode("utf-16")),
    "no-id": lambda i: send({"jsonrpc": "2.0", "result": text("x")}),
    "null-id": lambda i: refuse(None, -32603, "it broke"),
    "null-id-result": lambda i: send({"jsonrpc": "2.0", "id": None, "result": text("x")}),
    "other-id": lambda i: answer(987654, text("x")),
    "id-as-words": lambda i: answer(f"request {i}", text("x")),
    "id-as-list": lambda i: answer([i], text("x")),
    "not-json-rpc": lambda i: send({"id": i, "result": text("x")}),
    "bare-result": lambda i: send(text("x")),
    "says-hello": lambda i: put("hello"),
    "version-1": lambda i: send({"jsonrpc": "1.0", "id": i, "result": text("x")}),
    "batch": lambda i: send([{"jsonrpc": "2.0", "id": i, "result": text("x")}]),
    "result-is-text": lambda i: answer(i, "x"),
    "result-misfits": lambda i: answer(i, {"content": "x"}),
    "error-is-text": lambda i: send({"jsonrpc": "2.0", "id": i, "error": "it broke"}),
    "neither": lambda i: send({"jsonrpc": "2.0", "id": i}),
    "cut-short": lambda i: put((TEXT % (i, "x"))[:-4]),
    "number-too-long": lambda i: put('{"jsonrpc":"2.0","id":' + f'{i},"result":{{"n":{"9" * 10_000},"content":[]}}}}'),
    "too-deep": lambda i: put('{{"jsonrpc":"2.0","id":{},"result":{{"n":{}}}}}'.format(i, "[" * 50_000 + "]" * 50_000)),
    "too-long": lambda i: put(TEXT % (i, "a" * 70_000_000)),
    "endless-line": lambda i: endless(f'{{"jsonrpc":"2.0","id":{i},"result":"'),
    "endless-noise": lambda i: endless(""),
    "ends": lambda i: sys.exit(3),
    "ends-in-the-middle": lambda i: (put('{"jsonrpc":"2.0","id":', b""), sys.exit(3)),
    "silence": lambda i: None,
    "drip": lambda i: [put("{", b"") or NEVER.wait(0.05) for _ in range(10_000)],
    "progress": lambda i: ([(NEVER.wait(0.2), put(PROGRESS % (i, n))) for n in range(6)], answer(i, text("x"))),
    "flood-of-messages": lambda i: flood(
        '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"again"}}'
    ),
    "flood-of-stderr": lambda i: flood_of_stderr(),
    "flood-of-noise": lambda i: flood("Listening..."),
    "flood-of-cancelled-questions": lambda i: [asks_and_cancels(n) for n in range(300)] and answer(i, text("x")),
    "flood-of-questions": lambda i: flood('{"jsonrpc":"2.0","id":"q","method":"roots/list"}'),
    "bad-notifications": lambda i: (
        send({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "loud"}}),
        send({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progress": "far"}}),
        send({"jsonrpc": "2.0", "id": 1, "method": "sampling/createMessage", "params": {"messages": 1}}),
        answer(i, text("x")),
    ),
    "noise-first": lambda i: (put("working..."), put('{"level":"info","error":null}'), answer(i, text("x"))),
    "twice": lambda i: (answer(i, text("x")), answer(i, text("y"))),
}  # fmt: skip


def at_first(fault: str, method: str, request: object) -> bool:
    """Answer the first message, where that is not the one of the handshake; return whether that is done."""
    if method == "initialize" or fault not in FIRST:
        return False
    FIRST[fault](request)
    return True


FIRST = {
    "refuses-everything-after-discover": lambda i: [
        refuse(json.loads(line).get("id"), -32600, "not initialized") for line in [json.dumps({"id": i}), *sys.stdin]
    ],
    "silent-after-discover": lambda i: [None for _ in sys.stdin],
    "ends-at-discover": lambda i: (sys.stderr.write("expected initialize, got server/discover\n"), sys.exit(1)),
    "gibberish-at-discover": lambda i: (put(b"\xff\xfe\x00"), sys.exit(1)),
    "null-id-at-discover": lambda i: refuse(None, -32600, "not initialized"),
    "half-a-character-at-discover": lambda i: put(f'{{"jsonrpc":"2.0","id":{i},"result":{{"\\ud83d":1}}}}'),
}


def begin(fault: str) -> None:
    if fault == "starts-with-noise":
        put("Server starting on stdio...")
    elif fault == "starts-with-a-bom":
        put(b"\xef\xbb\xbf", b"")
    elif fault == "python-does-not-start":
        sys.stderr.write("Loading\n")
        raise ModuleNotFoundError("No module named 'sales_data'")
    elif fault == "node-does-not-start":
        sys.stderr.write(NODE)
        sys.exit(1)
    elif fault == "dies-with":
        sys.stderr.write(sys.argv[2])
        sys.exit(1)
    elif fault == "never-starts":
        NEVER.wait(600)


NODE = """node:internal/modules/cjs/loader:1215
  throw err;
  ^

Error: Cannot find module '/srv/sales/dist/index.js'
    at Module._resolveFilename (node:internal/modules/cjs/loader:1212:15)
    at Module._load (node:internal/modules/cjs/loader:1043:27)
    at Function.executeUserEntryPoint [as runMain] (node:internal/modules/run_main:164:12)
    at node:internal/main/run_main_module:28:49 {
  code: 'MODULE_NOT_FOUND',
  requireStack: []
}

Node.js v20.19.0
"""


def main() -> None:
    fault = sys.argv[1]
    begin(fault)
    if len(sys.argv) > 2:
        with Path(sys.argv[2]).open("a", encoding="utf-8") as starts:
            starts.write("started\n")
    first = True
    for line in iter(sys.stdin.buffer.readline, b""):
        message = json.loads(line)
        request, method = message.get("id"), message.get("method")
        if first and at_first(fault, method, request):
            continue
        first = False
        if method == "initialize":
            info = {"name": "misbehaves", "version": "0"}
            version = message["params"]["protocolVersion"]
            answer(request, {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info})
        elif method == "notifications/initialized" and fault == "answers-notifications":
            refuse(None, -32601, "Method not found")
        elif method == "tools/list":
            if fault == "answers-notifications":
                NEVER.wait(0.2)
            answer(
                request, {"tools": [{"name": n, "inputSchema": {"type": "object"}} for n in ("good", "bad", "ends")]}
            )
        elif method == "tools/call" and message["params"]["name"] == "ends":
            sys.exit(3)
        elif method == "tools/call" and message["params"]["name"] == "bad":
            BAD_ANSWERS[fault](request)
        elif method == "tools/call":
            answer(request, text("good"))
        elif request is not None:
            refuse(request, -32601, "Method not found")


if __name__ == "__main__":
    main()
