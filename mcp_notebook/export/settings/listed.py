"""Find secrets that a server tells every client in its lists."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mcp.server.mcpserver import MCPServer

from mcp_notebook.export.findings import Finding, Weight
from mcp_notebook.export.module.writing import Setting
from mcp_notebook.export.ran import RanCell
from mcp_notebook.export.settings.secrets import has
from mcp_notebook.server.definitions import definitions

__all__ = ["listed"]

SHOWN = {"title", "description", "parameters", "arguments", "annotations", "icons", "meta"}


def listed(
    server: MCPServer[Any],
    settings: Iterable[Setting],
    definers: Mapping[tuple[str, str], int | None],
    cells: Iterable[RanCell],
) -> Iterator[Finding]:
    """Yield the definitions whose entry in a list has a secret; if their own cell has its text, they stop.

    Args:
        server: The live server.
        settings: The settings, with the secrets to look for.
        definers: The number of each definition's cell.
        cells: The cells.
    """
    sources = {cell.number: cell.source for cell in cells}
    secrets = [(setting.name, setting.live) for setting in settings if setting.secret and setting.live]
    for definition in definitions(server):
        shown = definition.entry.model_dump_json(include=SHOWN, fallback=str)
        shown += json.dumps(getattr(definition.entry, "output_schema", None), default=str)
        cell = definers.get((definition.kind, definition.name))
        about = f"{definition.kind} {definition.name}"
        for name, live in secrets:
            if has(shown, live):
                weight: Weight = "stops" if has(sources.get(cell or 0, ""), live) else "warns"
                what = f"lists the secret {name} to every client, as a default or in a description."
                yield Finding(weight, cell, about, what, "Take it out there, and use it inside the function.")
