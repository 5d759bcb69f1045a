"""Write files that are never half written, and let one writer at a time work in a folder."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["locked", "put_in_place", "write_whole"]

LOCK = ".mcp-notebook.lock"
"""The file to lock if a folder itself cannot be locked, as on Windows."""


def write_whole(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Write a new file through to the disk; if that fails or is interrupted, no file is left.

    Raises:
        OSError: It cannot be written, or exists already.
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
    """Replace a file by another one in a single step.

    Windows refuses this while another program reads the target, so there it is tried for `BUSY` seconds.

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
"""Seconds to wait while another program reads the file to be replaced, such as an editor or a virus scanner."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock a folder against other threads and processes that do the same; the system unlocks it if a process dies.

    On a file system without locks, such as some network file systems, the folder is used without a lock.

    Raises:
        OSError: The folder does not exist.
    """
    descriptor = _open(folder)
    try:
        with suppress(OSError):
            _lock(descriptor)
        yield
    finally:
        os.close(descriptor)  # this unlocks
        if os.name == "nt":
            with suppress(OSError):  # another writer waits for it
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
                if error.errno != 36:  # EDEADLOCK: not available within ten seconds
                    raise

else:

    def _open(folder: Path) -> int:
        return os.open(folder, os.O_RDONLY)  # a folder can be locked itself, so no file is left in it

    def _lock(descriptor: int) -> None:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX)
