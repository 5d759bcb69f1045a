"""For IPython before 8, as on Colab and Kaggle (7.34): the number of a cell from the file name of its code.

Newer versions keep it in their compiler, which answers by `format_code_name`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

__all__ = ["numbered"]

_IN_NAME = re.compile(r"<ipython-input-(\d+)-\w+>")


@contextmanager
def numbered(shell: InteractiveShell) -> Iterator[None]:
    """Give the shell's compiler that method, for the cells that run while this is open."""
    compiler: Any = shell.compile
    if hasattr(type(compiler), "format_code_name"):
        yield
        return
    numbers: dict[str, int] = {}
    cache: Callable[..., str] = compiler.cache

    def noted(code: str, number: int = 0, raw_code: str | None = None) -> str:
        name = cache(code, number, raw_code)
        numbers[name] = number
        return name

    def format_code_name(name: str) -> tuple[str, str] | None:
        # IPython itself writes the number into the name; a kernel does not.
        found = _IN_NAME.fullmatch(name)
        number = int(found[1]) if found else numbers.get(name)
        return None if number is None else ("Cell", f"In[{number}]")

    compiler.cache, compiler.format_code_name = noted, format_code_name
    try:
        yield
    finally:
        del compiler.cache, compiler.format_code_name
