"""The checks. Each yields the spots of a server that it looks for; `facts.json` decides which hosts mind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mcp_notebook.compat.checks import inputs, names, offers, outputs, recorded
from mcp_notebook.compat.spots import Spot
from mcp_notebook.compat.subject import CheckedServer

__all__ = ["CHECKS", "spots_of"]

CHECKS: dict[str, str] = {**names.CHECKS, **inputs.CHECKS, **outputs.CHECKS, **offers.CHECKS, **recorded.CHECKS}
"""The trait that each check looks for, by the keys that facts name."""

_ALL: tuple[Callable[[CheckedServer], Iterator[Spot]], ...] = (
    offers.spots,
    names.spots,
    inputs.spots,
    outputs.spots,
    recorded.spots,
)


def spots_of(subject: CheckedServer) -> Iterator[Spot]:
    """Yield the spots of a server, in the order in which they are shown."""
    for check in _ALL:
        yield from check(subject)
