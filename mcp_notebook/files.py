"""Files that are never half written, and folders in which one writer is at work at a time."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["locked", "put_in_place", "write_whole"]

LOCK = ".mcp-notebook.lock"
"""The file that is locked where a folder cannot be: on Windows."""


def write_whole(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Write a new file to the disk itself; where that fails or is interrupted, there is no file.

    Raises:
        OSError: It cannot be written, or is there.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


def put_in_place(draft: Path, target: Path) -> None:
    """Give a file the name of another one, which it replaces in one step.

    Windows refuses that while another program reads the other one, so there it is tried again for `BUSY` seconds.

    Raises:
        OSError: It cannot be replaced.
    """
    end = time.monotonic() + (BUSY if sys.platform == "win32" else 0)
    while True:
        try:
            draft.replace(target)
            return
        except PermissionError:
            if time.monotonic() >= end:
                raise
            time.sleep(0.02)


BUSY = 2.0
"""Seconds for which another program may read a file that is to be replaced: an editor, a scanner for viruses."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other threads and processes that lock the folder waiting; the system unlocks it when a process ends.

    A file system that has no locks, as some over a network, is written to without.

    Raises:
        OSError: The folder is not there.
    """
    descriptor = _open(folder)
    try:
        with suppress(OSError):
            _lock(descriptor)
        yield
    finally:
        os.close(descriptor)  # which unlocks
        if os.name == "nt":
            with suppress(OSError):  # another one waits for it
                (folder / LOCK).unlink()


if os.name == "nt":  # pragma: no cover

    def _open(folder: Path) -> int:
        return os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)

    def _lock(descriptor: int) -> None:
        import msvcrt

        while True:
            try:
                msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]
                return
            except OSError as error:
                if error.errno != 36:  # EDEADLOCK: not free within ten seconds
                    raise

else:

    def _open(folder: Path) -> int:
        return os.open(folder, os.O_RDONLY)  # a folder can be locked itself, so that no file is left in it

    def _lock(descriptor: int) -> None:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX)
