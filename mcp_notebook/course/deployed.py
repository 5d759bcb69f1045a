"""Run an exported package as a process of its own, and look at it as probes, clients and operators do."""

from __future__ import annotations

import atexit
import json
import os
import re
import secrets
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import TextContent

__all__ = ["Deployed", "connected"]

PATIENCE = 60.0
"""Seconds until the process must answer; a busy machine takes its time."""

LISTENS = re.compile(r"Listening at (http://\S+)/mcp")


class Deployed:
    """A package that listens on this machine, with a token of its own; a context manager.

    The process ends with `stop`, or with this Python. Its log can be read as long as
    this Python runs.

    Args:
        package: The folder of the package.
        python: An interpreter that has all that the package needs.
        settings: Environment variables. Those in lower case get the package's prefix: ``mail_password`` is
            ``LIBRARY_SERVER_MAIL_PASSWORD`` for the package ``library_server``.

    Attributes:
        name: The name of the package.
        url: The address, without a path.
        token: The token that callers need.
        process: The process.

    Raises:
        LookupError: The folder has no package.
        RuntimeError: The process does not answer; the message has the end of its log.
    """

    def __init__(self, package: Path, python: Path, **settings: str) -> None:
        self.name = _name_of(package)
        self.token = settings.get("token") or secrets.token_urlsafe()
        handle, place = tempfile.mkstemp(prefix=f"{self.name}-", suffix=".log")
        self._log = Path(place)
        atexit.register(self._log.unlink, missing_ok=True)
        environment = _environment(package, self.name, {"token": self.token, **settings})
        command = [str(python), "-m", self.name, "--transport", "http", "--port", "0"]
        with open(handle, "wb") as log:  # noqa: PTH123 - a path would be opened a second time
            self.process = subprocess.Popen(
                command, env=environment, cwd=package, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        atexit.register(self.stop)
        self.url = self._ready()

    def __enter__(self) -> Deployed:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        state = "running" if self.process.poll() is None else "stopped"
        return f"<{self.name}, {state}>"

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """Request a path without the token, as a probe does."""
        return httpx2.get(f"{self.url}{path}", headers=headers, timeout=30)

    def health(self, path: str = "/health/ready") -> str:
        """Return the answer to a probe: the status and the body."""
        answer = self.get(path)
        return f"{answer.status_code} {answer.text}"

    @asynccontextmanager
    async def client(self, **options: Any) -> AsyncIterator[Client]:
        """Connect a client with the token; the options are those of `Client`."""
        async with connected(self.url, self.token, **options) as client:
            yield client

    async def call(self, tool: str, **arguments: Any) -> str:
        """Call a tool, and return in words what the client gets: a result, an error result, or a protocol error."""
        async with self.client() as client:
            try:
                result = await client.call_tool(tool, arguments)
            except MCPError as error:
                return f"protocol error {error.code}: {error.message}"
        text = ", ".join(block.text for block in result.content if isinstance(block, TextContent))
        return f"error result: {text}" if result.is_error else text

    @property
    def log(self) -> str:
        """Everything that the process has logged."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def entries(self, logger: str = "") -> list[dict[str, Any]]:
        """Return the entries of the log whose logger has a name that begins like this."""
        found = [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]
        return [entry for entry in found if entry["logger"].startswith(logger)]

    def terminate(self) -> None:
        """Send SIGTERM, and do not wait."""
        self.process.terminate()

    def stop(self) -> int:
        """End the process, and return its exit status; its log stays."""
        atexit.unregister(self.stop)
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def _ready(self) -> str:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            if (found := LISTENS.search(self.log)) is not None:
                with suppress(httpx2.TransportError):
                    if httpx2.get(f"{found[1]}/health/live").status_code == 200:
                        return found[1]
            time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"{self.name} does not answer. The end of its log:\n{self.log[-1000:]}")


@asynccontextmanager
async def connected(url: str, token: str, **options: Any) -> AsyncIterator[Client]:
    """Connect a client to a package at an address; the options are those of `Client`."""
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=30) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http), **options) as client,
    ):
        yield client


def _name_of(package: Path) -> str:
    for server in package.glob("src/*/server.py"):
        return server.parent.name
    raise LookupError(f"There is no package in {package.name}: export it first.")


def _environment(package: Path, name: str, settings: Mapping[str, str]) -> dict[str, str]:
    """Return this environment, without variables for the Python of the notebook, and with the settings."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "LIBRARY_", "OTEL_"))}
    prefixed = {key if key.isupper() else f"{name}_{key}".upper(): value for key, value in settings.items()}
    # The sources come first, so that an environment with an earlier version of the package will do.
    return {**kept, **prefixed, "PYTHONPATH": str(package / "src")}
