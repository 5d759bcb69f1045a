"""Serve variables of the notebook as live resources, in the forms of IPython's formatters."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from IPython.core.interactiveshell import InteractiveShell
from mcp.server.mcpserver.exceptions import ResourceError, ToolError
from mcp.server.mcpserver.resources import FunctionResource
from mcp.server.mcpserver.tools import Tool
from mcp.server.subscriptions import ResourceUpdated
from mcp_types import CallToolResult, ToolAnnotations
from pydantic_core import to_jsonable_python

from mcp_notebook.errors import DefinitionError
from mcp_notebook.server import LiveServer, sdk_gaps
from mcp_notebook.server.definitions import build_tool, register
from mcp_notebook.server.extensions.data import as_file, as_text, forms, kind_of, query_of
from mcp_notebook.server.results import unknown_to_json
from mcp_notebook.server.variables import SERVES
from mcp_notebook.session.variables import DescribedVariables

__all__ = ["Exposures"]

PREFERRED = ("image/png", "image/jpeg", "image/svg+xml", "text/markdown", "text/html", "text/latex", "text/plain")
"""The order in which IPython's forms of a value are tried; the first available one is served."""

TABLE_TEXT = "text/markdown"

JSON_TYPES = (dict, list, tuple, int, float, bool, type(None))
"""The types that are served as JSON, which programs read better than Python's repr."""


class _Exposed(NamedTuple):
    live: LiveServer
    uri: str
    variable: str
    value: Any
    whole: tuple[str, ...] = ()  # the URIs of its files
    query: bool = False


class Exposures:
    """The exposed variables of one notebook, each with the value that clients were last notified of.

    Attributes:
        described: The variables of which agents see only the types and shapes.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self.described = DescribedVariables(shell.user_ns)
        self._shell = shell
        self._exposed: dict[tuple[str, str], _Exposed] = {}

    def add(
        self,
        live: LiveServer,
        variable: str,
        *,
        uri: str,
        mime_type: str | None = None,
        description: str | None = None,
        query: bool = False,
    ) -> str:
        """Make a variable a resource; return its MIME type.

        The resource of a table or an array has the first rows, and further resources have the whole, as files.

        Args:
            live: The server.
            variable: The variable.
            uri: The URI; those of the files have their suffixes behind it.
            mime_type: The form to serve; None for the best one.
            description: The description that clients see.
            query: Whether to add a tool that queries the table.

        Raises:
            DefinitionError: The value is not available in that MIME type, or is to be queried and is not a table.
        """
        value = self._shell.user_ns[variable]
        kind, _ = self._form(variable, value, mime_type, uri)
        tool = self._query(live, variable) if query else None
        description = description or f"The notebook's variable {variable}."
        self._put(live, variable, uri, kind, description, lambda: self._read(variable, mime_type, uri))
        whole = forms(value) if mime_type is None else {}
        for suffix, kind_of_file in whole.items():
            read = partial(self._read, variable, kind_of_file, uri)
            self._put(live, variable, f"{uri}.{suffix}", kind_of_file, f"{description} All of it.", read)
        if tool is not None:
            register(live.server, tool)
        files = tuple(f"{uri}.{suffix}" for suffix in whole)
        self._exposed[live.name, uri] = _Exposed(live, uri, variable, value, files, query)
        return kind

    def files_of(self, live: LiveServer, uri: str) -> tuple[str, ...]:
        """Return the URIs of the files that belong to an exposed variable."""
        found = self._exposed.get((live.name, uri))
        return () if found is None else found.whole

    def _put(
        self,
        live: LiveServer,
        variable: str,
        uri: str,
        kind: str,
        description: str,
        content: Callable[[], str | bytes],
    ) -> None:
        def read() -> str | bytes:
            return content()

        vars(read)[SERVES] = variable
        live.server.add_resource(
            FunctionResource.from_function(
                read,
                uri=uri,
                name=variable,
                description=description,
                mime_type=kind,
            )
        )

    def _read(self, variable: str, mime_type: str | None, uri: str) -> str | bytes:
        if variable not in self._shell.user_ns:
            raise ResourceError(f"The notebook no longer has a variable {variable!r}.")
        try:
            return self._form(variable, self._shell.user_ns[variable], mime_type, uri)[1]
        except DefinitionError as error:
            raise ResourceError(str(error)) from None

    def _query(self, live: LiveServer, variable: str) -> Tool:
        def read() -> Any:
            if variable not in self._shell.user_ns:
                raise ToolError(f"The notebook no longer has a variable {variable!r}.")
            return self._shell.user_ns[variable]

        if kind_of(self._shell.user_ns[variable]) != "table":
            kind = type(self._shell.user_ns[variable]).__name__
            raise DefinitionError(f"{variable} is a {kind}, and only tables can be queried. Leave --query out.")
        try:
            made = query_of(read, variable)
        except ImportError as error:
            raise DefinitionError(str(error)) from None

        def query(**given: Any) -> CallToolResult:
            return made(**given)

        vars(query).update(vars(made), **{SERVES: variable})
        query.__name__, query.__doc__ = made.__name__, made.__doc__
        query.__annotations__ = made.__annotations__
        return build_tool(query, annotations=ToolAnnotations(read_only_hint=True))

    def follow(self, namespace: Mapping[str, Any]) -> None:
        """Notify clients of the variables that the last cell bound to new values."""
        for key, exposed in list(self._exposed.items()):
            value = namespace.get(exposed.variable)
            if value is not exposed.value:
                self._exposed[key] = exposed._replace(value=value)
                server: Any = exposed.live.server
                for uri in (exposed.uri, *exposed.whole):
                    server.runtime.notifier.announce(ResourceUpdated(uri))
                self._query_again(exposed, value)

    def _query_again(self, exposed: _Exposed, value: Any) -> None:
        """Put the columns of a new table into the schema of its tool, if that is still there."""
        if exposed.query and kind_of(value) == "table":
            tools = sdk_gaps.entries(exposed.live.server, "tool")
            tool = self._query(exposed.live, exposed.variable)
            there = tools.get(tool.name)
            if there is not None and there.parameters != tool.parameters:
                register(exposed.live.server, tool)
                server: Any = exposed.live.server
                server.runtime.defined.pop(("tool", tool.name), None)  # the cell that ended did not define it

    def _form(self, variable: str, value: Any, mime_type: str | None, uri: str) -> tuple[str, str | bytes]:
        """Return a MIME type and the value in that form."""
        files = {kind: suffix for suffix, kind in forms(value).items()}
        if files and mime_type in (None, TABLE_TEXT):
            return TABLE_TEXT, as_text(value, uri)
        if mime_type in files:
            return mime_type, as_file(value, files[mime_type])
        if mime_type in (None, "application/json") and isinstance(value, JSON_TYPES):
            _refuse_unknown(variable, value)
            return "application/json", json.dumps(to_jsonable_python(value, fallback=str), ensure_ascii=False)
        if mime_type in (None, "text/plain") and isinstance(value, str):
            return "text/plain", value
        if mime_type in (None, "application/octet-stream") and isinstance(value, bytes):
            return "application/octet-stream", value
        drawn, _ = self._shell.display_formatter.format(value)
        chosen = next((m for m in ([mime_type] if mime_type else PREFERRED) if m in drawn), None)
        if chosen is None:
            raise DefinitionError(
                f"A {type(value).__name__} is not available as {mime_type!r}. Available: {', '.join(drawn) or 'none'}."
            )
        if mime_type is None and chosen == "text/plain":
            _refuse_unknown(variable, value)  # a repr, such as np.int64(3)
        form = drawn[chosen]
        if chosen.startswith("image/") and isinstance(form, str) and chosen != "image/svg+xml":
            form = base64.b64decode(form)
        return chosen, form


def _refuse_unknown(variable: str, value: Any) -> None:
    if (found := unknown_to_json(value)) is not None:
        raise DefinitionError(f"{variable} {found.replace('Return', 'Expose')} To serve its repr: --mime text/plain.")
