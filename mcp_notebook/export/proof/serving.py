"""Start the package as a server, and connect to it."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mcp_types import Implementation

from mcp_notebook.client import Command, Connection, Era, Target, Url
from mcp_notebook.errors import ExportError
from mcp_notebook.export.proof.environment import Installed
from mcp_notebook.portal import Portal

__all__ = ["TRANSPORTS", "Connections", "serving"]

STARTING = 60.0
"""Seconds that the package may take to start."""


class Connections:
    """Connections to one server, one for each kind of client; over stdio, each has a process of its own."""

    def __init__(self, portal: Portal, target: Target, client: Implementation | None, log: Path) -> None:
        self._log = log
        self._portal = portal
        self._options: dict[str, Any] = {"notice": lambda _: None, "deadline": STARTING}
        if client is not None:
            self._options["client"] = client
        self._target = target
        self._open: dict[tuple[Era, bool], Connection] = {}
        self._closing = ExitStack()

    def __enter__(self) -> Connections:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    @property
    def log(self) -> str:
        """The log so far, over HTTP."""
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    def speaking(self, era: Era, *, extensions: bool = True) -> Connection:
        """Return the open connection of that era, whose client declares all extensions or none.

        Raises:
            RequestError: It cannot be opened.
        """
        kind = era, extensions
        if kind not in self._open:
            chosen = "all" if extensions else "none"
            connection = Connection(self._portal, self._target, era, extensions=chosen, **self._options)
            self._open[kind] = self._closing.enter_context(connection)
        return self._open[kind]


@contextmanager
def serving(
    portal: Portal, package: Installed, name: str, transport: str, client: Implementation | None = None
) -> Iterator[Connections]:
    """Start the package in an empty directory, and yield its connections; it ends with the context.

    Args:
        portal: The loop of the connections.
        package: Where it is installed.
        name: The name of the package for imports.
        transport: One of `TRANSPORTS`.
        client: The name that the connections give themselves; the one of this project if not given.

    Raises:
        ExportError: It does not start.
    """
    with TemporaryDirectory(prefix="proof-", ignore_cleanup_errors=True) as cwd, ExitStack() as stack:
        target = stack.enter_context(TRANSPORTS[transport](package, name, Path(cwd)))
        yield stack.enter_context(Connections(portal, target, client, _log(Path(cwd))))


@contextmanager
def _stdio(package: Installed, name: str, cwd: Path) -> Iterator[Target]:
    program, arguments = (package.python, ["-m", name]) if package.command is None else (package.command, [])
    yield Command(str(program), arguments, env=package.variables, cwd=cwd)


@contextmanager
def _http(package: Installed, name: str, cwd: Path) -> Iterator[Target]:
    command = [str(package.python), "-m", name, "--transport", "http", "--port", "0"]
    variables = {**package.variables, **package.access}
    path = _log(cwd)
    try:
        with path.open("w", encoding="utf-8") as log:
            process = subprocess.Popen(
                command, cwd=cwd, env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            yield Url(_address(process, path), token=package.token)
        finally:
            _end(process)
    finally:
        path.unlink(missing_ok=True)  # once it is closed, as Windows requires


def _log(cwd: Path) -> Path:
    """Return the place of the log of a package that is started over HTTP: beside its directory, which stays empty."""
    return cwd.parent / f"{cwd.name}.log"


TRANSPORTS = {"stdio": _stdio, "HTTP": _http}


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until the log has the address of the server."""
    end = time.monotonic() + STARTING
    while time.monotonic() < end:
        ended = process.poll() is not None
        said = log.read_text(encoding="utf-8", errors="replace")
        if found := re.search(r"Listening at (http://[^\s\"]+)", said):
            return found[1]
        if ended:
            last = [line.strip() for line in said.splitlines() if line.strip()][-1:]
            raise ExportError(f"it ended when it was started over HTTP: {' '.join(last)[:300]}")
        time.sleep(0.02)
    raise ExportError(f"it did not listen within {STARTING:.0f} seconds")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
