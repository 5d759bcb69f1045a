"""What every editor does: hold one value, which is what would be sent, right or wrong."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import ipywidgets as w

from mcp_notebook.schema import Problem

__all__ = ["Editor", "json_from", "json_line", "same"]


class Editor(ABC):
    """Holds one value."""

    @abstractmethod
    def inputs(self) -> Sequence[w.Widget]:
        """Return what stands in the line of the label."""

    def parts(self) -> Sequence[w.Widget]:
        """Return what stands below that line."""
        return ()

    @abstractmethod
    def value(self) -> Any:
        """Return the value: `UNSET` where nothing is to be sent, the text as typed where that is no value."""

    @abstractmethod
    def fill(self, value: Any) -> None:
        """Show a value as well as this editor can; who must know whether it could reads the value back."""

    def problems(self) -> list[Problem]:
        """Return what of the typed is no value at all."""
        return []

    def show(self, problems: Sequence[Problem]) -> Sequence[Problem]:
        """Show the problems of parts next to them, and return those that belong to the whole."""
        return problems


def json_from(text: str) -> Any:
    """Read JSON.

    Raises:
        ValueError: It is none, or holds what does not go over the wire: infinite numbers, halves of characters.
    """
    value = json.loads(text, parse_constant=_no_number)
    json_line(value).encode()
    return value


def json_line(value: Any) -> str:
    """Write JSON in one line.

    Raises:
        ValueError: It holds an infinite number.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def same(first: Any, second: Any) -> bool:
    """Whether two values are one in JSON, where 1, 1.0 and true are three."""
    return json.dumps(first, sort_keys=True, default=repr) == json.dumps(second, sort_keys=True, default=repr)


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")
