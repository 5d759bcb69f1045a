"""Find the variables of a notebook that refer to an object of a given class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

from typing_extensions import TypeIs

__all__ = ["SERVES", "is_a", "members", "variables_with"]

SERVES = "_mcp_notebook_variable"
"""The attribute of a function that serves a variable, with the variable's name."""

MOST_MEMBERS = 100
"""Members of a list or dict that are looked at."""

T = TypeVar("T")


def is_a(value: Any, kind: type[T]) -> TypeIs[T]:
    """Return whether a value is an instance, without `isinstance`: that runs the value's code, which may raise."""
    return issubclass(type(value), kind)


def variables_with(kind: type[T], namespace: Mapping[str, Any]) -> dict[str, T]:
    """Return the variables that refer to an instance of a class, in their order."""
    return {name: value for name, value in list(namespace.items()) if is_a(value, kind)}


def members(kind: type[T], namespace: Mapping[str, Any]) -> Iterator[T]:
    """Yield the values of variables that are instances of a class, and those in their lists, tuples and dicts."""
    for value in list(namespace.values()):
        held = value.values() if type(value) is dict else value if type(value) in (list, tuple) else ()
        yield from (each for each in (value, *islice(held, MOST_MEMBERS)) if is_a(each, kind))
