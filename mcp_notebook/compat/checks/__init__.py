"""The checks. Each yields its observations of a server; `facts.json` decides which hosts mind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mcp_notebook.compat.checked_server import CheckedServer
from mcp_notebook.compat.checks import inputs, names, offers, outputs, recorded
from mcp_notebook.compat.observation import Observation

__all__ = ["CHECKS", "applied", "observe"]

CHECKS: dict[str, str] = {**names.CHECKS, **inputs.CHECKS, **outputs.CHECKS, **offers.CHECKS, **recorded.CHECKS}
"""A description of what each check looks for, by the keys that facts name."""

_ALL: tuple[Callable[[CheckedServer], Iterator[Observation]], ...] = (
    offers.observe,
    names.observe,
    inputs.observe,
    outputs.observe,
    recorded.observe,
)


def observe(server: CheckedServer) -> Iterator[Observation]:
    """Yield the observations of a server, in the order in which they are shown."""
    for check in _ALL:
        yield from check(server)


def applied(server: CheckedServer) -> frozenset[str]:
    """Return the keys of the checks that apply: without a connection or recorded calls, some have nothing to check."""
    without = frozenset() if offers.reached(server) else offers.REACHING
    return frozenset(CHECKS) - without - (frozenset() if server.calls else frozenset(recorded.CHECKS))
