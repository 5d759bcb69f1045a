"""Stand-ins for the models of hosts: an API on this machine that keeps what it is sent, and has one tool called."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Model", "standing_in"]


class Model:
    """The model of a host.

    Attributes:
        host: ``claude``, ``codex`` or ``gemini``.
        url: The base URL of its API.
        sent: The bodies of the requests.
        calls: The names of the tools to call, one a turn.
    """

    def __init__(self, host: str) -> None:
        self.host = host
        self.url = ""
        self.sent: list[dict[str, Any]] = []
        self.calls: list[str] = []

    def tools(self) -> dict[str, dict[str, Any]]:
        """The tools that the host told the model, by name; those of Codex as ``namespace__name``."""
        found: dict[str, dict[str, Any]] = {}
        for body in self.sent:
            for tool in body.get("tools", []):
                if "functionDeclarations" in tool:
                    found |= {each["name"]: each for each in tool["functionDeclarations"]}
                elif tool.get("type") == "namespace":
                    found |= {f"{tool['name']}__{each['name']}": each for each in tool["tools"]}
                elif "name" in tool:
                    found[tool["name"]] = tool
        return {name: tool for name, tool in found.items() if name.startswith("mcp_")}

    def answer(self, body: dict[str, Any]) -> Iterator[str]:
        """The events of an answer: the next call, or a word."""
        self.sent.append(body)
        call = self.calls.pop(0) if self.calls and body.get("tools") else None
        yield from {"claude": _claude, "codex": _codex, "gemini": _gemini}[self.host](call, len(self.sent))


def _event(data: dict[str, Any], *, named: bool = True) -> str:
    return (f"event: {data['type']}\n" if named else "") + f"data: {json.dumps(data)}\n\n"


def _claude(call: str | None, number: int) -> Iterator[str]:
    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": usage}
    block: dict[str, Any] = {"type": "text", "text": ""}
    delta: dict[str, Any] = {"type": "text_delta", "text": "done"}
    if call is not None:
        block = {"type": "tool_use", "id": f"t{number}", "name": call, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": "{}"}
    yield _event({"type": "message_start", "message": {**message, "stop_reason": None, "stop_sequence": None}})
    yield _event({"type": "content_block_start", "index": 0, "content_block": block})
    yield _event({"type": "content_block_delta", "index": 0, "delta": delta})
    yield _event({"type": "content_block_stop", "index": 0})
    reason = {"stop_reason": "end_turn" if call is None else "tool_use", "stop_sequence": None}
    yield _event({"type": "message_delta", "delta": reason, "usage": {"output_tokens": 1}})
    yield _event({"type": "message_stop"})


def _codex(call: str | None, number: int) -> Iterator[str]:
    item: dict[str, Any] = {"type": "message", "role": "assistant", "id": "m"}
    item["content"] = [{"type": "output_text", "text": "done"}]
    if call is not None:
        namespace, _, name = call.rpartition("__")
        item = {"type": "function_call", "id": "f", "call_id": f"c{number}", "name": name, "namespace": namespace}
        item["arguments"] = "{}"
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    yield _event({"type": "response.created", "response": {"id": "r"}})
    yield _event({"type": "response.output_item.done", "output_index": 0, "item": item})
    yield _event({"type": "response.completed", "response": {"id": "r", "usage": usage}})


def _gemini(call: str | None, _number: int) -> Iterator[str]:
    part = {"text": "done"} if call is None else {"functionCall": {"name": call, "args": {}}}
    content = {"role": "model", "parts": [part]}
    yield _event({"candidates": [{"content": content, "finishReason": "STOP", "index": 0}]}, named=False)


@contextmanager
def standing_in(host: str) -> Iterator[Model]:
    """Answer for the model of a host, on a free port of this machine."""
    model = Model(host)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or "{}")
            counting = "count" in self.path
            self.send_response(200)
            self.send_header("content-type", "application/json" if counting else "text/event-stream")
            self.end_headers()
            events = ['{"input_tokens": 1, "totalTokens": 1}'] if counting else model.answer(body)
            self.wfile.writelines(event.encode() for event in events)

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(b'{"data": [], "models": []}')

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    model.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield model
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
