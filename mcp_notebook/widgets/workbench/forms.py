"""Make the forms of a workbench when they are first needed, and keep those that were used last."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Final

from mcp_types import CallToolResult, GetPromptResult, Prompt, PromptReference, Tool

from mcp_notebook import cells
from mcp_notebook.client import OnProgress, Outcome
from mcp_notebook.rendering import look
from mcp_notebook.rendering.definition import definition_card
from mcp_notebook.rendering.list_rows import Offer, OfferRow
from mcp_notebook.rendering.overview import Lists
from mcp_notebook.server.listing import listed, tokens
from mcp_notebook.visible import visible
from mcp_notebook.widgets.code import magic_line
from mcp_notebook.widgets.question_card import ask_with
from mcp_notebook.widgets.request_form import RequestForm
from mcp_notebook.widgets.tool_form import ToolForm
from mcp_notebook.widgets.workbench.inspected import Inspected
from mcp_notebook.widgets.workbench.pace import Pace
from mcp_notebook.widgets.workbench.reading import ReadForm

__all__ = ["Forms", "offers_by_key"]

MOST_FORMS: Final = 5
"""Forms that are kept as the person left them; the least recently used is dropped first."""

Key = tuple[str, str]
"""The name of a list, and the key of a row."""


class Forms:
    """The open forms of a workbench.

    Args:
        subject: The server and connection that the forms make requests to.
        pace: Reads updated resources again.
        opened: Called with all forms when one was opened or closed.
    """

    def __init__(self, subject: Inspected, pace: Pace, opened: Callable[[Sequence[RequestForm]], None]) -> None:
        self._subject, self._pace, self._opened = subject, pace, opened
        self._forms: dict[Key, tuple[Offer, RequestForm]] = {}
        self._lock = threading.RLock()

    def of(self, key: Key, item: Offer, lists: Lists) -> RequestForm:
        """Return the form of an item: the one there is, or a new one."""
        with self._lock:
            if key in self._forms:
                self._forms[key] = self._forms.pop(key)
                return self._forms[key][1]
            form = self._made(item, lists)
            form.inside()
            self._forms[key] = item, form
            while len(self._forms) > MOST_FORMS:
                older = [key for key in self._forms if self._forms[key][1] is not form]
                self._drop(next((key for key in older if not _in_use(self._forms[key][1])), older[0]))
            self._tell()
            return form

    def renew(self, now: Mapping[Key, Offer]) -> None:
        """Drop the forms of what has changed or is gone; `now` has what the server offers."""
        with self._lock:
            for key, (before, form) in list(self._forms.items()):
                item = now.get(key)
                if item is not None and item == before:
                    continue
                if isinstance(form, ReadForm) and item is not None and not isinstance(item, Tool | Prompt):
                    form.renew(item)
                    self._forms[key] = item, form
                else:
                    self._drop(key)
            self._tell()

    def follow_again(self) -> None:
        """Subscribe on a new connection to what was subscribed to on the earlier one."""
        for _, form in list(self._forms.values()):
            if isinstance(form, ReadForm):
                form.follow_again()

    def close(self) -> None:
        """Close all forms."""
        with self._lock:
            for key in list(self._forms):
                self._drop(key)

    def _tell(self) -> None:
        self._opened([form for _, form in self._forms.values()])

    def _drop(self, key: Key) -> None:
        self._forms.pop(key)[1].close()

    def _made(self, item: Offer, lists: Lists) -> RequestForm:
        if isinstance(item, Tool):
            return self._tool_form(item, lists)
        return self._prompt_form(item) if isinstance(item, Prompt) else ReadForm(item, self._subject, self._pace)

    def _tool_form(self, tool: Tool, lists: Lists) -> RequestForm:
        subject = self._subject
        definition = lists.definitions.get(("tool", tool.name))

        def start(arguments: dict[str, Any], on_progress: OnProgress) -> Future[Outcome[CallToolResult]]:
            answerer = ask_with(form.ask)
            return subject.connection.start_call(tool.name, arguments, on_progress=on_progress, answerer=answerer)

        form = ToolForm(
            tool,
            start,
            explain=cells.explain,
            line=f"%mcp call {tool.name}{subject.on}",
            recorder=subject.connection.recorder,
            function=None if definition is None else definition.function,
        )
        return form

    def _prompt_form(self, prompt: Prompt) -> RequestForm:
        subject, schema = self._subject, _schema(prompt)

        def start(arguments: dict[str, Any], _: OnProgress) -> Future[Outcome[GetPromptResult]]:
            return subject.connection.start_prompt(prompt.name, arguments, answerer=ask_with(form.ask))

        beginning = f"%mcp prompt {prompt.name}{subject.on}"
        form = RequestForm(
            _about(prompt),
            schema,
            start,
            verb="Get",
            rendering=definition_card("prompt", listed(prompt), server=subject.connection.name),
            codes={"in a cell": lambda arguments: magic_line(beginning, arguments, schema)},
            explain=cells.explain,
            recorder=subject.connection.recorder,
            recorded=("prompts/get", prompt.name),
            complete=subject.completing(PromptReference(type="ref/prompt", name=prompt.name)),
        )
        return form


def offers_by_key(rows: Mapping[str, Sequence[Any]]) -> dict[Key, Offer]:
    """Return what a server offers, by the keys of its forms."""
    return {(name, row.key): row.item for name, found in rows.items() for row in found if isinstance(row, OfferRow)}


def _in_use(form: RequestForm) -> bool:
    return isinstance(form, ReadForm) and form.in_use


def _about(prompt: Prompt) -> dict[str, Any]:
    entry = listed(prompt)
    return {
        "kind": "prompt",
        "name": visible(prompt.name, one_line=True),
        "title": visible(prompt.title or "", one_line=True),
        "text": visible((prompt.description or "").strip()),
        "badges": "",
        "place": f"about {tokens(entry)} tokens",
        "entry": visible(look.json_text(entry)),
    }


def _schema(prompt: Prompt) -> dict[str, Any]:
    """Return a schema for a prompt's arguments, which the protocol lists without one: all are texts."""
    arguments = prompt.arguments or []
    return {
        "type": "object",
        "properties": {a.name: {"type": "string", "description": a.description or ""} for a in arguments},
        "required": [a.name for a in arguments if a.required],
        "additionalProperties": False,
    }
