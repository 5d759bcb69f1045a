"""Render the variables that agents see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mcp_notebook.rendering import look
from mcp_notebook.rendering.listing import listing

__all__ = ["variables_table"]

MOST_COLUMNS = 8
"""Most columns of a variable that are named."""


def variables_table(variables: Sequence[Mapping[str, Any]]) -> look.Rendering:
    """Draw the variables with their types, shapes and columns."""
    rows = [
        (one["name"], one["type"], _shape(one), one.get("error") or _columns(one.get("columns") or {}))
        for one in variables
    ]
    empty = "none are offered. To let agents see some: %mcp variables NAME..."
    return listing("variables", ("name", "type", "shape", "columns"), rows, empty=empty)


def _shape(variable: Mapping[str, Any]) -> str:
    lengths = variable.get("shape")
    return "" if lengths is None else " × ".join("?" if length is None else f"{length:,}" for length in lengths)


def _columns(columns: Mapping[str, str]) -> str:
    shown = [f"{name}: {kind}" for name, kind in list(columns.items())[:MOST_COLUMNS]]
    return ", ".join([*shown, *([f"{len(columns) - MOST_COLUMNS} more"] if len(columns) > MOST_COLUMNS else [])])
