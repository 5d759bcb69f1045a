"""List the prompts, and show the arguments and messages of the chosen one."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import ipywidgets as w
from mcp_types import Prompt, PromptReference

from mcp_notebook.client import Answerer, Outcome
from mcp_notebook.rendering.definition import definition_card
from mcp_notebook.rendering.overview import Lists
from mcp_notebook.server.listing import listed
from mcp_notebook.widgets.form import SchemaForm
from mcp_notebook.widgets.workbench.inspected import Inspected
from mcp_notebook.widgets.workbench.paging import BESIDE, PagedList, told_apart
from mcp_notebook.widgets.workbench.request import RequestPane

__all__ = ["Prompts"]


class Prompts(w.HBox):
    """The list of prompts, and a form for the chosen one."""

    def __init__(self, subject: Inspected) -> None:
        self._subject = subject
        self._shown: Prompt | None = None
        self._keys: dict[int, tuple[str, int]] = {}
        self._list = PagedList[Prompt](
            "prompts",
            key=lambda prompt: self._keys.get(id(prompt)),
            cells=lambda prompt: (prompt.name, _first_line(prompt.title or prompt.description or "")),
            words=lambda prompt: f"{prompt.name} {prompt.title or ''} {prompt.description or ''}".lower(),
            chosen=self._show,
        )
        self._pane = RequestPane("Get", "Choose a prompt to fill it in.")
        super().__init__([self._list.box, self._pane], layout=BESIDE)

    def show(self, lists: Lists) -> None:
        """Show these prompts."""
        self._keys = told_apart(lists.prompts, lambda prompt: prompt.name)
        self._list.show(lists.prompts)
        if self._shown is not None and self._list.chosen != self._shown:
            self._show(self._list.chosen)

    def _show(self, prompt: Prompt | None) -> None:
        self._shown = prompt
        if prompt is None:
            self._pane.clear()
            return
        reference = PromptReference(type="ref/prompt", name=prompt.name)
        form = SchemaForm(_schema(prompt), complete=self._subject.completing(reference, lambda: form))

        def start(arguments: dict[str, Any], answerer: Answerer) -> Future[Outcome[Any]]:
            return self._subject.connection.start_prompt(prompt.name, arguments, answerer=answerer)

        card = definition_card("prompt", listed(prompt), server=self._subject.connection.name)
        self._pane.show(card.html, form, start)


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _schema(prompt: Prompt) -> dict[str, Any]:
    """Return a schema for a prompt's arguments, which the protocol lists without one: all are texts."""
    arguments = prompt.arguments or []
    return {
        "type": "object",
        "properties": {a.name: {"type": "string", "description": a.description or ""} for a in arguments},
        "required": [a.name for a in arguments if a.required],
    }
