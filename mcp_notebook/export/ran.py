"""The subject of an export, as plain data: the cells that ran, and the server that they made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mcp.server.mcpserver import MCPServer

from mcp_notebook.server.changes import Kind
from mcp_notebook.slicing.statements import RanCell

__all__ = ["RanCell", "Subject"]


@dataclass(frozen=True)
class Subject:
    """A live server, and the cells that it came from.

    Attributes:
        server: The live server.
        variable: The variable that holds it; None where only magics know it.
        cells: In the order in which they ran; a cell that ran twice is there twice.
        namespace: The notebook's variables as they are now.
        gone: Returns the definitions that a server offered once and no longer does, by kind and name.
    """

    server: MCPServer[Any]
    variable: str | None
    cells: tuple[RanCell, ...]
    namespace: Mapping[str, Any]
    gone: Callable[[MCPServer[Any]], Iterable[tuple[Kind, str]]] = lambda _: ()
