"""Serve variables of the notebook as live resources, in the forms of IPython's formatters."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from IPython.core.interactiveshell import InteractiveShell
from mcp.server.mcpserver.exceptions import ResourceError
from mcp.server.mcpserver.resources import FunctionResource
from mcp.server.subscriptions import ResourceUpdated
from pydantic_core import to_jsonable_python

from mcp_notebook.errors import DefinitionError
from mcp_notebook.server import LiveServer
from mcp_notebook.server.results import unknown_to_json

__all__ = ["Exposures"]

PREFERRED = ("image/png", "image/jpeg", "image/svg+xml", "text/markdown", "text/html", "text/latex", "text/plain")
"""The order in which IPython's forms of a value are tried; the first available one is served."""

JSON_TYPES = (dict, list, tuple, int, float, bool, type(None))
"""The types that are served as JSON, which programs read better than Python's repr."""


class _Exposed(NamedTuple):
    live: LiveServer
    uri: str
    variable: str
    value: Any


class Exposures:
    """The exposed variables of one notebook, each with the value that clients were last notified of."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._exposed: dict[tuple[str, str], _Exposed] = {}

    def add(self, live: LiveServer, variable: str, *, uri: str, mime_type: str | None, description: str | None) -> str:
        """Make a variable a resource; return its MIME type.

        Raises:
            DefinitionError: The value is not available in that MIME type.
        """
        value = self._shell.user_ns[variable]
        kind, _ = self._form(variable, value, mime_type)

        def read() -> str | bytes:
            if variable not in self._shell.user_ns:
                raise ResourceError(f"The notebook no longer has a variable {variable!r}.")
            try:
                return self._form(variable, self._shell.user_ns[variable], mime_type)[1]
            except DefinitionError as error:
                raise ResourceError(str(error)) from None

        resource = FunctionResource.from_function(
            read,
            uri=uri,
            name=variable,
            description=description or f"The notebook's variable {variable}.",
            mime_type=kind,
        )
        live.server.add_resource(resource)
        self._exposed[live.name, uri] = _Exposed(live, uri, variable, value)
        return kind

    def follow(self, namespace: Mapping[str, Any]) -> None:
        """Notify clients of the variables that the last cell bound to new values."""
        for key, exposed in list(self._exposed.items()):
            value = namespace.get(exposed.variable)
            if value is not exposed.value:
                self._exposed[key] = exposed._replace(value=value)
                server: Any = exposed.live.server
                server.runtime.notifier.announce(ResourceUpdated(exposed.uri))

    def _form(self, variable: str, value: Any, mime_type: str | None) -> tuple[str, str | bytes]:
        """Return a MIME type and the value in that form."""
        if mime_type in (None, "application/json") and isinstance(value, JSON_TYPES):
            _refuse_unknown(variable, value)
            return "application/json", json.dumps(to_jsonable_python(value, fallback=str), ensure_ascii=False)
        if mime_type in (None, "text/plain") and isinstance(value, str):
            return "text/plain", value
        if mime_type in (None, "application/octet-stream") and isinstance(value, bytes):
            return "application/octet-stream", value
        forms, _ = self._shell.display_formatter.format(value)
        chosen = next((m for m in ([mime_type] if mime_type else PREFERRED) if m in forms), None)
        if chosen is None:
            raise DefinitionError(
                f"A {type(value).__name__} is not available as {mime_type!r}. Available: {', '.join(forms) or 'none'}."
            )
        if mime_type is None and chosen == "text/plain":
            _refuse_unknown(variable, value)  # a repr, such as np.int64(3)
        form = forms[chosen]
        if chosen.startswith("image/") and isinstance(form, str) and chosen != "image/svg+xml":
            form = base64.b64decode(form)
        return chosen, form


def _refuse_unknown(variable: str, value: Any) -> None:
    if (found := unknown_to_json(value)) is not None:
        raise DefinitionError(f"{variable} {found.replace('Return', 'Expose')} To serve its repr: --mime text/plain.")
