"""Make an async function of a description: a call of it is a call of the tool."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, TextContent

from mcp_notebook.client import Connection, Outcome
from mcp_notebook.errors import RequestError
from mcp_notebook.functions.clock import not_counted
from mcp_notebook.functions.description import Function
from mcp_notebook.functions.origin import Origin
from mcp_notebook.schema import UNSET
from mcp_notebook.schema.wrapped import unwrapped
from mcp_notebook.server.approved_call import approve_inner
from mcp_notebook.typed.objects import annotation

__all__ = ["ToolFunction", "async_function", "value_of"]

ToolFunction = Callable[..., Coroutine[Any, Any, Any]]
"""A coroutine function that calls a tool.

Required arguments are positional in the order of the schema, or named; the others are named. An argument that is not
given is not sent. The server checks the values.

Raises:
    TypeError: The arguments do not fit the signature.
    RequestError: The tool answered with an error, the server refused the call, its result does not fit the output
        schema, the connection broke, or a person denied a call that the code of a running call makes.
"""


def async_function(function: Function, connection: Connection, origin: Origin | None = None) -> ToolFunction:
    """Return the function that calls a tool over a connection.

    Args:
        function: The description.
        connection: The connection.
        origin: The request whose code gets the function; None for a person's own code.
    """
    signature = signature_of(function)
    sent = {one.identifier: one.name for one in function.arguments}
    identifiers = {name: identifier for identifier, name in sent.items()}

    async def call_tool(*args: Any, **kwargs: Any) -> Any:
        # A name of the schema that is not an identifier can be given with **.
        kwargs = {name if name in sent else identifiers.get(name, name): value for name, value in kwargs.items()}
        try:
            bound = signature.bind(*args, **kwargs).arguments
        except TypeError as error:
            raise TypeError(f"{function.identifier}(): {error}. It is {function.signature}") from None
        more = bound.pop(function.more, {})
        arguments = {**{sent[name]: value for name, value in bound.items()}, **more}
        try:
            with not_counted():
                await approve_inner(connection.name, function.tool, arguments)
        except ToolError as error:
            raise RequestError(str(error)) from None
        return value_of(await connection.aio.call(function.tool.name, arguments))

    call: ToolFunction = call_tool if origin is None else origin.bound(call_tool)
    call.__name__ = call.__qualname__ = function.identifier
    call.__doc__ = function.documentation
    call.__module__ = "mcp_notebook.functions"
    call.__signature__ = signature  # type: ignore[attr-defined]
    call.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
    call.__annotations__["return"] = signature.return_annotation
    return call


def signature_of(function: Function) -> inspect.Signature:
    """Return the signature, with types and defaults; a default is the schema's, or ``...`` if it names none."""
    found = [
        inspect.Parameter(
            one.identifier,
            inspect.Parameter.POSITIONAL_OR_KEYWORD if one.required else inspect.Parameter.KEYWORD_ONLY,
            annotation=annotation(one.type),
            default=inspect.Parameter.empty if one.required else ... if one.default is UNSET else one.default,
        )
        for one in function.arguments
    ]
    if function.more:
        found.append(inspect.Parameter(function.more, inspect.Parameter.VAR_KEYWORD, annotation=Any))
    return inspect.Signature(found, return_annotation=annotation(function.returns))


def value_of(outcome: Outcome[CallToolResult]) -> Any:
    """Return the value of a result: the structured content, else the text, else the result itself.

    Raises:
        RequestError: The tool answered with an error, or the result is not valid.
    """
    result = outcome.result
    texts = [block.text for block in result.content if isinstance(block, TextContent)]
    if result.is_error:
        raise RequestError("\n".join(texts) or "The tool answered with an error that has no text.", outcome.call)
    result = outcome.checked()
    if isinstance(result.structured_content, Mapping):
        return unwrapped(result.structured_content)[0]
    return "\n".join(texts) if texts and len(texts) == len(result.content) else result
