"""Lock a package for uv: the versions that ran, where they fit, on every platform."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from mcp_notebook.export import uv

__all__ = ["LOCK", "locked"]

LOCK = "uv.lock"

PATIENCE = 30.0
"""Seconds that the indexes have to answer; after that, the package has no lock for uv."""

_KNOWN: dict[tuple[str, tuple[str, ...]], str] = {}


def locked(pyproject: str, pins: Sequence[str], there: str) -> str | None:
    """Return the text of ``uv.lock``.

    Args:
        pyproject: The package's ``pyproject.toml``.
        pins: The versions that ran, ``name==version``.
        there: The lock that the package has already; its other versions stay where they can.

    Returns:
        The lock, or what is there if uv fails; "" if nothing is, and None if there is no uv.
    """
    if (found := uv.find()) is None:
        return there or None
    key = pyproject, tuple(pins)
    if key not in _KNOWN or (there and there != _KNOWN[key]):
        made = _made(found, pyproject, pins, there)
        if not made:
            return there
        _KNOWN[key] = made
    return _KNOWN[key]


def _made(found: str, pyproject: str, pins: Sequence[str], there: str) -> str:
    """Lock twice: with the pins as constraints, and without them, which keeps their versions but not their names."""
    variables = {**uv.variables(shared=True), "UV_HTTP_RETRIES": "0"}
    with TemporaryDirectory(prefix="mcp-notebook-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "README.md").touch()
        if there:
            (folder / LOCK).write_text(there, encoding="utf-8")
        constraints = f"\n[tool.uv]\nconstraint-dependencies = {json.dumps([re.sub(r'[+].*', '', p) for p in pins])}\n"
        for text in (pyproject + constraints, pyproject):
            (folder / "pyproject.toml").write_text(text, encoding="utf-8")
            # The versions are given, so what uv has in its cache is often enough, and saves asking the index for each.
            if not (_locks(found, folder, variables, "--offline") or _locks(found, folder, variables)):
                return ""
        text = (folder / LOCK).read_text(encoding="utf-8")
    # The index may still be a folder of this machine.
    return "" if re.search(r'(?:registry|url|path) = "(?!https?://)', text) else text


def _locks(found: str, folder: Path, variables: Mapping[str, str], *options: str) -> bool:
    try:
        done = subprocess.run(
            [found, "lock", "--quiet", *options], cwd=folder, env=variables, stdin=subprocess.DEVNULL,
            capture_output=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
