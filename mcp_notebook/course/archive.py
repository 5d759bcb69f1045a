"""A stand-in for the town archive: a web service on this machine, with the troubles that real ones have."""

from __future__ import annotations

import json
import threading
from collections import deque
from dataclasses import dataclass
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

__all__ = ["TownArchive", "Trouble"]

VOLUMES = {"Dune": 3, "Emma": 0, "Kindred": 1}

DRIP = 0.2
"""Seconds between two bytes of an answer that drips."""


@dataclass(frozen=True)
class Trouble:
    """The trouble that the archive has with one request.

    Attributes:
        status: The status of the answer, in place of the right one.
        retry_after: The header ``Retry-After``: seconds, or a date as HTTP writes it.
        slow: Seconds that pass before the answer.
        drip: Whether the body comes one byte at a time.
    """

    status: int | None = None
    retry_after: str | None = None
    slow: float = 0
    drip: bool = False


class TownArchive:
    """A web service on a free port of this machine; a context manager, or call `close`.

    It answers ``GET /copies/TITLE`` with ``{"copies": 3}``, and ``GET /hours/2026-11-02`` with ``{"hours": "9 to 17"}``
    or, on Mondays, ``{"hours": null}``. For anything unknown, the status is 404.

    Attributes:
        url: The address.
        copies: The copies of each title.
        trouble: The troubles of the next requests, first come, first served; without one, the answer is right.
        asked: The path of every request so far.
    """

    def __init__(self) -> None:
        self.copies = dict(VOLUMES)
        self.trouble: deque[Trouble] = deque()
        self.asked: list[str] = []
        self._closed = threading.Event()
        archive = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                archive._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, name="town-archive", daemon=True).start()

    def __enter__(self) -> TownArchive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<the town archive, {len(self.asked)} requests so far>"

    def close(self) -> None:
        """Stop listening."""
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()

    def begin(self, *trouble: Trouble) -> None:
        """Forget the requests and troubles so far; `trouble` is for the next requests."""
        self.asked.clear()
        self.trouble = deque(trouble)

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(unquote(handler.path))
        trouble = self.trouble.popleft() if self.trouble else Trouble()
        status, found = self._found(handler.path)
        if trouble.status is not None:
            status, found = trouble.status, {}
        if self._closed.wait(trouble.slow):
            return
        body = json.dumps(found).encode()
        try:
            handler.send_response(status)
            handler.send_header("Content-Type", "application/json")
            handler.send_header("Content-Length", str(len(body)))
            if trouble.retry_after is not None:
                handler.send_header("Retry-After", trouble.retry_after)
            handler.end_headers()
            for part in [bytes([byte]) for byte in body] if trouble.drip else [body]:
                handler.wfile.write(part)
                handler.wfile.flush()
                if trouble.drip and self._closed.wait(DRIP):
                    return
        except OSError:
            pass  # the client has left, as it may

    def _found(self, path: str) -> tuple[int, dict[str, Any]]:
        # Split before the quotes are taken away, so that a slash in a title stays in the title.
        kind, _, rest = path.lstrip("/").partition("/")
        name = unquote(rest)
        if kind == "copies" and name in self.copies:
            return 200, {"copies": self.copies[name]}
        if kind == "hours" and (day := _day(name)) is not None:
            return 200, {"hours": None if day.weekday() == 0 else f"{9 + day.weekday() % 2} to 17"}
        return 404, {}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
