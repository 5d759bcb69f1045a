"""Variables of a notebook that hold an object of some class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from typing_extensions import TypeIs

__all__ = ["is_a", "variables_with"]

T = TypeVar("T")


def is_a(value: Any, kind: type[T]) -> TypeIs[T]:
    """Whether a value is an object of a class. `isinstance` runs the value's own code: a dead weak reference raises."""
    return issubclass(type(value), kind)


def variables_with(kind: type[T], namespace: Mapping[str, Any]) -> dict[str, T]:
    """Return the variables that hold an object of a class, in their order."""
    return {name: value for name, value in list(namespace.items()) if is_a(value, kind)}
