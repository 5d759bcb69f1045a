"""Define apps, and show them in a notebook."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial, wraps
from typing import Any

from mcp.server.mcpserver.tools import Tool as EntryOfTool
from mcp_types import CallToolResult, ReadResourceResult, SamplingMessage, TextContent, Tool

from mcp_notebook.client import Connection
from mcp_notebook.client.extensions.apps import page_in, uri_of
from mcp_notebook.client.targets import Command, Live, Url
from mcp_notebook.errors import DefinitionError, McpNotebookError, UsageError, did_you_mean
from mcp_notebook.rendering.apps import app_card
from mcp_notebook.schema.parameters import sequence
from mcp_notebook.server import definitions
from mcp_notebook.server.apps import App, app_entry, uri_for
from mcp_notebook.server.views import View, expect_rows, view_page
from mcp_notebook.session.person import has_viewer
from mcp_notebook.session.session import Session
from mcp_notebook.session.shown_apps import ShownApp

__all__ = ["app_at_once", "app_for", "show_app"]


def app_for(session: Session, function: str | None, view: View | None) -> Callable[[EntryOfTool], App] | None:
    """Return what builds the app of a tool: its page is made by a function of the notebook, or is a view of ours.

    Args:
        session: The session, which has the function by the time that the cell has run.
        function: The name of the function; None for none.
        view: The view; None for none.

    Raises:
        UsageError: Both are given.
    """
    if function is not None and view is not None:
        raise UsageError("A tool has one app: leave out --app or --view.")
    if function is None and view is None:
        return None

    def build(tool: EntryOfTool) -> App:
        if view is not None:
            expect_rows(tool)
        page = view_page(view) if view is not None else _made_by(session.namespace, str(function))
        return app_entry(uri_for(tool.name), page, tool=tool.name, title=tool.title)

    return build


def _made_by(namespace: Mapping[str, Any], name: str) -> Callable[[], Any]:
    """Return a function that calls the one that has the name at the time, so that its cell can run again."""
    found = namespace.get(name)
    if not callable(found):
        raise DefinitionError(f"--app: there is no function {name!r}.{did_you_mean(name, namespace)}")
    required = [p for p in inspect.signature(found).parameters.values() if p.default is p.empty]
    if any(p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in required):
        raise DefinitionError(f"--app: {name} has parameters, but a page is made without any: def {name}() -> str: ...")
    if inspect.iscoroutinefunction(found):

        @wraps(found)
        async def make_later() -> Any:
            return await namespace[name]()

        return make_later

    @wraps(found)
    def make() -> Any:
        return namespace[name]()

    return make


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


def app_at_once(session: Session, on: str, name: str) -> Any:
    """Return what shows the app of a tool as it is defined; None if that takes a call with arguments."""
    tool = next(each for each in session.catalog(on).tools() if each.name == name)
    uri = uri_of(tool)
    return None if uri is None or _why_not_called(tool, {}) else show_app(session, on, uri, name, {})


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
