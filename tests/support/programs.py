"""Programs from npm, as scripts/node.sh installs them, each in a home directory of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support import ROOT

PROGRAMS = ROOT / ".node" / "node_modules" / ".bin"


def _installed() -> bool:
    """Whether scripts/node.sh has installed what tests/support/npm asks for now."""
    wanted = [Path(__file__).parent / "npm" / name for name in ("package.json", "package-lock.json")]
    stamp = PROGRAMS.parent.parent / "installed"
    return stamp.exists() and stamp.read_text("utf-8") == "".join(file.read_text("utf-8") for file in wanted)


def installed_or_skip() -> None:
    """Skip the test if the programs are missing, or fail it where they must not be."""
    if not _installed():
        if os.environ.get("REQUIRE_OUTSIDE") == "1":
            pytest.fail("REQUIRE_OUTSIDE=1, and .node is not installed. Run: sh scripts/node.sh")
        pytest.skip("NO OUTSIDE CLIENTS: run sh scripts/node.sh")


class Programs:
    """The installed programs, with `home` for what they keep.

    Args:
        home: Their home directory and working directory.
        environment: What they are told besides.
    """

    def __init__(self, home: Path, environment: dict[str, str] | None = None) -> None:
        installed_or_skip()
        self.home = home
        # The programs' own Node comes first: the suite needs 24, and the machine may have any.
        self.environment = {
            "HOME": str(home),
            "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
            **(environment or {}),
        }

    def run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAMS / name, *arguments],
            cwd=self.home,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
