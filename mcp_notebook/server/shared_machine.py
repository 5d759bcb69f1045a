"""Find out whether other users run programs on this machine: loopback is open to all of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["why_shared"]

SYSTEM_UIDS = 500 if sys.platform == "darwin" else 1000
"""Lower user ids belong to services of the system."""

NOBODYS_UIDS = (range(60_000, 65_536), range(2**31, 2**33))
"""User ids that systemd gives to services, and the id of nobody."""


def why_shared(environment: Mapping[str, str]) -> str | None:
    """Return why this machine counts as shared (a JupyterHub, or programs of other users); None if it does not.

    Users that the system hides, as with ``hidepid`` and in containers, are not found. On Windows only a hub is found.
    """
    hub = next((name for name in environment if name.startswith("JUPYTERHUB_")), None)
    if hub is not None:
        return f"this is a JupyterHub ({hub} is set)"
    if sys.platform == "win32":
        return None
    mine = {str(os.getuid()), environment.get("SUDO_UID", "")}
    others = sorted(uid for uid in _running() if _is_person(uid) and str(uid) not in mine)
    return f"other users of this machine run programs (user id {others[0]})" if others else None


def _is_person(uid: int) -> bool:
    return uid >= SYSTEM_UIDS and not any(uid in uids for uids in NOBODYS_UIDS)


def _running() -> set[int]:
    """Return the user ids of all running programs."""
    processes = Path("/proc")
    if not (processes / "self").exists():  # macOS
        listed = subprocess.run(["ps", "-axo", "uid="], capture_output=True, text=True, check=False).stdout
        return {int(uid) for uid in listed.split() if uid.isdigit()}
    found = set()
    for process in processes.iterdir():
        if process.name.isdigit():
            try:
                found.add(process.stat().st_uid)
            except OSError:  # the process has ended
                continue
    return found
