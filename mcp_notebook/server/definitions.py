"""Definitions: what a cell registered, read from where the SDK keeps it.

The SDK's own entry (`Tool`, `Resource`, `ResourceTemplate` or `Prompt`) is the one record; a `Definition`
is a view on it. Building comes before registering, so that a function that does not fit changes nothing.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.resources import Resource, ResourceTemplate
from mcp.server.mcpserver.tools import Tool
from pydantic import TypeAdapter

from mcp_notebook.cells import Cell, cell_of
from mcp_notebook.errors import DefinitionError
from mcp_notebook.server import sdk_gaps

__all__ = ["Definition", "Kind", "build_prompt", "build_tool", "define_resource", "definitions", "register"]

Kind = Literal["tool", "resource", "resource template", "prompt"]


@dataclass(frozen=True)
class Definition:
    """What is registered under one name.

    Attributes:
        kind: Which of the protocol's four it is.
        name: What a client asks for: the name of a tool or prompt, the URI of a resource or template.
        entry: The SDK's own record of it.
        function: The function that answers; None for a resource made without one.
        cell: The cell that defined the function; None where no cell did.
    """

    kind: Kind
    name: str
    entry: Tool | Resource | ResourceTemplate | Prompt
    function: Callable[..., Any] | None
    cell: Cell | None


def definitions(server: MCPServer[Any]) -> list[Definition]:
    """Return all that is registered on `server`: tools, resources, templates, prompts, each in its order."""
    return list(_definitions(server))


def _definitions(server: MCPServer[Any]) -> Iterator[Definition]:
    for tool in sdk_gaps.tools(server):
        yield _definition("tool", tool.name, tool)
    for resource in sdk_gaps.resources(server):
        yield _definition("resource", str(resource.uri), resource)
    for template in sdk_gaps.templates(server):
        yield _definition("resource template", template.uri_template, template)
    for prompt in sdk_gaps.prompts(server):
        yield _definition("prompt", prompt.name, prompt)


def _definition(kind: Kind, name: str, entry: Tool | Resource | ResourceTemplate | Prompt) -> Definition:
    function = getattr(entry, "fn", None)
    # The SDK wraps a prompt's or resource's function in pydantic's validate_call.
    function = inspect.unwrap(function) if function is not None else None
    return Definition(kind, name, entry, function, cell_of(function) if function else None)


def build_tool(function: Callable[..., Any], **options: Any) -> Tool:
    """Build a tool from `function`; `options` are those of `MCPServer.tool`.

    Raises:
        DefinitionError: A parameter has no usable type; the message names it.
    """
    with _clear_errors(function):
        _refuse_collecting_parameters(function)
        return Tool.from_function(function, **options)


def build_prompt(function: Callable[..., Any], **options: Any) -> Prompt:
    """Build a prompt from `function`; `options` are those of `MCPServer.prompt`.

    Raises:
        DefinitionError: A parameter has no usable type; the message names it.
    """
    with _clear_errors(function):
        _refuse_collecting_parameters(function)
        return Prompt.from_function(function, **options)


def register(server: MCPServer[Any], *entries: Tool | Prompt) -> None:
    """Put what was built on the server; each takes the place of the one of its name."""
    for entry in entries:
        if isinstance(entry, Tool):
            sdk_gaps.put_tool(server, entry)
        else:
            sdk_gaps.put_prompt(server, entry)


def define_resource(server: MCPServer[Any], uri: str, function: Callable[..., Any], **options: Any) -> None:
    """Register `function` under a URI or URI template, with the SDK's own checks before the change.

    Raises:
        DefinitionError: The URI does not parse, or its variables are not the function's parameters.
    """
    with _clear_errors(function):
        _refuse_collecting_parameters(function)
        server.resource(uri, **options)(function)


@contextmanager
def _clear_errors(function: Callable[..., Any]) -> Iterator[None]:
    """Turn what the SDK and pydantic raise about a signature into a `DefinitionError`."""
    try:
        yield
    except DefinitionError:
        raise
    except Exception as error:  # annotations are the author's code, and pydantic runs it
        reason = _unusable_parameter(function) or " ".join(str(error).split("\n\n")[0].split()).rstrip(".") + "."
        raise DefinitionError(f"{_name(function)}: {reason}") from error


def _name(function: Callable[..., Any]) -> str:
    # A functools.partial, or an object with __call__, has none.
    return getattr(function, "__name__", f"a {type(function).__name__}")


def _refuse_collecting_parameters(function: Callable[..., Any]) -> None:
    """Refuse ``*args``, ``**kwargs`` and positional-only parameters.

    The SDK lists the first two as required strings, and no call can reach any of the three.
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
                "pass every argument by name. Write each parameter out, or take one list or dict."
            )


def _unusable_parameter(function: Callable[..., Any]) -> str | None:
    """Say which parameter has a type that no JSON Schema describes, and what to do about it."""
    try:
        signature = inspect.signature(function, eval_str=True)
    except NameError as error:
        return (
            f"its annotations cannot be read ({error}). Define or import that name in this cell or an "
            "earlier one, then run the cell again."
        )
    except Exception as error:  # noqa: BLE001 - there is none, or an annotation, which is the author's code, raised
        return f"its signature cannot be read ({error}). Write a def around it, with a type for each parameter."
    for name, parameter in signature.parameters.items():
        if parameter.annotation is parameter.empty or _describable(parameter.annotation):
            continue
        return (
            f"parameter {name!r} is a {inspect.formatannotation(parameter.annotation)}, which no JSON Schema "
            "describes, so no client could send one. Use a type that pydantic knows (str, int, list, dict, "
            "a BaseModel), or read the object from a variable of the notebook instead."
        )
    return None


def _describable(annotation: Any) -> bool:
    try:
        TypeAdapter(annotation).json_schema()
    except Exception:  # noqa: BLE001 - as in `_clear_errors`
        return False
    return True
