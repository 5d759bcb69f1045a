"""List the resources and templates, and read the chosen one, once or after each update."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any

import ipywidgets as w
from mcp.shared.uri_template import InvalidUriTemplate, UriTemplate
from mcp_types import Resource, ResourceTemplate, ResourceTemplateReference

from mcp_notebook.client import Answerer, Outcome
from mcp_notebook.errors import McpNotebookError
from mcp_notebook.rendering import look
from mcp_notebook.rendering.definition import definition_card
from mcp_notebook.rendering.overview import Lists
from mcp_notebook.server.listing import listed
from mcp_notebook.widgets.form import SchemaForm
from mcp_notebook.widgets.workbench.inspected import Inspected
from mcp_notebook.widgets.workbench.pace import Pace
from mcp_notebook.widgets.workbench.paging import BESIDE, PagedList, told_apart
from mcp_notebook.widgets.workbench.request import RequestPane

__all__ = ["Resources"]

Listed = Resource | ResourceTemplate


class Resources(w.HBox):
    """The list of resources and templates, and a pane for the chosen one.

    Args:
        subject: The server and connection that offer the resources.
        pace: Reads updated resources again.
    """

    def __init__(self, subject: Inspected, pace: Pace) -> None:
        self._subject = subject
        self._pace = pace
        self._shown: Listed | None = None
        self._form: SchemaForm | None = None
        self._followed: dict[str, Callable[[], None]] = {}
        self._keys: dict[int, tuple[str, int]] = {}
        self._list = PagedList[Listed](
            "resources",
            key=lambda item: self._keys.get(id(item)),
            cells=lambda item: (_uri(item), _kind(item), item.mime_type or ""),
            words=lambda item: f"{_uri(item)} {item.name} {item.title or ''} {item.description or ''}".lower(),
            chosen=self._show,
        )
        self._subscribe = w.Button(
            description="Subscribe", tooltip="Read the resource again after each update", layout={"width": "auto"}
        )
        self._updates = w.HTML()
        self._subscribe.on_click(lambda _: self._turn())
        self._pane = RequestPane("Read", "Choose a resource to read or follow it.", [self._subscribe, self._updates])
        super().__init__([self._list.box, self._pane], layout=BESIDE)

    def show(self, lists: Lists) -> None:
        """Show these resources and templates."""
        items: list[Listed] = [*lists.resources, *lists.templates]
        self._keys = told_apart(items, _uri)
        self._list.show(items)
        if self._shown is not None and self._list.chosen != self._shown:
            self._show(self._list.chosen)

    def end(self) -> None:
        """End all subscriptions."""
        while self._followed:
            self._followed.popitem()[1]()

    def _show(self, item: Listed | None) -> None:
        self._shown = item
        if item is None:
            self._pane.clear()
            return
        reference = ResourceTemplateReference(type="ref/resource", uri=_uri(item))
        form = SchemaForm(_schema(item), complete=self._subject.completing(reference, lambda: form))
        self._form = form
        kind = "resource" if isinstance(item, Resource) else "resource template"
        card = definition_card(kind, listed(item), server=self._subject.connection.name)
        self._pane.show(card.html, form, self._start)
        self._say_subscribed()

    def _start(self, variables: dict[str, Any], answerer: Answerer) -> Future[Outcome[Any]]:
        assert self._shown is not None
        return self._subject.connection.start_read(_expanded(self._shown, variables), answerer=answerer)

    def _current_uri(self) -> str:
        """Return the URI to read, with the form's values.

        Raises:
            ValueError: A variable of the template is missing.
        """
        assert self._shown is not None
        assert self._form is not None
        return _expanded(self._shown, self._form.read())

    def _turn(self) -> None:
        """Subscribe or unsubscribe."""
        try:
            uri = self._current_uri()
            if uri in self._followed:
                self._followed.pop(uri)()
            else:
                self._followed[uri] = self._subject.connection.follow(partial(self._heard, uri), uris=[uri])
        except (ValueError, McpNotebookError) as error:
            self._updates.value = look.muted(f"not subscribed: {error}")
            return
        self._say_subscribed()

    def _say_subscribed(self) -> None:
        try:
            following = self._current_uri() in self._followed
        except ValueError:
            following = False
        self._subscribe.description = "Unsubscribe" if following else "Subscribe"
        words = f"subscribed to {', '.join(self._followed)}" if self._followed else ""
        self._updates.value = look.muted(words)

    def _heard(self, uri: str, notification: Any) -> None:
        if str(getattr(notification.params, "uri", "")) == uri:
            self._pace.ask(self._read_again)

    def _read_again(self) -> None:
        try:
            shown = self._shown is not None and self._current_uri() in self._followed
        except ValueError:
            return
        if shown:
            self._updates.value = look.muted("updated, read again")
            self._pane.send()


def _uri(item: Listed) -> str:
    return str(item.uri) if isinstance(item, Resource) else item.uri_template


def _kind(item: Listed) -> str:
    return "" if isinstance(item, Resource) else "template"


def _template(item: Listed) -> UriTemplate | None:
    """Return the template; None for a resource, and for a template that cannot be parsed."""
    with suppress(InvalidUriTemplate):
        return None if isinstance(item, Resource) else UriTemplate.parse(item.uri_template)
    return None


def _expanded(item: Listed, variables: dict[str, Any]) -> str:
    template = _template(item)
    if template is None:
        return _uri(item)
    if empty := [name for name in template.variable_names if not variables.get(name)]:
        raise ValueError(f"{', '.join(empty)}: empty. To read a template, fill in all its variables.")
    return template.expand(variables)


def _schema(item: Listed) -> dict[str, Any]:
    """Return a schema for a template's variables: all are texts, and all are required."""
    template = _template(item)
    names = [] if template is None else template.variable_names
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}, "required": list(names)}
