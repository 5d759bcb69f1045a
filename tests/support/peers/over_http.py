"""An MCP server over HTTP that misbehaves: ``python over_http.py`` prints its port; the path of a URL is the fault.

Asked for `good`, its tool answers as it should; asked for `bad`, as the fault says.
"""

from __future__ import annotations

import gzip
import json
import threading
import zlib
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

JSON, EVENTS = "application/json", "text/event-stream"
TEXT = '{"jsonrpc":"2.0","id":%s,"result":{"content":[{"type":"text","text":"%s"}]}}'
BIG = 500_000_000
NEVER = threading.Event()


def bomb(wbits: int) -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, wbits)
    return b"".join(squeeze.compress(b" " * 1_000_000) for _ in range(BIG // 1_000_000)) + squeeze.flush()


def event(data: str | bytes, *more: str) -> bytes:
    head = "".join(f"{line}\n" for line in ("event: message", *more))
    return head.encode() + b"data: " + (data.encode() if isinstance(data, str) else data) + b"\n\n"


class Peer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    queues: dict[str, Queue[bytes]] = {}  # noqa: RUF012 - one for the process

    def log_message(self, *_: object) -> None:
        pass

    def put(self, body: bytes = b"", kind: str = JSON, status: int = 200, **headers: str) -> None:
        self.start(kind, status, **headers, Content_Length=str(len(body)))
        self.wfile.write(body)

    def start(self, kind: str = EVENTS, status: int = 200, **headers: str) -> None:
        """Begin a response that ends with the connection."""
        self.send_response(status)
        for name, value in {"Content-Type": kind, **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()

    def stream(self, *pieces: bytes) -> None:
        self.start()
        for piece in pieces:
            self.wfile.write(piece)

    def endless(self, start: bytes, piece: bytes, kind: str = EVENTS, status: int = 200, pause: float = 0) -> None:
        self.start(kind, status)
        self.wfile.write(start)
        while True:
            self.wfile.write(piece)
            self.wfile.flush()
            NEVER.wait(pause)

    def answer(self, request: object, result: object) -> None:
        self.put(json.dumps({"jsonrpc": "2.0", "id": request, "result": result}).encode())

    def refuse(self, request: object, text: str, status: int = 200) -> None:
        error = {"code": -32603, "message": text}
        self.put(json.dumps({"jsonrpc": "2.0", "id": request, "error": error}).encode(), status=status)

    def do_GET(self) -> None:
        fault = self.path.split("/")[1]
        with suppress(OSError):
            if fault.startswith("sse"):
                self._serve_sse(fault)
            else:
                self.put(b"", status=405)

    def _serve_sse(self, fault: str) -> None:
        self.start()
        if fault != "sse-without-endpoint":
            self.wfile.write(f"event: endpoint\ndata: /{fault}/messages\n\n".encode())
        queue = self.queues[fault] = Queue()
        while True:
            self.wfile.write(queue.get())

    def do_DELETE(self) -> None:
        self.put(b"")

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        fault = self.path.split("/")[1]
        with suppress(OSError):
            if fault.startswith("sse"):
                self._posted_for_sse(fault, message)
            elif "id" not in message:
                self.put(b"", status=202)
            else:
                self._asked(fault, message)

    def _posted_for_sse(self, fault: str, message: dict[str, Any]) -> None:
        if not self.path.endswith("/messages"):
            return self.put(b"no", "text/plain", 405)
        name = (message.get("params") or {}).get("name")
        if name == "bad" and fault == "sse-refuses":
            return self.put(b"no room", "text/plain", 503)
        self.put(b"", status=202)
        if "id" in message:
            reply = {"error": {"code": -32601, "message": "Method not found"}}
            if message["method"] in RESULTS:
                reply = {"result": RESULTS[message["method"]](message.get("params") or {})}
            line = json.dumps({"jsonrpc": "2.0", "id": message["id"], **reply})
            self.queues[fault].put(event(SSE[fault](message["id"]) if name == "bad" else line))
        return None

    def _asked(self, fault: str, message: dict[str, Any]) -> None:
        method, request = message["method"], message["id"]
        if method == "tools/call" and message["params"]["name"] == "bad":
            FAULTS[fault](self, request)
        elif method not in RESULTS:
            self.refuse(request, "Method not found", 404)
        else:
            self.answer(request, RESULTS[method](message.get("params") or {}))


RESULTS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "initialize": lambda params: {
        "protocolVersion": params["protocolVersion"],
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "misbehaves", "version": "0"},
    },
    "tools/list": lambda _: {"tools": [{"name": n, "inputSchema": {"type": "object"}} for n in ("good", "bad")]},
    "tools/call": lambda _: {"content": [{"type": "text", "text": "good"}]},
}

SSE: dict[str, Callable[[object], str]] = {
    "sse-half-a-character": lambda i: TEXT % (i, "cut \\ud83d"),
    "sse-null-id": lambda i: TEXT % ("null", "x"),
    "sse-big": lambda i: TEXT % (i, "x" * 2_000_000),
    "sse-too-big": lambda i: TEXT % (i, "x" * 70_000_000),
}

FAULTS: dict[str, Callable[[Peer, Any], object]] = {
    "gzip-bomb": lambda p, i: p.put(bomb(31), Content_Encoding="gzip"),
    "deflate-bomb": lambda p, i: p.put(bomb(15), Content_Encoding="deflate"),
    "bomb-in-bomb": lambda p, i: p.put(gzip.compress(bomb(31)), Content_Encoding="gzip, gzip"),
    "gzip-bomb-of-events": lambda p, i: p.put(bomb(31), EVENTS, Content_Encoding="gzip"),
    "gzip-bomb-as-error": lambda p, i: p.put(bomb(31), JSON, 500, Content_Encoding="gzip"),
    "gzip-that-is-none": lambda p, i: p.put(b"not gzip", Content_Encoding="gzip"),
    "endless-body": lambda p, i: p.endless(b'{"jsonrpc":"2.0","id":', b"1" * 100_000, JSON),
    "endless-event": lambda p, i: p.endless(b"data: ", b"a" * 100_000),
    "endless-comment": lambda p, i: p.endless(b": ", b"a" * 100_000),
    "endless-error": lambda p, i: p.endless(b"no", b"o" * 100, "text/plain", 500, 0.05),
    "headers-without-end": lambda p, i: [p.wfile.write(b"HTTP/1.1 200 OK\r\n")]
    + [p.wfile.write(b"X-%d: %s\r\n" % (n, b"a" * 1000)) for n in range(100_000)],
    "big-event": lambda p, i: p.stream(event(TEXT % (i, "x" * 2_000_000))),
    "big-image": lambda p, i: p.put((TEXT % (i, "x" * 50_000_000)).encode()),
    "bom": lambda p, i: p.put((TEXT % (i, "x")).encode("utf-8-sig")),
    "bom-before-events": lambda p, i: p.stream(b"\xef\xbb\xbf" + event(TEXT % (i, "x"))),
    "half-a-character": lambda p, i: p.put((TEXT % (i, "cut \\ud83d")).encode()),
    "half-a-character-in-an-event": lambda p, i: p.stream(event(TEXT % (i, "cut \\ud83d"))),
    "latin-1": lambda p, i: p.put((TEXT % (i, "caf\xe9")).encode("latin-1")),
    "latin-1-in-an-event": lambda p, i: p.stream(event((TEXT % (i, "caf\xe9")).encode("latin-1"))),
    "null-id": lambda p, i: p.refuse(None, "it broke"),
    "other-id": lambda p, i: p.answer(987654, {"content": []}),
    "empty": lambda p, i: p.put(b""),
    "accepted": lambda p, i: p.put(b"", status=202),
    "no-content": lambda p, i: p.put(b"", status=204),
    "batch": lambda p, i: p.put(f'[{TEXT % (i, "x")}]'.encode()),
    "a-notification": lambda p, i: p.put(b'{"jsonrpc":"2.0","method":"notifications/message"}'),
    "result-is-text": lambda p, i: p.answer(i, "x"),
    "web-page": lambda p, i: p.put(b"<h1>Shop</h1>", "text/html"),
    "cut-short": lambda p, i: p.start(JSON, Content_Length="1000") or setattr(p, "close_connection", True),
    "events-end": lambda p, i: p.stream(b": nothing\n\n"),
    "events-end-after-a-message": lambda p, i: p.stream(event('{"jsonrpc":"2.0","method":"notifications/x"}')),
    "events-ask-to-come-back-late": lambda p, i: p.stream(event("", "id: 1", "retry: 99999999")),
    "error-in-latin-1": lambda p, i: p.put("caf\xe9".encode("latin-1"), "text/plain", 500),
    "silence": lambda p, i: NEVER.wait(600),
    "drip": lambda p, i: p.endless(b"", b" ", JSON, pause=0.05),
    "drip-of-events": lambda p, i: p.endless(b"", b": still here\n\n", pause=0.05),
}  # fmt: skip


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
