"""FastMCP, another implementation, which our client and our servers meet."""

from __future__ import annotations

import os
from typing import Any

import pytest

__all__ = ["imported_or_skipped"]


def imported_or_skipped() -> Any:
    """Return the package, or skip the test; with REQUIRE_OUTSIDE=1 fail instead."""
    try:
        import fastmcp
    except ImportError:
        if os.environ.get("REQUIRE_OUTSIDE") == "1":
            pytest.fail("REQUIRE_OUTSIDE=1, and FastMCP is not installed. Install the extra: peers")
        pytest.skip("NO FASTMCP: install the extra peers")
    return fastmcp
