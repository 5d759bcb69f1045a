"""Servers that send what the protocol does not have, as JSON over stdio; `MODES` says what each mode answers."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

__all__ = ["OddServer", "command", "odd"]

OBJECT: Final = {"type": "object", "properties": {}}


def command(answers: Mapping[str, Any], capabilities: Mapping[str, Any] | None = None) -> list[str]:
    """Return the command of a legacy server.

    Args:
        answers: By method, the response without its id: ``{"result": ...}`` or ``{"error": ...}``, or
            ``{"endless": ...}`` for pages without end, ``{"never": true}`` for none; a list of them is used in
            order, the last one again and again.
        capabilities: What it says it can do.
    """
    can = {"tools": {}, "resources": {}, "prompts": {}} if capabilities is None else dict(capabilities)
    return [sys.executable, str(Path(__file__)), json.dumps({"answers": dict(answers), "capabilities": can})]


def odd(
    more: Mapping[str, Any] | None = None, *, tools: Any = None, result: Any = None, error: Any = None, stretch: int = 1
) -> list[str]:
    """Return the command of a server with tools, one named ``t`` if not given, and what a call of one answers.

    An error's texts are repeated `stretch` times: a command cannot be that long. With `more`, it answers other methods.
    """
    answers: dict[str, Any] = {
        "tools/list": {"result": {"tools": [{"name": "t", "inputSchema": OBJECT}] if tools is None else tools}},
        "tools/call": {"result": result if result is not None else {"content": [{"type": "text", "text": "hi"}]}},
    }
    if error is not None:
        answers["tools/call"] = {"error": error, "stretch": stretch}
    return command({**answers, **(more or {})})


class OddServer:
    """Answers the messages of one client."""

    def __init__(
        self, answers: Mapping[str, Any], capabilities: Any, write: Callable[[str], Any], instructions: str = ""
    ) -> None:
        self._answers = {method: list(a) if isinstance(a, list) else [a] for method, a in answers.items()}
        self._capabilities = capabilities
        self._write = write
        self._instructions = {"instructions": instructions} if instructions else {}
        self._count = 0

    def take(self, message: Mapping[str, Any]) -> None:
        """Answer a message, where it asks for that."""
        if "id" not in message or "method" not in message:
            return
        answer = self._answer(message)
        if "never" not in answer:
            self._write(json.dumps({"jsonrpc": "2.0", "id": message["id"], **answer}) + "\n")

    def _answer(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        if message["method"] == "initialize":
            about = {"name": "odd", "version": "0"}
            version = message["params"]["protocolVersion"]
            said = {"protocolVersion": version, "capabilities": self._capabilities, "serverInfo": about}
            return {"result": {**said, **self._instructions}}
        prepared = self._answers.get(message["method"])
        if prepared is None:
            return {"error": {"code": -32601, "message": "Method not found"}}
        answer = prepared.pop(0) if len(prepared) > 1 else prepared[0]
        if "endless" in answer:  # each page names another one
            self._count += 1
            return {"result": {**answer["endless"], "nextCursor": f"page {self._count}"}}
        answer = dict(answer)
        stretch = answer.pop("stretch", 1)
        if stretch > 1:
            answer["error"] = {k: v * stretch if isinstance(v, str) else v for k, v in answer["error"].items()}
        return answer


def main() -> None:
    """Serve the client on stdin."""
    given = json.loads(sys.argv[1])
    server = OddServer(given["answers"], given["capabilities"], sys.stdout.write, given.get("instructions", ""))
    for line in sys.stdin:
        message = json.loads(line)
        if "log" in given and message.get("method") == "initialize":
            with Path(given["log"]).open("a", encoding="utf-8") as log:
                log.write(line)
        server.take(message)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
