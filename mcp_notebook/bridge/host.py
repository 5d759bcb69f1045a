"""The host's side: one JSON-RPC message a line, in on stdin and out on stdout."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress

__all__ = ["CONNECTION_CLOSED", "HEADER_MISMATCH", "INTERNAL_ERROR", "INVALID_REQUEST", "PARSE_ERROR", "HostProcess"]

# The codes of errors, from JSON-RPC and from the protocol.
PARSE_ERROR = -32700
INVALID_REQUEST = -32600
INTERNAL_ERROR = -32603
CONNECTION_CLOSED = -32000
HEADER_MISMATCH = -32020


class HostProcess:
    """The process that started the bridge.

    From here on stdout carries messages only: what else is printed in this process goes to stderr.
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
        """Wait for the next line that is not blank; None at the end. One thread at a time."""
        return next(self._lines, None)

    def send(self, message: bytes) -> None:
        """Pass a message on, on one line.

        Raises:
            BrokenPipeError: The host is gone.
        """
        # Between the tokens of JSON a line break is a space; inside a string it is never there as such.
        if b"\n" in message or b"\r" in message:
            message = message.replace(b"\r", b" ").replace(b"\n", b" ")
        with self._writing:
            unsent = memoryview(message + b"\n")
            while unsent:
                unsent = unsent[os.write(self._out, unsent) :]

    def notify(self, method: str, params: dict[str, object] | None = None) -> None:
        """Send a notification of the bridge's own."""
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
