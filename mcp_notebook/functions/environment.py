"""Make the names that a model's code starts with.

Leaving names out keeps code to its purpose; it protects nothing. Python has many ways to reach what has no name here.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from typing import Any, Final

__all__ = ["MODULES", "environment"]

MODULES: Final = frozenset(
    {
        "asyncio", "base64", "collections", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools",
        "heapq", "itertools", "json", "math", "operator", "random", "re", "statistics", "string", "textwrap", "typing",
        "zoneinfo",
    }
)  # fmt: skip
"""The modules that code may import."""

_LEFT_OUT: Final = frozenset(
    {"open", "input", "exec", "eval", "compile", "breakpoint", "help", "exit", "quit", "get_ipython", "display"}
)


def environment(servers: Any, write: Callable[[str], Any]) -> dict[str, Any]:
    """Return the names for code: the servers, and Python's builtins without files, input and further code.

    Args:
        servers: The functions.
        write: Takes what the code prints.
    """

    def say(*values: object, sep: str | None = " ", end: str | None = "\n", **_: Any) -> None:
        # By the methods of str alone: a text of the code may be of a subclass.
        line = str.join(" " if sep is None else sep, map(str, values))
        write("".join([line, "\n" if end is None else end]))

    def import_known(name: str, *args: Any, **options: Any) -> Any:
        if name.partition(".")[0] not in MODULES:
            raise ImportError(f"code here may not import {name}; it may import {', '.join(sorted(MODULES))}")
        return __import__(name, *args, **options)

    known = {name: value for name, value in vars(builtins).items() if name not in _LEFT_OUT}
    known |= {"print": say, "__import__": import_known}
    return {"__name__": "__code__", "__builtins__": known, "servers": servers, "asyncio": sys.modules["asyncio"]}
