"""Show apps in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from mcp_types import CallToolResult, ReadResourceResult, SamplingMessage, TextContent, Tool

from mcp_notebook.client import Connection
from mcp_notebook.client.extensions.apps import page_in, uri_of
from mcp_notebook.client.targets import Command, Live, Url
from mcp_notebook.errors import McpNotebookError, UsageError
from mcp_notebook.rendering.apps import app_card
from mcp_notebook.schema.parameters import sequence
from mcp_notebook.server import definitions
from mcp_notebook.session.person import has_viewer
from mcp_notebook.session.session import Session
from mcp_notebook.session.shown_apps import ShownApp

if TYPE_CHECKING:
    from mcp_notebook.widgets.app import AppFrame, Opened
    from mcp_notebook.widgets.surface import Surface

__all__ = ["app_at_once", "app_of", "in_app_of", "show_app"]


def show_app(
    session: Session,
    on: str,
    uri: str,
    tool: str | None,
    arguments: Mapping[str, Any],
    result: CallToolResult | None = None,
) -> Any:
    """Return what shows an app: its frame, or a rendering where nobody would see more.

    Without a result, the tool is called, if the arguments are enough for it and it is not marked as destructive.

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
    source = _Source(session, on, uri, tool, arguments)
    opened = session.portal.run(source.open, result)
    if not has_viewer(session.shell):
        return app_card(uri, on, tool, arguments, opened.result, opened.note)
    session.surfaces.prepare()
    frame = source.framed(opened)
    app = ShownApp(frame, source.definitions, source.show_again)
    session.apps.put(session.origins.cell or "", session.shell.execution_count, app)
    return frame


def app_of(tool: Tool) -> str:
    """Return the URI of a tool's app.

    Raises:
        UsageError: It has none.
    """
    uri = uri_of(tool)
    if uri is None:
        raise UsageError(
            f"{tool.name} has no app. Leave out --app, or define one: %%mcp_app ui://NAME --tool {tool.name}."
        )
    return uri


def app_at_once(session: Session, on: str, name: str) -> Any:
    """Return what shows the app of a tool as it is defined; None if that takes a call with arguments."""
    tool = next(each for each in session.catalog(on).tools() if each.name == name)
    uri = uri_of(tool)
    return None if uri is None or _why_not_called(tool, {}) else show_app(session, on, uri, name, {})


def in_app_of(
    session: Session, on: str, tool: Tool
) -> Callable[[Mapping[str, Any], CallToolResult], Future[Surface]] | None:
    """Return what shows the results of a form in the tool's app, each in place of the last; None if it has no app."""
    uri = uri_of(tool)
    if uri is None:
        return None
    form = f"form {uuid4()}"

    def in_app(arguments: Mapping[str, Any], result: CallToolResult) -> Future[Surface]:
        source = _Source(session, on, uri, tool.name, arguments)

        async def framed() -> Surface:
            frame = source.framed(await source.open(result))
            session.apps.put(form, frame, ShownApp(frame, source.definitions, source.show_again))
            return frame

        return session.portal.start(framed)

    return in_app


class _Source:
    """The place that an app comes from: the connection or live server that has a name at the time."""

    def __init__(self, session: Session, on: str, uri: str, tool: str | None, arguments: Mapping[str, Any]) -> None:
        self._session, self._uri, self._tool, self._arguments = session, uri, tool, arguments
        self._frame: AppFrame | None = None
        self.name = on
        self.foreign = isinstance(self._connection.target, Url | Command | Live)

    @property
    def _connection(self) -> Connection:
        return self._session.on(self.name)

    async def open(self, result: CallToolResult | None = None) -> Opened:
        """Read the page, and call the tool if there is no result."""
        from mcp_notebook.widgets.app import Opened

        aio = self._connection.aio
        tools = {tool.name: tool for tool in await aio.tools()}
        page = page_in(self._uri, (await aio.read(self._uri)).result)
        tool, note = tools.get(self._tool or ""), ""
        if result is None and tool is not None:
            note = _why_not_called(tool, self._arguments)
            if not note:
                result = (await aio.call(tool.name, self._arguments)).result
        return Opened(page, tools, self._arguments, result, note)

    def framed(self, opened: Opened) -> AppFrame:
        """Return a frame with the app."""
        from mcp_notebook.widgets.app import AppFrame

        agreed = self._session.apps.agreed
        self._frame = AppFrame(self._uri, self._tool, self, opened, again=self.show_again, agreed=agreed)
        return self._frame

    def show_again(self) -> None:
        """Show the app as it is now, on a new result."""
        self._session.portal.start(self.open).add_done_callback(self._opened_again)

    def _opened_again(self, done: Future[Opened]) -> None:
        if self._frame is None:
            return
        try:
            self._frame.show(done.result())
        except McpNotebookError as error:
            self._frame.fail(str(error))

    def definitions(self) -> list[object]:
        """Return what a server of this notebook has for the app: its entry, its tool's, and what makes its page."""
        live = self._session.registry.servers.get(self.name)
        if live is None:
            return [None, None, None]
        found = {(each.kind, each.name): each for each in definitions(live.server)}
        app, tool = found.get(("resource", self._uri)), found.get(("tool", self._tool or ""))
        made_by = self._session.namespace.get(getattr(app.function, "__name__", "")) if app is not None else None
        return [app and app.entry, tool and tool.entry, made_by]

    def call(self, name: str, arguments: dict[str, Any], ask: Callable[[Any], None]) -> Future[CallToolResult]:
        """Start a call for the app; `ask` shows the server's questions."""
        from mcp_notebook.widgets.question_card import ask_with

        async def call() -> CallToolResult:
            return (await self._connection.aio.call(name, arguments, answerer=ask_with(ask))).result

        return self._session.portal.start(call)

    def read(self, uri: str) -> Future[ReadResourceResult]:
        """Start to read a resource for the app."""

        async def read() -> ReadResourceResult:
            return (await self._connection.aio.read(uri)).result

        return self._session.portal.start(read)

    def say(self, text: str) -> None:
        """Put a message of the app into the conversation with the model."""
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
