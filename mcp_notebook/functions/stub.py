"""Write the functions of a server as a module on the SDK's client, for use without this package."""

from __future__ import annotations

from collections.abc import Iterable

from mcp_types import Tool

from mcp_notebook.functions.description import Argument, Function
from mcp_notebook.functions.namespace import described_tools
from mcp_notebook.typed.names import Identifiers, class_name, identifier
from mcp_notebook.typed.source import Writer
from mcp_notebook.typed.texts import docstring, literal
from mcp_notebook.typed.types import ANY
from mcp_notebook.visible import visible

__all__ = ["MARK", "stub_source"]

MARK = "# Written by '%mcp stub' from what the server listed. Write it again to follow the server."

HEAD = '''{mark}
{docstring}

from __future__ import annotations

import builtins
from types import TracebackType
from typing import Any, Literal, TypedDict, cast

from mcp.client import Client
from mcp_types import CallToolResult, TextContent
from typing_extensions import NotRequired


class _Unset:
    def __repr__(self) -> str:
        return "UNSET"


UNSET: Any = _Unset()
"""An argument that is not sent, so that the server's default counts."""


class ToolError(Exception):
    """A tool answered with an error.

    Attributes:
        result: Its result.
    """

    def __init__(self, result: CallToolResult) -> None:
        super().__init__(_text(result) or "The tool answered with an error.")
        self.result = result


def _text(result: CallToolResult) -> str:
    return "\\n".join(block.text for block in result.content if isinstance(block, TextContent))
'''

SERVER = '''
class {name}:
    {docstring}

    def __init__(self, target: Any, **options: Any) -> None:
        """Take what the SDK's `Client` takes: a URL, a transport, a server object; and its options."""
        self._client = Client(target, **options)

    async def __aenter__(self) -> {name}:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    async def _call(self, _tool: str, _arguments: builtins.dict[str, Any]) -> Any:
        sent = {{name: value for name, value in _arguments.items() if value is not UNSET}}
        result = await self._client.call_tool(_tool, sent)
        if result.is_error:
            raise ToolError(result)
        value = result.structured_content
        if isinstance(value, dict):
            return value["result"] if value.keys() == {{"result"}} else value
        if result.content and all(isinstance(block, TextContent) for block in result.content):
            return _text(result)
        return result
'''

TAKEN = frozenset(
    {
        "Any", "CallToolResult", "Client", "Literal", "NotRequired", "TextContent", "ToolError", "TracebackType",
        "TypedDict", "UNSET", "builtins", "cast", "BaseException", "Exception",
    }
)  # fmt: skip


def stub_source(server: str, tools: Iterable[Tool]) -> str:
    """Return the source of a module with a class whose methods call a server's tools.

    It is not formatted. A value is the structured content, else the text, else the whole result.

    Args:
        server: The name of the server.
        tools: Its tools, as it lists them.
    """
    functions = list(described_tools(tools, TAKEN).values())
    taken = {one.identifier for f in functions for one in f.arguments} | {f.identifier for f in functions}
    names = Identifiers(TAKEN | taken)
    name = names.free(class_name(server))
    kinds = [kind for f in functions for kind in (*(one.type for one in f.arguments), f.returns)]
    writer = Writer(kinds, names, hidden={f.identifier for f in functions})
    about = [f"Typed functions for the tools of the MCP server {visible(server, one_line=True)}.", ""]
    about += ["It needs only the package mcp:", "", f"    async with {name}(URL) as {identifier(server, 'server')}:"]
    example = functions[0] if functions else None
    if example is not None:
        given = ", ".join("..." for one in example.arguments if one.required)
        about.append(f"        await {identifier(server, 'server')}.{example.identifier}({given})")
    parts = [
        HEAD.format(mark=MARK, docstring=docstring("\n".join(about))),
        writer.classes(),
        SERVER.format(name=name, docstring=docstring(f"The tools of {visible(server, one_line=True)}.", "    ")),
        *(_method(function, writer) for function in functions),
    ]
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _method(function: Function, writer: Writer) -> str:
    words = [
        "self",
        *(f"{one.identifier}: {writer.expression(one.type)}" for one in function.arguments if one.required),
    ]
    options = [one for one in function.arguments if not one.required]
    words += ["*"] if options else []
    words += [f"{one.identifier}: {writer.expression(one.type)} = UNSET" for one in options]
    words += [f"**{function.more}: Any"] if function.more else []
    returns = writer.expression(function.returns)
    sent = "{" + ", ".join([*map(_sent, function.arguments), *([f"**{function.more}"] if function.more else [])]) + "}"
    call = f"await self._call({literal(function.tool.name)}, {sent})"
    body = f"return {call}" if function.returns == ANY else f"return cast({returns}, {call})"
    text = docstring(function.documentation, "        ")
    return "\n".join(
        [
            f"    async def {function.identifier}({', '.join(words)}) -> {returns}:",
            f"        {text}",
            f"        {body}",
        ]
    )


def _sent(argument: Argument) -> str:
    return f"{literal(argument.name)}: {argument.identifier}"
