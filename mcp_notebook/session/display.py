"""Make IPython draw results of the SDK as cards, and keep the displays of calls out of unrelated cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import mcp_types
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from mcp_notebook.addresses import Entrance, no_way_in
from mcp_notebook.client import Connection
from mcp_notebook.client.background_call import BackgroundCall
from mcp_notebook.export import report
from mcp_notebook.export.report import Exported
from mcp_notebook.recording import current, output
from mcp_notebook.rendering import look
from mcp_notebook.rendering.connection import connection_card
from mcp_notebook.rendering.content import DRAWN, render
from mcp_notebook.rendering.exported import exported_card
from mcp_notebook.rendering.serving import serving_card
from mcp_notebook.server.hosting import Listener

__all__ = ["calls_keep_displays", "result_display"]


Show = Callable[[look.Rendering], Any]
FindEntrance = Callable[[str], Entrance | None]


@contextmanager
def result_display(
    shell: InteractiveShell, show: Show, show_call: Callable[[BackgroundCall], None], entrance: FindEntrance
) -> Iterator[None]:
    """Make the shell draw results, connections and listeners; restore the earlier formatters at the end.

    `show` returns the card that shows a rendering, or the rendering itself. `show_call` shows a call in the background
    below the cell. `entrance` returns the address of a server
    for clients on other machines.
    """

    def as_html(result: Any) -> str:
        return render(result).html

    def as_text(result: Any, printer: Any, _cycle: bool) -> None:
        printer.text(render(result).text)

    def connection_as_html(connection: Connection) -> str:
        return connection_card(connection).html

    def connection_as_text(connection: Connection, printer: Any, _cycle: bool) -> None:
        printer.text(connection_card(connection).text)

    def listener_as_bundle(listener: Listener) -> Any:
        return _listener_as_bundle(listener, show, entrance)

    kinds = [getattr(mcp_types, name) for name in DRAWN]
    undo = []
    for mime, draw, draw_connection in (
        ("text/html", as_html, connection_as_html),
        ("text/plain", as_text, connection_as_text),
    ):
        formatter = shell.display_formatter.formatters[mime]
        for kind, drawn_by in [*((kind, draw) for kind in kinds), (Connection, draw_connection)]:
            undo.append((formatter, kind, formatter.for_type(kind, drawn_by)))
    html, bundle = shell.display_formatter.formatters["text/html"], shell.display_formatter.mimebundle_formatter
    undo.append((html, Exported, html.for_type(Exported, _exported_as_html)))
    undo.append((bundle, Listener, bundle.for_type(Listener, listener_as_bundle)))
    shown = shell.display_formatter.ipython_display_formatter
    undo.append((shown, BackgroundCall, shown.for_type(BackgroundCall, show_call)))
    try:
        yield
    finally:
        for formatter, kind, earlier in undo:
            if earlier is None:
                formatter.pop(kind, None)
            else:
                formatter.for_type(kind, earlier)


def _listener_as_bundle(listener: Listener, show: Show, entrance: FindEntrance) -> Any:
    way_in = entrance(listener.name)
    # Without loopback, the address is known to those who chose it.
    closed = no_way_in() if way_in is None and listener.endpoint.local else None
    card = show(serving_card(listener, way_in, closed))
    if isinstance(card, look.Rendering):
        return {"text/plain": card.text, "text/html": card.html}
    return card._repr_mimebundle_()


def _exported_as_html(exported: Exported) -> str:
    done = [] if exported.update is None else report.what_was_done(exported.update, dry=exported.dry)
    return exported_card(exported, report.headline(exported), done, report.tree(sorted(exported.files)))


@contextmanager
def calls_keep_displays(shell: InteractiveShell) -> Iterator[None]:
    """Keep the displays of calls with the calls, in ``%%capture`` cells too, until the end."""
    _keep_displays(shell)
    enter = capture_output.__enter__

    def enter_outside_calls(self: Any) -> Any:
        captured = enter(self)
        # The capture has installed its own streams and publisher.
        output.ensure()
        _keep_displays(shell)
        return captured

    capture_output.__enter__ = enter_outside_calls
    try:
        yield
    finally:
        capture_output.__enter__ = enter
        vars(shell.display_pub).pop("publish", None)
        vars(shell.display_pub).pop("clear_output", None)


def _keep_displays(shell: InteractiveShell) -> None:
    publisher = shell.display_pub
    if "publish" in vars(publisher):
        return
    publish, clear_output = publisher.publish, publisher.clear_output

    def publish_outside_calls(data: Any, *args: Any, **options: Any) -> None:
        call = current.get()
        if call is None:
            publish(data, *args, **options)
        else:
            output.displayed(call, data)

    def clear_outside_calls(*args: Any, **options: Any) -> None:
        if current.get() is None:
            clear_output(*args, **options)

    publisher.publish = publish_outside_calls
    publisher.clear_output = clear_outside_calls
