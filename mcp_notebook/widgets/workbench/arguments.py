"""Texts for a prompt's arguments or a template's variables, with what the server offers to complete them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape

import ipywidgets as w

from mcp_notebook.errors import McpNotebookError
from mcp_notebook.widgets.workbench.pace import Pace

__all__ = ["Argument", "Arguments"]

Complete = Callable[[str, str, dict[str, str]], list[str]]


@dataclass(frozen=True)
class Argument:
    """What is to be filled in."""

    name: str
    description: str = ""
    required: bool = True


class Arguments(w.VBox):
    """A text input for each argument, which suggests what the server completes.

    Args:
        arguments: What is to be filled in.
        complete: Asks the server: the argument, what is typed of it, and the others.
        pace: Does the asking, once for a burst of typing.
    """

    def __init__(self, arguments: Sequence[Argument], complete: Complete, pace: Pace) -> None:
        self._arguments = arguments
        self._complete = complete
        self._inputs = {argument.name: _input(argument) for argument in arguments}
        self._suggest = {name: partial(self._suggestions, name) for name in self._inputs}
        for name, text in self._inputs.items():
            text.observe(lambda _, name=name: pace.ask(self._suggest[name]), "value")
            pace.ask(self._suggest[name])
        rows = [
            w.HBox(
                [self._inputs[a.name], w.HTML(f"<small>{escape(_about(a))}</small>")], layout={"flex_flow": "row wrap"}
            )
            for a in arguments
        ]
        super().__init__(rows)

    def read(self) -> dict[str, str]:
        """Return what is filled in; what is empty and not required is left out.

        Raises:
            ValueError: Something required is empty.
        """
        given = {name: text.value for name, text in self._inputs.items()}
        missing = [a.name for a in self._arguments if a.required and not given[a.name]]
        if missing:
            raise ValueError(f"{', '.join(missing)}: still empty, and required")
        return {name: value for name, value in given.items() if value}

    def _suggestions(self, name: str) -> None:
        given = {other: text.value for other, text in self._inputs.items() if other != name and text.value}
        try:
            self._inputs[name].options = tuple(self._complete(name, self._inputs[name].value, given))
        except McpNotebookError:  # a server that completes nothing
            self._inputs[name].options = ()


def _input(argument: Argument) -> w.Combobox:
    text = w.Combobox(description=argument.name, continuous_update=True, layout={"width": "28em", "max_width": "100%"})
    text.style.description_width = "9em"
    return text


def _about(argument: Argument) -> str:
    return " · ".join(filter(None, ["required" if argument.required else "optional", argument.description]))
