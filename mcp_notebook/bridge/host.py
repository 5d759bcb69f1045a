"""Exchange messages with the host: one JSON-RPC message per line, on stdin and stdout."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress

__all__ = ["CONNECTION_CLOSED", "HEADER_MISMATCH", "INTERNAL_ERROR", "INVALID_REQUEST", "PARSE_ERROR", "HostProcess"]

# Error codes of JSON-RPC and of the protocol.
PARSE_ERROR = -32700
INVALID_REQUEST = -32600
INTERNAL_ERROR = -32603
CONNECTION_CLOSED = -32000
HEADER_MISMATCH = -32020


class HostProcess:
    """The process that started the bridge.

    Once this exists, stdout carries only messages, and other prints of this process go to stderr.
    """

    def __init__(self) -> None:
        if sys.platform == "win32":
            import msvcrt

            for descriptor in (0, 1):
                msvcrt.setmode(descriptor, os.O_BINARY)
        self._out = os.dup(1)
        os.dup2(2, 1)
        self._lines = _lines(0)
        self._writing = threading.Lock()

    def read(self) -> bytes | None:
        """Wait for the next nonblank line, and return None at the end; for one thread at a time."""
        return next(self._lines, None)

    def send(self, message: bytes) -> None:
        """Send a message, in one line.

        Raises:
            BrokenPipeError: The host is gone.
        """
        # In JSON, a raw line break occurs only between tokens, where it can be a space, and never inside strings.
        if b"\n" in message or b"\r" in message:
            message = message.replace(b"\r", b" ").replace(b"\n", b" ")
        with self._writing:
            unsent = memoryview(message + b"\n")
            while unsent:
                unsent = unsent[os.write(self._out, unsent) :]

    def notify(self, method: str, params: dict[str, object] | None = None) -> None:
        """Send a notification from the bridge itself."""
        message: dict[str, object] = {"jsonrpc": "2.0", "method": method}
        self.send(json.dumps(message | ({"params": params} if params else {})).encode())

    def refuse(self, request_id: object, code: int, text: str) -> None:
        """Answer a request with an error."""
        error = {"code": code, "message": text}
        self.send(json.dumps({"jsonrpc": "2.0", "id": request_id, "error": error}).encode())

    def tell(self, text: str) -> None:
        """Write a line for the person who reads the host's log."""
        with suppress(OSError):  # a host may have closed it
            os.write(2, f"mcp-notebook connect: {text}\n".encode())


def _lines(descriptor: int) -> Iterator[bytes]:
    rest: list[bytes] = []
    while chunk := os.read(descriptor, 1 << 20):
        *whole, last = chunk.split(b"\n")
        for line in whole:
            rest.append(line)
            if text := b"".join(rest).strip():
                yield text
            rest = []
        rest.append(last)
    if text := b"".join(rest).strip():
        yield text
