"""A stand-in for n8n: two workflows behind webhooks, as n8n 2.41.1 answered when it was tried for this course.

It imitates only what the chapter needs: the sign-in of a *Webhook* node by a header, the node *Remove Duplicates*, and
a workflow that answers at once and calls back later. It sends no letters.
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import httpx

from mcp_notebook.course.local_site import LocalSite, SiteReply, SiteRequest

__all__ = ["SLOW", "StandInForN8n", "Trouble", "recorded_tools", "workflow"]

Trouble = Literal["slow", "busy", "error"]
"""The fate of a request: answered late, refused by a proxy in front of n8n, or its workflow fails."""

SLOW = 2.0
"""Seconds until a slow answer."""

REFUSED = 403, "Authorization data is wrong!"
STARTED = {"message": "Workflow was started"}
FAILED = {"message": "Error in workflow"}


class StandInForN8n(LocalSite):
    """Listens on this machine, as n8n does with two published workflows.

    Attributes:
        url: Where it listens.
        key: The value of the header ``X-Library-Key`` that its webhooks want.
        secret: The key that signs what its workflows send.
        trouble: The fates of the next requests.
        requests: The path and the ``Idempotency-Key`` of each request so far; "" without that header.
        letters: The members to whom a letter was sent, in order.
        started: The orders of reports that were started.
    """

    def __init__(self) -> None:
        self.key = secrets.token_urlsafe(16)
        self.secret = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self.reset()
        super().__init__("stand-in-n8n")
        self.listen()

    def answer(self, request: SiteRequest) -> SiteReply:
        """Run a workflow."""
        if request.method == "GET":
            return SiteReply("This webhook is not registered for GET requests.", 404, "text/html")
        status, answer = self._answer(request.path, request.headers, request.body)
        return SiteReply(answer, status, "text/html" if isinstance(answer, str) else "application/json")

    def __repr__(self) -> str:
        return f"<a stand-in for n8n: {len(self.requests)} requests, {len(self.letters)} letters>"

    def reset(self, *trouble: Trouble) -> None:
        """Forget everything so far; `trouble` is for the next requests."""
        with self._lock:
            self.trouble: deque[Trouble] = deque(trouble)
            self.requests: list[tuple[str, str]] = []
            self.letters: list[str] = []
            self.started: list[dict[str, Any]] = []
            self._seen: set[str] = set()

    def _answer(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        workflows = {"/webhook/reminders": self._reminders, "/webhook/report": self._report}
        key = headers.get("idempotency-key", "")
        with self._lock:
            self.requests.append((path, key))
            trouble = self.trouble.popleft() if self.trouble else ""
        if trouble == "busy":
            return 503, "Service Unavailable"
        if path not in workflows:
            return 404, {"code": 404, "message": f'The requested webhook "POST {path}" is not registered.'}
        if not hmac.compare_digest(headers.get("x-library-key", "").encode(), self.key.encode()):
            return REFUSED
        if trouble == "error":
            return 500, FAILED
        try:
            answer = workflows[path](json.loads(body), key)
        except (KeyError, TypeError, ValueError):
            return 500, FAILED
        if trouble == "slow":
            time.sleep(SLOW)
        return 200, answer

    def _reminders(self, order: Any, key: str) -> Mapping[str, Any]:
        """Send letters, unless the key passed *Remove Duplicates* before."""
        members = [str(member) for member in order["members"]]
        with self._lock:
            if key in self._seen:
                return {"duplicate": True}
            if key:
                self._seen.add(key)
            self.letters += members
        return {"letters": len(members)}

    def _report(self, order: Any, _key: str) -> Mapping[str, Any]:
        """Answer at once; `finished` plays the rest of the workflow."""
        with self._lock:
            self.started.append(dict(order))
        return STARTED

    async def finished(
        self, app: Any, message: Mapping[str, Any], *, secret: bytes | None = None, age: float = 0
    ) -> int:
        """Call back as the workflow does: a *Crypto* node signs the time and the body, *HTTP Request* sends them.

        Args:
            app: The ASGI app that gets the request, at the path ``/n8n/finished``.
            message: The body, as JSON.
            secret: Another key than n8n's, to play somebody else.
            age: The age of the message in seconds.

        Returns:
            The status of the answer.
        """
        body = json.dumps(message, separators=(",", ":")).encode()
        sent = str(int(time.time() - age))
        signature = hmac.new(secret or self.secret, sent.encode() + b"." + body, "sha256").hexdigest()
        headers = {"x-sent": sent, "x-signature": f"sha256={signature}", "content-type": "application/json"}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://library") as http:
            return (await http.post("/n8n/finished", content=body, headers=headers)).status_code


@cache
def recorded_tools() -> Mapping[str, Mapping[str, str]]:
    """Return the tools that real servers listed on 2026-11-30, by server: each "reads", "changes" or "destroys".

    "Reads" is the annotation `readOnlyHint`. "Destroys" is `destructiveHint`, which holds unless a tool denies it.
    """
    text = files("mcp_notebook.course").joinpath("n8n_tools.json").read_text(encoding="utf-8")
    tools: Mapping[str, Mapping[str, str]] = json.loads(text)
    return tools


def workflow(*nodes: Sequence[Any]) -> dict[str, Any]:
    """Return a workflow as n8n exports it, from its nodes: each a name, a type and its parameters."""
    made = [{"name": name, "type": kind, "parameters": parameters} for name, kind, parameters in nodes]
    return {"name": "A workflow", "nodes": made, "connections": {}}
