"""Serve variables of the notebook as live resources, in the forms of IPython's formatters."""

from __future__ import annotations

import base64
import inspect
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
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
from mcp_notebook.server.changes import replace
from mcp_notebook.server.definitions import build_tool, register
from mcp_notebook.server.extensions.data import (
    as_file,
    as_text,
    forms,
    is_lazy,
    kind_of,
    layout_of,
    query_name,
    query_of,
)
from mcp_notebook.server.results import unknown_to_json
from mcp_notebook.server.variables import SERVES
from mcp_notebook.session.variables import DescribedVariables

__all__ = ["Exposures"]

PREFERRED = ("image/png", "image/jpeg", "image/svg+xml", "text/markdown", "text/html", "text/latex", "text/plain")
"""The order in which IPython's forms of a value are tried; the first available one is served."""

TABLE_TEXT = "text/markdown"

JSON_TYPES = (dict, list, tuple, int, float, bool, type(None))
"""The types that are served as JSON, which programs read better than Python's repr."""


MOST_CHARACTERS = 200
"""Most characters of the error of a library."""


class _Exposed(NamedTuple):
    live: LiveServer
    uri: str
    variable: str
    value: Any
    layout: str = ""  # the columns of a table that may change in place
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
            DefinitionError: The value is not available in that MIME type or cannot be read. Or it is to be queried,
                and is not a table, or the server has a tool of that name which is not for that.
        """
        value = self._shell.user_ns[variable]
        with _in_words(variable):
            kind, _ = self._form(variable, value, mime_type, uri)
            whole = forms(value) if mime_type is None else {}
        tool = self._query(live, variable) if query else None
        if tool is not None and tool.name in sdk_gaps.entries(live.server, "tool") and not _is_query(live, variable):
            raise DefinitionError(f"The server has a tool {tool.name} of its own. Give that another name first.")
        description = description or f"The notebook's variable {variable}."
        self._put(live, variable, uri, kind, description, lambda: self._read(variable, mime_type, uri))
        for suffix, kind_of_file in whole.items():
            read = partial(self._read, variable, kind_of_file, uri)
            self._put(live, variable, f"{uri}.{suffix}", kind_of_file, f"{description} All of it.", read)
        if tool is not None:
            register(live.server, tool)
        files = tuple(f"{uri}.{suffix}" for suffix in whole)
        before = self._exposed.get((live.name, uri))
        self._exposed[live.name, uri] = _Exposed(live, uri, variable, value, layout_of(value), files, query)
        if before is not None:
            self._take_off(before, files)
        return kind

    def files_of(self, live: LiveServer, uri: str) -> tuple[str, ...]:
        """Return the URIs of the files that belong to an exposed variable."""
        found = self._exposed.get((live.name, uri))
        return () if found is None else found.whole

    def withdraw(self, live: LiveServer, uri: str) -> None:
        """Take off what belongs to an exposed variable: its files, and its query if no other URI has one."""
        found = self._exposed.pop((live.name, uri), None)
        if found is not None:
            self._take_off(found)

    def _take_off(self, gone: _Exposed, files: Collection[str] = ()) -> None:
        replace(gone.live.server, "resource", {}, [each for each in gone.whole if each not in files])
        name, variable = gone.live.name, gone.variable
        kept = any(one.query and one.live.name == name and one.variable == variable for one in self._exposed.values())
        if gone.query and not kept and _is_query(gone.live, variable):
            replace(gone.live.server, "tool", {}, [query_name(variable)])

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
            with _in_words(variable):
                return self._form(variable, self._shell.user_ns[variable], mime_type, uri)[1]
        except DefinitionError as error:
            cause = error.__cause__  # its words may have values of the table in them
            words = str(error) if cause is None else f"{variable} cannot be read ({type(cause).__name__})."
            raise ResourceError(words) from None

    def _query(self, live: LiveServer, variable: str) -> Tool:
        def read() -> Any:
            if variable not in self._shell.user_ns:
                raise ToolError(f"The notebook no longer has a variable {variable!r}.")
            return self._shell.user_ns[variable]

        if kind_of(self._shell.user_ns[variable]) != "table":
            kind = type(self._shell.user_ns[variable]).__name__
            raise DefinitionError(f"{variable} is a {kind}, and only tables can be queried. Leave --query out.")
        with _in_words(variable):
            made = query_of(read, variable)

        def query(**given: Any) -> CallToolResult:
            return made(**given)

        vars(query).update(vars(made), **{SERVES: variable})
        query.__name__, query.__doc__ = made.__name__, made.__doc__
        query.__annotations__ = made.__annotations__
        with _in_words(variable):
            return build_tool(query, annotations=ToolAnnotations(read_only_hint=True))

    def follow(self, namespace: Mapping[str, Any]) -> None:
        """Notify clients of the variables that the last cell bound to new values, or gave other columns."""
        for key, exposed in list(self._exposed.items()):
            value = namespace.get(exposed.variable)
            layout = layout_of(value)
            if value is not exposed.value or layout != exposed.layout:
                self._exposed[key] = exposed._replace(value=value, layout=layout)
                server: Any = exposed.live.server
                for uri in (exposed.uri, *exposed.whole):
                    server.runtime.notifier.announce(ResourceUpdated(uri))
                with suppress(DefinitionError):  # a table that cannot be read: each query says so
                    self._query_again(exposed, value)

    def _query_again(self, exposed: _Exposed, value: Any) -> None:
        """Put the columns of a new table into the schema of its tool, if that is still there."""
        if exposed.query and kind_of(value) == "table" and _is_query(exposed.live, exposed.variable):
            tool = self._query(exposed.live, exposed.variable)
            if sdk_gaps.entries(exposed.live.server, "tool")[tool.name].parameters != tool.parameters:
                register(exposed.live.server, tool)
                server: Any = exposed.live.server
                server.runtime.defined.pop(("tool", tool.name), None)  # the cell that ended did not define it

    def _form(self, variable: str, value: Any, mime_type: str | None, uri: str) -> tuple[str, str | bytes]:
        """Return a MIME type and the value in that form."""
        files = {kind: suffix for suffix, kind in forms(value).items()}
        if (files or is_lazy(value)) and mime_type in (None, TABLE_TEXT):
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


def _is_query(live: LiveServer, variable: str) -> bool:
    """Return whether the server has the tool that queries a variable, and not the author's own of that name."""
    tool = sdk_gaps.entries(live.server, "tool").get(query_name(variable))
    function: Any = None if tool is None else inspect.unwrap(tool.fn)
    return function is not None and function.__module__ == __name__ and getattr(function, SERVES, None) == variable


@contextmanager
def _in_words(variable: str) -> Iterator[None]:
    """Say which variable cannot be read: a query may name columns that are not there."""
    try:
        yield
    except DefinitionError:
        raise
    except ImportError as error:
        raise DefinitionError(str(error)) from None
    except Exception as error:
        why = " ".join(str(error).strip().partition("\n")[0].split())
        words = f"{variable} cannot be read ({type(error).__name__}{f': {why[:MOST_CHARACTERS]}' if why else ''})."
        raise DefinitionError(words) from error


def _refuse_unknown(variable: str, value: Any) -> None:
    if (found := unknown_to_json(value)) is not None:
        raise DefinitionError(f"{variable} {found.replace('Return', 'Expose')} To serve its repr: --mime text/plain.")
