"""Find the variables of a notebook that refer to an object of a given class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from typing_extensions import TypeIs

__all__ = ["is_a", "variables_with"]

T = TypeVar("T")


def is_a(value: Any, kind: type[T]) -> TypeIs[T]:
    """Return whether a value is an instance, without `isinstance`: that runs the value's code, which may raise."""
    return issubclass(type(value), kind)


def variables_with(kind: type[T], namespace: Mapping[str, Any]) -> dict[str, T]:
    """Return the variables that refer to an instance of a class, in their order."""
    return {name: value for name, value in list(namespace.items()) if is_a(value, kind)}
