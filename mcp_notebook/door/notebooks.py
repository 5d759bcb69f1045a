"""Find the live notebooks that the door serves."""

from __future__ import annotations

import time

from mcp_notebook import addresses
from mcp_notebook.addresses import Address
from mcp_notebook.errors import UnknownNameError

__all__ = ["AwayError", "Notebooks"]

SETTLED = 1_000_000_000
"""Nanoseconds after which two changes of a directory have different times on every file system."""


class AwayError(Exception):
    """Nothing listens at the address of a notebook."""


class Notebooks:
    """The notebooks of this user, by name; the files are read again only when their directory has changed."""

    def __init__(self) -> None:
        self._found: dict[str, Address] = {}
        self._stamp: int | None = None

    def find(self, name: str) -> Address:
        """Return the address for a name.

        Raises:
            AwayError: Nothing listens there now.
            UnknownNameError: The name fits no notebook that the door serves, or several.
        """
        stamp = _stamp()
        if stamp is None or stamp != self._stamp:
            self._found, self._stamp = {}, stamp
        found = self._found.get(name)
        if found is None or not found.running:
            found = self._read(name)
            if not found.running:
                raise AwayError("its server was stopped" if found.held else "its kernel is not running")
            if stamp is not None:
                self._found[name] = found
        return found

    def forget(self) -> None:
        """Read the files again at the next search."""
        self._stamp = None

    def live(self) -> list[str]:
        """Return the names of the live notebooks that the door serves, as `find` knows them."""
        return [addresses.own_name(address) for address in addresses.live() if address.at_door]

    def _read(self, name: str) -> Address:
        try:
            address = addresses.find(name)
        except UnknownNameError as error:
            raise UnknownNameError(f"{error} {self._listed()}") from None
        if not address.at_door:
            raise UnknownNameError(
                f"{name!r} is not served here: it listens with --no-door, over SSE, on another address than "
                f"127.0.0.1, or with authorization of its own. {self._listed()}"
            )
        return address

    def _listed(self) -> str:
        return f"Served here: {', '.join(self.live()) or 'nothing now'}."


def _stamp() -> int | None:
    """Return a number that differs after each change of the files; None while they may change unnoticed."""
    try:
        changed = addresses.runtime_dir().stat().st_mtime_ns
    except OSError:
        return None
    return changed if time.time_ns() - changed > SETTLED else None
