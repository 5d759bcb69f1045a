"""The tools: a list, and for each its form and what an agent sees of it."""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial
from typing import Any

import ipywidgets as w
from mcp_types import CallToolResult, Tool

from mcp_notebook import cells
from mcp_notebook.client import OnProgress, Outcome
from mcp_notebook.server.interface import listed, tokens
from mcp_notebook.widgets import look
from mcp_notebook.widgets.closing import close_with_all
from mcp_notebook.widgets.definition import definition_card
from mcp_notebook.widgets.form import ToolForm
from mcp_notebook.widgets.questions.card import ask_in
from mcp_notebook.widgets.workbench.paging import BESIDE, DETAIL, PagedList
from mcp_notebook.widgets.workbench.subject import Lists, Subject

__all__ = ["Tools"]

MOST_FORMS = 5
"""How many forms are kept as they were left; the one used longest ago goes first."""


class Tools(w.HBox):
    """The list of tools, and the form of the one that is chosen, made when it is chosen."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._lists = Lists()
        self._forms: dict[str, tuple[Tool, ToolForm]] = {}
        self._list = PagedList[Tool](
            "tools",
            key=lambda tool: tool.name,
            cells=lambda tool: (tool.name, _mark(tool), f"{tokens(listed(tool)):>4} tokens"),
            words=lambda tool: f"{tool.name} {tool.title or ''} {tool.description or ''}".lower(),
            chosen=self._show,
        )
        self._hint = w.HTML(look.muted("Choose a tool to call it, and to see what an agent sees."))
        self._card = w.HTML()
        self._seen = w.Accordion([self._card], titles=("What an agent sees",))
        self._detail = w.VBox(layout=DETAIL)
        self._show(None)
        super().__init__([self._list.box, self._detail], layout=BESIDE)

    def show(self, lists: Lists) -> None:
        """Show these tools; the form of one that has changed is made anew."""
        self._lists = lists
        now = {tool.name: tool for tool in lists.tools}
        changed = {name for name, (tool, _) in self._forms.items() if now.get(name) != tool}
        self._list.show(lists.tools)
        chosen = self._list.chosen
        for name in changed:
            self._drop(name)
        if chosen is None or chosen.name in changed:
            self._show(chosen)

    def edit(self, name: str, arguments: dict[str, Any]) -> None:
        """Open the form of a tool with these arguments."""
        self._list.choose(name)
        if name in self._forms:
            self._forms[name][1].fill(arguments)

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
        if tool.name in self._forms:
            _, form = self._forms.pop(tool.name)
        else:
            form = ToolForm(
                tool, partial(self._start_call, tool.name), explain=cells.explain, line=self._line(tool.name)
            )
        self._forms[tool.name] = (tool, form)
        while len(self._forms) > MOST_FORMS:
            self._drop(next(iter(self._forms)))
        return form

    def _start_call(
        self, name: str, arguments: dict[str, Any], on_progress: OnProgress
    ) -> Future[Outcome[CallToolResult]]:
        asking = ask_in(self._forms[name][1].questions)
        return self._subject.connection.start_call(name, arguments, on_progress=on_progress, answerer=asking)

    def _drop(self, name: str) -> None:
        _, form = self._forms.pop(name)
        close_with_all(form)

    def _line(self, name: str) -> str:
        on = "" if self._subject.home is not None else f" --on {self._subject.connection.name}"
        return f"%mcp call {name}{on}"

    def close_forms(self) -> None:
        """Close every form, also those that are not shown."""
        for name in list(self._forms):
            self._drop(name)


def _mark(tool: Tool) -> str:
    """Say in a word what its annotations state."""
    hints = tool.annotations
    if hints is None:
        return ""
    if hints.read_only_hint:
        return "reads"
    return "may destroy" if hints.destructive_hint else "writes"
