"""The address files: written by kernels that serve, read by clients and bridges."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from itertools import count
from pathlib import Path
from stat import S_ISREG
from urllib.parse import urlsplit

from mcp_notebook.addresses.address import Address
from mcp_notebook.addresses.place import runtime_dir
from mcp_notebook.files import put_in_place

__all__ = ["known", "live", "publish", "remembered", "reread", "withdraw"]

FORGOTTEN_AFTER = 30 * 24 * 3600.0
"""Seconds for which the file of an ended kernel is kept."""

TEXTS = ("server", "url", "transport")
OPTIONAL_TEXTS = ("notebook", "kernel", "token", "started")


def publish(address: Address) -> Path:
    """Write the file of a server of this process, and return its path.

    The server keeps the seat that this process already has, or gets the first one that no living process has.

    Raises:
        OSError: The directory is not writable.
    """
    _clean()
    return _write(_seated(address))


def withdraw(address: Address) -> None:
    """Mark a server of this process as not listening, and keep its port and token."""
    address = _seated(address)
    if _path(address).exists():
        _write(replace(address, listening=False))


def remembered(server: str, notebook: str | None, kernel: str | None) -> Address | None:
    """Return the earlier address of this server of this notebook or kernel.

    An address of another living process does not count. Then this is the address of a second kernel, or None.
    """
    return reread(_seated(Address(server=server, notebook=notebook, kernel=kernel, url="", token=None)))


def reread(address: Address) -> Address | None:
    """Read the file of an address again; return None if it is gone."""
    return _read(_path(address))


def known() -> list[Address]:
    """Return every address that is still remembered, running or not."""
    return [address for _, address in _files()]


def live() -> list[Address]:
    """Return the servers that a client can connect to now, sorted by name, and remove stale files."""
    _clean()
    return sorted((address for address in known() if address.running), key=lambda address: address.name)


def _path(address: Address) -> Path:
    from hashlib import sha256  # takes several ms to import, and a search by name does not need it

    identity = json.dumps([*address.identity, address.seat])
    return runtime_dir() / f"mcp-notebook-{sha256(identity.encode()).hexdigest()[:32]}.json"


def _seated(address: Address) -> Address:
    """Assign a seat to an address of this process."""
    rivals = [other for other in known() if other.identity == address.identity and other.held]
    own = [other.seat for other in rivals if other.ours]
    taken = {other.seat for other in rivals}
    return replace(address, seat=own[0] if own else next(seat for seat in count(1) if seat not in taken))


def _clean() -> None:
    """Remove corrupt files, and those of processes that ended long ago."""
    for path, address in _files(remove_corrupt=True):
        if not address.held and _is_forgotten(path, address):
            path.unlink(missing_ok=True)


def _is_forgotten(path: Path, address: Address) -> bool:
    if address.notebook is None or not Path(address.notebook).exists():
        return True
    try:
        return time.time() - path.stat().st_mtime > FORGOTTEN_AFTER
    except OSError:
        return False


def _files(*, remove_corrupt: bool = False) -> Iterator[tuple[Path, Address]]:
    for path in sorted(runtime_dir().glob("mcp-notebook-*.json")):
        if (address := _read(path, remove_corrupt=remove_corrupt)) is not None:
            yield path, address


def _read(path: Path, *, remove_corrupt: bool = False) -> Address | None:
    """Read an address file; return None if it is missing, corrupt, or accessible to others."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    with os.fdopen(descriptor, encoding="utf-8") as file:
        if not _is_ours_alone(os.fstat(descriptor)):
            return None
        try:
            return _parse(file.read())
        except (ValueError, TypeError, KeyError, RecursionError):
            if remove_corrupt:
                path.unlink(missing_ok=True)
            return None


def _is_ours_alone(status: os.stat_result) -> bool:
    if not S_ISREG(status.st_mode):
        return False
    # Windows has no owner or mode here. The user's profile directory keeps others out.
    return sys.platform == "win32" or (status.st_uid == os.getuid() and not status.st_mode & 0o077)


def _parse(text: str) -> Address:
    values = {"door": True, "guests": False} | json.loads(text)  # earlier versions had neither
    address = Address(**{field.name: values[field.name] for field in fields(Address)})
    if (
        all(isinstance(values[name], str) for name in TEXTS)
        and all(values[name] is None or isinstance(values[name], str) for name in OPTIONAL_TEXTS)
        and isinstance(address.pid, int)
        and isinstance(address.seat, int)
        and isinstance(address.door, bool)
        and isinstance(address.guests, bool)
        and urlsplit(address.url).port != 0  # raises an error if the URL is not one
    ):
        return address
    raise ValueError("not an address")


def _write(address: Address) -> Path:
    path = _path(address)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(address), file)
    put_in_place(draft, path)
    return path
