"""Every server that a notebook of the course leaves alive becomes a module that lists what it does."""

from __future__ import annotations

import itertools
import sys

import pytest

from mcp_notebook import headless
from mcp_notebook.export.module.writing import write
from mcp_notebook.server import approval_request, definitions
from mcp_notebook.session.choosing import subject_of
from tests.export.test_round_trips import found, imported, seen
from tests.support import ROOT
from tests.support.notebooks import PercentNotebook

NOTEBOOKS = [
    *(ROOT / "notebooks" / f"{stem}.ipynb" for stem in ("01-getting-started", "02-core-concepts")),
    ROOT / "tests/headless/conformance/everything.ipynb",
]
"""Chapter 6 exports its server itself, with what the chapters before it have made, and shows the proof."""


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_server_of_a_notebook_becomes_a_module(path, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    # As in the kernel of its own that a notebook has.
    monkeypatch.setattr(approval_request, "_numbers", itertools.count(1))
    monkeypatch.setenv("MCP_NOTEBOOK_COURSE", str(tmp_path / "my-library"))
    monkeypatch.setenv("LIBRARY_FILE", "")  # so that it is as before when the test ends
    with headless.run(path) as running:
        servers = [name for name, live in running.session.registry.servers.items() if definitions(live.server)]
        assert servers
        for name in servers:
            subject = subject_of(running.session, name)
            module = write(subject)
            stops = found(module)["stops"]
            assert stops == [], "\n".join(map(str, module.findings))
            server = imported(module, tmp_path, f"{path.stem.partition('-')[0]}_{name}")
            lists = PercentNotebook(path, {}, [])
            live, exported = (running.loop.run_until_complete(seen(s, lists)) for s in (subject.server, server))
            assert exported == live
