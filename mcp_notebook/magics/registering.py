"""Magics in a shell: what it says where one is not in the first line, and lines of Python that look like one."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

__all__ = ["python_stays_python", "registered"]


@contextmanager
def registered(shell: InteractiveShell, kind: str, function: Callable[..., Any]) -> Iterator[None]:
    """While this is open, the shell has a magic, a ``line`` or a ``cell`` one, that is called as the function is.

    Below other lines IPython takes ``%%name`` for a line magic of the name ``%name``: that one says so. With one ``%``
    there is only the help, because IPython refuses a cell magic without a body.
    """
    name = function.__name__
    magics: list[tuple[str, str, Callable[..., Any]]] = [(kind, name, function)]
    if kind == "cell":
        magics.append(("line", f"%{name}", partial(_not_first, f"%%{name}")))
        magics.append(("line", name, partial(_only_help, name, function)))
    for of_kind, called, magic in magics:
        shell.register_magic_function(magic, of_kind, called)
    try:
        yield
    finally:
        for of_kind, called, _ in magics:
            shell.magics_manager.magics[of_kind].pop(called, None)
        for called in {called for _, called, _ in magics}:
            delattr(shell.magics_manager.user_magics, called)


def _not_first(magic: str, _line: str) -> None:
    raise UsageError(
        f"{magic} has to be the first line of its cell. Move what is above it below it, or into a cell of its own; "
        "nothing changed on the server."
    )


def _only_help(name: str, function: Callable[..., Any], line: str) -> Any:
    if line.split() == ["--help"]:
        return function(line, "")
    raise UsageError(
        f"%{name} needs a second %: begin a cell with %%{name}, with the definitions below it. "
        f"%{name} --help lists its options."
    )


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
