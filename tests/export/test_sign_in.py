"""Packages that let in who has a token of an authorization server, or one with a name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.shells import Shell

NOTES = """%%mcp_tool --scope notes:write
def write(text: str) -> str:
    "Keep a note."
    return text
"""
READ = """%%mcp_tool
def read() -> str:
    "Give a note."
    return "a note"
"""


@pytest.mark.slow
@pytest.mark.parametrize("auth", ["jwt", "introspection", "token"])
def test_a_package_with_a_sign_in_is_proven(shell: Shell, tmp_path: Path, auth: Any) -> None:
    shell.good(NOTES, READ, "%mcp call write text=x", "%mcp call read")
    exported = shell.good(f"%mcp export shop --auth {auth}")
    assert "proven: the package behaves as the notebook" in str(exported), str(exported)
    package = tmp_path / "shop" / "src" / "shop"
    assert "requiredScopes" in (package / "server.py").read_text()
    assert (package / "sign_in" / "protection.py").exists()
    assert not (package / "shared_machine.py").exists()
