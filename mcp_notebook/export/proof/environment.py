"""Install a package into a clean virtual environment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mcp.client.stdio import get_default_environment

from mcp_notebook.errors import ExportError

__all__ = ["Installed", "installed"]

LOCK = "requirements.lock"
PATIENCE = 600.0
"""Seconds that installing may take: wheels may have to be fetched, or built."""

_LEFT_BEHIND = shutil.ignore_patterns(".git", ".venv", "venv", "__pycache__", "*.pyc", ".*_cache", "dist", "build")
"""Files at the top of the package's directory that are left behind; below it, a skill may have a folder ``build``."""

_COMPILED = shutil.ignore_patterns("__pycache__", "*.pyc")


@dataclass(frozen=True)
class Installed:
    """A package that can be started.

    Attributes:
        python: The interpreter that has it.
        source: A copy of the package's directory, which may be written to.
        variables: The whole environment of its processes.
        clean: Whether the environment was made for it; otherwise it was given.
    """

    python: Path
    source: Path
    variables: Mapping[str, str]
    clean: bool

    def run(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run the interpreter and wait for it; an interrupt ends it."""
        return _run([str(self.python), *arguments], cwd, self.variables)

    def copy_again(self, destination: Path, part: str) -> None:
        """Copy a part of the package's directory as it is now."""
        shutil.copytree(destination / part, self.source / part, ignore=_ignored(destination), dirs_exist_ok=True)


def _ignored(root: Path) -> Callable[[str, list[str]], set[str]]:
    def ignored(folder: str, names: list[str]) -> set[str]:
        return _LEFT_BEHIND(folder, names) if Path(folder) == root else _COMPILED(folder, names)

    return ignored


def installed(
    destination: Path,
    folder: Path,
    variables: Mapping[str, str],
    *,
    python: Path | None,
    keep: Path | None = None,
    say: Callable[[str], None],
) -> Installed:
    """Install the package, with its tests' requirements, into an environment of its own.

    Args:
        destination: The package's directory; nothing is written there.
        folder: Where to copy the package to, and to make the environment.
        variables: More variables for the environment of the package's processes.
        python: An interpreter that has the requirements already: then nothing is installed.
        keep: A directory for the environment; an environment in it is replaced.
        say: Told of each step.

    Raises:
        ExportError: It cannot be installed.
    """
    source = folder / "package"
    shutil.copytree(destination, source, ignore=_ignored(destination))
    libraries = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ}
    usual = {**get_default_environment(), **libraries, **variables}
    if python is not None:
        return Installed(python, source, {**usual, "PYTHONPATH": str(source / "src")}, clean=False)
    environment = keep or folder / "environment"
    if environment.exists() and not (environment / "pyvenv.cfg").is_file():
        raise ExportError(f"{environment.name} exists and is not an environment. Name another directory")
    say("making a clean environment")
    interpreter = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    say("installing the package")
    _install(environment, interpreter, _wanted(source, folder))
    return Installed(interpreter, source, usual, clean=True)


def _wanted(source: Path, folder: Path) -> list[list[str]]:
    """Return the installations, in order: the lock with its hashes, then the package at the same versions."""
    lock = source / LOCK
    if not lock.exists():
        return [[f"{source}[test]"]]
    text = lock.read_text(encoding="utf-8")
    constraints = folder / "constraints.txt"  # with hashes, pip would want one of the package's folder, too
    constraints.write_text(re.sub(r" \\\n +--hash=\S+", "", text), encoding="utf-8")
    package = [f"{source}[test]", "--constraint", str(constraints)]
    return [["--require-hashes", "--requirement", str(lock)], package] if "--hash=" in text else [package]


def _install(environment: Path, interpreter: Path, wanted: Sequence[Sequence[str]]) -> None:
    """Install with `uv` if it is on the path, in 1 second instead of 8; with pip if uv fails.

    Each has a configuration of its own, so one may reach an index that the other does not.
    """
    failure = ""
    for commands in _ways(environment, interpreter, wanted):
        shutil.rmtree(environment, ignore_errors=True)
        failure = next(filter(None, map(_failure, commands)), "")
        if not failure:
            return
    raise ExportError(f"it cannot be installed: {failure}")


def _ways(environment: Path, interpreter: Path, wanted: Sequence[Sequence[str]]) -> list[list[list[str]]]:
    # The pip of this environment installs into the other one, which saves 5 seconds of installing pip there.
    pip = [sys.executable, "-m", "pip", "--python", str(interpreter), "install"]
    pip += ["--quiet", "--no-input", "--no-compile", "--disable-pip-version-check"]
    by_pip = [[sys.executable, "-m", "venv", "--without-pip", str(environment)], *([*pip, *each] for each in wanted)]
    if (uv := shutil.which("uv")) is None:
        return [by_pip]
    install = [uv, "pip", "install", "--quiet", "--python", str(interpreter)]
    by_uv = [uv, "venv", "--quiet", "--python", sys.executable, str(environment)]
    return [[by_uv, *([*install, *each] for each in wanted)], by_pip]


def _failure(command: Sequence[str]) -> str:
    """Run a command; return the last lines of its error, or "" if it succeeded."""
    try:
        done = _run(command)
    except subprocess.TimeoutExpired:
        return f"it was not done within {PATIENCE:.0f} seconds"
    if done.returncode == 0:
        return ""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "×", "╰"))]
    return " ".join((errors or lines or [f"{Path(command[0]).name} ended with {done.returncode}"])[-2:])[:300]


def _run(
    command: Sequence[str], cwd: Path | None = None, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8",
        errors="replace", timeout=PATIENCE, check=False,
    )  # fmt: skip
