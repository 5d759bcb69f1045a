"""A form that reads a resource or a template's resources, once or again after each update."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any, Final

from mcp.shared.uri_template import InvalidUriTemplate, UriTemplate
from mcp_types import ReadResourceResult, Resource, ResourceTemplate, ResourceTemplateReference

from mcp_notebook import cells
from mcp_notebook.client import OnProgress, Outcome
from mcp_notebook.errors import McpNotebookError
from mcp_notebook.rendering import look
from mcp_notebook.rendering.definition import definition_card
from mcp_notebook.rendering.list_rows import uri_of
from mcp_notebook.server.listing import listed, tokens
from mcp_notebook.visible import visible
from mcp_notebook.widgets.problems import told
from mcp_notebook.widgets.question_card import ask_with
from mcp_notebook.widgets.request_form import RequestForm
from mcp_notebook.widgets.surface import Action
from mcp_notebook.widgets.workbench.inspected import Inspected
from mcp_notebook.widgets.workbench.pace import Pace

__all__ = ["ReadForm"]

LATER: Final = 0.3
"""Seconds until an updated resource is read that is being read already."""


class ReadForm(RequestForm):
    """A form with the variables of a template, or none, and subscriptions to what it reads.

    Args:
        item: The resource or template.
        subject: The server and connection that offer it.
        pace: Reads updated resources again.
    """

    def __init__(self, item: Resource | ResourceTemplate, subject: Inspected, pace: Pace) -> None:
        self._item, self._subject, self._pace = item, subject, pace
        self._followed: dict[str, tuple[str, Callable[[], None]]] = {}
        self._updated: dict[str, str] = {}
        kind = "resource" if isinstance(item, Resource) else "resource template"
        super().__init__(
            _about(item),
            _schema(item),
            self._read_it,
            verb="Read",
            rendering=definition_card(kind, listed(item), server=subject.connection.name),
            codes={"in a cell": lambda variables: f"%mcp read {_expanded(item, variables)}{subject.on}"},
            explain=cells.explain,
            complete=subject.completing(ResourceTemplateReference(type="ref/resource", uri=uri_of(item))),
        )

    @property
    def actions(self) -> dict[str, Action]:
        """The actions that the front end can ask for, by name."""
        return {**super().actions, "subscribe": lambda message: self._turn(message["arguments"])}

    @property
    def in_use(self) -> bool:
        """Return whether it is subscribed to something."""
        return bool(self._followed)

    def renew(self, item: Resource | ResourceTemplate) -> None:
        """Show a new description of the same URI or template."""
        self._item = item
        self.about = {**self.about, **_about(item)}

    def follow_again(self) -> None:
        """Subscribe on the current connection, which has replaced an earlier one."""
        for uri, (text, _) in list(self._followed.items()):
            with suppress(McpNotebookError):
                self._follow(uri, text)

    def close(self) -> None:
        """End all subscriptions, and close the form."""
        while self._followed:
            self._followed.popitem()[1][1]()
        super().close()

    def _read_it(self, variables: dict[str, Any], _: OnProgress) -> Future[Outcome[ReadResourceResult]]:
        return self._subject.connection.start_read(_expanded(self._item, variables), answerer=ask_with(self.ask))

    def _turn(self, text: str) -> dict[str, Any]:
        """Subscribe, or unsubscribe; `text` has the variables as JSON."""
        variables, problems = self._read(text)
        if variables is None or problems:
            return {"problems": [told(problem) for problem in problems]}
        uri = _expanded(self._item, variables)
        if uri in self._followed:
            self._followed.pop(uri)[1]()
        else:
            self._follow(uri, text)
        self.set(subscribed=[{"uri": visible(uri), "arguments": text} for uri, (text, _) in self._followed.items()])
        return {"problems": []}

    def _follow(self, uri: str, text: str) -> None:
        self._followed[uri] = text, self._subject.connection.follow(partial(self._noticed, uri, text), uris=[uri])

    def _noticed(self, uri: str, text: str, notification: Any) -> None:
        if str(getattr(notification.params, "uri", "")) == uri:
            self._updated[uri] = text
            self._pace.ask(self._read_again)

    def _read_again(self) -> None:
        if self._under_way is not None and not self._under_way.done():
            self._pace.ask(self._read_again, after=LATER)
            return
        _, text = self._updated.popitem()
        self._updated.clear()
        # The person may have moved on to other variables.
        if json.loads(self.kept.get("draft", text)) == json.loads(text):
            self.set(note="updated, read again")
            self._start(text)


def _about(item: Resource | ResourceTemplate) -> dict[str, Any]:
    entry = listed(item)
    return {
        "kind": "resource" if isinstance(item, Resource) else "template",
        "name": visible(uri_of(item), one_line=True),
        "title": visible(item.title or item.name, one_line=True),
        "text": visible((item.description or "").strip()),
        "badges": look.badge(item.mime_type) if item.mime_type else "",
        "place": f"about {tokens(entry)} tokens",
        "entry": visible(look.json_text(entry)),
        "subscribes": True,
    }


def _template(item: Resource | ResourceTemplate) -> UriTemplate | None:
    """Return the template; None for a resource, and for a template that cannot be parsed."""
    with suppress(InvalidUriTemplate):
        return None if isinstance(item, Resource) else UriTemplate.parse(item.uri_template)
    return None


def _expanded(item: Resource | ResourceTemplate, variables: dict[str, Any]) -> str:
    template = _template(item)
    return uri_of(item) if template is None else template.expand(variables)


def _schema(item: Resource | ResourceTemplate) -> dict[str, Any]:
    """Return a schema for a template's variables: all are texts, and none may be empty."""
    template = _template(item)
    names = [] if template is None else template.variable_names
    texts = {name: {"type": "string", "minLength": 1} for name in names}
    return {"type": "object", "properties": texts, "required": list(names), "additionalProperties": False}
