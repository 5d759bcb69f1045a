"""One layout for all Python of a package, by ruff."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

__all__ = ["ruff_version", "tidy"]


def ruff_version() -> str:
    """Return the version that lays out."""
    return version("ruff")


def tidy(files: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Lay out the Python files as their ``pyproject.toml`` says, imports sorted.

    Returns:
        All files; and the lines of TOML that excuse what the linter still finds in what the notebook's author wrote.
    """
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8", newline="\n")
        _ruff(root, "check", "--select", "I", "--fix-only")
        _ruff(root, "format")
        problems = json.loads(_ruff(root, "check", "--output-format", "json") or "[]")
        laid_out = {
            path: (root / path).read_text(encoding="utf-8") if path.endswith(".py") else text
            for path, text in files.items()
        }
        found: dict[str, set[str]] = {}
        for problem in problems:
            path = Path(problem["filename"]).resolve().relative_to(root.resolve()).as_posix()
            found.setdefault(path, set()).add(problem["code"])
    return laid_out, "\n".join(
        f"{json.dumps(path)} = {json.dumps(sorted(codes))}" for path, codes in sorted(found.items())
    )


def _ruff(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, "--no-cache", "--quiet", "."],
        cwd=root, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    return done.stdout
