"""JupyterLite's kernel in Node, and the site that it loads its packages from."""

from __future__ import annotations

import functools
import http.server
import json
import re
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.programs import PROGRAMS

__all__ = ["TabKernel", "TabRan", "running", "served"]


LONGEST = 240.0
"""Seconds after which a cell that does not end is a failure."""


class TabRan(NamedTuple):
    """What a cell put out.

    Attributes:
        said: The outputs, each with its kind: a stream's name, ``execute_result``, ``display_data`` and so on.
        raised: The name of the exception's class; "" if it raised none.
        seconds: How long it took.
        threads: The names of the threads that were started since the kernel started.
    """

    said: list[tuple[str, Any]]
    raised: str
    seconds: float
    threads: list[str]

    @property
    def text(self) -> str:
        """What a reader sees, as text."""
        streams = [("stdout", "stderr"), ("execute_result", "display_data")]
        return "".join(
            part if kind in streams[0] else part.get("text/plain", "") if kind in streams[1] else ""
            for kind, part in self.said
        )

    @property
    def opened(self) -> list[str]:
        """The ids of the new widgets."""
        return [content["comm_id"] for kind, content in self.said if kind == "comm_open"]

    def messages(self, comm: str) -> list[dict[str, Any]]:
        """The messages of a widget to the page: changes of its state, and its own."""
        return [content["data"] for kind, content in self.said if kind == "comm_msg" and content["comm_id"] == comm]


class TabKernel:
    """A kernel, which answers one message at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, code: str, cell: str = "") -> TabRan:
        """Run a cell, with what JupyterLab tells of it."""
        return self._ask(code=code, metadata={"cellId": cell, "deletedCells": []})

    def send(self, comm: str, content: Mapping[str, Any]) -> TabRan:
        """Send a widget a message, as the page does, and wait for what follows within a second."""
        data = {"method": "custom", "content": content}
        message = {"comm_id": comm, "data": data}
        return self._ask(comm={"content": message, "header": {}, "metadata": {}, "buffers": []})

    def _ask(self, **message: Any) -> TabRan:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()
        limit = threading.Timer(LONGEST, self._process.kill)
        limit.start()
        line = self._process.stdout.readline()
        limit.cancel()
        assert line, f"Node ended (its stderr is above), or ran for {LONGEST:g} s: {message}"
        done = json.loads(line)
        name = re.search(r"(\w+)'>$", done.get("ename") or "")
        return TabRan(list(map(tuple, done["said"])), name[1] if name else "", done["seconds"], done["threads"])


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback, and yield its address."""
    handler = functools.partial(_Handler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # Node's fetch fails now and then if each answer closes the connection

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def running(site: Path, url: str) -> Iterator[TabKernel]:
    """Run a kernel with a site's Pyodide and packages."""
    own = site / "extensions" / "@jupyterlite" / "pyodide-kernel-extension" / "static" / "pypi"
    (piplite,) = own.glob("piplite-*.whl")
    there = f"{url}/{own.relative_to(site).as_posix()}"
    wheels = {"piplite": f"{there}/{piplite.name}", "urls": [f"{url}/pypi/all.json", f"{there}/all.json"]}
    script = Path(__file__).with_name("kernel.mjs")
    command = [
        str(PROGRAMS / "node"), "--experimental-wasm-jspi",
        str(script), str(site / "static" / "pyodide"), json.dumps(wheels),
    ]  # fmt: skip
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    try:
        yield TabKernel(process)
    finally:
        process.kill()
        process.communicate()
