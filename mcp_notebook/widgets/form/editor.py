"""Define the interface of all editors: an editor edits one value of the arguments, valid or not."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import ipywidgets as w

from mcp_notebook.schema import Problem

__all__ = ["Editor", "json_from", "json_line", "same"]


class Editor(ABC):
    """Edits one value."""

    @abstractmethod
    def inputs(self) -> Sequence[w.Widget]:
        """Return the widgets that are shown in the line of the label."""

    def parts(self) -> Sequence[w.Widget]:
        """Return the widgets that are shown below that line."""
        return ()

    @abstractmethod
    def value(self) -> Any:
        """Return the value: `UNSET` if nothing is to be sent, the typed text if it cannot be read as a value."""

    @abstractmethod
    def fill(self, value: Any) -> None:
        """Show a value as well as this editor can. To find out whether it could, read the value back."""

    def problems(self) -> list[Problem]:
        """Return the problems with typed text that cannot be read as a value."""
        return []

    def show(self, problems: Sequence[Problem]) -> Sequence[Problem]:
        """Show the problems with parts next to them, and return those with the value as a whole."""
        return problems


def json_from(text: str) -> Any:
    """Read JSON.

    Raises:
        ValueError: The text is not JSON, or contains infinite numbers or unpaired surrogates, which cannot be sent.
    """
    value = json.loads(text, parse_constant=_no_number)
    json_line(value).encode()
    return value


def json_line(value: Any) -> str:
    """Write JSON in one line.

    Raises:
        ValueError: The value contains an infinite number.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def same(first: Any, second: Any) -> bool:
    """Return whether two values have the same JSON; 1, 1.0 and true differ."""
    return json.dumps(first, sort_keys=True, default=repr) == json.dumps(second, sort_keys=True, default=repr)


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")
