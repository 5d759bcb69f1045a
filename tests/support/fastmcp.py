"""FastMCP, another implementation, which our client and our servers meet."""

from __future__ import annotations

import importlib
import os
from typing import Any

import pytest

__all__ = ["imported_or_skipped", "tasks_or_skipped"]


def imported_or_skipped() -> Any:
    """Return the package, or skip the test; with REQUIRE_OUTSIDE=1 fail instead."""
    return _imported("fastmcp", "REQUIRE_OUTSIDE", "the extra peers")


def tasks_or_skipped() -> Any:
    """Return its part for tasks, or skip the test; with REQUIRE_FASTMCP_TASKS=1 fail instead.

    It requires a FastMCP of its own version, which may not be the newest.
    """
    return _imported("fastmcp_tasks", "REQUIRE_FASTMCP_TASKS", "fastmcp-tasks")


def _imported(name: str, required: str, what: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        if os.environ.get(required) == "1":
            pytest.fail(f"{required}=1, and {name} is not there. Install {what}.")
        pytest.skip(f"NO {name.upper()}: install {what}")
