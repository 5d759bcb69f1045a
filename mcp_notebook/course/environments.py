"""Work with the environment that a proof leaves: run its Python, and install a package into it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

__all__ = ["add_package", "build_wheel", "python_of", "run_python", "uv_or_none"]


def python_of(environment: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    windows = environment / "Scripts" / "python.exe"
    return windows if windows.exists() else environment / "bin" / "python"


def run_python(python: Path, *words: str, cwd: Path | None = None, **variables: str) -> str:
    """Run an interpreter, and return what it prints; settings for the Python of the notebook are left out."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(
        [str(python), *words],
        cwd=cwd,
        env={**kept, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.stdout


def add_package(python: Path, name: str) -> bool:
    """Install a package from the package index into an environment, by uv or pip; return whether it is there now.

    Nothing is asked of the index if the package is there already.
    """
    module = name.replace("-", "_")
    if _works([str(python), "-c", f"import {module}"]):
        return True
    if uv := uv_or_none():
        _works([uv, "pip", "install", "--quiet", "--python", str(python), name])
    if not _works([str(python), "-c", f"import {module}"]):
        _works([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", name])
    return _works([str(python), "-c", f"import {module}"])


def _works(command: list[str]) -> bool:
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0


def uv_or_none() -> str | None:
    """Return the path of uv: the one on the PATH, or the one of its wheel in this environment."""
    if (found := shutil.which("uv")) is not None:
        return found
    try:
        return str(import_module("uv").find_uv_bin())
    except (ImportError, OSError):
        return None


def build_wheel(package: Path, folder: Path) -> Path:
    """Build the wheel of a package into a folder, by uv or pip, and return it.

    Raises:
        RuntimeError: It cannot be built; the message has the output.
    """
    shutil.rmtree(folder, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    commands = [[*pip, "--wheel-dir", str(folder), str(package)]]
    if uv := uv_or_none():
        commands.insert(0, [uv, "build", "--quiet", "--wheel", "--out-dir", str(folder), str(package)])
    said = ""
    for command in commands:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return next(folder.glob("*.whl"))
        said = done.stderr.strip()
    raise RuntimeError(f"The wheel cannot be built. {said[-500:]}")
