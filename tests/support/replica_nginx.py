"""The nginx of a package's replicas: started from the configuration in its folder `deploy`."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.nginx import program_or_skip
from tests.support.packages import free_port
from tests.support.waiting import until


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
    config = re.sub(r"listen (8080|8443)\b", f"listen 127.0.0.1:{port}", config)
    config = re.sub(r" /tmp/([\w.]+);", rf' "{folder}/\1";', config)
    return config.replace("/dev/stdout", f'"{folder}/access.log"')


def with_tls(config: str, folder: Path) -> str:
    """Do with a configuration as its comment says, with a certificate of one's own in `folder`."""
    key, certificate = folder / "privkey.pem", folder / "fullchain.pem"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    name = ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*request, *name, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    config = re.sub(r"(/etc/nginx/tls/[\w.]+)", r'"\1"', config)
    config = re.sub(r"^( *)# (listen 8443|ssl_|add_header Strict)", r"\1\2", config, flags=re.MULTILINE)
    assert config.count(" ssl_") == 3
    return config.replace("        listen 8080;", "        # listen 8080;").replace("/etc/nginx/tls/", f"{folder}/")


def checked(config: str, folder: Path) -> str:
    """Return what nginx says of a configuration.

    Raises:
        AssertionError: It does not accept it.
    """
    place = folder / "nginx.conf"
    place.write_text(config)
    command = [program_or_skip(), "-p", str(folder), "-c", str(place), "-t"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


@contextmanager
def running_nginx(config: str, folder: Path, replicas: Sequence[str]) -> Iterator[str]:
    """Start nginx from the configuration of a package; yield its host and port."""
    program, port = program_or_skip(), free_port()
    place = folder / "nginx.conf"
    place.write_text(placed(config, folder, port, replicas))
    # As root, it would take another user, who cannot read the folders of tests.
    options = "daemon off;" + (" user root;" if os.geteuid() == 0 else "")
    process = subprocess.Popen(
        [program, "-p", str(folder), "-c", str(place), "-g", options], stderr=subprocess.PIPE, text=True
    )

    def listens() -> bool:
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return True
        except OSError:
            return False

    try:
        until(listens)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate()
