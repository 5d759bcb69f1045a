"""Find the address that a name means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mcp_notebook.addresses.address import Address
from mcp_notebook.addresses.files import known, live
from mcp_notebook.errors import UnknownNameError, did_you_mean

__all__ = ["find", "own_name"]


def find(name: str) -> Address:
    """Return the address for a name, ``stem/server``, server name, notebook stem or notebook path.

    It may not be `running` now. If the name fits several addresses, a running one is preferred.

    Raises:
        UnknownNameError: The name fits no address, or several equally well.
    """
    everything = known()
    for meant in _meanings(name, everything):
        chosen = [address for address in meant if address.running] or meant
        if len(chosen) == 1:
            return chosen[0]
        if chosen:
            raise UnknownNameError(f"{name!r} is ambiguous: it can mean {_told_apart(chosen)}. Name one of these.")
    hint = did_you_mean(name, {address.name for address in everything})
    raise UnknownNameError(
        f"No server {name!r} has been served on this machine.{hint} Run %mcp serve in its notebook; "
        "mcp-notebook list shows the live ones."
    )


def own_name(address: Address) -> str:
    """Return a name that means only this address: servers that people call the same have paths or ids of their own."""
    alike = [other for other in live() if other.name == address.name]
    return address.name if len(alike) < 2 else address.notebook or address.kernel or address.name


def _meanings(name: str, everything: list[Address]) -> Iterator[list[Address]]:
    """Yield the addresses that `name` can mean, from the most exact reading to the least."""
    yield [address for address in everything if address.name == name]
    with suppress(OSError, RuntimeError, ValueError):  # not every name can be a path: ~nobody, or with a NUL in it
        path = Path(name).expanduser().resolve()
        yield [address for address in everything if address.notebook and Path(address.notebook).resolve() == path]
    yield [address for address in everything if f"{address.stem}/{address.server}" == name]
    yield [address for address in everything if address.server == name]
    yield [address for address in everything if address.stem == name]
    yield [address for address in everything if address.kernel is not None and address.kernel == name]


def _told_apart(addresses: list[Address]) -> str:
    names = {address.name for address in addresses}
    if len(names) == len(addresses):
        return " or ".join(sorted(names))
    return " or ".join(sorted({address.notebook or address.kernel or address.name for address in addresses}))
