"""Make the objects of types, for signatures: never by evaluating text."""

from __future__ import annotations

from typing import Any, Literal, Union

from typing_extensions import NotRequired, TypedDict

from mcp_notebook.typed.types import Choice, Either, Entries, Items, Plain, PythonType, Record

__all__ = ["annotation"]

_PLAIN: dict[str, Any] = {"str": str, "int": int, "float": float, "bool": bool, "None": None, "Any": Any}
_LITERAL: Any = Literal
_UNION: Any = Union


def annotation(kind: PythonType) -> Any:
    """Return a type as an annotation has it."""
    if isinstance(kind, Plain):
        return _PLAIN[kind.name]
    if isinstance(kind, Choice):
        return _LITERAL[tuple(value for _, value in kind.values)]
    if isinstance(kind, Items):
        return list[annotation(kind.item)]  # type: ignore[misc]  # known only now
    if isinstance(kind, Entries):
        return dict[str, annotation(kind.value)]  # type: ignore[misc]  # known only now
    if isinstance(kind, Either):
        return _UNION[tuple(map(annotation, kind.options))]
    return _typed_dict(kind)


def _typed_dict(record: Record) -> Any:
    fields = {
        field.name: annotation(field.type) if field.required else NotRequired[annotation(field.type)]
        for field in record.fields
    }
    made: Any = TypedDict(record.name, fields)  # type: ignore[misc]  # its fields are known only now
    made.__module__ = "builtins"  # so that a signature shows the name alone
    return made
