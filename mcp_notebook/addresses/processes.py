"""Check that a process is alive, and still the same one."""

from __future__ import annotations

import os
import sys

__all__ = ["start_of"]


def start_of(pid: int) -> str | None:
    """Return the start time of a process in the platform's own unit; None if no process has this id.

    Return ``""`` on platforms without a cheap way to find it (macOS, BSD). A reused id counts as the
    same process there.
    """
    if pid <= 0:
        return None
    if sys.platform == "win32":
        return _start_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except (PermissionError, OverflowError):
        pass
    return _start_on_linux(pid) if sys.platform == "linux" else ""


def _start_on_linux(pid: int) -> str | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 (nothing to join)
            # The second field, the program's name, may contain spaces and parentheses: proc(5).
            after_name = file.read().rpartition(b")")[2].split()
    except FileNotFoundError:
        return None
    except OSError:
        return ""
    return None if after_name[0] in (b"Z", b"X") else after_name[19].decode()


def _start_on_windows(pid: int) -> str | None:
    # os.kill(pid, 0) would end the process there.
    if sys.platform != "win32":
        return None
    import ctypes
    from ctypes import wintypes

    kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel32.OpenProcess.restype = wintypes.HANDLE
    query_limited_information = 0x1000
    handle = kernel32.OpenProcess(query_limited_information, False, pid)
    if not handle:
        return "" if ctypes.get_last_error() == 5 else None  # 5: access denied, so there is one
    try:
        created, exited, *spent = (wintypes.FILETIME() for _ in range(4))
        handle = wintypes.HANDLE(handle)
        if not kernel32.GetProcessTimes(handle, *map(ctypes.byref, (created, exited, *spent))):
            return ""
        if exited.dwLowDateTime or exited.dwHighDateTime:
            return None
        return str(created.dwHighDateTime << 32 | created.dwLowDateTime)
    finally:
        kernel32.CloseHandle(handle)
