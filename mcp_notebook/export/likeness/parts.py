"""Parts of an anatomy: its functions, the layers of one, and what a place in it is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.changes import KINDS

__all__ = ["about", "called", "functions_in", "layers"]

Path = tuple[str, ...]


def functions_in(found: Any, path: Path = ()) -> Iterator[tuple[Path, Mapping[str, Any]]]:
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


def about(path: Path) -> str:
    """Say what a place in an anatomy is about, such as ``tool look``."""
    for kind in KINDS:
        kept = sdk_gaps.kept_in(kind)
        if path[: len(kept)] == kept and len(path) > len(kept):
            return f"{kind} {path[len(kept)]}"
    plain = [part.strip("_") for part in path if part not in ("_lowlevel_server", "@methods")]
    return " ".join(["the server's", *plain[:2]]) if plain else "the server"
