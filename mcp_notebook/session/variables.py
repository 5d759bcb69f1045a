"""Let agents see which variables there are: their types, shapes and columns, and not their values."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from typing import Any

from mcp_types import ToolAnnotations

from mcp_notebook.errors import DefinitionError, UnknownNameError, did_you_mean
from mcp_notebook.server import LiveServer, sdk_gaps
from mcp_notebook.server.changes import replace
from mcp_notebook.server.definitions import build_tool, register
from mcp_notebook.server.extensions.data import columns_of, kind_of, short
from mcp_notebook.server.stable_tools import VARIABLES

__all__ = ["DescribedVariables"]

MOST_COLUMNS = 100
"""Most columns of a table that are named."""


class DescribedVariables:
    """The variables that the agents of each server see; none until they are named."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace
        self._offered: dict[str, dict[str, None]] = {}

    def offer(self, live: LiveServer, names: Collection[str]) -> None:
        """Offer variables, beside those that are offered already, by the tool ``notebook_variables``.

        Raises:
            DefinitionError: The server has a tool of that name which is not this one.
        """
        there = sdk_gaps.entries(live.server, "tool").get(VARIABLES)
        if there is not None and inspect.unwrap(there.fn).__module__ != __name__:
            raise DefinitionError(f"The server has a tool {VARIABLES} of its own. Give that another name first.")
        self._offered.setdefault(live.name, {}).update(dict.fromkeys(names))

        def notebook_variables() -> list[dict[str, Any]]:
            """List variables of the notebook as they are now: their types, shapes, and the columns of tables."""
            return self.described(live)

        register(live.server, build_tool(notebook_variables, annotations=ToolAnnotations(read_only_hint=True)))

    def withdraw(self, live: LiveServer, names: Collection[str] = ()) -> None:
        """Stop offering these variables, or all; without one left, the tool goes.

        Raises:
            UnknownNameError: A variable is not offered.
        """
        offered = self._offered.get(live.name, {})
        if unknown := [name for name in names if name not in offered]:
            raise UnknownNameError(
                f"{unknown[0]!r} is not offered.{did_you_mean(unknown[0], offered)} "
                f"Offered: {', '.join(offered) or 'none'}."
            )
        for name in names or list(offered):
            offered.pop(name, None)
        if not offered:
            replace(live.server, "tool", {}, [VARIABLES])

    def described(self, live: LiveServer) -> list[dict[str, Any]]:
        """Return what agents see of the offered variables that exist."""
        there = [name for name in self._offered.get(live.name, {}) if name in self._namespace]
        return [{"name": name, **_readable(self._namespace[name])} for name in there]


def _readable(value: Any) -> dict[str, Any]:
    """Describe a value; one that cannot be read, such as a query of columns that are not there, has an error."""
    try:
        return _described(value)
    except Exception as error:  # noqa: BLE001 - each library of data has its own
        return {"type": _name_of(value), "error": f"It cannot be read ({type(error).__name__})."}


def _name_of(value: Any) -> str:
    kind = type(value)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__.partition('.')[0]}."
    return f"{module}{kind.__qualname__}"


def _described(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"type": _name_of(value)}
    if kind_of(value) == "table":
        count, columns = columns_of(value)
        return {**found, "shape": [count, len(columns)], "columns": dict(list(columns.items())[:MOST_COLUMNS])}
    if kind_of(value) == "array":
        return {**found, "shape": [int(length) for length in value.shape], "dtype": short(str(value.dtype))}
    if isinstance(value, str | bytes | list | tuple | dict | set | frozenset):
        return {**found, "shape": [len(value)]}
    return found
