"""Build, register and list definitions: the tools, resources, templates and prompts of a server.

The SDK's own entry (`Tool`, `Resource`, `ResourceTemplate` or `Prompt`) is the only record; a `Definition` is a view
of it. Building comes before registering, so that an unusable function changes nothing.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.resources import Resource, ResourceTemplate
from mcp.server.mcpserver.tools import Tool
from mcp_types import ToolAnnotations
from pydantic.json_schema import PydanticJsonSchemaWarning
from pydantic.warnings import ArbitraryTypeWarning

from mcp_notebook import browser_tab
from mcp_notebook.cells import Cell, cell_of
from mcp_notebook.errors import DefinitionError
from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.changes import KINDS, Kind, replace
from mcp_notebook.server.data import data_tool
from mcp_notebook.server.execution import RunOn, with_execution
from mcp_notebook.server.extensions.cluster import is_installed, on_dask
from mcp_notebook.server.unusable import reason_of, unusable_type

__all__ = [
    "Definition",
    "build_prompt",
    "build_tool",
    "define_resource",
    "definitions",
    "function_behind",
    "may_run_again",
    "register",
]


@dataclass(frozen=True)
class Definition:
    """A view of what is registered under one name.

    Attributes:
        kind: The kind of definition, one of the protocol's four.
        name: The name of a tool or prompt, or the URI of a resource or template, as a client asks for it.
        entry: The SDK's own record.
        function: The function that answers; None for a resource made without one.
        cell: The cell that defined the function; None if no cell did.
    """

    kind: Kind
    name: str
    entry: Tool | Resource | ResourceTemplate | Prompt
    function: Callable[..., Any] | None
    cell: Cell | None


def definitions(server: MCPServer[Any]) -> list[Definition]:
    """Return all definitions of a server: tools, resources, templates, prompts, each in registration order."""
    return list(_definitions(server))


def _definitions(server: MCPServer[Any]) -> Iterator[Definition]:
    for kind in KINDS:
        for name, entry in sdk_gaps.entries(server, kind).items():
            yield _definition(kind, name, entry)


def _definition(kind: Kind, name: str, entry: Tool | Resource | ResourceTemplate | Prompt) -> Definition:
    function = getattr(entry, "fn", None)
    # The SDK wraps a prompt's or resource's function in pydantic's validate_call.
    function = inspect.unwrap(function) if function is not None else None
    return Definition(kind, name, entry, function, cell_of(function) if function else None)


def build_tool(
    function: Callable[..., Any], *, run_on: RunOn | None = None, timeout: float | None = None, **options: Any
) -> Tool:
    """Build a tool from `function`.

    Args:
        function: The function that a call runs.
        run_on: Where it runs; see `with_execution`. On Dask, a call runs again if its worker is lost and
            `may_run_again`.
        timeout: Seconds that a call may take.
        options: Options of `MCPServer.tool`.

    Raises:
        DefinitionError: A parameter has an unusable type; the message names it. Or Dask is asked for, and not here.
    """
    with _clear_errors(function):
        _refuse_collecting_parameters(function)
        made = _on_dask(function, options.get("annotations")) if run_on == "dask" else function
        return with_execution(data_tool(made, **options), run_on=run_on, timeout=timeout)


def _on_dask(function: Callable[..., Any], hints: ToolAnnotations | None) -> Callable[..., Any]:
    if browser_tab.HERE:
        raise DefinitionError(browser_tab.elsewhere("a page reaches no workers; leave out --run-on dask"))
    if not is_installed():
        raise DefinitionError("--run-on dask needs Dask, which is not installed: %pip install 'mcp-notebook[dask]'")
    return on_dask(function, idempotent=may_run_again(hints))


def may_run_again(hints: ToolAnnotations | None) -> bool:
    """Return whether a tool says that a call does no harm if it runs again: it changes nothing, or nothing further."""
    return hints is not None and bool(hints.read_only_hint or hints.idempotent_hint)


def build_prompt(function: Callable[..., Any], **options: Any) -> Prompt:
    """Build a prompt from `function`; `options` are those of `MCPServer.prompt`.

    Raises:
        DefinitionError: A parameter has an unusable type; the message names it.
    """
    with _clear_errors(function):
        _refuse_collecting_parameters(function)
        return Prompt.from_function(function, **options)


def register(server: MCPServer[Any], *entries: Tool | Prompt, withdrawn: Collection[str] = ()) -> None:
    """Put tools or prompts on the server; each replaces the entry of the same name.

    Args:
        server: The server.
        entries: Entries of one kind, from `build_tool` or `build_prompt`.
        withdrawn: Names of the same kind to remove in the same step.
    """
    kind: Kind = "tool" if isinstance(entries[0], Tool) else "prompt"
    replace(server, kind, {entry.name: entry for entry in entries}, withdrawn)


def define_resource(server: MCPServer[Any], uri: str, function: Callable[..., Any], **options: Any) -> None:
    """Register `function` under a URI or URI template; the SDK's checks run before anything changes.

    Raises:
        DefinitionError: The URI does not parse, or its variables do not match the function's parameters.
    """
    with _clear_errors(function):
        _refuse_collecting_parameters(function)
        server.resource(uri, **options)(function)


def function_behind(server: MCPServer[Any], method: str, name: str) -> Callable[..., Any] | None:
    """Return the function that answers a request of the protocol; None if there is none.

    Args:
        server: The server.
        method: The method, such as ``tools/call``.
        name: The requested tool, prompt or URI.
    """
    entry: Any = None
    if method == "tools/call":
        entry = sdk_gaps.entries(server, "tool").get(name)
    elif method == "prompts/get":
        entry = sdk_gaps.entries(server, "prompt").get(name)
    elif method == "resources/read":
        templates = sdk_gaps.entries(server, "resource template").values()
        entry = sdk_gaps.entries(server, "resource").get(name) or next(
            (template for template in templates if sdk_gaps.matches(template, name)), None
        )
    return getattr(entry, "fn", None)


@contextmanager
def _clear_errors(function: Callable[..., Any]) -> Iterator[None]:
    """Turn errors of the SDK and pydantic about a signature into a `DefinitionError`."""
    try:
        with warnings.catch_warnings():
            # The card shows this, see `lint`.
            warnings.simplefilter("ignore", PydanticJsonSchemaWarning)
            warnings.simplefilter("error", ArbitraryTypeWarning)  # such a parameter would accept any value
            yield
    except DefinitionError:
        raise
    except ImportError as error:  # what its results need
        raise DefinitionError(f"{_name(function)}: {reason_of(error)}") from error
    except Exception as error:  # pydantic evaluates annotations, which are the author's code and may raise anything
        raise DefinitionError(f"{_name(function)}: {unusable_type(function) or reason_of(error)}") from error


def _name(function: Callable[..., Any]) -> str:
    # A functools.partial, or an object with __call__, has no name.
    return getattr(function, "__name__", f"a {type(function).__name__}")


def _refuse_collecting_parameters(function: Callable[..., Any]) -> None:
    """Refuse ``*args``, ``**kwargs`` and positional-only parameters.

    The SDK lists the first two as required strings, and no call can pass any of the three.
    """
    if not hasattr(function, "__name__"):
        raise DefinitionError(
            f"{_name(function)} has no name of its own, so it cannot be registered. Write a def around it: "
            "def NAME(...): return ..."
        )
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise DefinitionError(
                f"{_name(function)}: parameter {str(parameter)!r} cannot be passed by name, and clients "
                "pass every argument by name. List each parameter, or take one list or dict."
            )
