"""Define apps, and show them in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any

from mcp_types import CallToolResult, ReadResourceResult, SamplingMessage, TextContent, Tool

from mcp_notebook.client import Connection
from mcp_notebook.client.extensions.apps import page_in
from mcp_notebook.client.targets import Command, Live, Url
from mcp_notebook.errors import McpNotebookError
from mcp_notebook.rendering.apps import app_card
from mcp_notebook.schema.parameters import sequence
from mcp_notebook.server import definitions
from mcp_notebook.session.person import has_viewer
from mcp_notebook.session.session import Session
from mcp_notebook.session.shown_apps import ShownApp

__all__ = ["show_app"]


def show_app(
    session: Session,
    on: str,
    uri: str,
    tool: str | None,
    arguments: Mapping[str, Any],
    result: CallToolResult | None = None,
) -> Any:
    """Return what shows an app: its frame, or a rendering where nobody would see more.

    Without a result, the tool is called with the arguments if it requires no others, and says nowhere that it destroys.

    Args:
        session: The session.
        on: The name of the connection or live server.
        uri: The URI of the app.
        tool: The tool whose result it shows.
        arguments: The arguments of the call.
        result: The result of the call, if it was made already.

    Raises:
        McpNotebookError: The app cannot be read.
    """
    from mcp_notebook.widgets.app import AppFrame, Opened  # ipywidgets takes 0.2 s to import

    server = _Server(session, on)
    given: CallToolResult | None = result

    async def opened(ask: Any = None) -> Opened:
        nonlocal given
        aio = server.connection.aio
        tools = {each.name: each for each in await aio.tools()}
        page = page_in(uri, (await aio.read(uri)).result)
        shown, given = given, None  # later, there is a new one
        found = tools.get(tool or "")
        note = "" if shown is not None or found is None else _why_not_called(found, arguments)
        if shown is None and found is not None and not note:
            shown = (await aio.call(found.name, arguments, answerer=ask)).result
        return Opened(page, tools, arguments, shown, note)

    first = session.portal.run(opened)
    if not has_viewer(session.shell):
        return app_card(uri, server.name, tool, arguments, first.result, first.note)
    session.surfaces.prepare()

    def again() -> None:
        session.portal.start(opened).add_done_callback(shown_again)

    def shown_again(done: Future[Opened]) -> None:
        try:
            frame.show(done.result())
        except McpNotebookError as error:
            frame.fail(str(error))

    frame = AppFrame(uri, tool, server, first, again=again, agreed=session.apps.agreed)
    app = ShownApp(frame, partial(_definitions, session, on, uri, tool), again)
    session.apps.put(session.origins.cell or "", session.shell.execution_count, app)
    return frame


class _Server:
    """The connection or live server that has a name at the time."""

    def __init__(self, session: Session, name: str) -> None:
        self._session = session
        self.name = name
        self.foreign = isinstance(self.connection.target, Url | Command | Live)

    @property
    def connection(self) -> Connection:
        return self._session.on(self.name)

    def call(self, name: str, arguments: dict[str, Any], ask: Callable[[Any], None]) -> Future[CallToolResult]:
        from mcp_notebook.widgets.question_card import ask_with

        return self._session.portal.start(self._call, name, arguments, ask_with(ask))

    async def _call(self, name: str, arguments: dict[str, Any], answerer: Any) -> CallToolResult:
        return (await self.connection.aio.call(name, arguments, answerer=answerer)).result

    def read(self, uri: str) -> Future[ReadResourceResult]:
        return self._session.portal.start(self._read, uri)

    async def _read(self, uri: str) -> ReadResourceResult:
        return (await self.connection.aio.read(uri)).result

    def say(self, text: str) -> None:
        message = SamplingMessage(role="user", content=TextContent(type="text", text=text))
        self._session.conversation.messages.append(message)


def _why_not_called(tool: Tool, arguments: Mapping[str, Any]) -> str:
    """Return why a tool is not called on its own; "" if it is."""
    missing = [str(name) for name in sequence(tool.input_schema.get("required")) if name not in arguments]
    if missing:
        return f"No result yet: {tool.name} requires {', '.join(missing)}."
    if tool.annotations is not None and tool.annotations.destructive_hint:
        return f"No result yet: {tool.name} is marked as destructive, so a cell that runs does not call it."
    return ""


def _definitions(session: Session, on: str, uri: str, tool: str | None) -> list[object]:
    """Return what a server of this notebook has for an app: its entry, that of its tool, and what makes its page."""
    live = session.registry.servers.get(on)
    if live is None:
        return [None, None, None]
    found = {(each.kind, each.name): each for each in definitions(live.server)}
    app, called = found.get(("resource", uri)), found.get(("tool", tool or ""))
    page = None if app is None else app.function
    made_by = session.namespace.get(getattr(page, "__name__", "")) if page is not None else None
    return [app and app.entry, called and called.entry, made_by]
