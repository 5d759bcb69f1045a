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

# Chapter 6 exports its server itself, and shows the proof.
NOTEBOOKS = [
    *(path for path in sorted((ROOT / "notebooks").glob("*.ipynb")) if path.name[:2] != "06"),
    ROOT / "tests/headless/conformance/everything.ipynb",
]
STOPPED = {("05-authentication-and-security", "branch"): "town_hall", ("05b-security", "branch"): "town_hall"}
"""The servers that verify the tokens of a stand-in in the notebook, which a package does without."""


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_server_of_a_notebook_becomes_a_module(path, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    # As in the kernel of its own that a notebook has.
    monkeypatch.setattr(approval_request, "_numbers", itertools.count(1))
    with headless.run(path) as running:
        servers = [name for name, live in running.session.registry.servers.items() if definitions(live.server)]
        assert servers
        # The notebook has tidied its own away.
        monkeypatch.setenv("LIBRARY_DATABASE", f"sqlite:///{tmp_path}/library.db")
        for name in servers:
            subject = subject_of(running.session, name)
            module = write(subject)
            stops = found(module)["stops"]
            if (path.stem, name) in STOPPED:
                # Calls that may have changed what it needs are kept too, and some of those await.
                assert STOPPED[path.stem, name] in {stop.split()[1] for stop in stops}
                continue
            assert stops == [], "\n".join(map(str, module.findings))
            server = imported(module, tmp_path, f"{path.stem.partition('-')[0]}_{name}")
            lists = PercentNotebook(path, {}, [])
            live, exported = (running.loop.run_until_complete(seen(s, lists)) for s in (subject.server, server))
            assert exported == live
