"""A private nginx for tests, started from a configuration that a package has."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.packages import free_port, wait_for


def program_or_skip() -> str:
    """Return the path of nginx, or skip the test; with REQUIRE_NGINX=1 fail instead."""
    path = shutil.which("nginx", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))
    if path is not None:
        return path
    if os.environ.get("REQUIRE_NGINX") == "1":
        pytest.fail("REQUIRE_NGINX=1, and there is no nginx. Install it.")
    pytest.skip("NO NGINX: install nginx-light")


def placed(config: str, folder: Path, port: int, replicas: Sequence[str]) -> str:
    """Return the configuration of a package with other addresses, as docs/replicas.md says for one's own nginx.

    Args:
        config: The configuration.
        folder: Takes the place of /tmp.
        port: The port to listen on.
        replicas: The host and port of each replica.
    """
    named = re.search(r"^ *server \S+:8000( .*;)$", config, re.MULTILINE)
    assert named is not None
    config = config.replace(named[0], "\n".join(f"server {replica}{named[1]}" for replica in replicas))
    config = re.sub(r"(listen )80(80|43)\b", rf"\g<1>127.0.0.1:{port}", config)
    return config.replace(" /tmp/", f" {folder}/").replace("/dev/stdout", f"{folder}/access.log")


def checked(program: str, config: str, folder: Path) -> str:
    """Return what nginx says of a configuration."""
    return _run(program, config, folder, "-t")


def _run(program: str, config: str, folder: Path, *options: str) -> str:
    place = folder / "nginx.conf"
    place.write_text(config)
    done = subprocess.run(
        [program, "-p", str(folder), "-c", str(place), *options], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@contextmanager
def running_nginx(config: str, folder: Path, replicas: Sequence[str]) -> Iterator[str]:
    """Start nginx from the configuration of a package; yield its URL."""
    program, port = program_or_skip(), free_port()
    place = folder / "nginx.conf"
    place.write_text(placed(config, folder, port, replicas))
    # As root, it would take another user, who cannot read the folders of tests.
    options = "daemon off;" + (" user root;" if os.geteuid() == 0 else "")
    process = subprocess.Popen(
        [program, "-p", str(folder), "-c", str(place), "-g", options], stderr=subprocess.PIPE, text=True
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.communicate()
