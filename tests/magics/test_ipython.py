"""The extension in plain IPython, with neither kernel nor front end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SESSION = """%load_ext mcp_notebook
%load_ext mcp_notebook
get_ipython().run_cell_magic("mcp_tool", "", "def add(a: int, b: int) -> int:\\n    'Add.'\\n    return a + b\\n")
result = %mcp call add a=1 b=2
print("called:", result.structured_content)
served = %mcp serve
print("token hidden:", str(served.token) not in repr(served))
%mcp form add
from typing import Annotated
from mcp.server.mcpserver import Elicit, Resolve
from pydantic import BaseModel
Size = type("Size", (BaseModel,), {"__annotations__": {"size": str}})
def ask() -> Elicit[Size]: return Elicit("Which size?", Size)

order = "def order(size: Annotated[Size, Resolve(ask)]) -> str:\\n    return size.size\\n"
get_ipython().run_cell_magic("mcp_tool", "", order)
eaten = %mcp call order
print("eaten:", eaten.structured_content)
%mcp call ad
"""


@pytest.mark.platform("terminal", "cells", "question", "serve")
def test_it_works_and_asks_in_a_terminal_and_the_process_ends_while_it_serves(tmp_path: Path) -> None:
    script = tmp_path / "session.ipy"
    script.write_text(SESSION, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", str(script)],
        capture_output=True,
        text=True,
        input="large\n",
        timeout=120,
        check=False,
        env={"PATH": "", "IPYTHONDIR": str(tmp_path), "HOME": str(tmp_path)},
    )
    assert "tool add on notebook" in done.stdout
    assert "called: {'result': 3}" in done.stdout
    assert "token hidden: True" in done.stdout
    assert "form of add" in done.stdout
    assert "has no tool 'ad'. Did you mean 'add'?" in done.stdout + done.stderr
    assert "notebook asks: Which size?" in done.stdout
    assert "eaten: {'result': 'large'}" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
