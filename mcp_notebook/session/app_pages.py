"""The app that is defined with a tool: its page is made by a function of the notebook, or is a view of ours."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from functools import wraps
from typing import Any, NamedTuple

from mcp.server.mcpserver.tools import Tool

from mcp_notebook.errors import DefinitionError, UsageError, did_you_mean
from mcp_notebook.server.apps import App, app_entry, uri_for
from mcp_notebook.server.views import View, expect_rows, view_page

__all__ = ["AppOfTool", "app_of_tool"]


class AppOfTool(NamedTuple):
    """The choice of an app for the tools of a cell.

    Attributes:
        namespace: The notebook's variables, which have the function by the time that the cell has run.
        function: The name of the function that makes the page; None for a view.
        view: The view.
    """

    namespace: Mapping[str, Any]
    function: str | None
    view: View | None

    @property
    def apart(self) -> Collection[str]:
        """The functions of the cell that are not tools, unless they are named."""
        return () if self.function is None else (self.function,)

    def build(self, tool: Tool) -> App:
        """Build the app of a tool.

        Raises:
            DefinitionError: There is no such function, or the tool returns no rows for the view.
        """
        if self.view is not None:
            expect_rows(tool)
        page = view_page(self.view) if self.view is not None else _made_by(self.namespace, str(self.function))
        return app_entry(uri_for(tool.name), page, tool=tool.name, title=tool.title)


def app_of_tool(namespace: Mapping[str, Any], function: str | None, view: View | None) -> AppOfTool | None:
    """Return the choice of an app; None if there is neither a function nor a view.

    Raises:
        UsageError: There are both.
    """
    if function is not None and view is not None:
        raise UsageError("A tool has one app: leave out --app or --view.")
    return None if function is None and view is None else AppOfTool(namespace, function, view)


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
