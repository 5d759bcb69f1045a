"""Describe a tool as a Python function, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from mcp_types import Tool

from mcp_notebook.schema import UNSET, Schema, one_look, parameters, type_in_words
from mcp_notebook.schema.parameters import mapping, sequence
from mcp_notebook.schema.wrapped import unwrapped
from mcp_notebook.typed.names import Identifiers, distinct
from mcp_notebook.typed.source import BUILTINS, in_words
from mcp_notebook.typed.texts import is_plain, literal, shortened
from mcp_notebook.typed.types import ANY, PythonType, type_of
from mcp_notebook.visible import visible

__all__ = ["RESERVED", "Argument", "Function", "described"]

MOST_DESCRIPTION: Final = 4_000
"""Characters of a tool's description in a docstring."""

MOST_ABOUT_ARGUMENTS: Final = 8_000
"""Characters of a docstring about the arguments."""

RESERVED: Final = frozenset({"self", "cast", "UNSET", "Any", "Literal", "builtins", *BUILTINS})
"""Identifiers that no argument gets, because the code of a module needs them there."""


@dataclass(frozen=True)
class Argument:
    """An argument of a function.

    Attributes:
        name: The name that is sent.
        identifier: The name in Python.
        type: The type, by its schema.
        required: Whether the tool requires it.
        default: The value that the schema names for a call without it, if it is short; else `UNSET`. It is not sent.
        about: A line on what it accepts.
    """

    name: str
    identifier: str
    type: PythonType
    required: bool
    default: Any
    about: str


@dataclass(frozen=True)
class Function:
    """A tool as a function.

    Attributes:
        tool: The tool, as the server lists it.
        identifier: The name of the function.
        arguments: The required arguments in the order of the schema, then the others.
        more: The parameter for arguments that the schema does not name, ``**more``; empty if the tool takes none.
        returns: The type of the value, by the output schema.
    """

    tool: Tool
    identifier: str
    arguments: Sequence[Argument]
    more: str
    returns: PythonType

    @cached_property
    def documentation(self) -> str:
        """The tool's description and what its arguments accept, with every character visible; it is bounded."""
        said = self.tool.description or self.tool.title or f"Call the tool {literal(self.tool.name)}."
        lines = [f"    {one.identifier}: {one.about}" for one in self.arguments]
        about = ["", "Args:", shortened("\n".join(lines), MOST_ABOUT_ARGUMENTS)] if lines else []
        return "\n".join([shortened(visible(said).strip(), MOST_DESCRIPTION), *about])

    @property
    def signature(self) -> str:
        """The signature in a line: ``search(query: str, *, limit: int = 10) -> list[str]``."""
        words = [f"{one.identifier}: {in_words(one.type)}" for one in self.arguments if one.required]
        options = [one for one in self.arguments if not one.required]
        words += ["*"] if options else []
        words += [
            f"{one.identifier}: {in_words(one.type)} = {'...' if one.default is UNSET else literal(one.default)}"
            for one in options
        ]
        words += [f"**{self.more}: Any"] if self.more else []
        return f"{self.identifier}({', '.join(words)}) -> {in_words(self.returns)}"


@one_look()
def described(tool: Tool, identifier: str) -> Function:
    """Describe a tool as a function of this name. A broken schema gives fewer arguments, or looser types."""
    schema: Schema = mapping(tool.input_schema)
    found = {parameter.name: parameter for parameter in parameters(schema)}
    required = dict.fromkeys(name for name in sequence(schema.get("required")) if isinstance(name, str))
    unlisted = [name for name in required if name not in found]
    named = distinct([*found, *unlisted], RESERVED, "argument")
    arguments = [Argument(name, named[name], ANY, True, UNSET, "required") for name in unlisted]
    for name, one in found.items():
        words = type_in_words(one.schema, schema) + ("" if one.required else ", optional")
        if one.default is not UNSET and is_plain(one.default):
            words += f", default {literal(one.default)}"
        about = visible(f"{words}. {one.description}" if one.description else words, one_line=True)
        kind = type_of(one.schema, schema, f"{identifier}_{name}")
        default = one.default if is_plain(one.default) else UNSET
        arguments.append(Argument(name, named[name], kind, one.required, default, about))
    return Function(
        tool,
        identifier,
        sorted(arguments, key=lambda one: not one.required),
        Identifiers(named.values()).free("more") if _takes_more(schema) else "",
        _returned(tool.output_schema, identifier),
    )


def _takes_more(schema: Schema) -> bool:
    if "properties" not in schema:
        return schema.get("additionalProperties") is not False
    return bool(schema.get("additionalProperties") or schema.get("patternProperties"))


def _returned(schema: Schema | None, identifier: str) -> PythonType:
    if not isinstance(schema, dict):
        return ANY
    properties = mapping(schema.get("properties"))
    if set(properties) == {"result"}:
        return type_of(unwrapped({"result": None}, schema)[1], schema, f"{identifier}_result")
    return type_of(schema, schema, f"{identifier}_result")
