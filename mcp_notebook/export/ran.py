"""What ran in a notebook, as plain data: the cells, and the server that they made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mcp.server.mcpserver import MCPServer

from mcp_notebook.server.changes import Kind

__all__ = ["RanCell", "Subject"]


@dataclass(frozen=True)
class RanCell:
    """A cell as it ran.

    Attributes:
        number: Its ``In [n]``.
        source: As its author wrote it, magics included.
        raised_at: The line, from 1, of the statement that raised; None where the cell ran to its end. What comes
            before that line did run.
        shown: Whether its last expression had a value, which was shown.
        id: What the front end knows it by, however often it runs; None where it gives no such name.
    """

    number: int
    source: str
    raised_at: int | None = None
    shown: bool = False
    id: str | None = None


@dataclass(frozen=True)
class Subject:
    """What is exported: a live server, and the cells that it came from.

    Attributes:
        server: The live server.
        variable: The variable that holds it; None where only magics know it.
        cells: In the order in which they ran; a cell that ran twice is there twice.
        namespace: The notebook's variables as they are now.
        gone: Says what a server offered once and no longer does, by kind and name.
    """

    server: MCPServer[Any]
    variable: str | None
    cells: tuple[RanCell, ...]
    namespace: Mapping[str, Any]
    gone: Callable[[MCPServer[Any]], Iterable[tuple[Kind, str]]] = lambda _: ()
