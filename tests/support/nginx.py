"""A private nginx for tests: a process with a folder of its own, on free ports of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.support.waiting import until


def program_or_skip() -> str:
    """Return the path of nginx, or skip the test; with REQUIRE_NGINX=1 fail instead."""
    path = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if path is not None:
        return path
    if os.environ.get("REQUIRE_NGINX") == "1":
        pytest.fail("REQUIRE_NGINX=1, and there is no nginx. Install it.")
    pytest.skip("NO NGINX: install nginx (Debian: apt install nginx-light)")


@contextmanager
def running_nginx(folder: Path, servers: str, *, answers_at: str) -> Iterator[None]:
    """Start nginx with these `server` blocks, and wait until it answers at an address."""
    program = program_or_skip()
    config = folder / "nginx.conf"
    temporary = "".join(
        f'{kind}_temp_path "{folder / kind}";\n' for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config.write_text(
        f'daemon off;\nmaster_process off;\npid "{folder / "nginx.pid"}";\nerror_log "{folder / "error.log"}";\n'
        f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{servers}\n}}\n",
        encoding="utf-8",
    )
    log = folder / "error.log"
    with subprocess.Popen([program, "-c", str(config), "-p", str(folder), "-e", str(log)]) as process:
        try:
            until(lambda: _answers(answers_at), step=0.05, why=lambda: log.read_text() if log.exists() else "no log")
            yield
        finally:
            process.terminate()


def _answers(url: str) -> bool:
    try:
        httpx2.get(url)
    except httpx2.TransportError:
        return False
    return True
