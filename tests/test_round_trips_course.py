"""Every server that a notebook of the course leaves alive becomes a module that lists what it does."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mcp_notebook import headless
from mcp_notebook.export.module.writing import write
from mcp_notebook.magics.ran import subject_of
from mcp_notebook.server import definitions
from tests.notebooks import PercentNotebook
from tests.test_round_trips import found, imported, seen

ROOT = Path(__file__).parents[1]
NOTEBOOKS = [
    *(path for path in sorted((ROOT / "notebooks").glob("*.ipynb")) if path.name[:2] in {"00", "01", "02", "07"}),
    ROOT / "tests/conformance/everything.ipynb",
]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_server_of_a_notebook_becomes_a_module(path, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with headless.run(path) as running:
        servers = [name for name, live in running.state.registry.servers.items() if definitions(live.server)]
        assert servers
        for name in servers:
            subject = subject_of(running.state, name)
            module = write(subject)
            assert found(module)["stops"] == [], "\n".join(map(str, module.findings))
            server = imported(module, tmp_path, f"{path.stem[:2]}_{name}")
            lists = PercentNotebook(path, {}, [])
            live, exported = (running.loop.run_until_complete(seen(s, lists)) for s in (subject.server, server))
            assert exported == live
