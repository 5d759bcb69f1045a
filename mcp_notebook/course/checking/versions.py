"""Two tools as a client lists them, and changes of them, to judge which version comes next."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from mcp_notebook.course.checking.bench import Bench

__all__ = ["OWED", "changed", "schema"]

OLDEST: dict[str, Any] = {
    "name": "oldest",
    "description": "Return the oldest books.",
    "inputSchema": {
        "type": "object",
        "properties": {"count": {"type": "integer"}, "subject": {"type": "string"}},
        "required": ["count"],
    },
}
OWED: dict[str, Any] = {
    "name": "owed",
    "description": "Return what a member owes.",
    "inputSchema": {"type": "object", "properties": {"member": {"type": "string"}}, "required": ["member"]},
}


def changed(change: Callable[[list[Any]], Any]) -> Callable[[Bench], Any]:
    """Return a look at the bump for a change of the two tools."""

    def look(bench: Bench) -> Any:
        before = copy.deepcopy([OLDEST, OWED])
        after = copy.deepcopy(before)
        change(after)
        return bench.namespace["bump"](before, after)

    return look


def schema(tools: list[Any]) -> Any:
    """Return the input schema of the first tool."""
    return tools[0]["inputSchema"]
