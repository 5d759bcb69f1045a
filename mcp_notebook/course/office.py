"""A stand-in for a service that only this machine can reach, and a stand-in for DNS."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["ADDRESSES", "Office", "resolve"]

ADDRESSES = {
    "books.example": ["93.184.215.14"],
    "six.example": ["2606:2800:21f:cb07:6820:80da:af6b:8b2c"],
    "office.example": ["10.0.0.7"],
    "cloud.example": ["169.254.169.254"],
    "carrier.example": ["100.64.0.1"],
    "both.example": ["93.184.215.14", "127.0.0.1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "127.0.0.1": ["127.0.0.1"],
    "2130706433": ["127.0.0.1"],
}
"""The names of the stand-in for DNS, with their addresses. A number is an address, too, as in the real one."""


def resolve(host: str) -> Sequence[str]:
    """Return the addresses of a host; none for an unknown one."""
    return ADDRESSES.get(host, [])


class Office:
    """Serves the pages of the library's office on this machine.

    Attributes:
        port: Its port.
        url: Its address.
    """

    def __init__(self) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = b"In the till: 212.50" if self.path == "/till" else b"Nothing here."
                self.send_response(200 if self.path == "/till" else 404)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, name="office", daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
