"""Format Python source with `ruff`, which comes with the extra ``export``."""

from __future__ import annotations

import json
import subprocess
from functools import cache

from mcp_notebook import browser_tab
from mcp_notebook.errors import McpNotebookError

__all__ = ["formatted", "laid_out", "require_ruff"]


def require_ruff() -> None:
    """Refuse what would fail later, because it has to write Python.

    Raises:
        McpNotebookError: `ruff` is not installed.
    """
    _program()


def formatted(source: str, *, own: str = "") -> str:
    """Return the source with its imports sorted, those that nothing uses gone, and in `ruff`'s format.

    Args:
        source: A whole module.
        own: A package that it belongs to, whose imports come last.

    Raises:
        McpNotebookError: `ruff` is not installed, or this is a browser tab.
    """
    sorting = f"lint.isort.known-first-party={json.dumps([own] if own else [])}"
    source = _ruff(source, "check", "--select", "I,F401", "--config", sorting, "--fix", "--exit-zero", "--quiet")
    return laid_out(source)


def laid_out(source: str) -> str:
    """Return the source in `ruff`'s format; its imports stay as they are.

    Raises:
        McpNotebookError: `ruff` is not installed, or this is a browser tab.
    """
    return _ruff(source, "format", "--quiet")


def _ruff(source: str, *command: str) -> str:
    words = [_program(), *command, "--isolated", "--no-cache", "--stdin-filename", "server.py", "-"]
    return subprocess.run(words, input=source, capture_output=True, text=True, check=True, encoding="utf-8").stdout


@cache
def _program() -> str:
    if browser_tab.HERE:
        raise McpNotebookError(browser_tab.elsewhere("a page cannot run ruff, which lays out the code that is written"))
    try:
        from ruff import find_ruff_bin
    except ImportError:
        raise McpNotebookError(
            "Writing Python needs ruff, which is missing here or too old. To install it: "
            'pip install "mcp-notebook[export]" (in a cell: %pip)'
        ) from None
    return str(find_ruff_bin())
