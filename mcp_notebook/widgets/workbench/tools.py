"""List the tools, and show the form of the chosen one and the definition that an agent sees."""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial
from typing import Any, TypeAlias

import ipywidgets as w
from mcp_types import CallToolResult, Tool

from mcp_notebook import cells
from mcp_notebook.client import OnProgress, Outcome
from mcp_notebook.rendering import look
from mcp_notebook.rendering.definition import definition_card
from mcp_notebook.rendering.overview import Lists
from mcp_notebook.server.listing import listed, tokens
from mcp_notebook.widgets.closing import close_with_all
from mcp_notebook.widgets.form import ToolForm
from mcp_notebook.widgets.question_card import ask_in
from mcp_notebook.widgets.workbench.inspected import Inspected
from mcp_notebook.widgets.workbench.paging import BESIDE, DETAIL, PagedList, told_apart

__all__ = ["Tools"]

Key: TypeAlias = tuple[str, int]
"""A tool's name, and a number that tells tools of the same name apart."""

MOST_FORMS = 5
"""Forms that are kept as the person left them; the least recently used is dropped first."""


class Tools(w.HBox):
    """The list of tools, and the form of the chosen one, made when it is first chosen."""

    def __init__(self, subject: Inspected) -> None:
        self._subject = subject
        self._lists = Lists()
        self._forms: dict[Key, tuple[Tool, ToolForm]] = {}
        self._keys: dict[int, Key] = {}
        self._list = PagedList[Tool](
            "tools",
            key=lambda tool: self._keys.get(id(tool)),
            cells=lambda tool: (tool.name, _mark(tool), f"{tokens(listed(tool)):>4} tokens"),
            words=lambda tool: f"{tool.name} {tool.title or ''} {tool.description or ''}".lower(),
            chosen=self._show,
        )
        self._hint = w.HTML(look.muted("Choose a tool to call it, and to see it as an agent does."))
        self._card = w.HTML()
        self._seen = w.Accordion([self._card], titles=("As an agent sees it",))
        self._detail = w.VBox(layout=DETAIL)
        self._show(None)
        super().__init__([self._list.box, self._detail], layout=BESIDE)

    def show(self, lists: Lists) -> None:
        """Show these tools; a tool that has changed gets a new form."""
        self._lists = lists
        self._keys = told_apart(lists.tools, lambda tool: tool.name)
        now = {self._keys[id(tool)]: tool for tool in lists.tools}
        changed = {key for key, (tool, _) in self._forms.items() if now.get(key) != tool}
        self._list.show(lists.tools)
        chosen = self._list.chosen
        for key in changed:
            self._drop(key)
        if chosen is None or self._keys[id(chosen)] in changed:
            self._show(chosen)

    def edit(self, name: str, arguments: dict[str, Any]) -> None:
        """Open the form of a tool with these arguments."""
        self._list.choose((name, 0))
        if (name, 0) in self._forms:
            self._forms[name, 0][1].fill(arguments)

    def _show(self, tool: Tool | None) -> None:
        if tool is None:
            self._detail.children = [self._hint]
            return
        form = self._form(tool)
        definition = self._lists.definitions.get(("tool", tool.name))
        function = definition.function if definition is not None else None
        name = self._subject.connection.name
        self._card.value = definition_card("tool", listed(tool), server=name, function=function).html
        self._detail.children = [form, self._seen]

    def _form(self, tool: Tool) -> ToolForm:
        key = self._keys[id(tool)]
        if key in self._forms:
            _, form = self._forms.pop(key)
        else:
            form = ToolForm(tool, partial(self._start_call, key), explain=cells.explain, line=self._line(tool.name))
        self._forms[key] = (tool, form)
        while len(self._forms) > MOST_FORMS:
            self._drop(next(iter(self._forms)))
        return form

    def _start_call(
        self, key: Key, arguments: dict[str, Any], on_progress: OnProgress
    ) -> Future[Outcome[CallToolResult]]:
        asking = ask_in(self._forms[key][1].questions)
        return self._subject.connection.start_call(key[0], arguments, on_progress=on_progress, answerer=asking)

    def _drop(self, key: Key) -> None:
        _, form = self._forms.pop(key)
        close_with_all(form)

    def _line(self, name: str) -> str:
        on = "" if self._subject.home is not None else f" --on {self._subject.connection.name}"
        return f"%mcp call {name}{on}"

    def close_forms(self) -> None:
        """Close all forms, including those that are not shown."""
        for key in list(self._forms):
            self._drop(key)


def _mark(tool: Tool) -> str:
    """Summarize a tool's annotations in a word."""
    hints = tool.annotations
    if hints is None:
        return ""
    if hints.read_only_hint:
        return "reads"
    return "may destroy" if hints.destructive_hint else "writes"
