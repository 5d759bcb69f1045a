"""The call that registers what is live, written from the SDK's own entry: only what differs from a plain one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.resources import FunctionResource, ResourceTemplate
from mcp.server.mcpserver.tools import Tool
from pydantic import BaseModel

from mcp_notebook.server import Definition

__all__ = ["Call", "call"]


@dataclass(frozen=True)
class Call:
    """How a definition is registered.

    Attributes:
        text: What follows the server's variable, such as ``.tool(title="Add")``.
        imports: The statements that it needs.
    """

    text: str
    imports: tuple[str, ...] = ()


def call(definition: Definition) -> Call:
    """Write the call of the SDK's decorator that makes the live definition of its function."""
    entry, function = definition.entry, definition.function
    if function is None:
        raise ValueError(f"{definition.name} has no function")
    if isinstance(entry, Tool):
        return _tool(entry, function)
    if isinstance(entry, Prompt):
        return _written("prompt", [], entry, Prompt.from_function(function))
    plain: BaseModel
    if isinstance(entry, ResourceTemplate):
        plain = ResourceTemplate.from_function(function, definition.name)
    else:
        plain = FunctionResource.from_function(function, definition.name)
    return _written("resource", [repr(definition.name)], entry, plain)


def _tool(entry: Tool, function: Callable[..., Any]) -> Call:
    name = entry.name if function.__name__ == "<lambda>" else None
    try:
        plain = Tool.from_function(function, name=name)
    except Exception:  # noqa: BLE001 - no schema describes what it returns, and annotations are the author's code
        plain = Tool.from_function(function, name=name, structured_output=False)
        return _written("tool", [], entry, plain, ["structured_output=False"])
    differs = entry.output_schema != plain.output_schema
    structured = [f"structured_output={entry.output_schema is not None}"] if differs else []
    return _written("tool", [], entry, plain, structured)


_OPTIONS = ("name", "title", "description", "mime_type", "annotations", "icons", "meta")


def _written(
    method: str, arguments: list[str], entry: BaseModel, plain: BaseModel, further: Sequence[str] = ()
) -> Call:
    imports: list[str] = []
    for option in _OPTIONS:
        value = getattr(entry, option, None)
        if value is not None and value != getattr(plain, option, None):
            arguments.append(f"{option}={_source(value, imports)}")
    return Call(f".{method}({', '.join([*arguments, *further])})", tuple(imports))


def _source(value: Any, imports: list[str]) -> str:
    """Write a value as an expression; models of the SDK by their constructor."""
    if isinstance(value, BaseModel):
        kind = type(value).__name__
        imports.append(f"from mcp_types import {kind}")
        given = {name: getattr(value, name) for name in type(value).model_fields}
        return f"{kind}({', '.join(f'{k}={_source(v, imports)}' for k, v in given.items() if v is not None)})"
    if isinstance(value, list):
        return f"[{', '.join(_source(item, imports) for item in value)}]"
    return repr(value)
