"""Write an operation as the cell of a tool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mcp_notebook.importing.openapi.document import Document
from mcp_notebook.importing.openapi.operations import ApiParameter, Operation, RequestBody
from mcp_notebook.importing.openapi.requesting import FOR_TOOLS
from mcp_notebook.schema import flatten
from mcp_notebook.schema.parameters import mapping, sequence
from mcp_notebook.typed.names import Identifiers, class_name, identifier
from mcp_notebook.typed.source import Writer
from mcp_notebook.typed.texts import comment, docstring, is_plain, literal, shortened
from mcp_notebook.typed.types import ANY, NONE, Choice, Entries, Items, Plain, PythonType, Record, either, type_of

__all__ = ["OperationArgument", "arguments_of", "cell_of", "returned"]

MOST_FIELDS: Final = 30
"""Fields of a body that become arguments of their own."""

MOST_DESCRIPTION: Final = 2_000
MOST_ABOUT_ARGUMENT: Final = 500
"""Characters of a description that are written."""

_FLAGS: Final = {
    "GET": " --read-only",
    "HEAD": " --read-only",
    "PUT": " --idempotent",
    "DELETE": " --destructive --idempotent",
}
"""The options of ``%%mcp_tool`` that the methods of HTTP stand for."""

_BOUNDS: Final = {"minimum": "ge", "maximum": "le", "exclusiveMinimum": "gt", "exclusiveMaximum": "lt"}
_EXCLUSIVE: Final = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}
_LENGTHS: Final = {"minLength": "min_length", "maxLength": "max_length"}

_MOST_BOUND: Final = 2**63
_MOST_LENGTH: Final = 2**31
"""Larger bounds are left out: they bound nothing, and pydantic does not take all of them."""


_WIDER: Final = ("float", "int")
"""A type that takes the values of another one."""


@dataclass(frozen=True)
class OperationArgument:
    """An argument of the function for an operation.

    Attributes:
        identifier: The name in Python.
        name: The name that is sent.
        source: The parameter that it is, or the body that it belongs to.
        schema: Its schema.
        type: The type of the values that can be sent.
        required: Whether it has to be given.
        about: The description.
        whole: Whether it is the whole body.
    """

    identifier: str
    name: str
    source: ApiParameter | RequestBody
    schema: Mapping[str, Any]
    type: PythonType
    required: bool
    about: str
    whole: bool = False

    @property
    def default(self) -> Any:
        """The value if it is not given: the one of the schema if that fits, else None, which is not sent."""
        value = self.schema.get("default")
        if not isinstance(value, str | int | float) or not is_plain(value):
            return None
        kind = type(value).__name__
        if isinstance(self.type, Choice):
            fits = (kind, value) in self.type.values
        else:
            fits = isinstance(self.type, Plain) and (self.type.name == kind or (self.type.name, kind) == _WIDER)
        return value if fits else None

    @property
    def annotated(self) -> PythonType:
        """The type in the signature."""
        return self.type if self.required or self.default is not None else either([self.type, NONE])


def arguments_of(document: Document, operation: Operation, name: str) -> list[OperationArgument]:
    """Return the arguments of the function `name` for an operation."""
    names = Identifiers({*FOR_TOOLS, "model_config", "body"})
    root = document.root
    found = []
    for one in operation.parameters:
        own = names.free(identifier(one.name, "argument"))
        kind = type_of(one.schema, root, class_name(name, one.name))
        found.append(OperationArgument(own, one.name, one, one.schema, kind, one.required, one.about))
    body = operation.body
    if body is None:
        return found
    flat = flatten(body.schema, root)
    fields = {key: one for key, one in mapping(flat.get("properties")).items() if isinstance(key, str)}
    required = [key for key in sequence(flat.get("required")) if isinstance(key, str)]
    fields |= {key: {} for key in required if fields and key not in fields}
    if body.kind == "text" or not _is_flat(flat, fields):
        kind = type_of(body.schema, root, class_name(name, "body")) if body.kind != "text" else Plain("str")
        return [*found, OperationArgument("body", "", body, flat, kind, body.required, body.about, whole=True)]
    for key, raw in fields.items():
        schema = flatten(raw, root)
        if schema.get("readOnly") is not True:
            own = names.free(identifier(key, "field"))
            about = schema["description"] if isinstance(schema.get("description"), str) else ""
            kind = type_of(raw, root, class_name(name, key))
            found.append(OperationArgument(own, key, body, schema, kind, key in required, about))
    return found


def _is_flat(flat: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
    """Return whether the fields of a body can be arguments of their own."""
    mixed = any(keyword in flat for keyword in ("anyOf", "oneOf", "not", "patternProperties"))
    return 0 < len(fields) <= MOST_FIELDS and not mixed and not flat.get("additionalProperties")


def cell_of(
    operation: Operation, name: str, arguments: Sequence[OperationArgument], returns: PythonType, writer: Writer
) -> str:
    """Return the cell of an operation, not yet formatted."""
    ordered = sorted(arguments, key=lambda one: not one.required)
    signature = ", ".join(_in_signature(one, writer) for one in ordered)
    about = operation.about or operation.line
    if operation.deprecated:
        about = f"Deprecated by the API. {about}"
    body = [
        docstring(shortened(about, MOST_DESCRIPTION), "    "),
        *(comment(words) for one in arguments for words in _unusual(one)),
        f"return request({', '.join(_sent(operation, arguments))})",
    ]
    return "\n".join(
        [
            f"%%mcp_tool{_FLAGS.get(operation.method, '')}",
            comment(shortened(operation.line, MOST_ABOUT_ARGUMENT)),
            f"def {name}({signature}) -> {writer.expression(returns)}:",
            *(f"    {line}" for line in body),
        ]
    )


def _in_signature(one: OperationArgument, writer: Writer) -> str:
    kind = writer.expression(one.annotated)
    options = [f"description={literal(shortened(one.about.strip(), MOST_ABOUT_ARGUMENT))}"] if one.about.strip() else []
    options += _bounds(one)
    words = f"Annotated[{kind}, Field({', '.join(options)})]" if options else kind
    return f"{one.identifier}: {words}" + ("" if one.required else f" = {literal(one.default)}")


def _bounds(one: OperationArgument) -> Iterator[str]:
    name = one.type.name if isinstance(one.type, Plain) else ""
    known = _BOUNDS if name in ("int", "float") else _LENGTHS if name == "str" else {}
    for keyword, option in known.items():
        value = one.schema.get(keyword)
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        fits = 0 <= value < _MOST_LENGTH if name == "str" else abs(value) < _MOST_BOUND
        whole = fits and value == int(value)
        if fits and (whole or name == "float"):
            # In OpenAPI 3.0, a boolean beside a bound excludes it.
            is_out = one.schema.get(_EXCLUSIVE.get(keyword, "")) is True
            yield f"{_BOUNDS[_EXCLUSIVE[keyword]] if is_out else option}={int(value) if whole else value!r}"


def _sent(operation: Operation, arguments: Sequence[OperationArgument]) -> Iterator[str]:
    """Yield the arguments of the call that sends the request."""
    yield literal(operation.method)
    yield literal(operation.path)
    for place, word in (("path", "at"), ("query", "query"), ("header", "headers"), ("cookie", "cookies")):
        parts = [
            _written(one, one.source)
            for one in arguments
            if isinstance(one.source, ApiParameter) and one.source.place == place
        ]
        if place == "header" and operation.body is not None and _needs_type(operation.body):
            parts.append(f'"Content-Type": {literal(operation.body.media_type)}')
        if parts:
            yield f"{word}={{{', '.join(parts)}}}"
    if operation.body is not None:
        yield from _of_body(operation.body, [one for one in arguments if one.source is operation.body])
    if not operation.signed:
        yield "signed=False"


def _needs_type(body: RequestBody) -> bool:
    return body.media_type not in ("application/json", "application/x-www-form-urlencoded", "*/*")


def _of_body(body: RequestBody, arguments: Sequence[OperationArgument]) -> Iterator[str]:
    word = {"json": "json", "form": "data", "text": "content"}[body.kind]
    if arguments and arguments[0].whole:
        yield f"{word}=body"
        return
    needed, optional = (
        ", ".join(f"{literal(one.name)}: {one.identifier}" for one in arguments if one.required is required)
        for required in (True, False)
    )
    if needed and optional:
        yield f"{word}={{{needed}}} | given({{{optional}}})"
    else:
        nothing = "" if body.required else " or None"
        yield f"{word}=given({{{optional}}}){nothing}" if optional else f"{word}={{{needed}}}"


_SEPARATORS: Final = {"form": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}


def _written(one: OperationArgument, parameter: ApiParameter) -> str:
    """Write the entry of a parameter in the request, in its style."""
    key, value = literal(parameter.name), one.identifier
    if parameter.as_json:
        return f"{key}: {value} if {value} is None else json.dumps({value})"
    if parameter.place != "query":
        return f"{key}: {value}"
    if parameter.style == "deepObject":
        return f"**deep({key}, {value})"
    if parameter.explode and _is_object(one.type):
        return f"**({value} or {{}})"
    separator = _SEPARATORS.get(parameter.style, ",")
    if not parameter.explode and (isinstance(one.type, Items) or _is_object(one.type)):
        return f"{key}: joined({value}{'' if separator == ',' else f', {separator!r}'})"
    return f"{key}: {value}"


def _is_object(kind: PythonType) -> bool:
    return isinstance(kind, Record | Entries)


def _unusual(one: OperationArgument) -> Iterator[str]:
    """Yield what the cell does not do as the document says."""
    parameter = one.source
    if not isinstance(parameter, ApiParameter) or parameter.as_json:
        return
    known = {"query": {"form", "spaceDelimited", "pipeDelimited", "deepObject"}, "cookie": {"form"}}
    if parameter.style not in known.get(parameter.place, {"simple"}):
        yield f"The API takes {one.identifier} in the style {parameter.style}, which this does not write."
    elif parameter.explode and parameter.place != "query" and _is_object(one.type):
        yield f"The API takes {one.identifier} as key=value pairs, which this does not write."


def returned(operation: Operation, document: Document) -> PythonType:
    """Return the type of the answer, where that is simple: APIs answer more, and less, than they describe."""
    if operation.method == "HEAD":
        return Entries(Plain("str"))
    kind = ANY if operation.answer is None else type_of(operation.answer, document.root)
    # An API may also answer with nothing.
    return either([Items(_simple(kind.item)) if isinstance(kind, Items) else _simple(kind), NONE])


def _simple(kind: PythonType) -> PythonType:
    if _is_object(kind):
        return Entries(ANY)
    return kind if isinstance(kind, Plain) else ANY
