"""Where a package's server is made of something else than the live one, its functions included."""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from mcp_notebook.cells import execution_count
from mcp_notebook.export.likeness.anatomy import digest
from mcp_notebook.export.likeness.parts import about, called, layers
from mcp_notebook.export.module.entries import TIME_LIMIT

__all__ = ["Source", "Unlike", "unlike"]

ABSENT: Any = object()

PLACES = {"@at", "@code", "@function", "@name"}
"""What is compared otherwise, or tells only where something is."""


@dataclass(frozen=True)
class Unlike:
    """One thing that differs.

    Attributes:
        about: What it belongs to, such as ``tool look``.
        what: What differs in it, such as ``answered by``.
        notebook: The notebook's, in words.
        package: The package's, in words.
    """

    about: str
    what: str
    notebook: str
    package: str


@dataclass(frozen=True)
class Source:
    """What a package was written from, and as what.

    Attributes:
        carried: The cell of each statement that it has, with its first and last line there.
        digests: Those of all functions of its modules; empty where it runs on another Python.
    """

    carried: Sequence[tuple[int, int, int]]
    digests: frozenset[str] = field(default=frozenset())

    @classmethod
    def of(cls, carried: Sequence[tuple[int, int, int]], files: Mapping[str, str]) -> Source:
        """Read the functions of a package's modules."""
        codes = (compile(text, path, "exec", dont_inherit=True) for path, text in files.items() if path.endswith(".py"))
        return cls(carried, frozenset(digest(each) for code in codes for each in _inside(code)))

    def rewrites(self, function: Mapping[str, Any]) -> bool:
        """Whether the package has a function of the notebook in another form, such as with a setting in it."""
        filename, line = function["@at"]
        cell = execution_count(filename)
        is_carried = any(cell == number and first <= line <= last for number, first, last in self.carried)
        return is_carried and function["@code"] not in self.digests


def unlike(live: Any, package: Any, source: Source) -> list[Unlike]:
    """Return what differs, one line for each entry or part of the server.

    Entries that only one of the two has are left to the comparison of their lists.
    """
    found: dict[str, Unlike] = {}
    for path, one, other in _differences(live, _without_limits(package), source, ()):
        place = about(path)
        if place.startswith("the server") or len(path) > 3:
            found.setdefault(place, _in_words(place, path, one, other))
    return list(found.values())


def _inside(code: types.CodeType) -> Iterator[types.CodeType]:
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield each
            yield from _inside(each)


_LIMITS = {digest(each) for each in _inside(compile(ast.parse(TIME_LIMIT), "limits.py", "exec"))}


def _without_limits(found: Any) -> Any:
    """Look through what the export has written for ``--timeout``."""
    if isinstance(found, list):
        return [_without_limits(each) for each in found]
    if isinstance(found, dict):
        if found.get("@code") in _LIMITS and "function" in found.get("@holds", {}):
            return _without_limits(found["@holds"]["function"])
        return {key: _without_limits(each) for key, each in found.items()}
    return found


_Difference = tuple[tuple[str, ...], Any, Any]


def _differences(one: Any, other: Any, source: Source, path: tuple[str, ...]) -> Iterator[_Difference]:
    if isinstance(one, dict) and isinstance(other, dict):
        if "@function" in one and "@function" in other and not _same_function(one, other, source):
            yield path, one, other
            return
        for key in dict.fromkeys([*one, *other]):
            if key == "fn" and key not in one:
                continue  # the workbench's own, in the place of which the package has one
            if key not in PLACES:
                yield from _differences(one.get(key, ABSENT), other.get(key, ABSENT), source, (*path, key))
    elif isinstance(one, list) and isinstance(other, list):
        for i, (each, its) in enumerate(zip_longest(one, other, fillvalue=ABSENT)):
            yield from _differences(each, its, source, (*path, str(i)))
    elif one is ABSENT or other is ABSENT or one != other or type(one) is not type(other):
        yield path, one, other


def _same_function(one: Mapping[str, Any], other: Mapping[str, Any], source: Source) -> bool:
    if "@code" not in one or "@code" not in other:
        return "@code" not in one and "@code" not in other and bool(one["@function"] == other["@function"])
    if one["@name"] != other["@name"]:
        return False
    return one["@code"] == other["@code"] or not source.digests or source.rewrites(one)


def _in_words(place: str, path: tuple[str, ...], one: Any, other: Any) -> Unlike:
    steps = [part for part in path if part not in ("_lowlevel_server",)]
    where = "/" + "/".join(part.lstrip("@") for part in (steps[3:] if not place.startswith("the server") else steps))
    names = [_named(each) for each in (one, other)]
    if names[0] == names[1]:
        names = [f"{names[0]}, by other code", names[1]] if isinstance(one, dict) else ["one value", "another"]
    return Unlike(place, where, *names)


def _named(value: Any) -> str:
    """Name a part without its value, which may be a secret."""
    if value is ABSENT:
        return "nothing"
    if isinstance(value, dict):
        through = " → ".join(called(each) for each in layers(value))
        kinds = ("@function", "@a", "@class", "@method", "@partial")
        named = next((value[kind] for kind in kinds if kind in value), "something")
        return through or (named if isinstance(named, str) else _named(named))
    if isinstance(value, str):
        return "a text"
    return (
        str(value) if isinstance(value, bool | int | type(None)) else "a list" if isinstance(value, list) else "a value"
    )
