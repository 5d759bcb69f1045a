"""The protocol's official conformance suite signs in at the stand-in."""

from __future__ import annotations

import re
import socket
import subprocess
from pathlib import Path
from threading import Thread

import pytest

from mcp_notebook.portal import Portal
from tests.support.programs import Programs
from tests.support.stand_in import Attacker, Person, listening

pytestmark = [pytest.mark.slow, pytest.mark.outside]


def test_the_stand_in_passes_the_scenarios_for_authorization_servers(portal: Portal, tmp_path: Path) -> None:
    programs = Programs(tmp_path)
    person = Person()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with listening(portal) as listener:
        client = Attacker(listener.url, ["http://127.0.0.1/callback"])
        command = [
            "conformance", "authorization", "--url", client.site, "--client-id", client.client_id,
            "--resource", listener.url, "--port", str(port),
        ]  # fmt: skip
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=programs.environment, cwd=tmp_path
        ) as suite:
            assert suite.stdout is not None
            lines = []
            for line in suite.stdout:
                lines.append(line)
                if link := re.search(rf"{client.site}/authorize\?\S+", line):
                    Thread(target=person.browse, args=(link[0],), daemon=True).start()
    assert suite.returncode == 0, "".join(lines)
    assert len(person.pages) == 1
    assert "Total: 3 passed, 0 failed" in "".join(lines), "".join(lines)
