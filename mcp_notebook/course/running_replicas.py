"""Run several replicas of an exported package on this machine, with a Redis, behind nginx."""

from __future__ import annotations

import importlib.util
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
from mcp.client import Client

from mcp_notebook.course.deployed import Deployed, connected

__all__ = ["RunningReplicas", "missing_programs"]

PATIENCE = 30.0
"""Seconds until Redis and nginx must answer."""

PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
"""Folders with programs; nginx is often outside the PATH."""


def missing_programs() -> list[str]:
    """Return what replicas need and this machine lacks."""
    if sys.platform == "win32":
        return ["Redis and nginx for Windows"]
    lacking = [name for name in ("redis-server", "nginx") if shutil.which(name, path=PLACES) is None]
    return lacking + ([] if importlib.util.find_spec("redis") else ["Python package redis"])


class RunningReplicas:
    """Replicas that share a Redis, behind nginx with the configuration of the package; a context manager.

    Args:
        package: The folder of a package that was exported with ``--deploy``.
        python: An interpreter that has all that the package needs, and the Python package redis.
        number: The number of replicas.
        settings: Environment variables, as of `Deployed`.

    Attributes:
        url: The address of nginx.
        replicas: The replicas.
    """

    def __init__(self, package: Path, python: Path, number: int = 2, **settings: str) -> None:
        self._stack = ExitStack()
        try:
            self._start(package, python, number, settings)
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> RunningReplicas:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @asynccontextmanager
    async def client(self, **options: Any) -> AsyncIterator[Client]:
        """Connect a client to nginx; the options are those of `Client`."""
        async with connected(self.url, self.replicas[0].token, **options) as client:
            yield client

    def answered(self) -> list[int]:
        """Return the number of requests that each replica has answered so far."""
        return [len([e for e in each.entries("uvicorn.access") if "/mcp" in e["message"]]) for each in self.replicas]

    def _start(self, package: Path, python: Path, number: int, settings: dict[str, str]) -> None:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="replicas-")))
        redis = self._redis(folder)
        shared = {"token": secrets.token_urlsafe(), "request_state_keys": secrets.token_urlsafe(32)}
        shared |= {"stateless": "1", "redis_url": redis, **settings}
        self.replicas = [self._stack.enter_context(Deployed(package, python, **shared)) for _ in range(number)]
        self.url = self._nginx(package, folder)

    def _redis(self, folder: Path) -> str:
        place = folder / "redis.sock"
        self._run("redis-server", "--port", "0", "--unixsocket", str(place), "--dir", str(folder), "--save", "")
        _until(place.exists, "redis-server")
        return f"unix://{place}"

    def _nginx(self, package: Path, folder: Path) -> str:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        addresses = [replica.url.removeprefix("http://") for replica in self.replicas]
        text = _placed((package / "deploy" / "nginx.conf").read_text(encoding="utf-8"), folder, port, addresses)
        (folder / "nginx.conf").write_text(text, encoding="utf-8")
        # As root, it would take another user, who cannot read the folder.
        options = "daemon off;" + (" user root;" if os.geteuid() == 0 else "")
        self._run("nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", options)
        url = f"http://127.0.0.1:{port}"

        def answers() -> bool:
            with suppress(httpx2.TransportError):
                return httpx2.get(url).status_code > 0
            return False

        _until(answers, "nginx")
        return url

    def _run(self, name: str, *words: str) -> None:
        program = shutil.which(name, path=PLACES)
        assert program is not None, f"{name} is missing"
        process = subprocess.Popen(
            [program, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._stack.callback(process.wait)
        self._stack.callback(process.terminate)


def _placed(config: str, folder: Path, port: int, replicas: list[str]) -> str:
    """Return the configuration of a package with the addresses and folders of this machine."""
    named = re.search(r"^ *server \S+:8000( .*;)$", config, re.MULTILINE)
    assert named is not None
    config = config.replace(named[0], "\n".join(f"server {replica}{named[1]}" for replica in replicas))
    config = re.sub(r"listen (8080|8443)\b", f"listen 127.0.0.1:{port}", config)
    config = re.sub(r" /tmp/([\w.]+);", rf' "{folder}/\1";', config)
    return config.replace("/dev/stdout", f'"{folder}/access.log"')


def _until(holds: Any, name: str) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError(f"{name} does not answer.")
        time.sleep(0.05)
