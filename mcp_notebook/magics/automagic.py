"""Keeps IPython's automagic, which lets ``mcp tools`` do without its ``%``, from taking Python for a magic."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

__all__ = ["python_stays_python"]


class _PythonFirst:
    """A checker of IPython's prefilter, asked just before the one that finds automagics."""

    priority = 650
    enabled = True

    def __init__(self, manager: Any) -> None:
        self._manager = manager

    def check(self, line: Any) -> Any:
        """Return the handler for Python if this is a statement that begins with the word ``mcp``.

        IPython knows assignments with ``=``, but not ``mcp: MCPServer = ...``. The word alone stays the magic, and
        so do options: ``mcp --help`` would be a subtraction.
        """
        rest = line.the_rest.strip()
        if line.ifun != "mcp" or not rest or rest.startswith("-"):
            return None
        try:
            ast.parse(line.line.strip())
        except (SyntaxError, ValueError):
            return None
        return self._manager.get_handler_by_name("normal")


@contextmanager
def python_stays_python(shell: InteractiveShell) -> Iterator[None]:
    """While this is open, a line of Python that begins with ``mcp`` is Python."""
    manager = shell.prefilter_manager
    checker = _PythonFirst(manager)
    manager.register_checker(checker)
    try:
        yield
    finally:
        manager.unregister_checker(checker)
