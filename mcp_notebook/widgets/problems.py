"""Tell the front end about problems with arguments."""

from __future__ import annotations

from typing import Any

from mcp_notebook.schema import Problem
from mcp_notebook.visible import visible

__all__ = ["told"]


def told(problem: Problem) -> dict[str, Any]:
    """Describe a problem as the front end shows it."""
    return {"place": problem.place, "reason": visible(problem.reason, one_line=True)}
