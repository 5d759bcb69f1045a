"""Find secrets that a server tells every client in its lists."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mcp.server.mcpserver import MCPServer

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.module.writing import Setting
from mcp_notebook.export.ran import RanCell
from mcp_notebook.export.settings.secrets import has
from mcp_notebook.server.definitions import Definition, definitions

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
    secrets = [setting for setting in settings if setting.secret and setting.live]
    for definition in definitions(server):
        shown = _shown(definition)
        cell = definers.get((definition.kind, definition.name))
        for setting in secrets:
            if has(shown, setting.live or ""):
                here = has(sources.get(cell or 0, ""), setting.live or "")
                yield Finding(
                    "stops" if here else "warns",
                    cell,
                    f"{definition.kind} {definition.name}",
                    f"lists the secret {setting.name} to every client, as a default or in a description.",
                    "Take it out there, and use it inside the function.",
                )


def _shown(definition: Definition) -> str:
    entry = definition.entry.model_dump_json(include=SHOWN, fallback=str)
    return entry + json.dumps(getattr(definition.entry, "output_schema", None), default=str)
