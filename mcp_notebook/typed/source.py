"""Write types as source code."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from mcp_notebook.typed.names import Identifiers, identifier
from mcp_notebook.typed.texts import literal
from mcp_notebook.typed.types import Choice, Either, Entries, Items, Plain, PythonType, Record, records

__all__ = ["BUILTINS", "Writer", "in_words"]

BUILTINS = frozenset({"str", "int", "float", "bool", "list", "dict"})
"""The builtins that types are written with."""


class Writer:
    """Writes types of one module.

    Args:
        kinds: The types.
        names: The names of the module, of which each record takes one.
        hidden: Builtins that have another meaning where the types are written, so that these need their module.
    """

    def __init__(self, kinds: Iterable[PythonType], names: Identifiers, hidden: Collection[str] = ()) -> None:
        self._hidden = BUILTINS & set(hidden)
        found = dict.fromkeys(record for kind in kinds for record in records(kind))
        self._names: Mapping[Record, str] = {record: names.free(record.name) for record in found}

    def expression(self, kind: PythonType) -> str:
        """Return a type as it is written in an annotation."""
        if isinstance(kind, Plain):
            return self._builtin(kind.name)
        if isinstance(kind, Choice):
            return f"Literal[{', '.join(literal(value) for _, value in kind.values)}]"
        if isinstance(kind, Items):
            return f"{self._builtin('list')}[{self.expression(kind.item)}]"
        if isinstance(kind, Entries):
            return f"{self._builtin('dict')}[{self._builtin('str')}, {self.expression(kind.value)}]"
        if isinstance(kind, Either):
            return " | ".join(map(self.expression, kind.options))
        return self._names[kind]

    def classes(self) -> str:
        """Return the classes of all records, each before those that mention it."""
        return "\n\n".join(self._class(record, name) for record, name in self._names.items())

    def _class(self, record: Record, name: str) -> str:
        fields = {
            field.name: self.expression(field.type) if field.required else f"NotRequired[{self.expression(field.type)}]"
            for field in record.fields
        }
        # A class changes names with two underscores, and in its body a key hides a type of the same name.
        written = set(re.findall(r"\w+", " ".join(fields.values())))
        if all(key == identifier(key) and key not in written and key.isascii() for key in fields):
            return "\n".join([f"class {name}(TypedDict):", *(f"    {key}: {kind}" for key, kind in fields.items())])
        inside = ", ".join(f"{literal(key)}: {kind}" for key, kind in fields.items())
        return f"{name} = TypedDict({name!r}, {{{inside}}})"

    def _builtin(self, name: str) -> str:
        return f"builtins.{name}" if name in self._hidden else name


def in_words(kind: PythonType) -> str:
    """Return a type in one line, its records written out as what they hold."""
    if isinstance(kind, Record):
        inside = ", ".join(f"{literal(f.name)}{'' if f.required else '?'}: {in_words(f.type)}" for f in kind.fields)
        return f"{{{inside}}}"
    if isinstance(kind, Items):
        return f"list[{in_words(kind.item)}]"
    if isinstance(kind, Entries):
        return f"dict[str, {in_words(kind.value)}]"
    if isinstance(kind, Either):
        return " | ".join(map(in_words, kind.options))
    return Writer((), Identifiers()).expression(kind)
