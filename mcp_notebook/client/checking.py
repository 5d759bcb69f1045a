"""Check a tool's results against its output schema, on threads of their own, because a server's schema may be slow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

import anyio
from mcp_types import CallToolResult

from mcp_notebook.client.reading import misfits
from mcp_notebook.schema import Problem

__all__ = ["Checks", "checked"]

PLACE: Final = "structuredContent"

MOST_KEPT: Final = 100
"""Most tools whose prepared schemas are kept."""


class Checks:
    """Checks the results of one connection; each tool's schema is prepared once."""

    def __init__(self) -> None:
        self._ready: dict[str, tuple[str, _Ready]] = {}
        # Not the loop's threads: those belong to the tools of this kernel's servers.
        self._threads: anyio.CapacityLimiter | None = None

    async def check(self, name: str, schema: Any, result: CallToolResult) -> CallToolResult:
        """Return a tool's result, with the problems that its output schema finds."""
        if schema is None or result.is_error:
            return result
        if self._threads is None:
            self._threads = anyio.CapacityLimiter(2)
        check = partial(self._check, name, schema, result)
        return await anyio.to_thread.run_sync(check, abandon_on_cancel=True, limiter=self._threads)

    def _check(self, name: str, schema: Any, result: CallToolResult) -> CallToolResult:
        text = json.dumps(schema, sort_keys=True)
        known, ready = self._ready.pop(name, ("", None))
        if ready is None or known != text:
            ready = _Ready(schema)
        self._ready[name] = text, ready
        while len(self._ready) > MOST_KEPT:
            self._ready.pop(next(iter(self._ready)), None)
        return ready.checked(result)


class _Ready:
    """An output schema, prepared to check results."""

    def __init__(self, schema: Any) -> None:
        # Imported here: the library takes a second to import, and many tools have no output schema.
        from mcp_notebook.schema import Checker, fault_of

        fault = fault_of(schema)
        self._fault = [] if fault is None else [Problem(("outputSchema",), f"not a JSON Schema: {fault}")]
        self._checker = Checker(schema if isinstance(schema, Mapping | bool) else {})

    def checked(self, result: CallToolResult) -> CallToolResult:
        if result.structured_content is None and "structured_content" not in result.model_fields_set:
            return misfits(result, [*self._fault, Problem((PLACE,), "missing, and the tool has an output schema")], [])
        found = self._checker.check(result.structured_content)
        wrong = [replace(problem, place=(PLACE, *problem.place)) for problem in found.problems]
        if not (self._fault or wrong or found.unchecked):
            return result
        return misfits(result, [*self._fault, *wrong], found.unchecked)


def checked(result: CallToolResult, schema: Any) -> CallToolResult:
    """Return a tool's result, with the problems that an output schema finds; check it at once."""
    return result if schema is None or result.is_error else _Ready(schema).checked(result)
