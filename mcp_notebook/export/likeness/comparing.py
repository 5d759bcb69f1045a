"""Differences between the anatomies of a package's server and the live one, functions included."""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from mcp_notebook.cells import execution_count
from mcp_notebook.export.likeness.anatomy import digest
from mcp_notebook.export.module.entries import TIME_LIMIT
from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.changes import KINDS

__all__ = ["Source", "Unlike", "about", "called", "functions_in", "layers", "unlike"]

ABSENT: Any = object()

PLACES = {"@at", "@code", "@function", "@name"}
"""Keys that are compared in another way, or that only give a place."""


@dataclass(frozen=True)
class Unlike:
    """One thing that differs.

    Attributes:
        about: The part that it belongs to, such as ``tool look``.
        what: The place in that part, such as ``/fn``.
        notebook: The notebook's, in words.
        package: The package's, in words.
    """

    about: str
    what: str
    notebook: str
    package: str


@dataclass(frozen=True)
class Source:
    """The statements that a package was written from, and its functions.

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
        """Return whether the package has a function of the notebook in another form, such as with a setting in it."""
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


# --- parts of an anatomy


def functions_in(found: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Yield the author's functions in an anatomy, each with its place; not those that are only called by others."""
    if isinstance(found, list):
        for i, each in enumerate(found):
            yield from functions_in(each, (*path, str(i)))
    elif isinstance(found, dict):
        if "@code" in found and "@at" in found:
            yield path, found
        for key, each in found.items():
            if not (key == "@calls" and "@code" in found):
                yield from functions_in(each, (*path, key))


def layers(function: Any) -> Iterator[Mapping[str, Any]]:
    """Yield a function of the author's, and those that it wraps: the one that is called first is the first."""
    if not isinstance(function, dict):
        return
    if "@code" in function:
        yield function
    held, methods = function.get("@holds") or {}, function.get("@methods") or {}
    inside = (function.get("@wraps"), *held.values(), function.get("@partial"), function.get("@method"))
    for each in (*inside, methods.get("__call__")):
        yield from layers(each)


def called(function: Mapping[str, Any]) -> str:
    """Return the name of a function as its author wrote it, whatever it was told to be called."""
    return str(function.get("@name", function.get("@function"))).rpartition("<locals>.")[2]


def about(path: tuple[str, ...]) -> str:
    """Say what a place in an anatomy is about, such as ``tool look``."""
    for kind in KINDS:
        kept = sdk_gaps.kept_in(kind)
        if path[: len(kept)] == kept and len(path) > len(kept):
            return f"{kind} {path[len(kept)]}"
    plain = [part.strip("_") for part in path if part not in ("_lowlevel_server", "@methods")]
    return " ".join(["the server's", *plain[:2]]) if plain else "the server"
