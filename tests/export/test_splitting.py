"""A long notebook: its helpers get a module of their own, and all that an export does goes along."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from mcp_notebook import headless
from mcp_notebook.export.report import Exported
from mcp_notebook.importing.notebook import import_server
from tests.support.packages import texts
from tests.support.shells import running_shell

SECRET = "ghp_" + "a1B2c3D4e5" * 4
HELPER = "def step_{n}(value: float) -> float:\n    # step {n}\n    return {call} + {n} * len(KEY) / RATE"
TOOL = '%%mcp_tool\ndef tool_{n}(value: float) -> float:\n    "Tool {n}."\n    return step_{n}(value)'
COUNT = 60
CELLS = [
    "%load_ext mcp_notebook",
    "import math",
    f"KEY = {SECRET!r}\nRATE = 4.0  # setting: what it is divided by",
    *(HELPER.format(n=n, call=f"step_{n - 1}(value)" if n else "math.sqrt(value)") for n in range(COUNT)),
    *(TOOL.format(n=n) for n in range(COUNT)),
    "%mcp call tool_59 value=16",
]


@pytest.fixture
def long_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Exported:
    """The package of a long notebook, and its folder on the path."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STEPS_KEY", SECRET)
    with running_shell() as shell:
        shell.good(*CELLS)
        found = shell.good("%mcp export steps --no-proof")
    assert isinstance(found, Exported)
    assert not found.stopped, found
    monkeypatch.syspath_prepend(tmp_path / "steps" / "src")
    return found


async def answer(server: Any) -> Any:
    async with Client(server) as client:
        return (await client.call_tool("tool_59", {"value": 16})).structured_content


def test_helpers_of_a_long_notebook_are_in_a_module_of_their_own(long_one: Exported) -> None:
    helpers = texts(long_one.files)["src/steps/helpers.py"]
    assert "from .settings import settings" in helpers
    assert helpers.count("def step_") == COUNT
    assert "def step_" not in long_one.server_file
    assert "import math" not in long_one.server_file
    assert not any(SECRET in text for text in long_one.files.values())
    from steps.server import mcp as server  # type: ignore[import-not-found]

    total = 4 + sum(range(COUNT)) * len(SECRET) / 4
    assert asyncio.run(answer(server)) == {"result": total}


def test_the_way_back_makes_cells_of_both_modules(long_one: Exported, tmp_path: Path) -> None:
    made = import_server(tmp_path / "steps", None, tmp_path)
    with headless.run(made.notebook) as running:
        running.run_cells(running.notebook.cells)
        assert running.shell.user_ns["step_1"](16) == 4 + len(SECRET) / 4


def test_of_a_short_notebook_there_is_one_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with running_shell() as shell:
        shell.good(CELLS[0], CELLS[1], "KEY, RATE = 'a', 1", *CELLS[3:23], *CELLS[3 + COUNT : 23 + COUNT])
        found = shell.good("%mcp export steps --dry-run")
    assert isinstance(found, Exported)
    assert "src/steps/helpers.py" not in found.files
