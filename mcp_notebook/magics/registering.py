"""Magics in a shell, and what the shell says where a cell magic is not in the first line of its cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

__all__ = ["registered"]


@contextmanager
def registered(shell: InteractiveShell, kind: str, function: Callable[..., Any]) -> Iterator[None]:
    """While this is open, the shell has a magic, a ``line`` or a ``cell`` one, that is called as the function is.

    Below other lines IPython takes ``%%name`` for a line magic of the name ``%name``: that one says so.
    """
    name = function.__name__
    magics: list[tuple[str, str, Callable[..., Any]]] = [(kind, name, function)]
    if kind == "cell":
        magics.append(("line", f"%{name}", partial(_not_first, f"%%{name}")))
    for of_kind, called, magic in magics:
        shell.register_magic_function(magic, of_kind, called)
    try:
        yield
    finally:
        for of_kind, called, _ in magics:
            shell.magics_manager.magics[of_kind].pop(called, None)
            delattr(shell.magics_manager.user_magics, called)


def _not_first(magic: str, _line: str) -> None:
    raise UsageError(
        f"{magic} has to be the first line of its cell. Move what is above it below it, or into a cell of its own; "
        "nothing changed on the server."
    )
