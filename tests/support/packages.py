"""A package as an export writes it, for the tests of what is around its modules."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
from mcp.server.mcpserver import MCPServer

from mcp_notebook.export import dependencies, project
from mcp_notebook.export.module.writing import Module
from tests.support.waiting import until

SERVER = '''"""A shop for books."""

import os
from typing import Annotated

import pydantic
from mcp.server.mcpserver import Elicit, MCPServer, Resolve

mcp = MCPServer("bookshop", instructions="Sells books.")


class Book(pydantic.BaseModel):
    title: str
    price: float


class Sure(pydantic.BaseModel):
    ok: bool


async def ask() -> Elicit[Sure]:
    return Elicit("Sure?", Sure)


@mcp.tool()
def price(title: str) -> Book:
    """Look up the price of a book | in euros."""
    print("looking")
    return Book(title=title, price=12.5)


@mcp.tool()
def buy(title: str, sure: Annotated[Sure, Resolve(ask)]) -> str:
    """Buy a book."""
    return f"{os.getpid()}: {title}" if sure.ok else "left"


@mcp.resource("note://shelf")
def shelf() -> str:
    """What stands there."""
    return "Emma"


@mcp.resource("note://{name}")
def note(name: str) -> str:
    """One note."""
    return name


@mcp.prompt()
def advise(topic: str) -> str:
    """Ask for advice."""
    return f"What about {topic}?"


def is_well() -> bool:
    return "SICK" not in os.environ
'''

TOKEN = "a-token-for-the-tests-of-the-package"


def live(source: str) -> MCPServer[Any]:
    """Run a module's source, and return its server."""
    module = ModuleType("notebook_of_the_test")
    sys.modules[module.__name__] = module
    exec(compile(source, "server.py", "exec"), vars(module))
    found: MCPServer[Any] = vars(module)["mcp"]
    return found


def package(source: str = SERVER, *, files: Mapping[str, str] | None = None, **options: Any) -> project.Package:
    """Return the package that a module with a server makes."""
    module = options.pop("module", None) or Module({"server.py": source, **(files or {})}, "mcp")
    return project.Package(
        **{
            "name": "bookshop",
            "title": "Book shop",
            "module": module,
            "dependencies": dependencies.of(module),
            "server": live(source),
            "python": f"{sys.version_info.major}.{sys.version_info.minor}",
            **options,
        }
    )


def texts(files: Mapping[str, str | bytes]) -> dict[str, str]:
    """Return the files of a package that has only texts."""
    found = {path: text for path, text in files.items() if isinstance(text, str)}
    assert len(found) == len(files)
    return found


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files into a folder."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """Return an environment in which the package is found where it was written."""
    return {**os.environ, "PYTHONPATH": str(folder / "src"), **variables}


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the package to be found, until it ends."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment(folder, **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def listening(folder: Path, *arguments: str, **variables: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start the package over HTTP on a free port; its URL, and its process, which is killed if it runs on."""
    port = free_port()
    command = arguments or ("-m", "bookshop", "--transport", "http")
    process = subprocess.Popen(
        [sys.executable, *command, "--port", str(port)],
        cwd=folder,
        env=environment(folder, **variables),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url, process)
        yield url, process
    finally:
        process.kill()
        process.stderr.close()
        process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def wait_for(url: str, process: subprocess.Popen[str] | None = None) -> None:
    """Wait until the package answers probes, as long as its process runs."""

    def answers() -> bool:
        if process is not None:
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
        with suppress(httpx2.TransportError):
            httpx2.get(f"{url}/health")
            return True
        return False

    until(answers, step=0.05, why=lambda: "it does not answer")


def status(url: str, path: str = "/mcp", **headers: str) -> int:
    """Return the status of an answer to a call without content."""
    if path == "/mcp":
        return httpx2.post(
            f"{url}{path}", json={"jsonrpc": "2.0", "id": 1, "method": "ping"}, headers=headers
        ).status_code
    return httpx2.get(f"{url}{path}", headers=headers).status_code
