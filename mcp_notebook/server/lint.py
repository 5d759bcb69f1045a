"""Find what makes a tool hard for a model to use."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from mcp.shared.tool_name_validation import validate_tool_name

from mcp_notebook.schema import UNSET, Parameter, one_look, parameters
from mcp_notebook.server.effects import writes
from mcp_notebook.server.listing import Entry

__all__ = ["About", "lint", "linted"]

About = Literal["name", "description", "parameters", "annotations"]
"""The part of a tool that a line is about."""


def lint(entry: Entry, function: Callable[..., Any] | None) -> list[str]:
    """Return what would make a tool hard for a model to use, each with its fix.

    Args:
        entry: The tool as listed.
        function: The function behind it, for untyped parameters and writes; None if there is none.
    """
    return [advice for _, advice in linted(entry, function)]


@one_look()
def linted(entry: Entry, function: Callable[..., Any] | None) -> list[tuple[About, str]]:
    """Return the same as `lint`, each line with the part of the tool that it is about."""
    return list(_lint(entry, function))


def _lint(entry: Entry, function: Callable[..., Any] | None) -> Iterator[tuple[About, str]]:
    yield from (("name", warning) for warning in validate_tool_name(entry["name"]).warnings)
    if not entry.get("description", "").strip():
        yield "description", "no description: a model chooses a tool by it. Write a docstring."
    takes = parameters(entry.get("inputSchema", {}))
    if untyped := _names(p for p in takes if p.name in _untyped(function)):
        yield "parameters", f"no type: {untyped}. Clients are told that it is a string; annotate it."
    if undescribed := _names(p for p in takes if not p.description):
        yield "parameters", f'no description: {undescribed}. Write Annotated[..., Field(description="...")].'
    if untold := _names(p for p in takes if p.default is UNSET and p.name in _defaults(function)):
        advice = f"clients are not told the default of {untold}: it is not JSON. Write None, and put it in the body."
        yield "parameters", advice
    stated = entry.get("annotations", {})
    unsaid = stated.get("destructiveHint") is None and not stated.get("readOnlyHint")
    if function is not None and unsaid and (what := writes(function)):
        advice = (
            f"it writes ({what}) and does not say whether that destroys anything: --destructive or --no-destructive."
        )
        yield "annotations", advice


def _names(found: Iterable[Parameter]) -> str:
    return ", ".join(f"parameter {parameter.name!r}" for parameter in found)


def _untyped(function: Callable[..., Any] | None) -> set[str]:
    annotated = getattr(function, "__annotations__", {})
    code = getattr(function, "__code__", None)
    if code is None:
        return set()
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return {name for name in names if name not in annotated}


def _defaults(function: Callable[..., Any] | None) -> set[str]:
    """Return the names of the parameters that have a default value."""
    try:
        signature = inspect.signature(function) if function is not None else inspect.Signature()
    except (ValueError, TypeError):
        return set()
    return {
        name
        for name, parameter in signature.parameters.items()
        if parameter.default is not parameter.empty and not type(parameter.default).__name__.endswith("FieldInfo")
    }
