"""The workbench: everything that one server offers, and its live traffic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import traitlets as t
from ipywidgets import widget_serialization

from mcp_notebook.client import Connection
from mcp_notebook.client.targets import Command, in_words
from mcp_notebook.errors import McpNotebookError, UnknownNameError
from mcp_notebook.rendering import look
from mcp_notebook.rendering.calls.traffic import cell_source
from mcp_notebook.rendering.clients import clients
from mcp_notebook.rendering.content import draw_problems
from mcp_notebook.rendering.list_rows import DefinitionRow, NotificationRow, OfferRow, rows_of
from mcp_notebook.rendering.overview import overview, summary
from mcp_notebook.visible import visible
from mcp_notebook.widgets.surface import Action, Surface
from mcp_notebook.widgets.workbench.forms import Forms, offers_by_key
from mcp_notebook.widgets.workbench.inspected import Home, Inspected
from mcp_notebook.widgets.workbench.notifications import Notifications
from mcp_notebook.widgets.workbench.pace import Pace
from mcp_notebook.widgets.workbench.replaying import compared, recorded, replay, save
from mcp_notebook.widgets.workbench.rows import asked_rows
from mcp_notebook.widgets.workbench.traffic import Traffic

__all__ = ["Workbench"]

LOOK_AGAIN: Final = 1.0
"""Seconds until a running call is looked at again, because its progress is not reported."""

CHECKED_EVERY: Final = 3.0
"""Seconds between two looks at whether the connection is open, because its end is not reported."""

TRAFFIC: Final = ("traffic", "pinned")
"""The lists of calls and frames."""


class Workbench(Surface):
    """A view of one server, open until `close`.

    The kernel keeps the data. The front end asks for the rows that it shows, and again when a list has a new version.

    Args:
        connection: The connection to the server, or a function that returns it if it may be replaced later.
        home: The server, if it is in this kernel.

    Attributes:
        forms: The open forms, for front ends that make the model of a widget only when another one names it.

    Raises:
        RequestError: The server does not list what it offers.
    """

    forms = t.List().tag(sync=True, **widget_serialization)

    # On the class, because ipywidgets closes a widget on deletion even if its `__init__` failed halfway.
    _undo: list[Callable[[], None]] = []  # noqa: RUF012

    def __init__(self, connection: Connection | Callable[[], Connection], *, home: Home | None = None) -> None:
        connect = (lambda: connection) if isinstance(connection, Connection) else connection
        self._subject = Inspected(connect, home)
        self._lists = self._subject.lists()
        self._rows = rows_of(self._lists, self._subject.connection.name)
        self._versions: Counter[str] = Counter()
        self._attached: Connection | None = None
        # Two, so that a server that does not answer does not block the view of its traffic.
        self._drawing, self._asking = Pace(self._failed), Pace(self._failed)
        self._traffic = Traffic(self._subject, self._keep_frames)
        self._notifications = Notifications()
        self._forms = Forms(self._subject, self._asking, self._opened)
        super().__init__("workbench", {"home": home is not None}, {"said": {}, "held": False})
        self._undo = []
        self._attach()
        self._show_lists()
        self._draw()
        self._drawing.ask(self._check, after=CHECKED_EVERY)

    @property
    def rendering(self) -> look.Rendering:
        """The server for places without widgets: its own description, and the beginning of each list."""
        return summary(self._subject.connection, self._lists)

    @property
    def actions(self) -> dict[str, Action]:
        """The actions that the front end can ask for, by name."""
        return {
            "rows": self._asked_rows,
            "show": lambda message: self._show(message["list"], message["key"]),
            "page": lambda message: self._page(message["name"]),
            "hold": lambda message: self._hold(on=bool(message["on"])),
            "replay": lambda message: self._replay(int(message["call"])),
            "edit": lambda message: self._edit(int(message["call"])),
            "compare": lambda message: _bare(compared(self._subject, int(message["call"]), int(message["other"]))),
            "save": lambda message: _bare(save(recorded(self._subject, int(message["call"])), str(message["file"]))),
            "refresh": lambda _: self._asking.ask(self._list_again),
            "close": lambda _: self.close(),
        }

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
            self._forms.close()
            self.set(closed="Closed. Run the cell again to open the workbench.")
        super().close()

    def _attach(self) -> None:
        """Follow the current connection, if it is not followed yet."""
        connection = self._subject.connection
        if connection is self._attached:
            return
        self._detach()
        self._attached = connection
        self._undo.append(connection.recorder.observe(lambda _: self._drawing.ask(self._draw)))
        try:
            self._undo.append(connection.follow(self._noticed))
        except McpNotebookError as error:
            self._failed(error)
        self._forms.follow_again()

    def _detach(self) -> None:
        while self._undo:
            self._undo.pop()()

    def _noticed(self, notification: Any) -> None:
        if not hasattr(notification, "method"):  # not readable by the SDK's client
            return
        self._notifications.keep(notification)
        self._drawing.ask(self._draw)
        if notification.method.endswith("list_changed"):
            self._asking.ask(self._list_again)

    def _list_again(self) -> None:
        self._attach()
        self._lists = self._subject.lists()
        self._rows = rows_of(self._lists, self._subject.connection.name)
        self._forms.renew(offers_by_key(self._rows))
        self.set(problem="")
        self._show_lists()
        self._drawing.ask(self._draw)

    def _show_lists(self) -> None:
        connection = self._subject.connection
        self._changed(
            *self._rows,
            name=visible(connection.name, one_line=True),
            about=visible(f"{connection.protocol_version} ({connection.era}) · {self._where()}", one_line=True),
            open=not connection.closed,
            problems=_bare(draw_problems(self._lists.problems)[1]),
        )

    def _draw(self) -> None:
        """Tell the front end that there are new calls or notifications."""
        self._changed("traffic", "notifications", news=self._traffic.news)
        if self._traffic.unfinished:
            self._drawing.ask(self._draw, after=LOOK_AGAIN)

    def _changed(self, *lists: str, **state: Any) -> None:
        """Give lists a new version."""
        self._versions.update(lists)
        counts = {name: len(rows) for name, rows in self._rows.items()}
        counts["traffic"], counts["notifications"] = len(self._subject.calls), len(self._notifications.rows)
        counts["stderr"] = len(self._subject.connection.stderr)
        self.set(versions=dict(self._versions), counts=counts, **state)

    def _check(self) -> None:
        if self.state.get("open") == self._subject.connection.closed:
            self.set(open=not self._subject.connection.closed)
        self._drawing.ask(self._check, after=CHECKED_EVERY)

    def _where(self) -> str:
        target = self._subject.connection.target
        if self._subject.home is not None:
            return "memory, in this kernel"
        return f"stdio, {in_words(target)}" if isinstance(target, Command) else in_words(target)

    def _opened(self, forms: Sequence[Surface]) -> None:
        self.forms = list(forms)

    def _keep_frames(self) -> None:
        if self._subject.home is not None:
            # Its connections are opened again, with frames.
            self._subject.home.keep_frames()
            self._subject.renew()
            self._asking.ask(self._list_again)
        else:
            self._subject.connection.wire.on = True

    def _failed(self, error: Exception) -> None:
        words = str(error) if isinstance(error, McpNotebookError) else repr(error)
        self.set(problem=visible(f"not up to date: {words}", one_line=True), open=not self._subject.connection.closed)

    def _asked_rows(self, message: Mapping[str, Any]) -> dict[str, Any]:
        name = message["list"]
        if name in TRAFFIC:
            return self._traffic.rows(message)
        rows = self._notifications.rows if name == "notifications" else self._rows[name]
        return asked_rows(rows, message)

    def _show(self, name: str, key: str) -> dict[str, Any]:
        """Return one item in full: parts of HTML, or the class of the element for its form."""
        if name in TRAFFIC:
            shown = self._traffic.show(key)
            return {**shown, "parts": [(words, _bare(html)) for words, html in shown.get("parts", ())]}
        rows: Sequence[Any] = self._notifications.rows if name == "notifications" else self._rows[name]
        row = next((row for row in rows if row.key == key), None)
        if isinstance(row, OfferRow):
            return {"form": self._forms.of((name, key), row.item, self._lists).mount}
        if isinstance(row, NotificationRow):
            return {"parts": [("Notification", _bare(row.html()))]}
        return {"gone": True} if row is None else {"parts": [("Definition", _bare(self._definition(row)))]}

    def _definition(self, row: DefinitionRow) -> str:
        if row.item is None:
            return overview(self._subject.connection, self._lists, self._where()).html
        if row.item.cell is None:
            return look.card(look.code(row.name), "<p>No cell of this notebook defined it.</p>")
        return cell_source(row.item.cell)

    def _page(self, name: str) -> str:
        if name == "stderr":
            return _bare(look.card("standard error of the command", look.pre(self._subject.connection.stderr)))
        home = self._subject.home
        return "" if home is None else _bare(clients(self._subject.calls, home.listening()))

    def _hold(self, *, on: bool) -> None:
        self._traffic.hold(on=on)
        self._changed("traffic", held=on, news=0)

    def _replay(self, number: int) -> None:
        replay(self._subject, recorded(self._subject, number), lambda html: self._say(number, html))

    def _say(self, number: int, html: str) -> None:
        self.set(said={"call": number, "html": _bare(html)})

    def _edit(self, number: int) -> str:
        """Fill the arguments of a call into the form of its tool, and return the key of the tool's row."""
        call = recorded(self._subject, number)
        found = next((row for row in self._rows["tools"] if row.key == f"{call.name} 0"), None)
        if not isinstance(found, OfferRow):
            raise UnknownNameError(f"The server has no tool {call.name} any more.")
        self._forms.of(("tools", found.key), found.item, self._lists).fill(call.arguments)
        return found.key


def _bare(html: str) -> str:
    """Leave out the style sheet, which the front end has, and make every character visible."""
    return visible(html.replace(look.style(), ""))
