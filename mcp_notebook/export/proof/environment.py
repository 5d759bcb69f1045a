"""Put a package where it can be started: into a clean environment, or beside an interpreter that has all it needs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from mcp.client.stdio import get_default_environment

from mcp_notebook.errors import ExportError
from mcp_notebook.export.proof.installing import Installation, install
from mcp_notebook.export.proof.processes import Finish, started

__all__ = ["Installed", "installed"]

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
        installation: How its environment was made; None if the environment was given.
        command: The command that starts it over stdio; None for ``python -m``.
        access: Further variables of a process that listens: they let in who has `token`.
        token: That token.
    """

    python: Path
    source: Path
    variables: Mapping[str, str]
    installation: Installation | None = None
    command: Path | None = None
    access: Mapping[str, str] = field(default_factory=dict)
    token: str = ""

    def started(self, *arguments: str, cwd: Path, held: bool = False) -> AbstractContextManager[Finish]:
        """Start the interpreter; see `mcp_notebook.export.proof.processes.started`."""
        return started([str(self.python), *arguments], cwd, self.variables, held=held)

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
        return Installed(python, source, {**usual, "PYTHONPATH": str(source / "src")})
    environment = keep or folder / "environment"
    if environment.exists() and not (environment / "pyvenv.cfg").is_file():
        raise ExportError(f"{environment.name} exists and is not an environment. Name another directory")
    interpreter = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    say("installing the package into a clean environment")
    return Installed(interpreter, source, usual, install(environment, interpreter, source, folder))
