"""Run commands: one at a time, or beside what the proof does meanwhile."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

__all__ = ["PATIENCE", "Finish", "ran", "started"]

PATIENCE = 600.0
"""Seconds that a command may take: for an installation, wheels may have to be fetched, or built."""

Finish = Callable[[], "subprocess.CompletedProcess[str]"]
"""Waits until a command has ended. It raises `subprocess.TimeoutExpired` after `PATIENCE`."""


@contextmanager
def started(
    command: Sequence[str],
    cwd: Path | None = None,
    variables: Mapping[str, str] | None = None,
    *,
    held: bool = False,
) -> Iterator[Finish]:
    """Start a command, and yield what waits for its end; it is killed if the context ends before.

    Args:
        command: The program and its arguments.
        cwd: Where it runs.
        variables: Its whole environment; that of this process if not given.
        held: Its input stays open until its end is waited for. A program that reads it can prepare, and wait there.
    """
    stdin = subprocess.PIPE if held else subprocess.DEVNULL
    # Files and not pipes, because nobody reads them until the command has ended.
    with TemporaryFile() as out, TemporaryFile() as err:
        process = subprocess.Popen(command, cwd=cwd, env=variables, stdin=stdin, stdout=out, stderr=err)

        def finish() -> subprocess.CompletedProcess[str]:
            if process.stdin is not None:
                process.stdin.close()
            process.wait(PATIENCE)
            return subprocess.CompletedProcess(command, process.returncode, _text(out), _text(err))

        try:
            yield finish
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            if process.stdin is not None:
                process.stdin.close()


def ran(
    command: Sequence[str], cwd: Path | None = None, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; the arguments are as of `started`, and an interrupt kills it."""
    with started(command, cwd, variables) as finish:
        return finish()


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", errors="replace").replace("\r\n", "\n")
