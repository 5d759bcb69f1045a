"""The course is a test of the package: with a fault in it, the notebook of a chapter that teaches that part fails."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.once]


class Mutant(NamedTuple):
    """A change of one line of the package.

    Attributes:
        chapter: The chapter that must fail.
        module: The module, below ``mcp_notebook``.
        line: What the line has, once.
        instead: What it gets.
    """

    chapter: str
    module: str
    line: str
    instead: str


MUTANTS = [
    Mutant("01", "server/lint.py", 'if not entry.get("description", "").strip():', "if False:"),
    Mutant("02", "course/library.py", "LOAN_DAYS = 21", "LOAN_DAYS = 20"),
    Mutant("04b", "client/answers.py", "ElicitResult(action=value) if", 'ElicitResult(action="cancel") if'),
    Mutant("05", "server/sign_in/jwt_verifier.py", "issuer=self.keys.issuer,", "issuer=None,"),
    Mutant("09", "server/extensions/tasks/running.py", 'self.end("completed", ', 'self.end("failed", '),
    Mutant("10", "agent/evals/intervals.py", "Z = 1.959964", "Z = 1.0"),
]


def package_in(folder: Path) -> Path:
    """Copy the package, with the notebooks that its checkpoints read, so that it can be changed."""
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns("my-library"))
    return Path(shutil.copytree(ROOT / "mcp_notebook", folder / "mcp_notebook", ignore=shutil.ignore_patterns("*.pyc")))


def outcome_with(folder: Path, chapter: str) -> tuple[int, str]:
    """Compare a chapter with its stored outputs, its kernel having the package in `folder`; return status and text."""
    (notebook,) = (ROOT / "chapters" / "solutions").glob(f"{chapter}-*.ipynb")
    done = subprocess.run(
        [sys.executable, "scripts/dev.py", "notebooks", str(notebook)],
        cwd=ROOT,
        env={**os.environ, "VENV_PYTHON": sys.executable, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_copy_without_a_fault_passes(tmp_path: Path) -> None:
    package_in(tmp_path)
    status, said = outcome_with(tmp_path, "01")
    assert status == 0, said


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.chapter}-{mutant.module}")
def test_a_fault_of_the_package_fails_a_chapter(mutant: Mutant, tmp_path: Path) -> None:
    module = package_in(tmp_path) / mutant.module
    text = module.read_text(encoding="utf-8")
    assert text.count(mutant.line) == 1
    module.write_text(text.replace(mutant.line, mutant.instead), encoding="utf-8")
    status, said = outcome_with(tmp_path, mutant.chapter)
    assert status == pytest.ExitCode.TESTS_FAILED, said
    # The package is whole apart from that: other cells pass.
    failed, passed = (int(re.search(rf"(\d+) {word}", said)[1]) for word in ("failed", "passed"))  # type: ignore[index]
    assert passed > failed, said
