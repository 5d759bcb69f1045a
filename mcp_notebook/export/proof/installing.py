"""Build a package's wheel, and install it by name from an index on this machine: by uv, else by pip."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from packaging.utils import parse_wheel_filename

from mcp_notebook.errors import ExportError
from mcp_notebook.export import uv
from mcp_notebook.export.proof.processes import Finish, ran, started

__all__ = ["Index", "Installation", "for_tests", "install"]

LOCK = "requirements.lock"


class Index(NamedTuple):
    """A package index with one wheel, as files (PEP 503).

    Attributes:
        url: Its URL, for pip and uv.
        name: The name of the distribution.
        version: Its version.
    """

    url: str
    name: str
    version: str

    @property
    def pin(self) -> str:
        """The requirement of exactly this version."""
        return f"{self.name}=={self.version}"


class Installation(NamedTuple):
    """An environment that has the package.

    Attributes:
        tool: The name of what installed it: ``uv`` or ``pip``.
        local: The index that it came from.
        constraints: A file with the versions of the lock.
        test_command: The command that installs what the package's tests need besides.
        variables: The environment of that command.
    """

    tool: str
    local: Index
    constraints: Path
    test_command: Sequence[str]
    variables: Mapping[str, str]


class _Failed(Exception):
    """A command failed, with its last lines."""


@dataclass(frozen=True)
class _Tool:
    """A tool that installs.

    Attributes:
        name: ``uv`` or ``pip``.
        make: The command that makes the environment.
        build: The command that builds the wheel.
        wheels: The folder for the wheel.
        install: The start of each command that installs.
        index: The option with the URL of an index.
        variables: The environment of these commands.
        compiles: The option to compile what it installs.
    """

    name: str
    make: Sequence[str]
    build: Sequence[str]
    wheels: Path
    install: Sequence[str]
    index: str
    variables: Mapping[str, str]
    compiles: Sequence[str] = ()


def install(environment: Path, interpreter: Path, source: Path, folder: Path) -> Installation:
    """Make an environment with the package and its lock.

    Args:
        environment: Where; an environment in it is replaced.
        interpreter: The Python of that environment.
        source: The package's directory.
        folder: Where the wheel, its index and the constraints may be.

    Raises:
        ExportError: Neither uv nor pip can install it.
    """
    failure = ""
    for number, tool in enumerate(_tools(environment, interpreter, source, folder)):
        shutil.rmtree(environment, ignore_errors=True)
        try:
            return _by(tool, source, folder / f"index-{number}")
        except _Failed as failed:
            failure = str(failed)
    raise ExportError(f"it cannot be installed: {failure}")


@contextmanager
def for_tests(installation: Installation | None) -> Iterator[Callable[[], None]]:
    """Begin to install what the package's tests need besides, and yield what waits for it.

    That raises `ExportError` if it cannot be installed.
    """
    if installation is None:
        yield lambda: None
        return
    with started(installation.test_command, variables=installation.variables) as finish:

        def ready() -> None:
            try:
                _check(finish)
            except _Failed as failed:
                raise ExportError(f"what its tests need cannot be installed: {failed}") from None

        yield ready


def _tools(environment: Path, interpreter: Path, source: Path, folder: Path) -> Iterator[_Tool]:
    """Yield uv, if there is one, and pip, which may reach an index that uv does not."""
    wheels = folder / "wheels"
    if (found := uv.find()) is not None:
        yield _Tool(
            "uv",
            [found, "venv", "--quiet", "--python", sys.executable, str(environment)],
            [found, "build", "--quiet", "--wheel", "--python", sys.executable, "--out-dir", str(wheels), str(source)],
            wheels,
            [found, "pip", "install", "--quiet", "--python", str(interpreter)],
            "--default-index",
            uv.variables(),
            ["--compile-bytecode"],  # by all cores, where the package's first start would do it on one
        )
    # The pip of this environment installs into the other one, which saves 5 seconds of installing pip there.
    pip, quiet = [sys.executable, "-m", "pip"], ["--quiet", "--no-input", "--disable-pip-version-check"]
    yield _Tool(
        "pip",
        [sys.executable, "-m", "venv", "--without-pip", str(environment)],
        [*pip, "wheel", *quiet, "--no-deps", "--wheel-dir", str(wheels), str(source)],
        wheels,
        [*pip, "--python", str(interpreter), "install", *quiet, "--no-compile"],
        "--index-url",
        os.environ,
    )


def _by(tool: _Tool, source: Path, folder: Path) -> Installation:
    """Install the lock with its hashes, then the package from the index; without hashes, then what it needs."""
    folder.mkdir()
    lock = source / LOCK
    text = lock.read_text(encoding="utf-8") if lock.exists() else ""
    constraints = folder / "constraints.txt"  # with hashes, pip would want one of the package, too
    constraints.write_text(re.sub(r" \\\n +--hash=\S+", "", text), encoding="utf-8")
    with started(tool.build, variables=tool.variables) as built:
        _run(tool.make, tool.variables)
        if "--hash=" in text:
            _run([*tool.install, *tool.compiles, "--require-hashes", "--requirement", str(lock)], tool.variables)
        _check(built)
    index = _index(next(tool.wheels.glob("*.whl")), folder)
    # Without any other index: one may have another project of this name.
    alone = [*tool.install, "--no-deps", tool.index, index.url, index.pin]
    _run(alone, _without_indexes(tool.variables))
    constrained = ["--constraint", str(constraints)]
    if "--hash=" not in text:
        _run([*tool.install, index.name, *constrained], tool.variables)
    test_command = [*tool.install, f"{index.name}[test]", *constrained]
    return Installation(tool.name, index, constraints, test_command, tool.variables)


def _index(wheel: Path, folder: Path) -> Index:
    """Make an index of a wheel."""
    name, version, _, _ = parse_wheel_filename(wheel.name)
    page = folder / "simple" / name
    page.mkdir(parents=True)
    shutil.move(wheel, page / wheel.name)
    (page / "index.html").write_text(f'<!DOCTYPE html>\n<a href="{wheel.name}">{wheel.name}</a>\n', encoding="utf-8")
    return Index((folder / "simple").as_uri(), name, str(version))


def _without_indexes(variables: Mapping[str, str]) -> dict[str, str]:
    """Return an environment that configures no index, neither by a variable nor by a file."""
    of_indexes = ("INDEX", "FIND_LINKS", "CONFIG", "CONSTRAINT", "REQUIRE")
    kept = {
        name: value
        for name, value in variables.items()
        if not (name.startswith(("PIP_", "UV_")) and any(word in name for word in of_indexes))
    }
    return {**kept, "PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1"}


def _run(command: Sequence[str], variables: Mapping[str, str]) -> None:
    _check(lambda: ran(command, variables=variables))


def _check(finish: Finish) -> None:
    """Wait for a command; raise if it failed."""
    try:
        done = finish()
    except subprocess.TimeoutExpired as error:
        raise _Failed(f"it was not done within {error.timeout:.0f} seconds") from None
    if done.returncode != 0:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if line.lower().startswith(("error", "×", "╰"))]
        last = (errors or lines or [f"{Path(done.args[0]).name} ended with {done.returncode}"])[-2:]
        raise _Failed(" ".join(last)[:300])
