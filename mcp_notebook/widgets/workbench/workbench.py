"""Make the workbench: everything that one server offers, and its live traffic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as w

from mcp_notebook.client import Connection
from mcp_notebook.client.targets import Command, in_words
from mcp_notebook.errors import McpNotebookError
from mcp_notebook.recording import Call
from mcp_notebook.rendering import look
from mcp_notebook.rendering.clients import clients
from mcp_notebook.rendering.overview import overview, summary
from mcp_notebook.widgets.closing import close_inside
from mcp_notebook.widgets.workbench.definitions import Definitions
from mcp_notebook.widgets.workbench.inspected import Home, Inspected
from mcp_notebook.widgets.workbench.notifications import Notifications
from mcp_notebook.widgets.workbench.pace import Pace
from mcp_notebook.widgets.workbench.prompts import Prompts
from mcp_notebook.widgets.workbench.resources import Resources
from mcp_notebook.widgets.workbench.tools import Tools
from mcp_notebook.widgets.workbench.traffic import Traffic

__all__ = ["Workbench"]

STYLE = """<style>.mcpnb-list select{
font-family:var(--jp-code-font-family,var(--vscode-editor-font-family,monospace));
font-size:12px}
/* A card is as wide as its column, and a tab as its title, whatever the room. */
.mcpnb-bench .widget-html-content{min-width:0}
.mcpnb-bench .lm-TabBar-content{flex-wrap:wrap}
.mcpnb-bench .lm-TabBar-tab.lm-TabBar-tab{flex:0 0 auto!important}</style>"""

LOOK_AGAIN = 1.0
"""Seconds until a running call is looked at again, because its progress is not reported."""


class Workbench(w.VBox):
    """A widget on one server, open until `close`.

    Args:
        connection: The connection to the server, or a function that returns it if it may be replaced later.
        home: The server, if it is in this kernel.

    Raises:
        RequestError: The server does not list what it offers.
    """

    # On the class, because ipywidgets closes a widget on deletion even if its `__init__` failed halfway.
    _undo: list[Callable[[], None]] = []  # noqa: RUF012

    def __init__(
        self,
        connection: Connection | Callable[[], Connection],
        *,
        home: Home | None = None,
    ) -> None:
        connect = (lambda: connection) if isinstance(connection, Connection) else connection
        self._subject = Inspected(connect, home)
        self._lists = self._subject.lists()
        self._attached: Connection | None = None
        self._undo = []
        # Two, so that a server that does not answer does not block the view of its traffic.
        self._drawing, self._asking = Pace(self._failed), Pace(self._failed)
        self._title = w.HTML()
        self._said = w.HTML()
        self._about = w.HTML()
        self._origins = Definitions()
        self._tools = Tools(self._subject)
        self._resources = Resources(self._subject, self._asking)
        self._prompts = Prompts(self._subject)
        self._traffic = Traffic(self._subject, self._edit, self._keep_frames)
        self._notifications = Notifications(self._subject)
        self._clients = w.HTML()
        self._pages = self._all_pages()
        self._tabs = w.Tab(list(self._pages.values()), selected_index=0)
        super().__init__([w.HTML(STYLE), self._head(), self._tabs])
        self.add_class("mcpnb-bench")
        self._attach()
        self._show_lists()
        self._draw()

    def cell_ended(self) -> None:
        """Switch to a new connection, if the cell that just ended replaced the server or the connection."""
        try:
            if self._undo and self._subject.renew():
                self._asking.ask(self._list_again)
        except McpNotebookError as error:  # it is no longer connected
            self._failed(error)

    def close(self) -> None:
        """End all subscriptions, and remove the workbench from the notebook; closing again does nothing."""
        if self._undo:
            self._detach()
            self._drawing.close()
            self._asking.close()
            self._resources.end()
            self._tools.close_forms()
            close_inside(self)
        super().close()

    def _head(self) -> w.HBox:
        again = w.Button(description="Refresh", tooltip="Ask the server for its lists again", layout={"width": "auto"})
        close = w.Button(description="Close", tooltip="Close the workbench", layout={"width": "auto"})
        again.on_click(lambda _: self._asking.ask(self._list_again))
        close.on_click(lambda _: self.close())
        return w.HBox([self._title, again, close, self._said], layout={"align_items": "center", "grid_gap": "6px"})

    def _all_pages(self) -> dict[str, w.Widget]:
        here = self._subject.home is not None
        about = w.VBox([self._about, self._origins] if here else [self._about])
        pages: dict[str, w.Widget] = {
            "Overview": about,
            "Tools": self._tools,
            "Resources": self._resources,
            "Prompts": self._prompts,
            "Traffic": self._traffic,
            "Notifications": self._notifications,
        }
        return {**pages, "Clients": self._clients} if here else pages

    def _attach(self) -> None:
        """Follow the current connection, if it is not followed yet."""
        connection = self._subject.connection
        if connection is self._attached:
            return
        self._detach()
        self._attached = connection
        self._undo.append(connection.recorder.observe(lambda _: self._drawing.ask(self._draw)))
        try:
            self._undo.append(connection.follow(self._heard))
        except McpNotebookError as error:
            self._failed(error)

    def _detach(self) -> None:
        while self._undo:
            self._undo.pop()()

    def _heard(self, notification: Any) -> None:
        if not hasattr(notification, "method"):  # not readable by the SDK's client
            return
        self._notifications.keep(notification)
        self._drawing.ask(self._draw)
        if notification.method.endswith("list_changed"):
            self._asking.ask(self._list_again)

    def _list_again(self) -> None:
        self._attach()
        self._lists = self._subject.lists()
        self._said.value = ""
        self._show_lists()
        self._drawing.ask(self._draw)

    def _show_lists(self) -> None:
        lists = self._lists
        connection = self._subject.connection
        self._title.value = f"<b>{look.code(connection.name)}</b> {look.muted(connection.protocol_version)}"
        self._about.value = overview(connection, lists, self._where()).html
        self._origins.show(lists)
        self._tools.show(lists)
        self._resources.show(lists)
        self._prompts.show(lists)

    def _where(self) -> str:
        target = self._subject.connection.target
        if self._subject.home is not None:
            return "memory, in this kernel"
        return f"stdio, {in_words(target)}" if isinstance(target, Command) else in_words(target)

    def _draw(self) -> None:
        """Show the current traffic, notifications and clients."""
        self._traffic.update()
        self._notifications.update()
        if self._subject.home is not None:
            self._clients.value = clients(self._subject.calls, self._subject.home.listening())
        self._count()
        if self._traffic.unfinished:
            self._drawing.ask(self._draw, after=LOOK_AGAIN)

    def _count(self) -> None:
        counted = {
            "Tools": len(self._lists.tools),
            "Resources": len(self._lists.resources) + len(self._lists.templates),
            "Prompts": len(self._lists.prompts),
            "Traffic": self._traffic.count,
            "Notifications": self._notifications.count,
        }
        titles = tuple(f"{name} ({counted[name]:,})" if name in counted else name for name in self._pages)
        if titles != self._tabs.titles:
            self._tabs.titles = titles

    def _keep_frames(self) -> None:
        if self._subject.home is not None:
            # Its connections are opened again, with frames.
            self._subject.home.keep_frames()
            self._subject.renew()
            self._asking.ask(self._list_again)
        else:
            self._subject.connection.wire.on = True

    def _edit(self, call: Call) -> None:
        self._tools.edit(call.name, call.arguments)
        self._tabs.selected_index = list(self._pages).index("Tools")

    def _failed(self, error: Exception) -> None:
        words = str(error) if isinstance(error, McpNotebookError) else repr(error)
        self._said.value = look.muted(f"not up to date: {words}")

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options)
        drawn = summary(self._subject.connection, self._lists)
        return {**bundle, "text/plain": drawn.text, "text/html": drawn.html}

    def __repr__(self) -> str:
        return summary(self._subject.connection, self._lists).text
