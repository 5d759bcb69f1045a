"""Print notices for the user."""

from __future__ import annotations

import sys

from mcp_notebook.visible import visible

__all__ = ["say"]


def say(notice: str) -> None:
    """Print a notice that no cell asked for, in one line."""
    print(f"mcp: {visible(notice)}", file=sys.stderr)
